-- Revenue tiers by rank: the top 10 % of payers are whales, the next 40 % dolphins, the rest minnows; active without a payment: free_user.
SELECT
    user_id, n_rows, revenue, pays,
    CASE
        WHEN NOT pays THEN 'free_user'
        WHEN rank_among_payers <= (n_payers + 9) / 10 THEN 'whale'
        WHEN rank_among_payers <= (n_payers + 1) / 2 THEN 'dolphin'
        ELSE 'minnow'
    END AS tier
FROM (
    SELECT
        user_id, n_rows, revenue, pays,
        row_number() OVER (PARTITION BY pays ORDER BY revenue DESC, user_id) AS rank_among_payers,
        sum(CASE WHEN pays THEN 1 ELSE 0 END) OVER () AS n_payers
    FROM (
        SELECT user_id, sum(n_rows) AS n_rows, coalesce(sum(revenue), 0) AS revenue, coalesce(sum(gross), 0) > 0 AS pays
        FROM user_days
        WHERE user_id IS NOT NULL AND day BETWEEN {start} AND {end}
        GROUP BY user_id
    )
)
