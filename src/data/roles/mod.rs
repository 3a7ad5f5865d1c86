//! Which column is what, by name and by value, with the reason. Knows columns and samples; never heard of windows or metrics.

pub(crate) mod expression;
#[cfg(test)]
mod layouts;
pub(crate) mod names;
mod nothing;
mod options;
mod people;
mod revenue;
mod vendors;

use std::collections::BTreeMap;

use super::engine::{Engine, quoted};
use super::moment::DayOrder;
use super::privacy::Masker;
use super::profile::{self, Column};
use super::source::Raw;
use super::{DataError, Mapped};
use names::Role;
pub(crate) use options::Given;
use vendors::Vendor;

/// One role with its column.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// What is shown: a column or an expression as the user would write it.
    pub(crate) shown: String,
    /// What the engine runs, without the reading functions of the role.
    pub(crate) sql: String,
    pub(crate) columns: Vec<String>,
    pub(crate) reason: String,
    pub(crate) checks: Vec<String>,
}

impl Found {
    fn column(column: &Column, reason: String, checks: Vec<String>) -> Self {
        Self {
            shown: column.name.clone(),
            sql: quoted(&column.name),
            columns: vec![column.name.clone()],
            reason,
            checks,
        }
    }
}

/// All roles of one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roles {
    pub(crate) found: BTreeMap<Role, Found>,
    /// Why a role that a reader would expect has no column.
    pub(crate) absent: BTreeMap<Role, String>,
    /// None where every value of the time tells for itself.
    pub(crate) time_order: Option<DayOrder>,
    pub(crate) currency: Option<String>,
    pub(crate) notes: Vec<String>,
}

impl Roles {
    pub(crate) fn has(&self, role: Role) -> bool {
        self.found.contains_key(&role)
    }

    pub(crate) fn of_column(&self, column: &str) -> Option<Role> {
        let alone = self.found.iter().find(|(_, found)| found.columns == [column]);
        let used = || {
            self.found
                .iter()
                .find(|(_, found)| found.columns.iter().any(|used| used == column))
        };
        alone.or_else(used).map(|(&role, _)| role)
    }

    pub(crate) fn mapping(&self) -> Vec<Mapped> {
        self.found
            .iter()
            .map(|(role, found)| Mapped {
                role: role.name().to_owned(),
                column: found.shown.clone(),
                reason: found.reason.clone(),
                checks: found.checks.clone(),
                day_order: self.time_order.filter(|_| *role == Role::Time),
            })
            .collect()
    }

    pub(crate) fn why_absent(&self, role: Role) -> String {
        self.absent
            .get(&role)
            .cloned()
            .unwrap_or_else(|| format!("the data have no {} column", role.name().replace('_', " ")))
    }
}

/// What the steps of the decision share.
struct Resolver<'columns> {
    columns: &'columns [Column],
    vendor: Option<Vendor>,
    chosen: options::Chosen,
    roles: Roles,
}

/// Finds all roles, as far as `given` does not say them. `raw` must be registered as table `raw` in a plain engine.
pub(crate) async fn resolve(
    raw: &Raw,
    columns: &[Column],
    engine: &Engine,
    given: &Given<'_>,
) -> Result<Roles, DataError> {
    let bare: Vec<&str> = columns.iter().map(|column| column.bare.as_str()).collect();
    let mut resolver = Resolver {
        columns,
        vendor: vendors::vendor(&bare),
        chosen: options::read(columns, engine, given).await?,
        roles: Roles::default(),
    };
    people::user(&mut resolver)?;
    people::time(&mut resolver)?;
    if let Some(column) = resolver.only_column(Role::Time) {
        let style = profile::time_style(raw, column, given.day_order())?;
        resolver.roles.time_order = style.order;
        resolver.roles.notes.extend(style.notes);
    }
    for role in [
        Role::Event,
        Role::Country,
        Role::Platform,
        Role::Channel,
        Role::Session,
        Role::Order,
        Role::Product,
        Role::Currency,
        Role::EventId,
        Role::EngagementScore,
        Role::Quantity,
        Role::UnitPrice,
    ] {
        resolver.by_name(role);
    }
    revenue::resolve(&mut resolver, engine).await?;
    Ok(resolver.roles)
}

