-- Daily active users, new users, net revenue and payers per day and value of one column ({group}); a user seen with two values
-- counts in both.
SELECT
    day, segment,
    count(user_id) AS users,
    count(CASE WHEN first_day = day THEN 1 END) AS new_users,
    sum(revenue) AS revenue,
    count(CASE WHEN user_id IS NOT NULL AND gross > 0 THEN 1 END) AS payers,
    sum(CASE WHEN user_id IS NOT NULL AND first_day = day THEN revenue END) AS new_user_revenue
FROM (
    SELECT day, coalesce({group}, '(none)') AS segment, user_id, first_day, sum(revenue) AS revenue, sum(gross) AS gross
    FROM visits
    WHERE day BETWEEN {start} AND {end}
    GROUP BY day, coalesce({group}, '(none)'), user_id, first_day
)
GROUP BY day, segment
ORDER BY day, segment
