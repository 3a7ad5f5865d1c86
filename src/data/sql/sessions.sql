-- One row per session and user: the day it began, its first and its last row.
SELECT session_id, user_id, min(day) AS day, min(started) AS started, max(ended) AS ended
FROM session_days
GROUP BY session_id, user_id
