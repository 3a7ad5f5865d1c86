-- A cohort is the users with the same first day; day k counts those active exactly k days later, over the whole source.
SELECT
    first_day,
    count(CASE WHEN age = 0 THEN 1 END) AS size,
    sum(revenue) AS revenue,
    count(CASE WHEN age = 1 THEN 1 END) AS users_1, count(CASE WHEN age = 3 THEN 1 END) AS users_3,
    count(CASE WHEN age = 7 THEN 1 END) AS users_7, count(CASE WHEN age = 14 THEN 1 END) AS users_14,
    count(CASE WHEN age = 30 THEN 1 END) AS users_30, count(CASE WHEN age = 60 THEN 1 END) AS users_60,
    sum(CASE WHEN age = 0 THEN revenue END) AS revenue_0, sum(CASE WHEN age = 1 THEN revenue END) AS revenue_1,
    sum(CASE WHEN age = 3 THEN revenue END) AS revenue_3, sum(CASE WHEN age = 7 THEN revenue END) AS revenue_7,
    sum(CASE WHEN age = 14 THEN revenue END) AS revenue_14, sum(CASE WHEN age = 30 THEN revenue END) AS revenue_30,
    sum(CASE WHEN age = 60 THEN revenue END) AS revenue_60
FROM user_days
WHERE user_id IS NOT NULL AND day <= {last_day} AND first_day BETWEEN {start} AND {end}
GROUP BY first_day
ORDER BY first_day
