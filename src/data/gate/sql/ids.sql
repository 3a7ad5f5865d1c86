-- How often ids occur and whether they come back; days far outside the data are left out.
SELECT
    count(*) AS ids,
    coalesce(sum(n_rows), 0) AS n_rows,
    count(CASE WHEN first_day + 7 <= {last_day} THEN 1 END) AS old_enough,
    count(CASE WHEN first_day + 7 <= {last_day} AND last_day >= first_day + 2 THEN 1 END) AS returned
FROM (
    SELECT user_id, min(day) AS first_day, max(day) AS last_day, sum(n_rows) AS n_rows
    FROM user_days
    WHERE user_id IS NOT NULL AND day BETWEEN {first_day} AND {last_day}
    GROUP BY user_id
)
