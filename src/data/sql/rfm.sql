-- Recency, frequency, monetary value: users of the window by quintiles, 1 to 5, of the days since their last row, of their purchases ({frequency})
-- and of their net revenue; ties go by user id. The first segment that fits counts, in the order of the cases below.
SELECT
    CASE
        WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champions'
        WHEN r >= 3 AND f >= 4 THEN 'loyal'
        WHEN r <= 2 AND f >= 4 THEN 'at_risk'
        WHEN r >= 4 AND f <= 2 THEN 'new_or_light'
        WHEN r <= 2 AND f <= 2 THEN 'hibernating'
        ELSE 'other'
    END AS segment,
    count(*) AS users,
    sum(revenue) AS revenue,
    CAST(avg(days_ago) AS DOUBLE) AS days_ago,
    CAST(avg(frequency) AS DOUBLE) AS frequency
FROM (
    SELECT
        days_ago, frequency, revenue,
        (place_r - 1) * 5 / n_users + 1 AS r, (place_f - 1) * 5 / n_users + 1 AS f, (place_m - 1) * 5 / n_users + 1 AS m
    FROM (
        SELECT
            days_ago, frequency, revenue,
            CAST(row_number() OVER (ORDER BY days_ago DESC, user_id) AS BIGINT) AS place_r,
            CAST(row_number() OVER (ORDER BY frequency, user_id) AS BIGINT) AS place_f,
            CAST(row_number() OVER (ORDER BY revenue, user_id) AS BIGINT) AS place_m,
            CAST(count(*) OVER () AS BIGINT) AS n_users
        FROM (
            SELECT
                user_id, {as_of} - max(day) AS days_ago, count(purchase) AS frequency, coalesce(sum(revenue), 0) AS revenue
            FROM (
                SELECT user_id, {frequency} AS purchase, max(day) AS day, sum(revenue) AS revenue
                FROM events
                WHERE user_id IS NOT NULL AND day BETWEEN {start} AND {as_of}
                GROUP BY user_id, {frequency}
            )
            GROUP BY user_id
        )
    )
)
GROUP BY 1
ORDER BY 1
