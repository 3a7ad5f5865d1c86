-- Inside each country: distinct users by the values of one more column ({dimension}), in the window and in the one before.
SELECT country, segment, sum(now) AS users, sum(before) AS users_before
FROM (
    SELECT
        country, coalesce({dimension}, '(none)') AS segment, user_id,
        max(CASE WHEN day >= {start} THEN 1 ELSE 0 END) AS now,
        max(CASE WHEN day < {start} THEN 1 ELSE 0 END) AS before
    FROM events
    WHERE country IS NOT NULL AND user_id IS NOT NULL AND day BETWEEN {previous_start} AND {end}
    GROUP BY country, coalesce({dimension}, '(none)'), user_id
)
GROUP BY country, segment
ORDER BY country, segment
