//! Pages for people: templates of this binary, every value escaped, style and script from here only.

mod call;
pub(super) mod show;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::api::find;
use super::compare;
use super::fold::{Exploration, Kind};
use super::guard::query;
use super::runs::{Run, Summary};
use super::{Problem, Shared, health, outputs};
use crate::clock;

pub(super) use call::call;

/// Names end in `.html`: that is what switches escaping on.
const TEMPLATES: [(&str, &str); 12] = [
    ("base.html", include_str!("pages/base.html")),
    ("macros.html", include_str!("pages/macros.html")),
    ("runs.html", include_str!("pages/runs.html")),
    ("run.html", include_str!("pages/run.html")),
    ("exploration.html", include_str!("pages/exploration.html")),
    ("producers.html", include_str!("pages/producers.html")),
    ("call.html", include_str!("pages/call.html")),
    ("explore.html", include_str!("pages/explore.html")),
    ("start.html", include_str!("pages/start.html")),
    ("compare.html", include_str!("pages/compare.html")),
    ("health.html", include_str!("pages/health.html")),
    ("problem.html", include_str!("pages/problem.html")),
];

const STYLE: &str = include_str!("pages/app.css");
/// In the order in which they are needed; one file for the browser.
const SCRIPT: &str = concat!(
    include_str!("pages/app.js"),
    include_str!("pages/timeline.js"),
    include_str!("pages/exploration.js"),
    include_str!("pages/begin.js")
);

pub(super) struct Pages {
    templates: Environment<'static>,
}

impl Pages {
    pub(super) fn new() -> Self {
        let mut templates = Environment::new();
        for (name, text) in TEMPLATES {
            templates
                .add_template(name, text)
                .expect("the templates are part of the binary, and a test renders each");
        }
        show::add_to(&mut templates);
        Self { templates }
    }

    fn render(&self, name: &str, values: Value) -> Result<Response, Problem> {
        let page = self
            .templates
            .get_template(name)
            .and_then(|template| template.render(Serde(values)))
            .map_err(|error| Problem::ours(&error))?;
        Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
    }

    /// A refusal for somebody who looks at pages.
    pub(super) fn problem(&self, problem: &Problem) -> Response {
        let status = problem.status;
        let values = json!({"status": status.to_string(), "error": problem.message, "hint": problem.hint});
        match self.render("problem.html", values) {
            Ok(page) => (status, page).into_response(),
            Err(worse) => worse.into_response(),
        }
    }
}

pub(super) async fn runs(State(server): State<Shared>) -> Result<Response, Problem> {
    let (runs, today) = server
        .on_disk(|server| {
            let today = clock::wall().strftime("%Y-%m-%dT00:00:00Z").to_string();
            (server.runs.list(), health::sum(&server.store().usage(&today)))
        })
        .await?;
    let listed: Vec<Summary> = runs.iter().map(Run::summary).collect();
    let mut states: Vec<&str> = listed.iter().map(|run| run.state.as_str()).collect();
    states.sort_unstable();
    states.dedup();
    let mut kinds: Vec<Kind> = listed.iter().map(|run| run.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kept = today["kept_replies"].as_u64().unwrap_or(0);
    let mut totals = json!({
        "running": runs.iter().filter(|run| run.is_running()).count(), "runs": runs.len(),
        "today_usd": today["cost_usd"], "today_requests": today["calls"],
        "kept_note": format!("and {} kept replies", show::number(kept)),
    });
    usual(&mut totals, &listed);
    let values = json!({"page": "runs", "runs": listed, "states": states, "kinds": kinds, "totals": totals});
    server.pages.render("runs.html", values)
}

/// What a report usually takes and costs, and how that went over the last ones.
fn usual(totals: &mut Value, runs: &[Summary]) {
    const LAST: usize = 30;
    let finished = runs
        .iter()
        .filter(|run| run.kind == Kind::Council && ["complete", "degraded"].contains(&run.state.as_str()));
    let mut last: Vec<&Summary> = finished.take(LAST).collect();
    last.reverse();
    let took: Vec<f64> = last.iter().map(|run| run.millis as f64).collect();
    // One unknown price makes the line unknown.
    let costs: Option<Vec<f64>> = last.iter().map(|run| run.cost_usd).collect();
    let median = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    };
    totals["reports"] = json!(last.len());
    totals["took"] = json!(median(&took).unwrap_or(0.0) as u64);
    totals["took_line"] = json!(show::line(&took));
    totals["cost"] = json!(costs.as_deref().and_then(median));
    totals["cost_line"] = json!(costs.as_deref().map(show::line).unwrap_or_default());
}

