-- The compact table that every metric is computed from: one row per source row that has a time and was not sent before.
SELECT
    user_id, at, day, event, country, platform, channel, session_id, order_id, revenue, score{dimensions},
    {kind} AS kind,
    ({converts}) AS converts
FROM (
    SELECT
        {user} AS user_id,
        "__at" AS at,
        "__day" AS day,
        {event} AS event,
        {country} AS country,
        {platform} AS platform,
        {channel} AS channel,
        {session} AS session_id,
        {order} AS order_id,
        TRY_CAST({revenue} AS DECIMAL(24, 6)) AS revenue,
        TRY_CAST({engagement_score} AS DECIMAL(24, 6)) AS score{dimension_columns}
    FROM dated
    WHERE "__at" IS NOT NULL AND NOT "__copy"
)
