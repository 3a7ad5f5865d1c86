-- Payments (rows with revenue above 0) by their size, in four bands: the edges are the quartiles of the payments of this window and of the one
-- before together, so that a band means the same in both. Equal edges make one band.
SELECT
    band,
    max(revenue) AS most,
    count(CASE WHEN day >= {start} THEN 1 END) AS payments,
    count(DISTINCT CASE WHEN day >= {start} THEN user_id END) AS users,
    sum(CASE WHEN day >= {start} THEN revenue END) AS revenue,
    count(CASE WHEN day < {start} THEN 1 END) AS payments_before,
    sum(CASE WHEN day < {start} THEN revenue END) AS revenue_before
FROM (
    SELECT
        e.day, e.user_id, e.revenue,
        CASE WHEN e.revenue <= q.first THEN 1 WHEN e.revenue <= q.second THEN 2 WHEN e.revenue <= q.third THEN 3 ELSE 4 END AS band
    FROM events e
    CROSS JOIN (
        SELECT
            min(CASE WHEN n_up_to * 4 >= n_all THEN revenue END) AS first,
            min(CASE WHEN n_up_to * 2 >= n_all THEN revenue END) AS second,
            min(CASE WHEN n_up_to * 4 >= n_all * 3 THEN revenue END) AS third
        FROM (
            SELECT revenue, sum(n_payments) OVER (ORDER BY revenue) AS n_up_to, sum(n_payments) OVER () AS n_all
            FROM (
                SELECT revenue, count(*) AS n_payments
                FROM events
                WHERE revenue > 0 AND day BETWEEN {previous_start} AND {end}
                GROUP BY revenue
            )
        )
    ) q
    WHERE e.revenue > 0 AND e.day BETWEEN {previous_start} AND {end}
)
GROUP BY band
ORDER BY band
