//! A world of six families and three models with pools of their own, the same for both optimizers.

use super::super::dedup::{Known, Options};
use super::*;

struct World {
    seed: u64,
    known: Known,
    cost_usd: f64,
    minutes: f64,
}

/// How many attributes a family has, and what a model takes: dollars, seconds, and how much it sticks to the first ones.
const POOLS: [u64; 6] = [300, 5_000, 500, 250, 4_000, 400];
const MODELS: [(&str, f64, f64, f64); 3] = [
    ("v:dear", 0.02, 8.0, 1.6),
    ("v:cheap", 0.002, 3.0, 1.8),
    ("v:slow", 0.01, 30.0, 2.5),
];
const BUDGET_USD: f64 = 1.2;

impl World {
    fn draw(&mut self) -> f64 {
        // A linear congruential generator: its high bits are random enough for a simulation.
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn ask(&mut self, family: usize, model: usize) -> Outcome {
        let (_, cost_usd, seconds, skew) = MODELS[model];
        let before = self.known.len();
        for _ in 0..40 {
            let place = (self.draw().powf(skew) * POOLS[family] as f64) as u64;
            self.known
                .accept(&format!("{} {place}", Family::ALL[family].word()), None);
        }
        let seconds = seconds * (0.7 + 0.6 * self.draw());
        self.cost_usd += cost_usd;
        self.minutes += seconds / 60.0;
        Outcome {
            unique: (self.known.len() - before) as u64,
            cost_usd: Some(cost_usd),
            millis: (seconds * 1000.0) as u64,
        }
    }
}

/// Unique attributes, and unique attributes a minute, when the money is spent.
fn explored(kind: OptimizerKind, seed: u64) -> (f64, f64) {
    let names = MODELS.map(|(name, ..)| name.to_owned());
    let mut optimizer = Optimizer::new(kind, &names);
    let mut world = World {
        seed,
        known: Known::new(Options {
            near: None,
            semantic: None,
        }),
        cost_usd: 0.0,
        minutes: 0.0,
    };
    let mut call = 0;
    while world.cost_usd < BUDGET_USD {
        let choice = optimizer.choose(call % 5 + 1, call as u64 / 5 + 1);
        let model = match &choice.model {
            Some(model) => names.iter().position(|name| name == model).unwrap(),
            None => call % MODELS.len(),
        };
        let family = Family::ALL.iter().position(|family| *family == choice.family).unwrap();
        let outcome = world.ask(family, model);
        optimizer.learn(choice.family, Some(&names[model]), outcome);
        optimizer.ended(choice.family, choice.model.as_deref());
        call += 1;
    }
    (world.known.len() as f64, world.known.len() as f64 / world.minutes)
}

#[test]
fn adaptive_beats_basic_with_the_same_money_and_in_time() {
    for seed in 1..=20 {
        let basic = explored(OptimizerKind::Basic, seed);
        let adaptive = explored(OptimizerKind::Adaptive, seed);
        assert!(
            adaptive.0 > basic.0 * 1.2,
            "seed {seed}: {adaptive:?} against {basic:?}"
        );
        assert!(
            adaptive.1 > basic.1 * 1.2,
            "seed {seed}: {adaptive:?} against {basic:?}"
        );
    }
}

#[test]
fn every_arm_is_tried_first_and_producers_spread_out() {
    let mut optimizer = Optimizer::new(OptimizerKind::Adaptive, &["v:a".to_owned(), "v:b".to_owned()]);
    let choices: Vec<Choice> = (1..=6).map(|producer| optimizer.choose(producer, 1)).collect();
    let mut families: Vec<Family> = choices.iter().map(|choice| choice.family).collect();
    families.sort();
    assert_eq!(families, Family::ALL);
    assert_eq!(
        choices
            .iter()
            .filter(|choice| choice.model.as_deref() == Some("v:a"))
            .count(),
        3
    );
    assert!(choices[0].why.contains("not tried yet"), "{}", choices[0].why);
}
