-- Lifetime value: net revenue from a user's first day to 7 (30) days after it, of users for whom that day is over; no forecast. By the ISO
-- week of the first day, for first days of the window and of the one before. The squares tell how much single users scatter.
SELECT
    first_day - ((first_day + 3) % 7 + 7) % 7 AS monday,
    CASE WHEN first_day < {start} THEN 1 ELSE 0 END AS is_previous,
    count(*) AS users,
    count(CASE WHEN first_day + 7 <= {last_day} THEN 1 END) AS users_7,
    sum(CASE WHEN first_day + 7 <= {last_day} THEN revenue_7 END) AS revenue_7,
    sum(CASE WHEN first_day + 7 <= {last_day} THEN CAST(revenue_7 AS DOUBLE) * CAST(revenue_7 AS DOUBLE) END) AS squares_7,
    count(CASE WHEN first_day + 30 <= {last_day} THEN 1 END) AS users_30,
    sum(CASE WHEN first_day + 30 <= {last_day} THEN revenue_30 END) AS revenue_30,
    sum(CASE WHEN first_day + 30 <= {last_day} THEN CAST(revenue_30 AS DOUBLE) * CAST(revenue_30 AS DOUBLE) END) AS squares_30
FROM (
    SELECT
        user_id, first_day,
        sum(CASE WHEN age <= 7 THEN revenue ELSE 0 END) AS revenue_7,
        sum(CASE WHEN age <= 30 THEN revenue ELSE 0 END) AS revenue_30
    FROM user_days
    WHERE user_id IS NOT NULL AND first_day BETWEEN {previous_start} AND {end} AND day <= {last_day}
    GROUP BY user_id, first_day
)
GROUP BY 1, 2
ORDER BY 1, 2
