//! The models that `insights.toml` registers under names of their own, and those that a question names.
//!
//! ```toml
//! [[models]]
//! name = "careful"
//! model = "anthropic:claude-sonnet-4-5"
//! weight = 2
//! tags = ["thorough"]
//! limits = { rpm = 50 }
//! ```

use crate::flow::engine::Registered;
use crate::llm::{MOCK, Target, Vendor};

use super::Bad;
use super::keys::{Known, vendor};
use super::routes::{Wanted, target};

/// One `[[models]]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    model: String,
    weight: f64,
    tags: Vec<String>,
    /// Of the key that the model is asked with.
    requests_per_minute: Option<u32>,
}

/// The rows of the file.
///
/// # Errors
/// Which row breaks which rule.
pub(super) fn rows(value: &toml::Value) -> Result<Vec<Row>, String> {
    let items = value
        .as_array()
        .ok_or("`models` must be a list of tables, `[[models]]`")?;
    let mut rows: Vec<Row> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let place = format!("`[[models]]` number {}", index + 1);
        let table = item.as_table().ok_or_else(|| format!("{place} must be a table"))?;
        let row = row(table).map_err(|why| format!("{place}: {why}"))?;
        if rows.iter().any(|known| known.name == row.name) {
            return Err(format!("{place}: the name `{}` is taken", row.name));
        }
        rows.push(row);
    }
    Ok(rows)
}

const KEYS: [&str; 5] = ["name", "model", "weight", "tags", "limits"];

fn row(table: &toml::Table) -> Result<Row, String> {
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!(
            "unknown key `{}`; it may hold {}",
            key.escape_debug(),
            KEYS.join(", ")
        ));
    }
    let text = |key: &str| -> Result<String, String> {
        let value = table.get(key).ok_or_else(|| format!("`{key}` is missing"))?;
        let text = value
            .as_str()
            .ok_or_else(|| format!("`{key}` must be text in quotes"))?;
        Ok(text.trim().to_owned())
    };
    let name = text("name")?;
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    if !plain {
        return Err(format!(
            "`{}` is no name: use letters, digits, `-`, `_` and `.`",
            name.escape_debug()
        ));
    }
    let weight = match table.get("weight") {
        None => 1.0,
        Some(value) => value
            .as_float()
            .or_else(|| value.as_integer().map(|number| number as f64))
            .filter(|weight| weight.is_finite() && *weight > 0.0)
            .ok_or("`weight` must be a number above 0")?,
    };
    let tags = match table.get("tags") {
        None => Vec::new(),
        Some(value) => value
            .as_array()
            .and_then(|tags| tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect())
            .ok_or("`tags` must be a list of texts")?,
    };
    Ok(Row {
        model: text("model")?,
        requests_per_minute: limits(table.get("limits"))?,
        name,
        weight,
        tags,
    })
}

fn limits(value: Option<&toml::Value>) -> Result<Option<u32>, String> {
    let Some(value) = value else { return Ok(None) };
    let table = value
        .as_table()
        .ok_or("`limits` must be a table, for example { rpm = 10 }")?;
    if let Some(key) = table.keys().find(|key| *key != "rpm") {
        return Err(format!("unknown limit `{}`; `rpm` is known", key.escape_debug()));
    }
    let rpm = table.get("rpm").and_then(toml::Value::as_integer);
    let rpm = rpm.and_then(|rpm| u32::try_from(rpm).ok()).filter(|rpm| *rpm > 0);
    rpm.map(Some)
        .ok_or_else(|| "`rpm` must be a whole number above 0".to_owned())
}

/// The registered models. One whose provider is unknown or has no key is there and says why it cannot be asked.
pub(super) fn registered(
    known: &Known<'_>,
    rows: &[Row],
    vendors: &mut Vec<Vendor>,
    warnings: &mut Vec<String>,
) -> Vec<Registered> {
    rows.iter()
        .map(|row| {
            let (target, unavailable) = match target(known, &row.model, None) {
                Ok(target) => {
                    let unavailable = set_up(known, &target, row.requests_per_minute, vendors, warnings).err();
                    (target, unavailable.map(|bad| bad.message))
                }
                Err(bad) => (Target::new("unknown", row.model.clone()), Some(bad.message)),
            };
            Registered {
                name: row.name.clone(),
                target,
                weight: row.weight,
                tags: row.tags.clone(),
                unavailable,
            }
        })
        .collect()
}

