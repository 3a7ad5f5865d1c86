-- Orders with several rows on one day, and those of them whose rows all have the same amount.
SELECT count(*) AS orders, count(CASE WHEN least = most THEN 1 END) AS alike
FROM (
    SELECT order_id, day, min(revenue) AS least, max(revenue) AS most, count(revenue) AS n_rows
    FROM events
    WHERE order_id IS NOT NULL AND revenue > 0 AND day BETWEEN {start} AND {end}
    GROUP BY order_id, day
)
WHERE n_rows > 1
