-- Whole microseconds between the first and the last row of a session, summed over the sessions that began on a day.
-- A session of more than a day holds a wrong time and is left out.
SELECT day, count(*) AS sessions, sum(ended - started) AS micros
FROM sessions
WHERE day BETWEEN {start} AND {end} AND ended - started <= 86400000000
GROUP BY day