/// The models of a question: those that it names, else all registered ones, else `--model`, else one of each provider with a key;
/// the mock stands in as three models, so that a council has members.
///
/// # Errors
/// A name that is neither registered nor `provider:model`; nobody to ask.
pub(super) fn asked(
    known: &Known<'_>,
    rows: &[Row],
    names: &[String],
    wanted: &Wanted,
    vendors: &mut Vec<Vendor>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Registered>, Bad> {
    let all = registered(known, rows, vendors, warnings);
    let provider = wanted.provider.as_deref().filter(|name| *name != "env");
    let models = &wanted.models;
    if names.is_empty() && provider.is_none() && models.is_empty() && !all.is_empty() {
        return Ok(all);
    }
    let names = match (names.is_empty(), models.is_empty()) {
        (false, _) => names.to_vec(),
        (true, false) => models.clone(),
        (true, true) => default_models(known, provider)?,
    };
    let mut chosen: Vec<Registered> = Vec::new();
    for name in &names {
        let model = match all.iter().find(|model| model.name == *name) {
            Some(model) => model.clone(),
            None => by_target(known, name, provider, &all, vendors, warnings)?,
        };
        if !chosen.iter().any(|other| other.name == model.name) {
            chosen.push(model);
        }
    }
    Ok(chosen)
}

/// Those that only review come last.
///
/// # Errors
/// As `asked`.
pub(super) fn with_reviewers(
    known: &Known<'_>,
    rows: &[Row],
    mut chosen: Vec<Registered>,
    reviewers: &[String],
    vendors: &mut Vec<Vendor>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Registered>, Bad> {
    if reviewers.is_empty() {
        return Ok(chosen);
    }
    let all = registered(known, rows, vendors, warnings);
    for name in reviewers {
        if !chosen.iter().any(|model| model.name == *name) {
            chosen.push(match all.iter().find(|model| model.name == *name) {
                Some(model) => model.clone(),
                None => by_target(known, name, None, &all, vendors, warnings)?,
            });
        }
    }
    Ok(chosen)
}

fn by_target(
    known: &Known<'_>,
    name: &str,
    provider: Option<&str>,
    all: &[Registered],
    vendors: &mut Vec<Vendor>,
    warnings: &mut Vec<String>,
) -> Result<Registered, Bad> {
    let target = match name.contains(':') || provider.is_some() {
        true => target(known, name, provider)?,
        false => {
            let names: Vec<&str> = all.iter().map(|model| model.name.as_str()).collect();
            let registered = if names.is_empty() {
                "`insights.toml` registers none".to_owned()
            } else {
                format!("registered are {}", names.join(", "))
            };
            return Err(Bad::new(
                format!("unknown model `{}`: {registered}", name.escape_debug()),
                "name a registered model, or write `provider:model`",
            ));
        }
    };
    let unavailable = set_up(known, &target, None, vendors, warnings).err();
    Ok(Registered {
        name: target.to_string(),
        target,
        weight: 1.0,
        tags: Vec::new(),
        unavailable: unavailable.map(|bad| bad.message),
    })
}

fn default_models(known: &Known<'_>, provider: Option<&str>) -> Result<Vec<String>, Bad> {
    match provider {
        Some(MOCK) => Ok((1..=3).map(|number| format!("{MOCK}:mock-{number}")).collect()),
        Some(name) => {
            let vendor = known.row(name)?;
            Ok(vendor
                .default_model
                .iter()
                .map(|model| format!("{}:{model}", vendor.name))
                .collect())
        }
        None => Ok(known
            .with_key()?
            .iter()
            .filter_map(|vendor| Some(format!("{}:{}", vendor.name, vendor.default_model.as_ref()?)))
            .collect()),
    }
}

/// The routing of a question: every model that can be asked, the heaviest first.
pub(super) fn routed(registered: &[Registered]) -> Vec<String> {
    let mut available: Vec<&Registered> = registered.iter().filter(|model| model.unavailable.is_none()).collect();
    available.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    available.into_iter().map(|model| model.target.to_string()).collect()
}

/// The row of a model's provider, once, with the lowest of its limits.
fn set_up(
    known: &Known<'_>,
    target: &Target,
    requests_per_minute: Option<u32>,
    vendors: &mut Vec<Vendor>,
    warnings: &mut Vec<String>,
) -> Result<(), Bad> {
    let place = vendors.iter().position(|known| known.name == target.vendor);
    let place = match place {
        Some(place) => place,
        None => {
            vendors.push(vendor(known, &target.vendor, warnings)?);
            vendors.len() - 1
        }
    };
    if let (Some(limit), Some(vendor)) = (requests_per_minute, vendors.get_mut(place)) {
        let lower = vendor.requests_per_minute.map_or(limit, |own| own.min(limit));
        vendor.requests_per_minute = Some(lower);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Row>, String> {
        let table: toml::Table = text.parse().expect("TOML");
        rows(&table["models"])
    }

    #[test]
    fn a_row_holds_name_model_weight_tags_and_limits() {
        let rows = read(
            "[[models]]\nname = \"a\"\nmodel = \"mock:x\"\nweight = 2\ntags = [\"fast\"]\nlimits = { rpm = 5 }\n[[models]]\nname = \"b\"\nmodel = \"mock:y\"\n",
        )
        .expect("two rows");
        assert_eq!(rows[0].weight, 2.0);
        assert_eq!(rows[0].requests_per_minute, Some(5));
        assert_eq!(rows[1].weight, 1.0);
    }

    #[test]
    fn what_breaks_a_row_is_told_with_its_number() {
        for (text, said) in [
            ("[[models]]\nmodel = \"mock:x\"", "number 1: `name` is missing"),
            ("[[models]]\nname = \"a\"", "`model` is missing"),
            (
                "[[models]]\nname = \"a\"\nmodel = \"mock:x\"\nheavy = 1",
                "unknown key `heavy`",
            ),
            ("[[models]]\nname = \"a\"\nmodel = \"mock:x\"\nweight = 0", "above 0"),
            (
                "[[models]]\nname = \"a\"\nmodel = \"mock:x\"\nlimits = { tpm = 1 }",
                "unknown limit `tpm`",
            ),
            (
                "[[models]]\nname = \"a\"\nmodel = \"mock:x\"\n[[models]]\nname = \"a\"\nmodel = \"mock:y\"",
                "number 2: the name `a` is taken",
            ),
        ] {
            let error = read(text).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
    }
}
