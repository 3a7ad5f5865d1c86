-- Rows that equal a row before them in every cell, by the day they fall on.
SELECT "__day" AS day, count(*) AS n_rows
FROM dated
WHERE "__twice" AND "__day" IS NOT NULL
GROUP BY "__day"
