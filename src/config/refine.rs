//! What `insights refine` is told in words: criteria, scorers with weights, a length.
//!
//! Criteria are TOML,
//!
//! ```toml
//! [[criteria]]
//! name = "names the cause"
//! description = "says why it happened, not only that it did"
//! weight = 2
//!
//! [[criteria]]            # checked by the program, no model is asked
//! name = "fits a slide"
//! words = "20..60"
//! contains = ["revenue"]
//! forbids = ["synergy"]
//! ```
//!
//! or a Markdown list, `- names the cause (2): says why it happened`, the weight and the description optional.

use crate::flow::refine::{Criterion, Mix, Scorer, Words};

use super::Bad;

/// # Errors
/// What is wrong, with the criterion that it is about.
pub fn criteria(text: &str, name: &str) -> Result<Vec<Criterion>, Bad> {
    let criteria = if name.ends_with(".toml") {
        from_toml(text)
    } else {
        from_markdown(text)
    };
    let criteria = criteria.and_then(|criteria| match criteria.as_slice() {
        [] => Err("it holds no criterion".to_owned()),
        _ => Ok(criteria),
    });
    criteria.map_err(|why| {
        Bad::new(
            format!("the criteria `{}` cannot be used: {why}", name.escape_debug()),
            "write `[[criteria]]` with `name`, `description`, `weight` in a .toml file, or a Markdown list `- name (2): description`",
        )
    })
}

/// `llm=0.7,length=0.3`; a scorer alone has the weight 1. `schema`, `length` and `grounding` are what
/// `--schema`, `--length` and `--run` gave.
///
/// # Errors
/// An unknown scorer, a weight that is none, a scorer without what it needs.
pub fn mix(
    text: &str,
    criteria: &[Criterion],
    schema: Option<&serde_json::Value>,
    length: Option<Words>,
    grounding: Option<Scorer>,
) -> Result<Mix, Bad> {
    let mut parts: Vec<(Scorer, f64)> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, weight) = match part.split_once('=') {
            None => (part, Some(1.0)),
            Some((name, weight)) => (name.trim(), weight.trim().parse().ok()),
        };
        let weight = weight
            .filter(|weight: &f64| weight.is_finite() && *weight > 0.0)
            .ok_or_else(|| {
                Bad::new(
                    format!(
                        "the weight of the scorer `{}` is no number above 0",
                        part.escape_debug()
                    ),
                    "write for example `--scorer llm=0.7,length=0.3`",
                )
            })?;
        let needs = |flag: &str| Bad::new(format!("the scorer `{name}` needs `{flag}`"), format!("add `{flag}`"));
        let scorer = match name {
            "llm" => Scorer::Llm,
            "rubric" if criteria.is_empty() => return Err(needs("--criteria FILE")),
            "rubric" => Scorer::Rubric,
            "schema" => Scorer::Schema(schema.cloned().ok_or_else(|| needs("--schema FILE"))?),
            "grounding" => grounding.clone().ok_or_else(|| needs("--run RUN_HASH"))?,
            "length" => Scorer::Length(length.ok_or_else(|| needs("--length MIN..MAX"))?),
            other => {
                return Err(Bad::new(
                    format!("there is no scorer `{}`", other.escape_debug()),
                    format!("scorers are {}", Scorer::NAMES.join(", ")),
                ));
            }
        };
        if parts.iter().any(|(known, _)| known.name() == scorer.name()) {
            return Err(Bad::new(
                format!("the scorer `{name}` is named twice"),
                "give each scorer one weight",
            ));
        }
        parts.push((scorer, weight));
    }
    if parts.is_empty() {
        return Err(Bad::new(
            "no scorer is named",
            format!("scorers are {}", Scorer::NAMES.join(", ")),
        ));
    }
    Ok(Mix { parts })
}

