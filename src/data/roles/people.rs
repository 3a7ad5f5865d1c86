//! The two roles without which there is nothing to count: who and when.

use super::super::profile::Column;
use super::super::{DataError, engine::quoted};
use super::expression::written;
use super::names::{ANONYMOUS, Role};
use super::{Found, Resolver, checks, nothing};

/// Below this many rows the share of distinct values says nothing.
const FEW_ROWS: u64 = 50;

pub(super) fn user(resolver: &mut Resolver<'_>) -> Result<(), DataError> {
    if resolver.decided(Role::User) {
        if resolver.roles.has(Role::User) {
            return Ok(());
        }
        return Err(DataError::NoUserColumn {
            columns: resolver.names(),
        });
    }
    let groups = resolver.candidates(Role::User);
    let is_row_id = |column: &Column| column.rows >= FEW_ROWS && column.distinct_share() > 0.95;
    let first_filled = groups.iter().flatten().find(|(column, _)| column.filled() > 0).cloned();
    let fitting = groups.into_iter().find_map(|group| {
        let group: Vec<_> = group
            .into_iter()
            .filter(|(column, _)| column.filled() > 0 && !is_row_id(column))
            .collect();
        (!group.is_empty()).then_some(group)
    });
    let (column, reason) = match (fitting, first_filled) {
        (Some(group), _) => only(Role::User, group)?,
        (None, Some((column, reason))) => {
            resolver.roles.notes.push(format!(
                "nearly every row has its own `{}`: it may be the id of a row or an order, not of a user",
                column.name
            ));
            (column, reason)
        }
        (None, None) => {
            let group = by_ending(
                resolver,
                &[
                    "user_id",
                    "customer_id",
                    "client_id",
                    "player_id",
                    "member_id",
                    "account_id",
                    "uid",
                ],
            );
            if group.is_empty() {
                return Err(DataError::NoUserColumn {
                    columns: resolver.names(),
                });
            }
            only(Role::User, group)?
        }
    };
    let mut found = Found::column(column, reason, checks(column));
    nothing::leave_out(Role::User, column, &mut found);
    if column.null_share() > 0.2 {
        let anonymous = ANONYMOUS.iter().find_map(|name| {
            resolver
                .columns
                .iter()
                .find(|other| other.bare == *name && other.name != column.name && other.filled() > column.filled())
        });
        if let Some(anonymous) = anonymous {
            found.shown = format!("coalesce({}, {})", written(&column.name), written(&anonymous.name));
            found.sql = format!("coalesce(text_of({}), text_of({}))", found.sql, quoted(&anonymous.name));
            found.columns.push(anonymous.name.clone());
            found
                .reason
                .push_str(&format!("; rows without it use `{}`", anonymous.name));
        }
    }
    resolver.roles.found.insert(Role::User, found);
    Ok(())
}

pub(super) fn time(resolver: &mut Resolver<'_>) -> Result<(), DataError> {
    let none = |resolver: &Resolver<'_>| DataError::NoTimeColumn {
        columns: resolver.names(),
    };
    if resolver.decided(Role::Time) {
        return if resolver.roles.has(Role::Time) {
            Ok(())
        } else {
            Err(none(resolver))
        };
    }
    let readable = |column: &Column| column.filled() > 0 && column.time_share() > 0.5;
    let fitting = resolver.candidates(Role::Time).into_iter().find_map(|group| {
        let group: Vec<_> = group.into_iter().filter(|(column, _)| readable(column)).collect();
        (!group.is_empty()).then_some(group)
    });
    let group = match fitting {
        Some(group) => group,
        None => resolver
            .columns
            .iter()
            .filter(|column| {
                !resolver.taken(column)
                    && column.time_share() > 0.9
                    && column.sample.iter().any(|text| text.contains(['-', '/', ':']))
            })
            .map(|column| {
                (
                    column,
                    format!("`{}` is the only column whose values are times", column.name),
                )
            })
            .collect(),
    };
    if group.is_empty() {
        return Err(none(resolver));
    }
    let (column, reason) = only(Role::Time, group)?;
    let mut checks = checks(column);
    checks.push(format!(
        "{:.1} % of sampled values are times, e.g. `{}`",
        column.time_share() * 100.0,
        column.sample.first().map_or("", String::as_str)
    ));
    resolver
        .roles
        .found
        .insert(Role::Time, Found::column(column, reason, checks));
    Ok(())
}

/// Columns whose names only end like a known one (`shop_customer_id`).
fn by_ending<'columns>(resolver: &Resolver<'columns>, endings: &[&str]) -> Vec<(&'columns Column, String)> {
    resolver
        .columns
        .iter()
        .filter(|column| column.filled() > 0 && endings.iter().any(|ending| column.bare.ends_with(ending)))
        .filter(|column| column.rows < FEW_ROWS || column.distinct_share() <= 0.95)
        .map(|column| (column, format!("name `{}` ends like a user column", column.name)))
        .collect()
}

/// The only candidate of a group that is not empty; several that stand equal are refused, unless they are the same column in all but name.
fn only(role: Role, mut group: Vec<(&Column, String)>) -> Result<(&Column, String), DataError> {
    let same_values = group
        .windows(2)
        .all(|pair| pair[0].0.sample == pair[1].0.sample && pair[0].0.nulls == pair[1].0.nulls);
    if group.len() > 1 && !same_values {
        return Err(DataError::Ambiguous {
            role: role.name().to_owned(),
            candidates: group.iter().map(|(column, _)| column.name.clone()).collect(),
        });
    }
    Ok(group.swap_remove(0))
}
