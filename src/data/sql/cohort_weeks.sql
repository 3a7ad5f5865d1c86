-- Weekly cohorts: users by the ISO week (Monday to Sunday) of their first row in the whole source. Week k counts those with a row in the k-th
-- week after that one; first_two (first_four) adds up in how many of weeks 1 and 2 (1 to 4) each user was there, …_squares the squares of it.
SELECT
    first_week AS monday, count(*) AS size,
    sum(week_1) AS users_1, sum(week_2) AS users_2, sum(week_3) AS users_3, sum(week_4) AS users_4,
    sum(week_5) AS users_5, sum(week_6) AS users_6, sum(week_7) AS users_7, sum(week_8) AS users_8,
    sum(week_9) AS users_9, sum(week_10) AS users_10, sum(week_11) AS users_11, sum(week_12) AS users_12,
    sum(week_1 + week_2) AS first_two, sum((week_1 + week_2) * (week_1 + week_2)) AS first_two_squares,
    sum(week_1 + week_2 + week_3 + week_4) AS first_four,
    sum((week_1 + week_2 + week_3 + week_4) * (week_1 + week_2 + week_3 + week_4)) AS first_four_squares
FROM (
    SELECT
        user_id, first_week,
        max(CASE WHEN week = 1 THEN 1 ELSE 0 END) AS week_1, max(CASE WHEN week = 2 THEN 1 ELSE 0 END) AS week_2,
        max(CASE WHEN week = 3 THEN 1 ELSE 0 END) AS week_3, max(CASE WHEN week = 4 THEN 1 ELSE 0 END) AS week_4,
        max(CASE WHEN week = 5 THEN 1 ELSE 0 END) AS week_5, max(CASE WHEN week = 6 THEN 1 ELSE 0 END) AS week_6,
        max(CASE WHEN week = 7 THEN 1 ELSE 0 END) AS week_7, max(CASE WHEN week = 8 THEN 1 ELSE 0 END) AS week_8,
        max(CASE WHEN week = 9 THEN 1 ELSE 0 END) AS week_9, max(CASE WHEN week = 10 THEN 1 ELSE 0 END) AS week_10,
        max(CASE WHEN week = 11 THEN 1 ELSE 0 END) AS week_11, max(CASE WHEN week = 12 THEN 1 ELSE 0 END) AS week_12
    FROM (
        -- Day 0 is a Thursday, so day -3 a Monday.
        SELECT
            user_id,
            first_day - ((first_day + 3) % 7 + 7) % 7 AS first_week,
            (day - ((day + 3) % 7 + 7) % 7 - first_day + ((first_day + 3) % 7 + 7) % 7) / 7 AS week
        FROM user_days
        WHERE user_id IS NOT NULL AND first_day <= {end} AND day <= {last_day}
    )
    GROUP BY user_id, first_week
)
GROUP BY first_week
ORDER BY first_week
