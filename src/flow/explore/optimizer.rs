//! Which family of prompts and which model a producer asks next.
//!
//! `Basic` goes through the families in turn and leaves the model to the routing. `Adaptive` is a discounted upper-confidence bandit
//! (Garivier and Moulines, 2008) for the families and another for the models:
//!
//! * The worth of an arm is what it lately brought for what it took: unique attributes over spending. Spending is half money and
//!   half time, each as a multiple of what a batch takes on the average, so that neither needs a price in terms of the other.
//!   Where no cost is known, or all is free, time alone counts.
//! * Old batches fade by `FADE` with each new one: a family that has been searched out is left, and looked at again later.
//! * An arm that was tried rarely gets a bonus, `CURIOSITY * sqrt(ln(all) / tried)`, in parts of the best arm's worth. Batches under
//!   way count as tried, so that producers who ask at once spread out.

use serde::Serialize;

use super::family::Family;

const FADE: f64 = 0.96;
const CURIOSITY: f64 = 0.25;

/// Who chooses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    Basic,
    #[default]
    Adaptive,
}

impl OptimizerKind {
    pub const ALL: [Self; 2] = [Self::Basic, Self::Adaptive];

    pub fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Adaptive => "adaptive",
        }
    }
}

/// What to ask, and why just that.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub family: Family,
    /// None is the routing's choice.
    pub model: Option<String>,
    pub why: String,
}

/// What a batch brought and took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    pub unique: u64,
    /// None is unknown.
    pub cost_usd: Option<f64>,
    pub millis: u64,
}

#[derive(Debug)]
pub enum Optimizer {
    Basic,
    Adaptive { families: Bandit, models: Bandit },
}

impl Optimizer {
    pub fn new(kind: OptimizerKind, models: &[String]) -> Self {
        match kind {
            OptimizerKind::Basic => Self::Basic,
            OptimizerKind::Adaptive => Self::Adaptive {
                families: Bandit::new(Family::ALL.map(|family| family.word().to_owned())),
                models: Bandit::new(models.iter().cloned()),
            },
        }
    }

    pub fn choose(&mut self, producer: usize, iteration: u64) -> Choice {
        match self {
            Self::Basic => {
                let turn = producer as u64 + iteration;
                let family = Family::ALL[(turn % Family::ALL.len() as u64) as usize];
                Choice {
                    family,
                    model: None,
                    why: "the families take turns, the routing takes the model".to_owned(),
                }
            }
            Self::Adaptive { families, models } => {
                let (family, family_why) = families.choose();
                let (model, model_why) = models.choose();
                Choice {
                    family: Family::ALL[family.unwrap_or_default()],
                    model: model.map(|model| models.arms[model].name.clone()),
                    why: format!("family {family_why}; model {model_why}"),
                }
            }
        }
    }

    /// `model` is the one that answered.
    pub fn learn(&mut self, family: Family, model: Option<&str>, outcome: Outcome) {
        if let Self::Adaptive { families, models } = self {
            families.learn(family.word(), outcome);
            if let Some(model) = model {
                models.learn(model, outcome);
            }
        }
    }

    /// The batch that was chosen ended, however it did.
    pub fn ended(&mut self, family: Family, model: Option<&str>) {
        if let Self::Adaptive { families, models } = self {
            families.ended(family.word());
            if let Some(model) = model {
                models.ended(model);
            }
        }
    }
}

/// Arms with what they lately brought.
#[derive(Debug)]
pub struct Bandit {
    arms: Vec<Arm>,
}

#[derive(Debug, Default)]
struct Arm {
    name: String,
    tried: f64,
    unique: f64,
    cost_usd: f64,
    minutes: f64,
    under_way: u32,
}

impl Bandit {
    fn new(names: impl IntoIterator<Item = String>) -> Self {
        let arms = names.into_iter().map(|name| Arm { name, ..Arm::default() });
        Self { arms: arms.collect() }
    }

    /// The arm, and why; it counts as under way from here on.
    fn choose(&mut self) -> (Option<usize>, String) {
        let worths: Vec<f64> = self.arms.iter().map(|arm| self.worth(arm)).collect();
        let best = worths.iter().copied().fold(0.0, f64::max);
        let all: f64 = self.arms.iter().map(Arm::n).sum();
        let score = |place: usize| {
            let arm = &self.arms[place];
            let relative = if best > 0.0 { worths[place] / best } else { 0.0 };
            match arm.n() {
                0.0 => f64::INFINITY,
                n => relative + CURIOSITY * ((all + 1.0).ln() / n).sqrt(),
            }
        };
        let chosen = (0..self.arms.len()).reduce(|one, other| if score(other) > score(one) { other } else { one });
        let Some(place) = chosen else {
            return (None, "is the routing's choice".to_owned());
        };
        let arm = &self.arms[place];
        let why = match (arm.n() == 0.0, worths[place] >= best) {
            (true, _) => format!("{} was not tried yet", arm.name),
            (false, true) => format!("{} brings most for its time and money", arm.name),
            (false, false) => format!(
                "{} brings {:.0} % of the best one's, and was tried rarely of late",
                arm.name,
                worths[place] / best * 100.0
            ),
        };
        self.arms[place].under_way += 1;
        (Some(place), why)
    }

    fn learn(&mut self, name: &str, outcome: Outcome) {
        for arm in &mut self.arms {
            for sum in [&mut arm.tried, &mut arm.unique, &mut arm.cost_usd, &mut arm.minutes] {
                *sum *= FADE;
            }
        }
        if let Some(arm) = self.arms.iter_mut().find(|arm| arm.name == name) {
            arm.tried += 1.0;
            arm.unique += outcome.unique as f64;
            arm.cost_usd += outcome.cost_usd.unwrap_or_default();
            arm.minutes += outcome.millis as f64 / 60_000.0;
        }
    }

    fn ended(&mut self, name: &str) {
        if let Some(arm) = self.arms.iter_mut().find(|arm| arm.name == name) {
            arm.under_way = arm.under_way.saturating_sub(1);
        }
    }

    /// Unique attributes for the spending of an average batch.
    fn worth(&self, arm: &Arm) -> f64 {
        let sum = |of: fn(&Arm) -> f64| self.arms.iter().map(of).sum::<f64>();
        let tried = sum(|arm| arm.tried).max(f64::MIN_POSITIVE);
        let shares = [
            (arm.cost_usd, sum(|arm| arm.cost_usd) / tried),
            (arm.minutes, sum(|arm| arm.minutes) / tried),
        ];
        let known: Vec<f64> = shares
            .iter()
            .filter(|(_, mean)| *mean > 0.0)
            .map(|(own, mean)| own / mean)
            .collect();
        let spent = match known.len() {
            0 => arm.tried,
            n => known.iter().sum::<f64>() / n as f64,
        };
        if spent > 0.0 { arm.unique / spent } else { 0.0 }
    }
}

impl Arm {
    fn n(&self) -> f64 {
        self.tried + f64::from(self.under_way)
    }
}

#[cfg(test)]
mod tests;
