-- Payments by day: rows with revenue above 0, and the typical amount of one, the geometric mean, which one large payment hardly moves.
SELECT day, count(*) AS payments, exp(avg(ln(CAST(revenue AS DOUBLE)))) AS typical
FROM events
WHERE revenue > 0 AND day BETWEEN {start} AND {end}
GROUP BY day
ORDER BY day
