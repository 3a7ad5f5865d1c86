-- First, second and third purchase of a user: {purchase} tells purchases apart.
SELECT
    p.user_id,
    CASE p.position WHEN 1 THEN 'first_purchase' WHEN 2 THEN 'second_purchase' ELSE 'third_purchase' END AS event,
    p.day - f.first_day AS days, f.first_day AS cohort, p.position
FROM (
    SELECT user_id, day, row_number() OVER (PARTITION BY user_id ORDER BY at, purchase) AS position
    FROM (
        SELECT user_id, {purchase} AS purchase, min(at) AS at, min(day) AS day
        FROM events
        WHERE user_id IS NOT NULL AND revenue > 0 AND {purchase} IS NOT NULL
        GROUP BY user_id, {purchase}
    )
) p
JOIN first_seen f ON p.user_id = f.user_id
WHERE p.position <= 3
