//! New users by where they came from, and who of them came back.

use super::super::engine::{Row, number_of_day};
use super::super::facts::Facts;
use super::super::{DataError, Origin, Query, Window};
use super::two_windows;

/// The source column that tells where users came from, with its column in `events`: the channel, else the platform.
pub(super) fn column(facts: &Facts) -> Option<&(String, String)> {
    let named = |wanted: &str| facts.dimensions.iter().find(|(_, name)| name == wanted);
    named("channel").or(named("platform"))
}

pub(super) async fn origins(
    facts: &Facts,
    column: &str,
    window: Window,
    previous: Option<Window>,
) -> Result<Vec<Origin>, DataError> {
    let sql = two_windows(facts.definitions.sql(Query::Origins), window, previous)
        .replace("{origin}", column)
        .replace("{last_day}", &number_of_day(facts.covers.1).to_string());
    let read = |row: &Row| {
        let before = |column: &str| previous.map(|_| row.count(column));
        Origin {
            origin: row.text("origin").unwrap_or_default(),
            users: row.count("users"),
            eligible: row.count("eligible"),
            retained: row.count("retained"),
            previous_users: before("users_before"),
            previous_eligible: before("eligible_before"),
            previous_retained: before("retained_before"),
        }
    };
    let mut origins = facts.engine.rows(&sql, read).await?;
    origins.sort_by(|one, other| {
        let most = other.users.cmp(&one.users);
        most.then_with(|| one.origin.cmp(&other.origin))
    });
    Ok(origins)
}
