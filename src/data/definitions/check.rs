//! Whether a user's definition can take the place of the built-in one: it parses, it is planned, and it gives the same columns.
//! Planned against empty tables of the right columns, made by the built-in definitions themselves.

use datafusion::arrow::datatypes::{DataType, Schema};

use super::super::engine::Engine;
use super::super::memory::{Memory, MemoryLimit};
use super::super::moment::DayOrder;
use super::super::{DataError, money};
use super::{Definitions, Query};

pub(super) async fn check(definitions: &Definitions) -> Result<(), DataError> {
    let engine = Engine::new("UTC", DayOrder::MonthFirst, 0, &Memory::new(MemoryLimit::default())?);
    engine.keep("dated", NO_ROWS).await?;
    for query in Query::ALL.iter().copied() {
        let built_in = example(query, query.built_in());
        let reads_facts = query.reads_facts();
        if let Some(path) = definitions.path(query) {
            let sql = definitions.sql(query);
            let bad = |why: String| DataError::BadDefinition {
                path: path.to_owned(),
                why,
                hint: format!("compare with `insights sql {}`", query.name()),
            };
            if let Some(unknown) = unknown_placeholder(query, sql) {
                return Err(bad(format!("nothing fills {unknown}")));
            }
            let own = example(query, sql);
            engine.parse(&own).map_err(|why| bad(placed(&own, &why)))?;
            if reads_facts {
                let wanted = engine.columns(&built_in).await?;
                let given = engine.columns(&own).await.map_err(|error| bad(planned(&own, &error)))?;
                fits(&wanted, &given).map_err(bad)?;
            }
        }
        if query == Query::Events {
            engine.keep("events", &built_in).await?;
        } else if query.is_kept() {
            engine.keep(query.name(), &built_in).await?;
        }
    }
    Ok(())
}

/// The columns of `events` that the other definitions read, by name and kind.
pub(super) async fn events(engine: &Engine) -> Result<(), String> {
    let planned = async {
        let wanted = Engine::new("UTC", DayOrder::MonthFirst, 0, &Memory::new(MemoryLimit::default())?);
        wanted.keep("dated", NO_ROWS).await?;
        let built_in = wanted
            .columns(&example(Query::Events, Query::Events.built_in()))
            .await?;
        Ok((built_in, engine.columns("SELECT * FROM events").await?))
    };
    let (built_in, given) = planned.await.map_err(|error: DataError| error.to_string())?;
    fits(&built_in, &given)
}

/// An empty table of what every source has.
const NO_ROWS: &str = "SELECT CAST(NULL AS BIGINT) AS \"__at\", CAST(NULL AS BIGINT) AS \"__day\", CAST(NULL AS BIGINT) AS \"__row\", false AS \"__copy\", false AS \"__twice\" WHERE false";

/// The text as it stands, with something simple in each placeholder, on the same line.
fn example(query: Query, sql: &str) -> String {
    let text = "CAST(NULL AS VARCHAR)";
    let amount = format!("CAST(NULL AS DECIMAL(24, {}))", money::SCALE);
    let group = if matches!(query, Query::Dimension | Query::InsideCountries) {
        "platform"
    } else {
        "country"
    };
    let mut sql = sql.to_owned();
    for (placeholder, example) in [
        ("{start}", "0"),
        ("{end}", "1"),
        ("{previous_start}", "-2"),
        ("{previous_end}", "-1"),
        ("{last_day}", "1"),
        ("{as_of}", "1"),
        ("{frequency}", "order_id"),
        ("{origin}", "channel"),
        ("{tiers}", "tiers"),
        ("{stages}", "'purchase'"),
        ("{purchase}", "order_id"),
        ("{group}", group),
        ("{dimension}", group),
        ("{dimensions}", ""),
        ("{dimension_columns}", ""),
        ("{kind}", "'all'"),
        ("{converts}", "false"),
        ("{revenue}", &amount),
        ("{engagement_score}", &amount),
        ("{time}", "'2025-01-01'"),
        ("{user}", text),
        ("{event}", text),
        ("{country}", text),
        ("{platform}", text),
        ("{channel}", text),
        ("{session}", text),
        ("{order}", text),
    ] {
        sql = sql.replace(placeholder, example);
    }
    sql
}

/// `{names}` that the built-in text does not have: nobody would fill them.
fn unknown_placeholder(query: Query, sql: &str) -> Option<String> {
    sql.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| format!("{{{name}}}"))
        .find(|placeholder| !query.built_in().contains(placeholder))
}

/// The parser's words, its line and column in front.
fn placed(sql: &str, why: &str) -> String {
    let found = why.rsplit_once(" at Line: ").and_then(|(words, place)| {
        let (line, column) = place.trim_end_matches(['"', ')']).split_once(", Column: ")?;
        Some(format!("line {line}, column {column}: {words}"))
    });
    found.unwrap_or_else(|| format!("line {}: {why}", sql.lines().count()))
}

/// The planner's words, with the line of what they name in front.
fn planned(sql: &str, error: &DataError) -> String {
    let why = match error {
        DataError::Engine(why) => why.split_whitespace().collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let named = ["No field named ", "datafusion.public.", "Invalid function '"]
        .iter()
        .find_map(|before| why.split_once(before))
        .map(|(_, rest)| rest.trim_start_matches('"'))
        .and_then(|rest| {
            rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
        })
        .unwrap_or_default()
        .to_lowercase();
    let line = sql.lines().position(|line| {
        !named.is_empty() && !line.trim_start().starts_with("--") && line.to_lowercase().contains(&named)
    });
    match line {
        Some(line) => format!("line {}: {why}", line + 1),
        None => why,
    }
}

/// What the columns are read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Float,
    Amount,
    Truth,
    Text,
}

impl Kind {
    fn of(kind: &DataType) -> Self {
        match kind {
            kind if kind.is_integer() => Self::Whole,
            kind if kind.is_floating() => Self::Float,
            DataType::Decimal128(..) | DataType::Decimal256(..) => Self::Amount,
            DataType::Boolean => Self::Truth,
            _ => Self::Text,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Whole => "a whole number",
            Self::Float => "a floating number (CAST(… AS DOUBLE))",
            Self::Amount => "a decimal amount",
            Self::Truth => "true or false",
            Self::Text => "a text",
        }
    }
}

fn fits(wanted: &Schema, given: &Schema) -> Result<(), String> {
    let missing: Vec<&str> = wanted
        .fields()
        .iter()
        .filter(|field| given.field_with_name(field.name()).is_err())
        .map(|field| field.name().as_str())
        .collect();
    if !missing.is_empty() {
        let given: Vec<&str> = given.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(format!(
            "the result lacks the columns {}; it has {}",
            missing.join(", "),
            given.join(", ")
        ));
    }
    for field in wanted.fields() {
        let Ok(own) = given.field_with_name(field.name()) else {
            continue;
        };
        let (wanted, given) = (Kind::of(field.data_type()), Kind::of(own.data_type()));
        let of_nulls = own.data_type() == &DataType::Null || field.data_type() == &DataType::Null;
        if wanted != given && !of_nulls {
            return Err(format!(
                "the column {} must be {}, not {}",
                field.name(),
                wanted.words(),
                given.words()
            ));
        }
    }
    Ok(())
}
