//! The end of a call: exit code, table, JSON.

use serde_json::{Value, json};

use crate::cli::args::ScanArguments;
use crate::cli::exit::{Code, Failure, unwritable};
use crate::cli::print;
use crate::flow::scan::PATTERN;
use crate::insight::project::Gravity;
use crate::report::scan::{api_calls, cache_hits};
use crate::rundir::{self, RunDir};

use super::project::{Done, Outcome, Scanned};

/// The exit code and the status of the whole.
///
/// # Errors
/// No project could be scanned: the first reason.
pub(super) fn code(outcomes: &[Outcome], allow_partial: bool) -> Result<(Code, &'static str), Failure> {
    let done: Vec<&Scanned> = outcomes.iter().filter_map(scanned).collect();
    if done.is_empty() {
        let first = outcomes.iter().find_map(|outcome| outcome.done.as_ref().err());
        return Err(first.map_or_else(
            || Failure::new(Code::Usage, "there is no project to scan"),
            |failure| Failure {
                code: failure.code,
                message: failure.message.clone(),
                cause: failure.cause.clone(),
                hint: failure.hint.clone(),
            },
        ));
    }
    let whole = done.len() == outcomes.len() && done.iter().all(|scanned| scanned.status != "degraded");
    if whole {
        return Ok((Code::Complete, "complete"));
    }
    let answers = done.iter().filter_map(|scanned| scanned.answers.as_ref());
    let kinds: Vec<Option<&str>> = answers
        .flat_map(|answers| &answers.calls)
        .filter(|call| call.status != "skipped")
        .map(|call| call.error.as_ref().map(|why| why.kind.as_str()))
        .collect();
    let exhausted = !kinds.is_empty() && kinds.iter().all(|kind| matches!(kind, Some("quota" | "rate_limit")));
    let code = match (allow_partial, exhausted) {
        (true, _) => Code::Complete,
        (false, true) => Code::TryLater,
        (false, false) => Code::Degraded,
    };
    Ok((code, "degraded"))
}

/// What goes to stdout, and the place that the last event names. Several projects also leave `projects.json`.
pub(super) fn result(
    arguments: &ScanArguments,
    run: &RunDir,
    outcomes: &[Outcome],
) -> Result<(String, String), Failure> {
    if let [only] = outcomes
        && let Some(scanned) = scanned(only)
    {
        let place = scanned.report.display().to_string();
        // The list stays a list when the same path was given twice.
        let text = match (arguments.json, arguments.paths.len()) {
            (true, 1) => format!("{:#}\n", scanned.json),
            (true, _) => format!("{:#}\n", json!([scanned.json])),
            (false, _) => format!("{place}\n"),
        };
        return Ok((text, place));
    }
    let all: Vec<Value> = outcomes.iter().map(value).collect();
    let text = format!("{:#}\n", Value::Array(all));
    let place = run.output_folder(PATTERN)?.join("projects.json");
    rundir::write_whole(&place, text.as_bytes()).map_err(|error| unwritable(&place, &error))?;
    let shown = if arguments.json { text } else { table(outcomes) };
    Ok((shown, place.display().to_string()))
}

fn scanned(outcome: &Outcome) -> Option<&Scanned> {
    match &outcome.done {
        Ok(Done::Scanned(scanned)) => Some(scanned),
        _ => None,
    }
}

fn value(outcome: &Outcome) -> Value {
    match &outcome.done {
        Ok(Done::Scanned(scanned)) => scanned.json.clone(),
        Ok(Done::Planned(_)) => Value::Null,
        Err(failure) => json!({
            "project": outcome.target.slug, "path": outcome.target.path, "status": "failed",
            "error": {"message": failure.message, "hint": failure.hint},
        }),
    }
}

const HEAD: [&str; 10] = [
    "project", "overall", "code", "grave", "secrets", "status", "vibe", "fit", "calls", "cached",
];

fn table(outcomes: &[Outcome]) -> String {
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(outcomes.iter().map(row));
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        })
        .collect();
    let mut lines: Vec<String> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                0 | 5 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        let place = match index.checked_sub(1).and_then(|index| outcomes.get(index)) {
            None => "report".to_owned(),
            Some(outcome) => match (&outcome.done, scanned(outcome)) {
                (_, Some(scanned)) => scanned.report.display().to_string(),
                (Err(failure), _) => failure.message.clone(),
                (Ok(_), None) => String::new(),
            },
        };
        lines.push(format!("{}  {place}", cells.join("  ")));
    }
    print::safe(&format!("{}\n", lines.join("\n")))
}

fn row(outcome: &Outcome) -> Vec<String> {
    let Some(scanned) = scanned(outcome) else {
        let mut row = vec!["–".to_owned(); HEAD.len()];
        row[0].clone_from(&outcome.target.slug);
        row[5] = "failed".to_owned();
        return row;
    };
    let project = &scanned.analysis.project;
    let blockers = &project.deployment.blockers;
    let grave = blockers
        .iter()
        .filter(|blocker| blocker.severity <= Gravity::High)
        .count();
    let joined = |field: &str| {
        let answers = scanned.answers.as_ref();
        let value = answers.and_then(|answers| answers.part("aggregated_insights")?.get(field)?.as_f64());
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
    };
    let count = |number: fn(&crate::insight::project::Answers) -> u64| {
        scanned
            .answers
            .as_ref()
            .map_or_else(|| "–".to_owned(), |answers| number(answers).to_string())
    };
    vec![
        outcome.target.slug.clone(),
        format!("{:.1}", project.score("overall").unwrap_or_default()),
        project.lines_of_code().to_string(),
        grave.to_string(),
        project.secrets.len().to_string(),
        scanned.status.to_owned(),
        joined("vibecodibility_score"),
        joined("borg_tools_fit"),
        count(api_calls),
        count(cache_hits),
    ]
}