/// `50..200`, `..200` or `50..`, in words.
///
/// # Errors
/// No such bounds, or bounds that nothing fits.
pub fn words(text: &str) -> Result<Words, Bad> {
    let bound = |text: &str, open: usize| match text.trim() {
        "" => Some(open),
        text => text.parse().ok(),
    };
    let bounds = text.split_once("..").and_then(|(least, most)| {
        Some(Words {
            least: bound(least, 0)?,
            most: bound(most, usize::MAX)?,
        })
    });
    bounds
        .filter(|words| words.least <= words.most && words.most > 0)
        .ok_or_else(|| {
            Bad::new(
                format!("`{}` is no length in words", text.escape_debug()),
                "write for example `50..200`, `..200` or `50..`",
            )
        })
}

fn from_toml(text: &str) -> Result<Vec<Criterion>, String> {
    const KEYS: [&str; 6] = ["name", "description", "weight", "contains", "forbids", "words"];
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    if let Some(key) = table.keys().find(|key| *key != "criteria") {
        return Err(format!("unknown key `{}`; `[[criteria]]` is known", key.escape_debug()));
    }
    let rows = table.get("criteria").and_then(toml::Value::as_array);
    let rows = rows.ok_or("`[[criteria]]` is missing")?;
    let mut criteria = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let place = format!("criterion {}", index + 1);
        let row = row.as_table().ok_or_else(|| format!("{place} is no table"))?;
        if let Some(key) = row.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!(
                "{place} holds `{}`; known are {}",
                key.escape_debug(),
                KEYS.join(", ")
            ));
        }
        let criterion = criterion(row).map_err(|why| format!("{place}: {why}"))?;
        add(&mut criteria, criterion)?;
    }
    Ok(criteria)
}

fn criterion(row: &toml::Table) -> Result<Criterion, String> {
    let text = |key: &str| match row.get(key) {
        None => Ok(String::new()),
        Some(value) => value
            .as_str()
            .map(|text| text.trim().to_owned())
            .ok_or_else(|| format!("`{key}` must be text")),
    };
    let phrases = |key: &str| -> Result<Vec<String>, String> {
        let Some(value) = row.get(key) else {
            return Ok(Vec::new());
        };
        let items = value
            .as_array()
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        items.ok_or_else(|| format!("`{key}` must be a list of texts"))
    };
    let weight = match row.get("weight") {
        None => 1.0,
        Some(value) => {
            let number = value
                .as_float()
                .or_else(|| value.as_integer().map(|number| number as f64));
            number
                .filter(|weight| weight.is_finite() && *weight > 0.0)
                .ok_or("`weight` must be a number above 0")?
        }
    };
    let length = text("words")?;
    Ok(Criterion {
        name: text("name")?,
        description: text("description")?,
        weight,
        contains: phrases("contains")?,
        forbids: phrases("forbids")?,
        words: match length.as_str() {
            "" => None,
            length => Some(words(length).map_err(|bad| bad.message)?),
        },
    })
}

/// List items of any depth; other lines are for people.
fn from_markdown(text: &str) -> Result<Vec<Criterion>, String> {
    let mut criteria = Vec::new();
    for line in text.lines().map(str::trim) {
        let item = ["- ", "* ", "+ "].iter().find_map(|bullet| line.strip_prefix(bullet));
        let Some(item) = item.or_else(|| numbered(line)) else {
            continue;
        };
        let item = item.trim();
        let (front, description) = match item.split_once(':') {
            Some((front, description)) => (front.trim(), description.trim()),
            None => (item, ""),
        };
        let front = front.trim_matches('*').trim();
        let weighed = front.strip_suffix(')').and_then(|front| front.rsplit_once('('));
        let weighed = weighed.and_then(|(name, weight)| {
            let weight: f64 = weight.trim().trim_start_matches("weight").trim().parse().ok()?;
            Some((name.trim(), weight))
        });
        let (name, weight) = weighed.unwrap_or((front, 1.0));
        if !(weight.is_finite() && weight > 0.0) {
            return Err(format!("the weight of `{}` must be above 0", name.escape_debug()));
        }
        let criterion = Criterion {
            name: name.trim_matches('*').trim().to_owned(),
            description: description.trim_start_matches('*').trim().to_owned(),
            weight,
            ..Criterion::default()
        };
        add(&mut criteria, criterion)?;
    }
    Ok(criteria)
}

