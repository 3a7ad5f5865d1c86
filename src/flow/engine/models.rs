//! The models that stages may ask for by name, weight or tag, and which of them can be asked now.

use serde::Serialize;

use crate::llm::{Llm, Target};
use crate::prompt::Choice;

/// A model under a name, as `insights.toml` registers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    pub name: String,
    pub target: Target,
    /// Above 0: how much its answers count, and who comes first.
    pub weight: f64,
    pub tags: Vec<String>,
    /// Why it cannot be asked in this run: no key, an unknown provider.
    pub unavailable: Option<String>,
}

/// A model that was asked for and is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub model: String,
    pub why: String,
}

/// The models of a stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selected {
    pub models: Vec<Registered>,
    pub skipped: Vec<Skipped>,
    /// A model was skipped that the stage asked for by name.
    pub misses_named: bool,
}

/// Picks the models of a choice; those that cannot be asked are skipped and named, and the next ones take their place.
/// Equal weights keep the order of registration.
pub fn select(choice: &Choice, registered: &[Registered], llm: &Llm) -> Selected {
    let mut selected = Selected::default();
    let mut heaviest: Vec<&Registered> = registered.iter().collect();
    heaviest.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    let (candidates, count): (Vec<Registered>, usize) = match choice {
        Choice::All => (registered.to_vec(), usize::MAX),
        Choice::Heaviest(count) => (heaviest.into_iter().cloned().collect(), *count),
        Choice::Tagged { tag, count } => {
            let tagged = heaviest.into_iter().filter(|model| model.tags.contains(tag));
            (tagged.cloned().collect(), count.unwrap_or(usize::MAX))
        }
        Choice::Named(names) => {
            let mut named = Vec::new();
            for name in names {
                match find(name, registered) {
                    Some(model) => named.push(model),
                    None => selected.skip(name, "no model is registered under this name".to_owned()),
                }
            }
            (named, usize::MAX)
        }
    };
    for model in candidates {
        if selected.models.len() == count {
            break;
        }
        let unavailable = model.unavailable.clone().or_else(|| llm.unavailable(&model.target));
        match unavailable {
            Some(why) => selected.skip(&model.name, why),
            None => selected.models.push(model),
        }
    }
    selected.misses_named = matches!(choice, Choice::Named(_)) && !selected.skipped.is_empty();
    selected
}

/// A registered name, or `provider:model` as it stands.
pub fn find(name: &str, registered: &[Registered]) -> Option<Registered> {
    let known = registered.iter().find(|model| model.name == name);
    known.cloned().or_else(|| {
        let target: Target = name.parse().ok()?;
        let known = registered.iter().find(|model| model.target == target);
        Some(known.cloned().unwrap_or_else(|| Registered {
            name: name.to_owned(),
            target,
            weight: 1.0,
            tags: Vec::new(),
            unavailable: None,
        }))
    })
}

impl Selected {
    fn skip(&mut self, model: &str, why: String) {
        self.skipped.push(Skipped {
            model: model.to_owned(),
            why,
        });
    }
}
