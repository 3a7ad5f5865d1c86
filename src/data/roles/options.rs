//! `--map role=column-or-expression`, checked against the columns that exist.

use std::collections::BTreeMap;

use super::super::engine::Engine;
use super::super::moment::DayOrder;
use super::super::profile::Column;
use super::super::{DataError, Mapped};
use super::expression::{self, Reading};
use super::names::{ROLES, Role};
use super::{Found, checks, nothing};

/// What the user decided: a column or expression, or that the role has none.
pub(super) type Chosen = BTreeMap<Role, Option<Found>>;

/// What was decided before the columns were looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    /// An earlier mapping that is used again.
    pub(crate) mapping: &'a [Mapped],
    /// `role=column-or-expression` pairs, stronger than the mapping.
    pub(crate) map: &'a [(String, String)],
}

impl Given<'_> {
    /// How an earlier run read the dates.
    pub(super) fn day_order(&self) -> Option<DayOrder> {
        let is_replaced = self.map.iter().any(|(role, _)| Role::named(role) == Some(Role::Time));
        let time = self
            .mapping
            .iter()
            .find(|mapped| Role::named(&mapped.role) == Some(Role::Time));
        time.filter(|_| !is_replaced)?.day_order
    }
}

pub(super) async fn read(columns: &[Column], engine: &Engine, given: &Given<'_>) -> Result<Chosen, DataError> {
    let mut chosen = Chosen::new();
    let again = given.mapping.iter().map(|mapped| {
        let reason = format!("taken from the mapping file: {}", mapped.reason);
        (&mapped.role, &mapped.column, "--mapping FILE with ", reason)
    });
    let named = given.map.iter().map(|(role, column)| {
        let shown = Role::named(role).map_or(role.as_str(), |role| role.name());
        (role, column, "--map ", format!("given by --map {shown}"))
    });
    for (role_given, given, how, reason) in again.chain(named) {
        let bad = |why: String| DataError::BadMap {
            given: format!("{how}{role_given}={given}"),
            why,
            columns: columns.iter().map(|column| column.name.clone()).collect(),
        };
        let role = Role::named(role_given).ok_or_else(|| {
            let known: Vec<&str> = ROLES.iter().map(|role| role.name()).collect();
            bad(format!(
                "there is no role `{role_given}`; roles are {}",
                known.join(", ")
            ))
        })?;
        let trimmed = given.trim();
        if trimmed.is_empty()
            || (trimmed.eq_ignore_ascii_case("none") && expression::column(columns, trimmed).is_none())
        {
            chosen.insert(role, None);
            continue;
        }
        let found = match expression::column(columns, trimmed) {
            Some(column) if is_amount(role) && column.numeric_share() < 0.5 => {
                return Err(bad(format!("column `{}` holds no numbers", column.name)));
            }
            Some(column) => {
                let mut found = Found::column(column, reason, checks(column));
                if is_amount(role) {
                    found.sql = expression::amount(column);
                }
                nothing::leave_out(role, column, &mut found);
                found
            }
            None => expressed(columns, engine, role, trimmed, reason).await.map_err(bad)?,
        };
        chosen.insert(role, Some(found));
    }
    Ok(chosen)
}

async fn expressed(
    columns: &[Column],
    engine: &Engine,
    role: Role,
    given: &str,
    reason: String,
) -> Result<Found, String> {
    let reading = if is_amount(role) {
        Reading::Amounts
    } else {
        Reading::Text
    };
    let (sql, used) = expression::rewritten(columns, given, reading)?;
    let is_name = given
        .chars()
        .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | ' ' | '$' | '-'));
    if used.is_empty() && is_name {
        return Err(format!("there is no column `{given}`"));
    }
    engine.check(&format!("SELECT {sql} FROM raw")).await?;
    Ok(Found {
        shown: given.to_owned(),
        sql,
        columns: used,
        reason,
        checks: Vec::new(),
    })
}

/// Roles whose values are numbers.
pub(super) fn is_amount(role: Role) -> bool {
    matches!(
        role,
        Role::Revenue | Role::Quantity | Role::UnitPrice | Role::EngagementScore
    )
}
