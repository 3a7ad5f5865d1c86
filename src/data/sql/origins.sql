-- New users by where they came from ({origin} of their first day; the first by name, where that day has several), and day-7 retention: those with
-- a row exactly 7 days after their first one, of those for whom that day is over. In the window and in the one before.
SELECT
    origin,
    count(CASE WHEN first_day >= {start} THEN 1 END) AS users,
    count(CASE WHEN first_day >= {start} AND first_day + 7 <= {last_day} THEN 1 END) AS eligible,
    count(CASE WHEN first_day >= {start} AND first_day + 7 <= {last_day} AND came_back THEN 1 END) AS retained,
    count(CASE WHEN first_day < {start} THEN 1 END) AS users_before,
    count(CASE WHEN first_day < {start} AND first_day + 7 <= {last_day} THEN 1 END) AS eligible_before,
    count(CASE WHEN first_day < {start} AND first_day + 7 <= {last_day} AND came_back THEN 1 END) AS retained_before
FROM (
    SELECT
        e.user_id, f.first_day,
        coalesce(min(CASE WHEN e.day = f.first_day THEN e.{origin} END), '(none)') AS origin,
        count(CASE WHEN e.day = f.first_day + 7 THEN 1 END) > 0 AS came_back
    FROM events e
    JOIN first_seen f ON e.user_id = f.user_id
    WHERE
        f.first_day BETWEEN {previous_start} AND {end} AND e.day BETWEEN {previous_start} AND {end} + 7
        AND (e.day = f.first_day OR e.day = f.first_day + 7)
    GROUP BY e.user_id, f.first_day
)
GROUP BY origin
ORDER BY origin
