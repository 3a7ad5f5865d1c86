-- Sessions of a cohort's users on the day exactly k days after their first, by the day a session's rows fall on.
SELECT
    f.first_day,
    count(CASE WHEN s.day = f.first_day THEN 1 END) AS sessions_0,
    count(CASE WHEN s.day = f.first_day + 1 THEN 1 END) AS sessions_1,
    count(CASE WHEN s.day = f.first_day + 7 THEN 1 END) AS sessions_7
FROM session_days s
JOIN first_seen f ON s.user_id = f.user_id
WHERE f.first_day BETWEEN {start} AND {end} AND s.day BETWEEN {start} AND {end} + 7
GROUP BY f.first_day
