-- One dimension ({dimension}) in the window and in the one before.
SELECT
    segment, period,
    count(user_id) AS users, sum(n_rows) AS n_rows, sum(revenue) AS revenue,
    count(CASE WHEN user_id IS NOT NULL AND n_converting > 0 THEN 1 END) AS converted
FROM (
    SELECT
        coalesce({dimension}, '(none)') AS segment,
        CASE WHEN day >= {start} THEN 'current' ELSE 'previous' END AS period,
        user_id, count(*) AS n_rows, sum(revenue) AS revenue, count(CASE WHEN converts THEN 1 END) AS n_converting
    FROM events
    WHERE day BETWEEN {previous_start} AND {end}
    GROUP BY coalesce({dimension}, '(none)'), CASE WHEN day >= {start} THEN 'current' ELSE 'previous' END, user_id
)
GROUP BY segment, period
