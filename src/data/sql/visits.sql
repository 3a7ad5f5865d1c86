-- One row per day, user, country, channel and kind of revenue. Rows without a user keep a null user.
SELECT
    v.day, v.user_id, v.country, v.channel, v.kind, v.n_rows, v.n_converting, v.revenue, v.gross, f.first_day
FROM (
    SELECT
        day, user_id, country, channel, kind,
        count(*) AS n_rows,
        count(CASE WHEN converts THEN 1 END) AS n_converting,
        sum(revenue) AS revenue,
        sum(CASE WHEN revenue > 0 THEN revenue END) AS gross
    FROM events
    GROUP BY day, user_id, country, channel, kind
) v
LEFT JOIN first_seen f ON v.user_id = f.user_id
