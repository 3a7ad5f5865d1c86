//! Words that mean "nothing" in one role and something in another: `NA`, a session of -1, a country that nobody knows.

use super::super::engine::literal;
use super::super::profile::Column;
use super::Found;
use super::names::Role;

/// Beyond the words that mean nothing everywhere.
fn words(role: Role, column: &Column) -> Vec<String> {
    let spoken: &[&str] = match role {
        Role::Country => &["unknown", "(unknown)", "zz", "xx"],
        Role::Session => &["-1"],
        _ => &[],
    };
    let holds = |word: &&str| match &column.values {
        Some(values) => values.iter().any(|value| value.eq_ignore_ascii_case(word)),
        None => column.sample.iter().any(|value| value.eq_ignore_ascii_case(word)),
    };
    let mut words: Vec<String> = spoken
        .iter()
        .filter(|word| holds(word))
        .map(|word| (*word).to_owned())
        .collect();
    if column.na_is_null && matches!(role, Role::User | Role::Session | Role::Order | Role::Country) {
        words.push("na".to_owned());
    }
    words
}

/// Reads those words as nothing, and says so.
pub(super) fn leave_out(role: Role, column: &Column, found: &mut Found) {
    let words = words(role, column);
    if words.is_empty() {
        return;
    }
    let listed: Vec<String> = words.iter().map(|word| literal(word)).collect();
    found.sql = format!(
        "CASE WHEN lower(text_of({sql})) NOT IN ({}) THEN text_of({sql}) END",
        listed.join(", "),
        sql = found.sql
    );
    found.checks.push(format!("read as nothing: {}", words.join(", ")));
}