pub(super) async fn start(State(server): State<Shared>) -> Result<Response, Problem> {
    server.pages.render("start.html", json!({}))
}

pub(super) async fn run(State(server): State<Shared>, Path(id): Path<String>) -> Result<Response, Problem> {
    let run = find(&server, id).await?;
    let mut values = of_run(&server, &run).await?;
    values["page"] = json!("runs");
    server.pages.render("run.html", values)
}

/// What every page that shows one run has.
async fn of_run(server: &Shared, run: &Run) -> Result<Value, Problem> {
    let shown = run.clone();
    let (files, job) = server
        .on_disk(move |server| {
            let jobs = server.launcher.jobs().into_iter();
            let job = jobs.into_iter().find(|job| job.id == shown.found.id);
            (outputs::files(&shown), job)
        })
        .await?;
    let has_page = files.iter().any(|file| file.name == "report.html");
    let mut events = json!(*run.fold);
    if run.found.is_exploration() {
        // Before its first event there is nothing to tell of it.
        events["exploration"] = exploration(&run.fold.exploration.clone().unwrap_or_default());
    }
    Ok(json!({"run": run.summary(), "events": events, "files": files, "job": job, "has_page": has_page}))
}

/// With its producers in the order of their numbers.
fn exploration(found: &Exploration) -> Value {
    let mut value = json!(found);
    let producers = found.producers.iter().map(|(number, producer)| {
        let mut producer = json!(producer);
        producer["number"] = json!(number);
        producer
    });
    value["producers"] = producers.collect();
    if let Some(cap) = found.max_cost_usd {
        value["cap_note"] = json!(format!("of {} at most", show::money(Some(cap))));
    }
    value
}

/// One exploration, the one asked for, or the one that runs, or the latest; and a form for the next.
pub(super) async fn explore(State(server): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let asked = query(&uri, "run").filter(|asked| !asked.is_empty());
    let mut runs = server.on_disk(|server| server.runs.list()).await?;
    runs.retain(|run| run.found.is_exploration());
    let place = match &asked {
        Some(asked) => {
            let place = runs.iter().position(|run| run.found.id == *asked);
            Some(place.ok_or_else(|| Problem::no_run(asked))?)
        }
        None => runs
            .iter()
            .position(Run::is_running)
            .or((!runs.is_empty()).then_some(0)),
    };
    let shown = place.map(|place| runs.remove(place));
    let mut values = match &shown {
        Some(run) => of_run(&server, run).await?,
        None => json!({}),
    };
    values["page"] = json!("explore");
    values["others"] = json!(runs.iter().take(50).map(Run::summary).collect::<Vec<_>>());
    server.pages.render("explore.html", values)
}

pub(super) async fn health(State(server): State<Shared>) -> Result<Response, Problem> {
    let mut values = health::health(&server).await?;
    values["page"] = json!("health");
    if let Some(unpriced) = values["today"]["unpriced_calls"].as_u64().filter(|n| *n > 0) {
        values["today"]["unpriced_note"] = json!(format!("and {} calls of unknown price", show::number(unpriced)));
    }
    server.pages.render("health.html", values)
}

pub(super) async fn compare(State(server): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let (a, b) = (
        query(&uri, "a").unwrap_or_default(),
        query(&uri, "b").unwrap_or_default(),
    );
    let mut runs = server.on_disk(|server| server.runs.list()).await?;
    runs.retain(|run| run.fold.kind == Kind::Council && run.fold.ended.is_some());
    let listed: Vec<Summary> = runs.iter().map(Run::summary).collect();
    let same = if a.is_empty() || b.is_empty() {
        None
    } else {
        Some(compared(&server, &a, &b).await?)
    };
    let values = json!({"page": "compare", "runs": listed, "a": a, "b": b, "same": same});
    server.pages.render("compare.html", values)
}

/// Two runs by their ids.
pub(super) async fn compared(server: &Shared, a: &str, b: &str) -> Result<compare::Comparison, Problem> {
    let (a, b) = (find(server, a.to_owned()).await?, find(server, b.to_owned()).await?);
    server
        .on_disk(move |server| compare::compare(&server.store(), &a, &b))
        .await
}

pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let (kind, text) = match name.as_str() {
        "app.css" => ("text/css; charset=utf-8", STYLE),
        "app.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "there is no such file",
                "the list of runs is at /",
            ));
        }
    };
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
