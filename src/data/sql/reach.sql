-- When each user first met each event, and as the how-manieth of the events that the user ever met.
SELECT
    r.user_id, r.event, r.first_day - f.first_day AS days, f.first_day AS cohort,
    row_number() OVER (PARTITION BY r.user_id ORDER BY r.first_at, r.event) AS position
FROM (
    SELECT user_id, event, min(at) AS first_at, min(day) AS first_day
    FROM events
    WHERE user_id IS NOT NULL AND event IS NOT NULL
    GROUP BY user_id, event
) r
JOIN first_seen f ON r.user_id = f.user_id
