-- Users of a cohort that reached a stage, and the median days from their first row to it.
SELECT cohort, event, count(*) AS users, CAST(median(CAST(days AS DOUBLE)) AS DOUBLE) AS days
FROM reach
WHERE cohort BETWEEN {start} AND {end} AND event IN ({stages})
GROUP BY cohort, event