/// `1. item` or `1) item`.
fn numbered(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    if rest.len() == line.len() {
        return None;
    }
    rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))
}

fn add(criteria: &mut Vec<Criterion>, criterion: Criterion) -> Result<(), String> {
    if criterion.name.is_empty() {
        return Err(format!("criterion {} has no name", criteria.len() + 1));
    }
    if criteria.iter().any(|known| known.name == criterion.name) {
        return Err(format!("two criteria are named `{}`", criterion.name.escape_debug()));
    }
    criteria.push(criterion);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, name: &str) -> String {
        match criteria(text, name) {
            Err(bad) => bad.message,
            Ok(criteria) => {
                let lines = criteria.iter().map(|one| {
                    let words = one.words.map(|words| format!(" {}..{}", words.least, words.most));
                    format!(
                        "{}|{}|{}|{}|{}{}",
                        one.name,
                        one.weight,
                        one.description,
                        one.contains.join("+"),
                        one.forbids.join("+"),
                        words.unwrap_or_default()
                    )
                });
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn criteria_are_toml_or_a_list() {
        let toml = "[[criteria]]\nname = \"cause\"\ndescription = \"why\"\nweight = 2\n[[criteria]]\nname = \"slide\"\nwords = \"2..6\"\ncontains = [\"a\", \"b\"]\nforbids = [\"c\"]\n";
        assert_eq!(told(toml, "c.toml"), "cause|2|why||\nslide|1||a+b|c 2..6");
        let list = "# What counts\n\n- **cause** (2): why it happened\n* plain words\n  1. short (0.5)\nno item\n- **bold:** described\n";
        assert_eq!(
            told(list, "c.md"),
            "cause|2|why it happened||\nplain words|1|||\nshort|0.5|||\nbold|1|described||"
        );
    }

    #[test]
    fn the_examples_can_be_used() {
        let toml = criteria(include_str!("../../examples/criteria.toml"), "criteria.toml").expect("the example");
        let list = criteria(include_str!("../../examples/criteria.md"), "criteria.md").expect("the example");
        assert_eq!(toml.iter().filter(|one| one.is_checked()).count(), 2);
        assert_eq!(toml[..2], list[..2]);
        assert_eq!(list[2].name, "short");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, name, said) in [
            ("[[criteria]]\nweight = 1", "c.toml", "criterion 1 has no name"),
            (
                "[[criteria]]\nname = \"a\"\nweight = 0",
                "c.toml",
                "criterion 1: `weight` must be",
            ),
            ("[[criteria]]\nname = \"a\"\nheavy = 1", "c.toml", "holds `heavy`"),
            (
                "[[criteria]]\nname = \"a\"\nwords = \"6..2\"",
                "c.toml",
                "`6..2` is no length",
            ),
            ("criteria = 3", "c.toml", "`[[criteria]]` is missing"),
            ("- a\n- a", "c.md", "two criteria are named `a`"),
            ("prose only", "c.md", "holds no criterion"),
        ] {
            let told = told(text, name);
            assert!(told.contains(said), "{told}");
        }
    }

    #[test]
    fn a_mix_names_scorers_with_weights() {
        let told = |text: &str| match mix(text, &[], None, words("..9").ok(), None) {
            Ok(mix) => {
                let parts = mix
                    .parts
                    .iter()
                    .map(|(scorer, weight)| format!("{}={weight}", scorer.name()));
                parts.collect::<Vec<_>>().join(" ")
            }
            Err(bad) => bad.message,
        };
        assert_eq!(told("llm"), "llm=1");
        assert_eq!(told(" llm=0.7 , length=0.3"), "llm=0.7 length=0.3");
        assert!(told("llm=-1").contains("no number above 0"));
        assert!(told("taste").contains("no scorer `taste`"));
        assert!(told("rubric").contains("`--criteria FILE`"));
        assert!(told("schema").contains("`--schema FILE`"));
        assert!(told("llm,llm=2").contains("named twice"));
        assert!(told("").contains("no scorer"));
    }
}
