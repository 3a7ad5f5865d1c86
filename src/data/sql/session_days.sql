-- One row per session, user and day.
SELECT session_id, user_id, day, min(at) AS started, max(at) AS ended
FROM events
WHERE session_id IS NOT NULL
GROUP BY session_id, user_id, day
