-- Rows and time of the last row of every day.
SELECT day, count(*) AS n_rows, max(at) AS last_at
FROM events
GROUP BY day
ORDER BY day
