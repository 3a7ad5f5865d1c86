-- One row per day and user (null: rows without a user); age is the number of days since the user's first day.
SELECT
    user_id, day, first_day, day - first_day AS age,
    sum(n_rows) AS n_rows, sum(revenue) AS revenue, sum(gross) AS gross
FROM visits
GROUP BY user_id, day, first_day
