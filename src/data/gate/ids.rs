//! Whether the user column names people: filled, not one id a row, coming back, written one way, not a mere group.

use super::super::engine::number_of_day;
use super::super::facts::Facts;
use super::super::roles::grouped;
use super::super::roles::names::Role;
use super::super::{DataError, Summary};
use super::{Field, GateCheck, Limits, check, share, shown_percent};

/// Shares of fewer ids say nothing.
const LEAST_IDS: u64 = 200;

/// What the ids of the whole source do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ids {
    pub(super) ids: u64,
    /// Rows with an id.
    pub(super) rows: u64,
    /// Ids first seen at least a week before the end, and those of them that were seen again two days later or more: the
    /// session of one night ends the day after it began.
    pub(super) old_enough: u64,
    pub(super) returned: u64,
    /// Ids left when case, blanks and stray characters do not count.
    pub(super) plain: u64,
}

pub(super) async fn checks(facts: &Facts, summary: &Summary) -> Result<Vec<GateCheck>, DataError> {
    let column = facts
        .roles
        .found
        .get(&Role::User)
        .map(|found| found.shown.clone())
        .unwrap_or_default();
    let sql = include_str!("sql/ids.sql")
        .replace("{first_day}", &number_of_day(facts.covers.0).to_string())
        .replace("{last_day}", &number_of_day(facts.covers.1).to_string());
    let mut ids = facts
        .engine
        .row(&sql, |row| Ids {
            ids: row.count("ids"),
            rows: row.count("n_rows"),
            old_enough: row.count("old_enough"),
            returned: row.count("returned"),
            plain: 0,
        })
        .await?;
    let texts = match facts.numbered.users {
        true => "(SELECT i.id AS user_id FROM first_seen f JOIN user_ids i ON f.user_id = i.number)",
        false => "first_seen",
    };
    let sql = include_str!("sql/plain_ids.sql").replace("{users}", texts);
    ids.plain = facts.engine.row(&sql, |row| row.count("ids")).await?;
    let hint = hint(facts);
    Ok(vec![
        fill(summary, &column).hint(hint.clone()),
        row_id(ids, &column).hint(hint.clone()),
        returning(ids, &column).hint(hint.clone()),
        few(ids, &column).hint(hint),
        stray(ids, facts.users, &column),
    ])
}

fn hint(facts: &Facts) -> String {
    let taken = facts
        .roles
        .found
        .get(&Role::User)
        .map(|found| found.columns.clone())
        .unwrap_or_default();
    let words = [
        "user", "customer", "client", "visitor", "account", "member", "player", "person",
    ];
    let others: Vec<String> = facts
        .profile
        .names()
        .into_iter()
        .filter(|name| !taken.contains(name) && words.iter().any(|word| name.to_lowercase().contains(word)))
        .map(|name| format!("`--map user=\"{name}\"`"))
        .collect();
    match others.as_slice() {
        [] => "name the column that identifies a person: `--map user=COLUMN`".to_owned(),
        others => format!(
            "name the column that identifies a person, perhaps {}",
            others.join(" or ")
        ),
    }
}

fn fill(summary: &Summary, column: &str) -> GateCheck {
    let empty = share(summary.rows_without_user, summary.rows_used);
    let text = match summary.rows_without_user {
        0 => format!("every row of the window has a `{column}`"),
        rows => format!(
            "{} rows of the window ({}) have no `{column}`: they count in no figure about users",
            grouped(rows),
            shown_percent(empty)
        ),
    };
    check("id_fill", Field::User, empty, Limits::both(5.0, 60.0), text)
}

fn row_id(ids: Ids, column: &str) -> GateCheck {
    let share = if ids.ids < LEAST_IDS {
        0.0
    } else {
        share(ids.ids, ids.rows)
    };
    let text = match share {
        share if share >= 90.0 => format!(
            "`{column}` has {} ids in {} rows: it looks like the id of a row, not of a user",
            grouped(ids.ids),
            grouped(ids.rows)
        ),
        _ => format!("`{column}` has {} ids in {} rows", grouped(ids.ids), grouped(ids.rows)),
    };
    check("row_id", Field::User, share, Limits::both(90.0, 98.0), text)
}

fn returning(ids: Ids, column: &str) -> GateCheck {
    let known = ids.old_enough >= LEAST_IDS;
    let share = ids.returned as f64 * 100.0 / ids.old_enough.max(1) as f64;
    let text = if !known {
        format!("too few ids in `{column}` are a week old to see whether they come back")
    } else if share < 2.0 {
        format!(
            "{} of the {} ids in `{column}` that are a week old ever came back on a later day: it looks like the id of an order or a session, not of a user",
            grouped(ids.returned),
            grouped(ids.old_enough)
        )
    } else {
        format!(
            "{} of the ids in `{column}` come back on a later day",
            shown_percent(share)
        )
    };
    let gone = if known { 100.0 - share } else { 0.0 };
    check("ids_return", Field::User, gone, Limits::both(98.0, 99.5), text)
}

fn few(ids: Ids, column: &str) -> GateCheck {
    let rows_per_id = ids.rows as f64 / ids.ids.max(1) as f64;
    let is_few = ids.ids <= 50 && rows_per_id >= 2_000.0;
    let text = if is_few {
        format!(
            "`{column}` has only {} ids in {} rows: it may name groups, not users",
            grouped(ids.ids),
            grouped(ids.rows)
        )
    } else {
        format!("{rows_per_id:.1} rows for each `{column}`")
    };
    check(
        "few_ids",
        Field::User,
        f64::from(u8::from(is_few)),
        Limits::caveat(1.0),
        text,
    )
}

fn stray(ids: Ids, users: u64, column: &str) -> GateCheck {
    let doubled = users.saturating_sub(ids.plain);
    let share = if users < LEAST_IDS / 4 {
        0.0
    } else {
        doubled as f64 * 100.0 / users as f64
    };
    let text = match doubled {
        0 => format!("no two ids in `{column}` differ by case or stray characters only"),
        doubled => format!(
            "{} of {} ids in `{column}` ({}) differ from another by case, blanks or stray characters only: one user counts as several",
            grouped(doubled),
            grouped(users),
            shown_percent(share)
        ),
    };
    let limits = Limits::both(0.5, 20.0);
    check("stray_ids", Field::User, share, limits, text).hint(format!(
        "clean the ids where they are written, or map them in one form: `--map user=\"lower(trim({column}))\"`"
    ))
}
