-- Net revenue per day, kind and value of one column ({group}).
SELECT day, coalesce({group}, '(none)') AS segment, kind, sum(revenue) AS revenue
FROM visits
WHERE day BETWEEN {start} AND {end}
GROUP BY day, coalesce({group}, '(none)'), kind
