-- Users of the 7, the 30 and the 30 days before the last 30 days of the window, each counted to its last day; who came back from the
-- window before (returning), from earlier (resurrected), and who did not come back (dormant); churned = of the 30 days before, not seen since.
SELECT
    count(in_week) AS week_users,
    count(in_month) AS month_users,
    count(in_month_before) AS former_users,
    count(CASE WHEN in_month_before = 1 AND in_month IS NULL THEN 1 END) AS churned,
    count(CASE WHEN in_window = 1 AND in_previous = 1 THEN 1 END) AS returning_users,
    count(CASE WHEN in_window = 1 AND in_previous IS NULL AND first_day < {previous_start} THEN 1 END) AS resurrected,
    count(CASE WHEN in_window IS NULL AND in_previous = 1 THEN 1 END) AS dormant
FROM (
    SELECT
        user_id, first_day,
        max(CASE WHEN day > {end} - 7 THEN 1 END) AS in_week,
        max(CASE WHEN day > {end} - 30 THEN 1 END) AS in_month,
        max(CASE WHEN day BETWEEN {end} - 59 AND {end} - 30 THEN 1 END) AS in_month_before,
        max(CASE WHEN day >= {start} THEN 1 END) AS in_window,
        max(CASE WHEN day BETWEEN {previous_start} AND {previous_end} THEN 1 END) AS in_previous
    FROM user_days
    WHERE user_id IS NOT NULL AND day <= {end}
    GROUP BY user_id, first_day
)
