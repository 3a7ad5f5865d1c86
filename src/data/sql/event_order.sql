-- How many users ever met an event, and at which median position among their events.
SELECT event, count(*) AS users, CAST(median(CAST(position AS DOUBLE)) AS DOUBLE) AS position, avg(CAST(days AS DOUBLE)) AS days
FROM reach
GROUP BY event
