//! Which models may answer which role, and the order that a strategy puts them in. Pure: equal input, equal order.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::target::Target;

/// The models of a run. `default` is shared by all roles, `fallbacks` follow it for every role.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Route {
    pub strategy: Strategy,
    pub default: Vec<Target>,
    /// Beside `default`, for `Strategy::Weighted`; a missing one is 1.
    pub weights: Vec<f64>,
    /// What `Strategy::Weighted` draws by; equal seeds give equal draws.
    pub seed: String,
    pub fallbacks: Vec<Target>,
    /// Chains of their own for some roles, asked in this order before the shared list.
    pub roles: BTreeMap<String, Vec<Target>>,
    /// Models with larger context windows: asked only when a prompt was too long for another one.
    pub larger: Vec<Target>,
}

/// How the calls are shared out over the models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    #[default]
    Backoff,
    Priority,
    RoundRobin,
    Weighted,
}

impl Strategy {
    pub const ALL: [Self; 4] = [Self::Backoff, Self::RoundRobin, Self::Priority, Self::Weighted];

    pub fn word(self) -> &'static str {
        match self {
            Self::Backoff => "backoff",
            Self::RoundRobin => "roundrobin",
            Self::Priority => "priority",
            Self::Weighted => "weighted",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl FromStr for Strategy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let word = text.trim().to_ascii_lowercase().replace(['-', '_'], "");
        Self::ALL.into_iter().find(|strategy| strategy.word() == word).ok_or(())
    }
}

/// Where a logical call stands among the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// The role's place in the order in which roles first asked.
    pub ticket: usize,
    /// How many calls this role has made before.
    pub earlier: usize,
}

