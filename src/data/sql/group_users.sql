-- Distinct users of each value of one column ({group}) in the window and in the one before, their active days, and who paid.
-- Squares and products over users tell how much the days, the rows and the revenue of single users scatter.
SELECT
    segment,
    count(CASE WHEN days > 0 THEN 1 END) AS users, sum(n_rows) AS n_rows, sum(revenue) AS revenue,
    count(CASE WHEN n_converting > 0 THEN 1 END) AS converted,
    count(CASE WHEN days_before > 0 THEN 1 END) AS users_before, sum(n_rows_before) AS n_rows_before,
    sum(revenue_before) AS revenue_before,
    count(CASE WHEN n_converting_before > 0 THEN 1 END) AS converted_before,
    count(CASE WHEN days > 0 AND days_before > 0 THEN 1 END) AS stayed,
    sum(CASE WHEN days_before > 0 THEN paid END) AS stayed_revenue,
    sum(CASE WHEN days > 0 THEN paid_before END) AS stayed_revenue_before,
    sum(paid) AS paid, sum(paid_before) AS paid_before, sum(paid * paid) AS revenue_squares,
    sum(paid_before * paid_before) AS revenue_squares_before,
    sum(paid * paid_before) AS revenue_products,
    sum(days) AS days, sum(days_before) AS days_before,
    sum(days * days) AS days_squares,
    sum(days_before * days_before) AS days_squares_before,
    sum(days * days_before) AS days_products,
    sum(rows_now * rows_now) AS rows_squares,
    sum(rows_before * rows_before) AS rows_squares_before,
    sum(rows_now * rows_before) AS rows_products,
    sum(rows_now * days) AS rows_of_days,
    sum(rows_before * days_before) AS rows_of_days_before
FROM (
    SELECT
        segment, user_id,
        CAST(count(CASE WHEN day >= {start} THEN 1 END) AS DOUBLE) AS days,
        sum(CASE WHEN day >= {start} THEN n_rows END) AS n_rows,
        CAST(coalesce(sum(CASE WHEN day >= {start} THEN n_rows END), 0) AS DOUBLE) AS rows_now,
        CAST(coalesce(sum(CASE WHEN day < {start} THEN n_rows END), 0) AS DOUBLE) AS rows_before,
        sum(CASE WHEN day >= {start} THEN revenue END) AS revenue,
        sum(CASE WHEN day >= {start} THEN n_converting END) AS n_converting,
        CAST(count(CASE WHEN day < {start} THEN 1 END) AS DOUBLE) AS days_before,
        sum(CASE WHEN day < {start} THEN n_rows END) AS n_rows_before,
        sum(CASE WHEN day < {start} THEN revenue END) AS revenue_before,
        sum(CASE WHEN day < {start} THEN n_converting END) AS n_converting_before,
        coalesce(CAST(sum(CASE WHEN day >= {start} THEN revenue END) AS DOUBLE), 0) AS paid,
        coalesce(CAST(sum(CASE WHEN day < {start} THEN revenue END) AS DOUBLE), 0) AS paid_before
    FROM (
        SELECT
            coalesce({group}, '(none)') AS segment, user_id, day,
            sum(n_rows) AS n_rows, sum(revenue) AS revenue, sum(n_converting) AS n_converting
        FROM visits
        WHERE user_id IS NOT NULL AND day BETWEEN {previous_start} AND {end}
        GROUP BY coalesce({group}, '(none)'), user_id, day
    )
    GROUP BY segment, user_id
)
GROUP BY segment
ORDER BY segment
