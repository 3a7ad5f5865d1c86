-- Users, revenue and conversions by the values of one dimension ({dimension}), in the window and in the one before.
-- Squares and products over users tell how much the revenue of single users scatters.
SELECT
    segment,
    count(CASE WHEN n_rows > 0 THEN user_id END) AS users, sum(n_rows) AS n_rows, sum(revenue) AS revenue,
    count(CASE WHEN user_id IS NOT NULL AND n_converting > 0 THEN 1 END) AS converted,
    count(CASE WHEN n_rows_before > 0 THEN user_id END) AS users_before, sum(n_rows_before) AS n_rows_before,
    sum(revenue_before) AS revenue_before,
    count(CASE WHEN user_id IS NOT NULL AND n_converting_before > 0 THEN 1 END) AS converted_before,
    count(CASE WHEN n_rows > 0 AND n_rows_before > 0 THEN user_id END) AS stayed,
    sum(CASE WHEN n_rows_before > 0 THEN paid END) AS stayed_revenue,
    sum(CASE WHEN n_rows > 0 THEN paid_before END) AS stayed_revenue_before,
    sum(paid) AS paid, sum(paid_before) AS paid_before, sum(paid * paid) AS revenue_squares,
    sum(paid_before * paid_before) AS revenue_squares_before,
    sum(paid * paid_before) AS revenue_products
FROM (
    SELECT
        *,
        CASE WHEN user_id IS NOT NULL THEN coalesce(CAST(revenue AS DOUBLE), 0) END AS paid,
        CASE WHEN user_id IS NOT NULL THEN coalesce(CAST(revenue_before AS DOUBLE), 0) END AS paid_before
    FROM (
        SELECT
            coalesce({dimension}, '(none)') AS segment, user_id,
            count(CASE WHEN day >= {start} THEN 1 END) AS n_rows,
            sum(CASE WHEN day >= {start} THEN revenue END) AS revenue,
            count(CASE WHEN day >= {start} AND converts THEN 1 END) AS n_converting,
            count(CASE WHEN day < {start} THEN 1 END) AS n_rows_before,
            sum(CASE WHEN day < {start} THEN revenue END) AS revenue_before,
            count(CASE WHEN day < {start} AND converts THEN 1 END) AS n_converting_before
        FROM events
        WHERE day BETWEEN {previous_start} AND {end}
        GROUP BY coalesce({dimension}, '(none)'), user_id
    )
)
GROUP BY segment
ORDER BY segment
