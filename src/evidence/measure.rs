//! What is measured, and the columns that a measure brings along: previous, change, share, expectation, z.

use super::{Column, Good, Role, Unit, show};

/// A quantity with everything a column needs.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    /// Snake case: `revenue`.
    pub(super) name: String,
    pub(super) label: String,
    pub(super) unit: Unit,
    pub(super) decimals: u8,
    pub(super) good: Good,
    pub(super) additive: bool,
}

impl Measure {
    pub(super) fn new(name: &str, label: &str, unit: Unit, good: Good) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            decimals: show::decimals(&unit),
            additive: matches!(unit, Unit::Count(_) | Unit::Money),
            unit,
            good,
        }
    }

    pub(super) fn decimals(mut self, decimals: u8) -> Self {
        self.decimals = decimals;
        self
    }

    pub(super) fn not_additive(mut self) -> Self {
        self.additive = false;
        self
    }

    /// The column that plays `role` for this measure, named by the convention that prompts rely on.
    pub(super) fn column(&self, role: Role) -> Column {
        let (suffix, words, unit, decimals) = match role {
            Role::Previous => ("_previous", "previous", self.unit.clone(), self.decimals),
            Role::Change => ("_change_pct", "change of", Unit::Percent, 1),
            Role::ChangePoints => ("_change_pp", "change of", Unit::PercentagePoints, 1),
            Role::Share => ("_share_pct", "share of", Unit::Percent, 1),
            Role::PreviousShare => ("_share_previous_pct", "previous share of", Unit::Percent, 1),
            Role::Expected => ("_expected", "expected", self.unit.clone(), self.decimals),
            Role::Deviation => ("_deviation_pct", "deviation from the expected", Unit::Percent, 1),
            Role::Z => ("_z", "z of the", Unit::Z, 1),
            Role::Key | Role::Current | Role::Note => ("", "", self.unit.clone(), self.decimals),
        };
        let label = if words.is_empty() {
            self.label.clone()
        } else {
            format!("{words} {}", self.label)
        };
        Column {
            name: format!("{}{suffix}", self.name),
            label,
            unit,
            decimals,
            role,
            of: self.name.clone(),
            good: if role == Role::Z { Good::Neither } else { self.good },
            additive: self.additive && matches!(role, Role::Current | Role::Previous),
        }
    }

    /// `users_share_change_pp`: how far the share moved.
    pub(super) fn share_points(&self) -> Column {
        Column {
            name: format!("{}_share_change_pp", self.name),
            label: format!("change of the share of {}", self.label),
            ..self.column(Role::ChangePoints)
        }
    }

    /// `conversion_low_95`, `conversion_high_95`: where the true share lies, in all likelihood.
    pub(super) fn interval(&self) -> [Column; 2] {
        [("low", "lower"), ("high", "upper")]
            .map(|(name, words)| Column {
                name: format!("{}_{name}_95", self.name),
                label: format!("{words} end of the 95 % interval of {}", self.label),
                ..note("", "", self.unit.clone(), Role::Note)
            })
            .map(|column| Column {
                of: column.name.clone(),
                ..column
            })
    }

    pub(super) fn columns(&self, roles: &[Role]) -> Vec<Column> {
        roles.iter().map(|role| self.column(*role)).collect()
    }
}

/// The column that names the row.
pub(super) fn key(name: &str, label: &str) -> Column {
    note(name, label, Unit::Text, Role::Key)
}

/// The column that dates the row.
pub(super) fn day_key(name: &str, label: &str) -> Column {
    note(name, label, Unit::Date, Role::Key)
}

/// A column of words.
pub(super) fn text(name: &str, label: &str) -> Column {
    note(name, label, Unit::Text, Role::Note)
}

pub(super) fn note(name: &str, label: &str, unit: Unit, role: Role) -> Column {
    Column {
        name: name.to_owned(),
        label: label.to_owned(),
        decimals: show::decimals(&unit),
        unit,
        role,
        of: name.to_owned(),
        good: Good::Neither,
        additive: false,
    }
}

/// Counts of people, sessions and the like.
pub(super) fn count(noun: &str) -> Unit {
    Unit::Count(noun.to_owned())
}
