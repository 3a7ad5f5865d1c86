-- Users of each tier that were active on a day, and their revenue that day.
SELECT d.day, t.tier, count(*) AS users, sum(d.revenue) AS revenue
FROM user_days d
JOIN {tiers} t ON d.user_id = t.user_id
WHERE d.day BETWEEN {start} AND {end}
GROUP BY d.day, t.tier
