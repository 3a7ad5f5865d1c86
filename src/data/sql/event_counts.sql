-- Distinct users and rows of every event name, in the window and in the one before.
SELECT
    event,
    count(DISTINCT CASE WHEN day BETWEEN {start} AND {end} THEN user_id END) AS users,
    count(CASE WHEN day BETWEEN {start} AND {end} THEN 1 END) AS n_rows,
    count(DISTINCT CASE WHEN day BETWEEN {previous_start} AND {previous_end} THEN user_id END) AS previous_users,
    count(CASE WHEN day BETWEEN {previous_start} AND {previous_end} THEN 1 END) AS previous_rows
FROM events
WHERE event IS NOT NULL AND day BETWEEN {previous_start} AND {end}
GROUP BY event
