-- Users, rows and net revenue of every revenue tier of one window, and how many of its users paid.
SELECT tier, count(*) AS users, sum(n_rows) AS n_rows, sum(revenue) AS revenue, count(CASE WHEN pays THEN 1 END) AS payers
FROM {tiers}
GROUP BY tier
