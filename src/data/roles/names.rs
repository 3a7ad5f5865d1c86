//! Column names as exports write them, and the roles they usually have. Never looked at a value.

/// What a column can be for. The order is the order in which a mapping is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    User,
    Time,
    Event,
    Country,
    Platform,
    Channel,
    Session,
    Order,
    Product,
    Revenue,
    Quantity,
    UnitPrice,
    Currency,
    EventId,
    EngagementScore,
}

pub(crate) const ROLES: [Role; 15] = [
    Role::User,
    Role::Time,
    Role::Event,
    Role::Country,
    Role::Platform,
    Role::Channel,
    Role::Session,
    Role::Order,
    Role::Product,
    Role::Revenue,
    Role::Quantity,
    Role::UnitPrice,
    Role::Currency,
    Role::EventId,
    Role::EngagementScore,
];

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Time => "time",
            Self::Event => "event",
            Self::Country => "country",
            Self::Platform => "platform",
            Self::Channel => "channel",
            Self::Session => "session",
            Self::Order => "order",
            Self::Product => "product",
            Self::Revenue => "revenue",
            Self::Quantity => "quantity",
            Self::UnitPrice => "unit_price",
            Self::Currency => "currency",
            Self::EventId => "event_id",
            Self::EngagementScore => "engagement_score",
        }
    }

    /// A role by its name or a usual other name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = normal(name);
        let name = match name.as_str() {
            "ts" | "timestamp" | "date" | "event_time" => "time",
            "user_id" | "customer" => "user",
            "event_name" | "event_type" => "event",
            "session_id" => "session",
            "order_id" => "order",
            "product_id" => "product",
            "amount" => "revenue",
            "price" => "unit_price",
            "acquisition_channel" => "channel",
            other => other,
        };
        ROLES.into_iter().find(|role| role.name() == name)
    }

    /// Usual names, the best first; all normalised.
    pub(crate) fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::User => &[
                "user_id",
                "userid",
                "uid",
                "customer_unique_id",
                "customer_id",
                "customerid",
                "client_id",
                "account_id",
                "player_id",
                "member_id",
                "visitor_id",
                "person_id",
                "distinct_id",
                "people_id",
                "amplitude_id",
                "domain_userid",
                "user_pseudo_id",
                "anonymous_id",
                "device_id",
                "network_userid",
                "customer",
                "user",
                "email",
            ],
            Self::Time => &[
                "event_time",
                "event_timestamp",
                "derived_tstamp",
                "occurred_at",
                "timestamp",
                "event_ts",
                "time",
                "ts",
                "datetime",
                "event_datetime",
                "client_event_time",
                "collector_tstamp",
                "original_timestamp",
                "created_at",
                "order_purchase_timestamp",
                "invoice_date",
                "invoicedate",
                "order_date",
                "transaction_date",
                "purchase_date",
                "event_date",
                "date",
                "event_day",
                "day",
                "dt",
                "ds",
                "created_utc",
                "created",
                "received_at",
                "sent_at",
            ],
            Self::Event => &[
                "event_text",
                "event_name",
                "event_type",
                "event",
                "action",
                "action_type",
                "activity",
                "event_action",
                "name",
            ],
            Self::Country => &[
                "country_code",
                "country",
                "geo_country",
                "mp_country_code",
                "geoip_country_code",
                "geo_country_code",
                "iso_country",
                "context_location_country",
                "country_name",
                "geoip_country_name",
                "shipping_country",
                "billing_country",
            ],
            Self::Platform => &[
                "platform",
                "device_category",
                "device_type",
                "os_name",
                "os",
                "context_os_name",
                "operating_system",
                "device_operating_system",
                "lib",
                "mp_lib",
            ],
            Self::Channel => &[
                "acquisition_channel",
                "marketing_channel",
                "utm_source",
                "traffic_source",
                "traffic_source_source",
                "channel",
                "source",
                "utm_medium",
                "media_source",
            ],
            Self::Session => &[
                "session_id",
                "ga_session_id",
                "domain_sessionid",
                "user_session",
                "sessionid",
                "visit_id",
                "session",
            ],
            Self::Order => &[
                "order_id",
                "orderid",
                "transaction_id",
                "invoice_no",
                "invoice",
                "invoiceno",
                "invoice_id",
                "tr_orderid",
                "order_number",
            ],
            Self::Product => &["product_id", "productid", "stock_code", "sku", "item_id", "stockcode"],
            Self::Revenue => &[
                "revenue_usd",
                "revenue",
                "purchase_revenue_in_usd",
                "purchase_revenue",
                "event_value_in_usd",
                "amount",
                "total_price",
                "total",
                "payment_value",
                "order_value",
                "net_amount",
                "gross_amount",
                "price_usd",
                "tr_total",
                "value",
                "total_amount",
                "total_revenue",
                "revenue_eur",
                "revenue_gbp",
                "amount_usd",
                "amount_eur",
                "sales",
            ],
            Self::Quantity => &["quantity", "qty", "units", "item_quantity"],
            Self::UnitPrice => &["unit_price", "unitprice", "price", "item_price"],
            Self::Currency => &["currency", "currency_code", "tr_currency", "iso_currency"],
            Self::EventId => &[
                "insert_id",
                "mp_reserved_insert_id",
                "event_id",
                "message_id",
                "uuid",
                "id",
            ],
            Self::EngagementScore => &["engagement_score", "avg_engagement_score", "engagement"],
        }
    }
}

/// Ids of people who have not said who they are.
pub(crate) const ANONYMOUS: &[&str] = &[
    "anonymous_id",
    "device_id",
    "user_pseudo_id",
    "domain_userid",
    "distinct_id",
    "amplitude_id",
    "network_userid",
];

const PREFIXES: &[&str] = &[
    "properties_",
    "event_params_",
    "event_properties_",
    "user_properties_",
    "context_traits_",
    "traits_",
    "props_",
    "ecommerce_",
];

/// `CustomerID`, `$customer id` and `customer-id` as `customer_id`; prefixes stay.
pub(crate) fn normal(name: &str) -> String {
    let letters: Vec<char> = name.trim().trim_start_matches('$').chars().collect();
    let mut normal = String::with_capacity(name.len() + 4);
    for (position, &letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            normal.push('_');
            continue;
        }
        let before = position.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(position + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            normal.push('_');
        }
        normal.extend(letter.to_lowercase());
    }
    let words: Vec<&str> = normal.split('_').filter(|word| !word.is_empty()).collect();
    words.join("_")
}

/// The normal name without the prefixes that trackers put before properties (`properties.$user_id`).
pub(crate) fn bare(name: &str) -> String {
    let mut name = normal(name);
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        name = rest.to_owned();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_normal() {
        let cases = [
            ("CustomerID", "customer_id"),
            ("InvoiceNo", "invoice_no"),
            ("$geoip_country_code", "geoip_country_code"),
            ("properties.distinct_id", "distinct_id"),
            ("properties.$user_id", "user_id"),
            ("Customer ID", "customer_id"),
            ("GA4EventName", "ga4_event_name"),
            ("context.traits.user-id", "user_id"),
            ("ecommerce.purchase_revenue", "purchase_revenue"),
            ("USER_ID", "user_id"),
        ];
        for (name, expected) in cases {
            assert_eq!(bare(name), expected, "{name}");
        }
    }
}
