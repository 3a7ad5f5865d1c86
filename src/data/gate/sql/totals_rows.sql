-- Rows whose value is a word for a total, and the amounts of those rows and of all others.
SELECT
    count(CASE WHEN {column} IN ({words}) THEN 1 END) AS n_rows,
    sum(CASE WHEN {column} IN ({words}) THEN amount END) AS of_totals,
    sum(CASE WHEN {column} NOT IN ({words}) THEN amount END) AS of_others
FROM (SELECT {column}, TRY_CAST({amount} AS DECIMAL(24, 6)) AS amount FROM dated)
