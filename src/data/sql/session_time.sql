-- Whole microseconds between the first and the last row of a session, summed over the sessions that began on a day.
SELECT day, count(*) AS sessions, sum(ended - started) AS micros
FROM (
    SELECT session_id, user_id, min(day) AS day, min(started) AS started, max(ended) AS ended
    FROM session_days
    GROUP BY session_id, user_id
)
WHERE day BETWEEN {start} AND {end}
GROUP BY day
