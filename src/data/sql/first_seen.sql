-- The first row of every user in the whole source, not only in the window.
SELECT user_id, min(day) AS first_day, min(at) AS first_at
FROM events
WHERE user_id IS NOT NULL
GROUP BY user_id
