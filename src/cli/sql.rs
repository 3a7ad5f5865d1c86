//! `insights sql`: the definitions of the metrics, as they are in force.

use std::fmt::Write as _;

use crate::config::Typed;
use crate::data::{Definitions, Query};

use super::args::{CommonArguments, SqlArguments};
use super::exit::{Code, Failure};
use super::{print, run};

pub(super) async fn sql(arguments: &SqlArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let typed = Typed {
        metrics: arguments.metrics.clone(),
        ..Typed::default()
    };
    let metrics = run::settle_metrics(&typed, common)?;
    let definitions = Definitions::of(metrics.as_deref()).await?;
    let text = match &arguments.table {
        Some(table) => texts(&definitions, &Query::behind(table)?),
        None => list(&definitions),
    };
    print::out(&text).map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(Code::Complete)
}

/// One text as it is, several each under its name.
fn texts(definitions: &Definitions, queries: &[Query]) -> String {
    if let [query] = queries {
        return definitions.sql(*query).to_owned();
    }
    let named = queries
        .iter()
        .map(|query| format!("-- {}.sql\n{}", query.name(), definitions.sql(*query)));
    named.collect::<Vec<_>>().join("\n")
}

fn list(definitions: &Definitions) -> String {
    let width = Query::ALL.iter().map(|query| query.name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for query in Query::ALL {
        let definition = Query::definition(definitions.sql(*query));
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{:width$}  {definition}", query.name());
        if !query.feeds().is_empty() {
            let _ = writeln!(text, "{:width$}  for {}", "", query.feeds().join(", "));
        }
        if let Some(path) = definitions.path(*query) {
            let _ = writeln!(text, "{:width$}  from {}", "", print::safe(&path.display().to_string()));
        }
    }
    text
}
