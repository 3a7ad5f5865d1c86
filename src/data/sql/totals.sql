-- Totals of one window; a payer has at least one row with revenue above 0.
SELECT
    count(user_id) AS users,
    count(CASE WHEN first_day BETWEEN {start} AND {end} THEN 1 END) AS new_users,
    coalesce(sum(n_rows), 0) AS n_rows,
    coalesce(sum(CASE WHEN user_id IS NULL THEN n_rows END), 0) AS rows_without_user,
    sum(revenue) AS revenue,
    sum(gross) AS gross,
    sum(CASE WHEN user_id IS NOT NULL THEN revenue END) AS revenue_known_users,
    count(CASE WHEN user_id IS NOT NULL AND gross > 0 THEN 1 END) AS payers
FROM (
    SELECT user_id, first_day, sum(n_rows) AS n_rows, sum(revenue) AS revenue, sum(gross) AS gross
    FROM user_days
    WHERE day BETWEEN {start} AND {end}
    GROUP BY user_id, first_day
)
