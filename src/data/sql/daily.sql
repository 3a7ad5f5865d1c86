-- Daily active users, new users (first row in the whole source on that day), rows, net revenue and payers.
SELECT
    day,
    count(user_id) AS users,
    count(CASE WHEN first_day = day THEN 1 END) AS new_users,
    sum(n_rows) AS n_rows,
    sum(revenue) AS revenue,
    count(CASE WHEN user_id IS NOT NULL AND gross > 0 THEN 1 END) AS payers
FROM user_days
WHERE day BETWEEN {start} AND {end}
GROUP BY day
ORDER BY day
