-- The mean of the source's own engagement score of a cohort's users, on the day exactly k days after their first.
SELECT
    f.first_day,
    CAST(avg(CASE WHEN e.day = f.first_day THEN e.score END) AS DOUBLE) AS score_0,
    CAST(avg(CASE WHEN e.day = f.first_day + 1 THEN e.score END) AS DOUBLE) AS score_1,
    CAST(avg(CASE WHEN e.day = f.first_day + 7 THEN e.score END) AS DOUBLE) AS score_7
FROM events e
JOIN first_seen f ON e.user_id = f.user_id
WHERE f.first_day BETWEEN {start} AND {end} AND e.day BETWEEN {start} AND {end} + 7
GROUP BY f.first_day