impl<'columns> Resolver<'columns> {
    /// The columns as a plain list of names, for error messages.
    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Takes over what the user chose; true when the role is thereby decided.
    fn decided(&mut self, role: Role) -> bool {
        match self.chosen.remove(&role) {
            Some(Some(found)) => {
                self.roles.found.insert(role, found);
                true
            }
            Some(None) => {
                self.roles.absent.insert(
                    role,
                    format!("{} is switched off by --map {}=none", role.name(), role.name()),
                );
                true
            }
            None => false,
        }
    }

    fn taken(&self, column: &Column) -> bool {
        self.roles.of_column(&column.name).is_some()
            || self
                .chosen
                .values()
                .flatten()
                .any(|found| found.columns.contains(&column.name))
    }

    /// The one column of a role, when it is a column and no expression.
    fn only_column(&self, role: Role) -> Option<&'columns Column> {
        let found = self.roles.found.get(&role)?;
        let [name] = found.columns.as_slice() else {
            return None;
        };
        self.columns.iter().find(|column| &column.name == name)
    }

    /// Candidates by name, best first, with the reason; names that stand equal are one group.
    fn candidates(&self, role: Role) -> Vec<Vec<(&'columns Column, String)>> {
        let mut groups = Vec::new();
        if let Some(vendor) = self.vendor {
            for (_, name) in vendor.roles.iter().filter(|(known, _)| *known == role) {
                groups.push((*name, format!("{} layout", vendor.name)));
            }
        }
        groups.extend(role.aliases().iter().map(|name| (*name, String::new())));
        groups
            .into_iter()
            .map(|(name, layout)| {
                let same: Vec<&Column> = self
                    .columns
                    .iter()
                    .filter(|column| column.bare == name && !self.taken(column))
                    .collect();
                // A name without a tracker's prefix is meant more directly.
                let direct: Vec<&Column> = same.iter().copied().filter(|column| !column.has_prefix).collect();
                let same = if direct.is_empty() { same } else { direct };
                same.into_iter()
                    .map(|column| {
                        let reason = if layout.is_empty() {
                            format!(
                                "name `{}` is a known {} column",
                                column.name,
                                role.name().replace('_', " ")
                            )
                        } else {
                            format!(
                                "name `{}` is the {} in the {layout}",
                                column.name,
                                role.name().replace('_', " ")
                            )
                        };
                        (column, reason)
                    })
                    .collect::<Vec<_>>()
            })
            .filter(|group| !group.is_empty())
            .collect()
    }

    /// The first candidate by name whose values fit.
    fn by_name(&mut self, role: Role) {
        if self.decided(role) {
            return;
        }
        let found = self
            .candidates(role)
            .into_iter()
            .flatten()
            .find(|(column, _)| fits(role, column));
        if let Some((column, reason)) = found {
            let mut found = Found::column(column, reason, checks(column));
            if options::is_amount(role) {
                found.sql = expression::amount(column);
            }
            nothing::leave_out(role, column, &mut found);
            self.roles.found.insert(role, found);
        }
    }
}

/// Value checks that a name cannot replace.
fn fits(role: Role, column: &Column) -> bool {
    if column.filled() == 0 {
        return false;
    }
    let is_shown = matches!(role, Role::Event | Role::Country | Role::Platform | Role::Channel);
    if is_shown && !Masker::default().may_show(column) {
        return false;
    }
    match role {
        Role::Event => {
            column.distinct <= 5_000
                && (column.distinct_share() <= 0.5 || column.rows < 50)
                && column.time_share() < 0.5
        }
        Role::Country => column.distinct <= 1_000 && column.numeric_share() < 0.5,
        Role::Platform | Role::Channel => {
            column.distinct <= 1_000 && (column.distinct_share() <= 0.5 || column.rows < 50)
        }
        Role::Currency => column.distinct <= 200 && column.numeric_share() < 0.5,
        Role::Quantity | Role::UnitPrice | Role::EngagementScore => column.numeric_share() >= 0.95,
        _ => true,
    }
}

/// Facts about a column, in words.
fn checks(column: &Column) -> Vec<String> {
    let empty = if column.nulls == 0 {
        "never empty".to_owned()
    } else {
        format!("{:.1} % empty", column.null_share() * 100.0)
    };
    vec![empty, format!("{} distinct", grouped(column.distinct))]
}

/// `4372` as `4,372`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
