-- The mean of the source's own engagement score.
SELECT day, CAST(sum(score) AS DOUBLE) / count(score) AS score
FROM events
WHERE score IS NOT NULL AND day BETWEEN {start} AND {end}
GROUP BY day