impl Route {
    pub fn to(targets: impl IntoIterator<Item = Target>) -> Self {
        Self {
            default: targets.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The models of a role's first call in the order in which they are asked, each once, without those for long prompts.
    pub fn chain(&self, role: &str) -> Vec<Target> {
        self.chain_of(role, Turn::default())
            .into_iter()
            .map(|(target, _)| target)
            .collect()
    }

    /// Every model that may be asked, once.
    pub fn targets(&self) -> Vec<Target> {
        let own = self.roles.values().flatten();
        let all = self
            .default
            .iter()
            .chain(own)
            .chain(&self.fallbacks)
            .chain(&self.larger);
        let mut targets: Vec<Target> = Vec::new();
        for target in all {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
        targets
    }

    /// The most models of any role's chain.
    pub fn longest_chain(&self) -> usize {
        let roles = self.roles.keys().map(String::as_str);
        let longest = roles.chain([""]).map(|role| self.chain(role).len()).max();
        longest.unwrap_or(0)
    }

    /// With the reason for each model's place.
    pub(super) fn chain_of(&self, role: &str, turn: Turn) -> Vec<(Target, &'static str)> {
        let own = self.roles.get(role).map(Vec::as_slice).unwrap_or_default();
        let shared = match own.is_empty() {
            true => self.shared(role, turn),
            false => self.default.clone(),
        };
        let why_shared = match (own.is_empty(), self.strategy) {
            (true, Strategy::RoundRobin) => ("its turn", "next in turn"),
            (true, Strategy::Weighted) => ("drawn by weight", "drawn next"),
            (true, _) => ("first of the list", "when the one before cannot answer"),
            (false, _) => ("", "shared list, after the role's own models"),
        };
        let why_own = ("the role's own model", "the role's own fallback");
        let mut chain: Vec<(Target, &'static str)> = Vec::new();
        let parts = [
            (own, why_own),
            (&shared, why_shared),
            (&self.fallbacks, ("fallback", "fallback")),
        ];
        for (targets, (first, later)) in parts {
            for target in targets {
                if !chain.iter().any(|(known, _)| known == target) {
                    let why = if chain.is_empty() { first } else { later };
                    chain.push((target.clone(), why));
                }
            }
        }
        chain
    }

    fn shared(&self, role: &str, turn: Turn) -> Vec<Target> {
        let mut targets = self.default.clone();
        match self.strategy {
            Strategy::Backoff | Strategy::Priority => {}
            Strategy::RoundRobin if targets.is_empty() => {}
            Strategy::RoundRobin => {
                let start = (turn.ticket + turn.earlier) % targets.len();
                targets.rotate_left(start);
            }
            Strategy::Weighted => {
                let mut drawn: Vec<(f64, Target)> = targets
                    .into_iter()
                    .enumerate()
                    .map(|(place, target)| {
                        let weight = self.weights.get(place).copied().unwrap_or(1.0);
                        let draw = uniform(&[&self.seed, role, &turn.earlier.to_string(), &place.to_string()]);
                        (-draw.ln() / weight, target)
                    })
                    .collect();
                drawn.sort_by(|left, right| left.0.total_cmp(&right.0));
                targets = drawn.into_iter().map(|(_, target)| target).collect();
            }
        }
        targets
    }
}

/// Uniform in (0, 1], made of the words by SHA-256. Ordering by `-ln(uniform) / weight` draws by weight without
/// replacement (Efraimidis and Spirakis 2006, algorithm A-ES).
fn uniform(words: &[&str]) -> f64 {
    let mut hash = Sha256::new();
    for word in words {
        hash.update((word.len() as u64).to_le_bytes());
        hash.update(word.as_bytes());
    }
    let digest = hash.finalize();
    let mut bits = 0_u64;
    for byte in &digest[..8] {
        bits = bits << 8 | u64::from(*byte);
    }
    // 53 bits: what an f64 holds exactly.
    ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(strategy: Strategy, names: &[&str]) -> Route {
        Route {
            strategy,
            ..Route::to(names.iter().map(|name| Target::new("v", *name)))
        }
    }

    fn names(route: &Route, role: &str, ticket: usize, earlier: usize) -> String {
        let chain = route.chain_of(role, Turn { ticket, earlier });
        let names: Vec<String> = chain.into_iter().map(|(target, _)| target.model).collect();
        names.concat()
    }

    #[test]
    fn a_role_may_have_its_own_chain() {
        let mut route = route(Strategy::Backoff, &["a", "b", "a"]);
        route.fallbacks = vec![Target::new("v", "f")];
        route.larger = vec![Target::new("v", "l")];
        let own = vec![Target::new("v", "c"), Target::new("v", "b")];
        route.roles.insert("coordinator".into(), own);
        assert_eq!(names(&route, "geographic", 0, 0), "abf");
        assert_eq!(names(&route, "coordinator", 0, 0), "cbaf");
        assert_eq!(route.targets().len(), 5);
        assert_eq!(route.longest_chain(), 4);
    }

    #[test]
    fn round_robin_moves_the_start_with_each_role_and_each_call() {
        let route = route(Strategy::RoundRobin, &["a", "b", "c"]);
        let starts: Vec<String> = (0..4).map(|ticket| names(&route, "x", ticket, 0)).collect();
        assert_eq!(starts, ["abc", "bca", "cab", "abc"]);
        assert_eq!(
            names(&route, "x", 1, 1),
            "cab",
            "the next call of a role starts at the next model"
        );
    }

    #[test]
    fn weights_are_drawn_in_proportion_and_equal_seeds_draw_alike() {
        let mut route = route(Strategy::Weighted, &["a", "b", "c"]);
        route.weights = vec![6.0, 3.0, 1.0];
        let mut first = [0.0_f64; 3];
        let mut second_after_a = [0.0_f64; 3];
        for seed in 0..4_000 {
            route.seed = seed.to_string();
            let order = names(&route, "geographic", 0, 0);
            assert_eq!(
                order,
                names(&route, "geographic", 5, 0),
                "a ticket is no part of the draw"
            );
            let place = |index: usize| usize::from(order.as_bytes()[index] - b'a');
            first[place(0)] += 1.0;
            if place(0) == 0 {
                second_after_a[place(1)] += 1.0;
            }
        }
        for (seen, expected) in first.iter().zip([0.6, 0.3, 0.1]) {
            assert!((seen / 4_000.0 - expected).abs() < 0.03, "{first:?}");
        }
        let share = second_after_a[1] / (second_after_a[1] + second_after_a[2]);
        assert!(
            (share - 0.75).abs() < 0.04,
            "without replacement: 3 to 1 is left, {share}"
        );
    }

    #[test]
    fn strategies_are_read_by_name() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.word().parse(), Ok(strategy));
        }
        assert_eq!("Round-Robin".parse(), Ok(Strategy::RoundRobin));
        assert!("best".parse::<Strategy>().is_err());
    }
}
