//! The plan of attempts of one logical call: a plain list, and the one budget of attempts that all its steps share. Pure.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::route::{Route, Strategy, Turn};
use super::target::Target;

/// One step of a plan: this model, at most so often, for this reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedAttempt {
    #[serde(serialize_with = "as_text", rename = "model")]
    pub target: Target,
    /// At most; the call's own budget may end it earlier.
    pub attempts: u32,
    pub why: String,
    /// Asked only when the prompt was too long for another model.
    pub only_if_too_long: bool,
    /// The second round of `Strategy::Priority`: begins with a wait.
    #[serde(skip)]
    pub again: bool,
}

fn as_text<S: serde::Serializer>(target: &Target, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(target)
}

impl Route {
    /// All that may happen in one call. With `priority` every model is asked once before any is asked again.
    pub(super) fn plan(&self, role: &str, turn: Turn, attempts: u32) -> Vec<PlannedAttempt> {
        let chain = self.chain_of(role, turn);
        let rounds = self.strategy == Strategy::Priority && chain.len() > 1 && attempts > 1;
        let step = |target: &Target, attempts, why: &str| PlannedAttempt {
            target: target.clone(),
            attempts,
            why: why.to_owned(),
            only_if_too_long: false,
            again: false,
        };
        let first = if rounds { 1 } else { attempts };
        let mut plan: Vec<PlannedAttempt> = chain.iter().map(|(target, why)| step(target, first, why)).collect();
        if rounds {
            plan.extend(chain.iter().map(|(target, _)| PlannedAttempt {
                again: true,
                ..step(target, attempts - 1, "again, after every model was asked once")
            }));
        }
        for target in &self.larger {
            if !plan.iter().any(|known| known.target == *target) {
                plan.push(PlannedAttempt {
                    only_if_too_long: true,
                    ..step(target, attempts, "only when the prompt is too long for another model")
                });
            }
        }
        plan
    }
}

/// The most attempts of one logical call over all its models: those of one model, and a try and a retry for each further
/// one. A sum, never retries times fallbacks.
pub fn call_budget(attempts: u32, n_models: usize) -> u32 {
    let others = u32::try_from(n_models.saturating_sub(1)).unwrap_or(u32::MAX);
    attempts.saturating_add(attempts.min(2).saturating_mul(others))
}

/// How many attempts the next step gets: at least one, and never those that the models after it need for their first.
pub(super) fn allowed(step: u32, used: usize, budget: u32, n_untried: usize) -> u32 {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let left = budget.saturating_sub(count(used)).saturating_sub(count(n_untried));
    step.min(left).max(1)
}

/// What is left of a plan while a call goes through it.
pub(super) struct Steps<'a> {
    ordinary: VecDeque<&'a PlannedAttempt>,
    larger: VecDeque<&'a PlannedAttempt>,
    too_long: bool,
}

impl<'a> Steps<'a> {
    pub(super) fn of(plan: &'a [PlannedAttempt]) -> Self {
        let (larger, ordinary) = plan.iter().partition(|step| step.only_if_too_long);
        Self {
            ordinary,
            larger,
            too_long: false,
        }
    }

    /// Once a prompt was too long, the larger models come before the other fallbacks.
    pub(super) fn next(&mut self) -> Option<&'a PlannedAttempt> {
        match self.too_long {
            true => self.larger.pop_front().or_else(|| self.ordinary.pop_front()),
            false => self.ordinary.pop_front(),
        }
    }

    pub(super) fn peek(&self) -> Option<&'a PlannedAttempt> {
        let larger = self.larger.front().filter(|_| self.too_long);
        larger.or_else(|| self.ordinary.front()).copied()
    }

    /// Would anything be left if the prompt turned out to be too long for this model?
    pub(super) fn has_another_than(&self, target: &Target) -> bool {
        self.ordinary
            .iter()
            .chain(&self.larger)
            .any(|step| step.target != *target)
    }

    /// The prompt does not fit this model: it is not asked again, and the larger ones are next.
    pub(super) fn too_long_for(&mut self, target: &Target) {
        self.too_long = true;
        self.give_up(target);
    }

    pub(super) fn give_up(&mut self, target: &Target) {
        self.ordinary.retain(|step| step.target != *target);
        self.larger.retain(|step| step.target != *target);
    }

    /// Models whose first attempt is still to come.
    pub(super) fn n_untried(&self) -> usize {
        let ordinary = self.ordinary.iter().filter(|step| !step.again).count();
        ordinary + if self.too_long { self.larger.len() } else { 0 }
    }
}

