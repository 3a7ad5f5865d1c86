//! What event names say about money. Never heard of columns.

use serde::{Deserialize, Serialize};

/// What the revenue of an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Kind {
    Purchase,
    Ad,
    Subscription,
    Refund,
    Other,
}

impl Kind {
    /// The segment name in `revenue_by_type.csv`.
    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::Purchase => "iap",
            Self::Ad => "ad",
            Self::Subscription => "subscription",
            Self::Refund => "refund",
            Self::Other => "other",
        }
    }
}

/// Words after which a money word is no money: a payment that failed, a page about payments.
const NOT_YET: &[&str] = &[
    "error",
    "fail",
    "failed",
    "failure",
    "declined",
    "details",
    "detail",
    "info",
    "view",
    "viewed",
    "page",
    "start",
    "started",
    "begin",
    "initiated",
    "click",
    "clicked",
    "screen",
    "option",
    "options",
    "method",
    "attempt",
    "attempted",
    "abandoned",
    "cancel",
    "cancelled",
    "canceled",
    "pending",
    "intent",
    "request",
    "requested",
    "shown",
    "history",
    "status",
    "add",
    "shipping",
];

pub(crate) fn kind(event: &str) -> Kind {
    let words = words(event);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    if has(&["refund", "refunded", "refunds", "chargeback", "chargebacked"])
        && !has(&["request", "requested", "page", "policy", "view"])
    {
        return Kind::Refund;
    }
    if has(&[
        "ad",
        "ads",
        "advert",
        "advertisement",
        "rewarded",
        "interstitial",
        "banner",
    ]) && !has(&["click", "clicked"])
    {
        return Kind::Ad;
    }
    let only_started = has(&["start", "started"])
        && words
            .iter()
            .all(|word| !matches!(word.as_str(), "payment" | "purchase" | "checkout"));
    if has(NOT_YET) && !only_started {
        return Kind::Other;
    }
    if has(&[
        "subscription",
        "subscribe",
        "subscribed",
        "renewal",
        "renew",
        "renewed",
        "resubscribed",
    ]) {
        return Kind::Subscription;
    }
    let bought = has(&[
        "purchase",
        "purchased",
        "purchases",
        "buy",
        "bought",
        "payment",
        "paid",
        "transaction",
        "sale",
        "iap",
        "charge",
    ]);
    let ordered = has(&["order", "checkout"])
        && (words.len() == 1 && words[0] == "order"
            || has(&[
                "completed",
                "complete",
                "success",
                "placed",
                "paid",
                "created",
                "confirmed",
            ]));
    if bought || ordered { Kind::Purchase } else { Kind::Other }
}

/// True for events by which money comes in or goes back.
pub(crate) fn is_purchase_like(event: &str) -> bool {
    !matches!(kind(event), Kind::Other | Kind::Ad)
}

/// True for events by which a user becomes a customer.
pub(crate) fn is_conversion(event: &str) -> bool {
    matches!(kind(event), Kind::Purchase | Kind::Subscription)
}

/// Events that say nothing about what a user wants.
pub(crate) fn is_noise(event: &str) -> bool {
    let words = words(event);
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "heartbeat" | "ping" | "engagement" | "error" | "crash" | "exception" | "bug" | "identify"
        )
    }) || matches!(event, "session_start" | "session_end" | "first_open" | "first_visit")
}

fn words(event: &str) -> Vec<String> {
    super::roles::names::normal(event)
        .split('_')
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_money_from_talk_about_money() {
        let purchases = [
            "purchase",
            "Order Completed",
            "order_placed",
            "checkout_completed",
            "in_app_purchase",
            "payment",
            "buy",
            "PaymentSucceeded",
        ];
        let others = [
            "view",
            "cart",
            "payment_error",
            "payment_details",
            "checkout",
            "begin_checkout",
            "add_payment_info",
            "page_view",
            "add_to_cart",
            "order_cancelled",
            "reorder_page",
        ];
        for event in purchases {
            assert_eq!(kind(event), Kind::Purchase, "{event}");
        }
        for event in others {
            assert_eq!(kind(event), Kind::Other, "{event}");
        }
        assert_eq!(kind("subscription_started"), Kind::Subscription);
        assert_eq!(kind("subscription_cancelled"), Kind::Other);
        assert_eq!(kind("subscription_renewed"), Kind::Subscription);
        assert_eq!(kind("renewal"), Kind::Subscription);
        assert_eq!(kind("ad_impression"), Kind::Ad);
        assert_eq!(kind("refund"), Kind::Refund);
    }
}
