//! Trackers known by columns that only they write. Never looked at a value.

use super::names::Role;

/// A tracker known by columns that only it writes, with what its columns mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    /// All of a group must be there.
    signature: &'static [&'static [&'static str]],
    pub(crate) roles: &'static [(Role, &'static str)],
}

const VENDORS: &[Vendor] = &[
    Vendor {
        name: "amplitude",
        signature: &[&["amplitude_id"], &["event_type"]],
        roles: &[
            (Role::User, "user_id"),
            (Role::Time, "event_time"),
            (Role::Event, "event_type"),
        ],
    },
    Vendor {
        name: "mixpanel",
        signature: &[&["distinct_id"], &["mp_country_code", "mp_lib"]],
        roles: &[
            (Role::User, "distinct_id"),
            (Role::Time, "time"),
            (Role::Country, "mp_country_code"),
            (Role::Platform, "os"),
        ],
    },
    Vendor {
        name: "posthog",
        signature: &[&["distinct_id"], &["person_id"]],
        roles: &[
            (Role::User, "person_id"),
            (Role::Time, "timestamp"),
            (Role::Event, "event"),
        ],
    },
    Vendor {
        name: "google analytics 4",
        signature: &[&["user_pseudo_id"], &["event_timestamp"], &["event_name"]],
        roles: &[
            (Role::User, "user_id"),
            (Role::Time, "event_timestamp"),
            (Role::Event, "event_name"),
        ],
    },
    Vendor {
        name: "snowplow",
        signature: &[&["collector_tstamp"], &["domain_userid"]],
        roles: &[
            (Role::User, "user_id"),
            (Role::Time, "derived_tstamp"),
            (Role::Event, "event_name"),
            (Role::Session, "domain_sessionid"),
        ],
    },
    Vendor {
        name: "rudderstack",
        signature: &[&["anonymous_id"], &["original_timestamp"], &["channel"]],
        roles: &[
            (Role::User, "user_id"),
            (Role::Time, "timestamp"),
            (Role::Platform, "channel"),
        ],
    },
    Vendor {
        name: "segment",
        signature: &[&["anonymous_id"], &["event_text"]],
        roles: &[
            (Role::User, "user_id"),
            (Role::Time, "timestamp"),
            (Role::Event, "event_text"),
        ],
    },
];

/// The tracker whose signature is among the bare names.
pub(crate) fn vendor(bare_names: &[&str]) -> Option<Vendor> {
    VENDORS.iter().copied().find(|vendor| {
        vendor
            .signature
            .iter()
            .all(|any| any.iter().any(|name| bare_names.contains(name)))
    })
}