/// Gives every role its place, and every call of a role the next one.
#[derive(Debug, Default)]
pub(super) struct Turns {
    turns: Mutex<HashMap<String, Turn>>,
}

impl Turns {
    /// The turn of the role's next call; asking does not take it.
    pub(super) fn next(&self, role: &str) -> Turn {
        self.turn(role, 0)
    }

    pub(super) fn take(&self, role: &str) -> Turn {
        self.turn(role, 1)
    }

    fn turn(&self, role: &str, taken: usize) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = turns.len();
        let turn = turns.entry(role.to_owned()).or_insert(Turn { ticket, earlier: 0 });
        let now = *turn;
        turn.earlier += taken;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(route: &Route, attempts: u32) -> String {
        let plan = route.plan("x", Turn::default(), attempts);
        let steps: Vec<String> = plan
            .iter()
            .map(|step| {
                let mark = if step.only_if_too_long { "?" } else { "" };
                format!("{}{}{mark}", step.target.model, step.attempts)
            })
            .collect();
        steps.join(" ")
    }

    #[test]
    fn plans_are_plain_lists() {
        let mut route = Route::to(["a", "b"].map(|name| Target::new("v", name)));
        route.larger = vec![Target::new("v", "l"), Target::new("v", "a")];
        assert_eq!(shown(&route, 4), "a4 b4 l4?");
        route.strategy = Strategy::Priority;
        assert_eq!(shown(&route, 4), "a1 b1 a3 b3 l4?");
        assert_eq!(shown(&route, 1), "a1 b1 l1?");
        route.default.truncate(1);
        assert_eq!(shown(&route, 4), "a4 l4?");
    }

    #[test]
    fn retries_and_fallbacks_add_up_and_never_multiply() {
        for (attempts, n_models, budget) in [(4, 1, 4), (4, 2, 6), (4, 3, 8), (3, 3, 7), (1, 3, 3), (2, 2, 4)] {
            assert_eq!(call_budget(attempts, n_models), budget);
        }
        for (step, used, budget, n_untried, expected) in [
            (4, 0, 8, 2, 4),
            (4, 4, 8, 1, 3),
            (4, 7, 8, 0, 1),
            (4, 0, 3, 2, 1),
            (1, 2, 8, 0, 1),
        ] {
            assert_eq!(allowed(step, used, budget, n_untried), expected);
        }
    }

    #[test]
    fn larger_models_come_next_once_a_prompt_was_too_long() {
        let mut route = Route::to(["a", "b"].map(|name| Target::new("v", name)));
        route.larger = ["l", "m"].map(|name| Target::new("v", name)).to_vec();
        route.strategy = Strategy::Priority;
        let plan = route.plan("x", Turn::default(), 2);
        let mut steps = Steps::of(&plan);
        let mut next = |too_long: bool| {
            let step = steps.next()?;
            if too_long {
                steps.too_long_for(&step.target);
            }
            Some(format!("{} {}", step.target.model, steps.n_untried()))
        };
        let walked: Vec<String> = [false, true, true, false].into_iter().map_while(&mut next).collect();
        assert_eq!(walked, ["a 1", "b 2", "l 1", "m 0"]);
        assert_eq!(
            next(false).as_deref(),
            Some("a 0"),
            "the second round of priority, without b"
        );
        assert_eq!(next(false), None);
    }

    #[test]
    fn a_look_takes_no_turn() {
        let turns = Turns::default();
        assert_eq!(turns.next("a").ticket, 0);
        assert_eq!(turns.take("b").ticket, 1);
        assert_eq!((turns.take("a").earlier, turns.next("a").earlier), (0, 1));
    }
}
