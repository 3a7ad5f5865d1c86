-- The raw rows with their local time (microseconds), their day (days since 1970-01-01).
SELECT *, day_of("__at") AS "__day"
FROM (SELECT raw.*, local_micros({time}) AS "__at" FROM raw)
