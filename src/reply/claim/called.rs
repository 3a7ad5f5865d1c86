//! What sentences call measures, beside their labels.

/// Label by label. A way of several words means nothing else; one of a single word is heard where a table is cited.
pub(super) const CALLED: [(&str, &[&str]); 23] = [
    ("average order value", &["AOV", "order value", "basket", "per order"]),
    ("average revenue per user", &["ARPU", "revenue per user"]),
    ("arpu", &["revenue per user", "spend per user", "per head", "a head"]),
    ("daily active users", &["DAU", "active users", "users"]),
    (
        "average daily active users",
        &[
            "average DAU",
            "average active users",
            "daily active users averaged",
            "DAU averaged",
        ],
    ),
    (
        "day-1 retention",
        &[
            "D1 retention",
            "D1",
            "day 1",
            "day one",
            "day-one",
            "after one day",
            "after a day",
            "the next day",
        ],
    ),
    (
        "day-7 retention",
        &[
            "D7 retention",
            "D7",
            "day 7",
            "day seven",
            "day-seven",
            "after seven days",
            "after 7 days",
            "after a week",
            "a week later",
        ],
    ),
    (
        "day-30 retention",
        &[
            "D30 retention",
            "D30",
            "day 30",
            "day thirty",
            "after thirty days",
            "after 30 days",
            "after a month",
            "a month later",
        ],
    ),
    (
        "cohort size",
        &[
            "size",
            "users",
            "largest cohort",
            "smallest cohort",
            "biggest cohort",
            "sign-ups",
            "signups",
            "newcomers",
        ],
    ),
    (
        "conversion rate",
        &["conversion", "converted", "converts", "converting"],
    ),
    ("overall conversion rate", &["overall conversion"]),
    (
        "average session duration",
        &[
            "session duration",
            "session length",
            "per session",
            "sessions lasted",
            "session lasted",
            "visits",
            "visit",
        ],
    ),
    (
        "late events",
        &["arrived late", "came in late", "late arrivals", "late ones", "late"],
    ),
    ("completeness", &["showed up", "came through", "complete"]),
    (
        "users",
        &[
            "user base",
            "user growth",
            "user numbers",
            "user count",
            "customers",
            "audience",
            "people",
            "visitors",
            "base",
        ],
    ),
    ("new users", &["sign-ups", "signups", "newcomers", "registrations"]),
    ("sessions", &["visits", "traffic", "session growth"]),
    (
        "sessions per user",
        &["sessions each", "sessions apiece", "visits per user"],
    ),
    ("orders", &["purchases", "order count", "order volume", "order growth"]),
    (
        "revenue",
        &[
            "sales",
            "turnover",
            "income",
            "earned",
            "earnings",
            "brought in",
            "brings in",
            "bring in",
            "money",
            "takings",
        ],
    ),
    ("refund rate", &["refunds", "refunded"]),
    ("null values", &["nulls", "null", "missing values"]),
    ("duplicate rows", &["duplicates", "duplicated rows"]),
];

/// What labels of totals begin with, and how a sentence may say it otherwise.
pub(super) const TOTALS: [(&str, &[&str]); 3] = [
    ("average ", &["averag", "mean"]),
    ("total ", &["total", "in all", "altogether", "overall"]),
    ("overall ", &["overall", "across"]),
];
