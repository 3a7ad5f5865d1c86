//! Words that claim the end of a column or of its changes, against the places of the cells used.

use crate::evidence::{At, Role};

use super::measure::{self, base};
use super::reason::Reason;
use super::subjects::measures_of;
use super::verify::Judge;
use super::words::Reach;

impl Judge<'_, '_> {
    pub(super) fn superlatives(&mut self) {
        if self.sentence.pieces.iter().any(|piece| piece.is_rank) {
            return;
        }
        let moves = self.sentence.pieces.iter().filter(|piece| piece.is_change);
        let falls = self.directions.iter().any(|direction| direction.sign < 0)
            || moves.clone().any(|piece| piece.sign == Some(-1));
        let speaks_of_change = !self.directions.is_empty() || moves.count() > 0;
        for mut claim in std::mem::take(&mut self.superlatives) {
            // More is better of everything but what nobody wants.
            if ["best", "worst"].contains(&claim.word.as_str()) {
                let is_best = claim.word == "best";
                claim.side = if is_best == self.is_better_low() { -1 } else { 1 };
            }
            let is_of_change = claim.reach != Reach::Level;
            let of_change = speaks_of_change || is_of_change;
            let fits = |side: i8| claim.side == 0 || side == 0 || side == claim.side || (falls && claim.side > 0);
            if self.basis.extremes.iter().any(|side| fits(*side)) {
                continue;
            }
            let mut own = self.cells_of_subject();
            let ranked_by = self.measure_after(claim.end);
            if own
                .iter()
                .any(|at| ranked_by.is_some_and(|label| is_measure(at, label)))
            {
                own.retain(|at| ranked_by.is_some_and(|label| is_measure(at, label)));
            }
            let met = own.iter().any(|at| {
                let change = measure::companion(&base(at), Role::Change).filter(|_| of_change);
                let levels = [*at, base(at)].into_iter().filter(|at| !is_of_change || is_change(at));
                levels
                    .chain(change)
                    .filter_map(|at| measure::rank(&at))
                    .any(|rank| (rank.from_top == 1 && fits(1)) || (rank.from_bottom == 1 && fits(-1)))
            });
            // "The widest swing" says neither up nor down.
            let sides: &[i8] = match (falls, speaks_of_change) {
                (true, _) => &[-1],
                (false, true) => &[1],
                (false, false) => &[1, -1],
            };
            // "fastest" and "steepest" are about percent; "the largest gain" may be an amount.
            let is_extreme = |at: &At<'_>, side: i8| {
                measure::is_extreme_change(at, side, measure::change_percent)
                    || claim.reach != Reach::Change && measure::is_extreme_change(at, side, measure::change)
            };
            let met = met || (of_change && own.iter().any(|at| sides.iter().any(|side| is_extreme(at, *side))));
            if !met {
                self.fault(Reason::unsupported(
                    "word",
                    format!("\"{}\" needs an extreme or rank assert that holds", claim.word),
                ));
            }
        }
    }

    /// The measure that a superlative is of: "the top channel by revenue".
    fn measure_after(&self, from: usize) -> Option<&str> {
        let text = &self.sentence.typed;
        let is_by = |start: usize| {
            let between = text.get(from..start).map(str::trim_end);
            between.is_some_and(|between| {
                between.len() < 40 && (between.ends_with(" by") || between.ends_with(" in terms of"))
            })
        };
        let mut after = self
            .names
            .iter()
            .filter(|(range, entry)| entry.is_measure && is_by(range.start));
        after.next().map(|(_, entry)| &*entry.lower)
    }
}

fn is_measure(at: &At<'_>, label: &str) -> bool {
    measures_of(at).iter().any(|own| own == label)
}

/// Whether a cell holds a change, and no level.
fn is_change(at: &At<'_>) -> bool {
    matches!(
        at.column.role,
        Role::Change | Role::ChangePoints | Role::Deviation | Role::Z
    )
}
