-- Rows that were sent twice, by the day they fall on.
SELECT "__day" AS day, count(*) AS n_rows
FROM dated
WHERE "__copy" AND "__day" IS NOT NULL
GROUP BY "__day"
