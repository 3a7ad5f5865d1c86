//! Numbers that only a schema can settle.

use crate::reply::json::Json;

/// Whether the value holds a number that may as well be several.
pub(in crate::reply) fn is_ambiguous(value: &Json) -> bool {
    match value {
        Json::Number(number) => number.is_ambiguous(),
        Json::Array(items) => items.iter().any(is_ambiguous),
        Json::Object(members) => members.iter().any(|(_, member)| is_ambiguous(member)),
        _ => false,
    }
}
