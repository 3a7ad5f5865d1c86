//! Pages for people: templates of this binary, every value escaped, style and script from here only.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::api::find;
use super::runs::Run;
use super::{Problem, Shared, outputs};

/// Names end in `.html`: that is what switches escaping on.
const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("pages/base.html")),
    ("runs.html", include_str!("pages/runs.html")),
    ("run.html", include_str!("pages/run.html")),
    ("start.html", include_str!("pages/start.html")),
];

const STYLE: &str = include_str!("pages/app.css");
const SCRIPT: &str = include_str!("pages/app.js");

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
        templates.add_filter("money", money);
        templates.add_filter("duration", duration);
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
}

fn money(usd: Option<f64>) -> String {
    match usd {
        None => "unknown".to_owned(),
        Some(usd) if usd != 0.0 && usd < 0.01 => format!("${usd:.4}"),
        Some(usd) => format!("${usd:.2}"),
    }
}

fn duration(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{:.1} s", millis as f64 / 1000.0),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

pub(super) async fn runs(State(server): State<Shared>) -> Result<Response, Problem> {
    let runs = server.on_disk(|server| server.runs.list()).await?;
    let runs: Vec<_> = runs.iter().map(Run::summary).collect();
    server.pages.render("runs.html", json!({ "runs": runs }))
}

pub(super) async fn start(State(server): State<Shared>) -> Result<Response, Problem> {
    server.pages.render("start.html", json!({}))
}

pub(super) async fn run(State(server): State<Shared>, Path(id): Path<String>) -> Result<Response, Problem> {
    let run = find(&server, id).await?;
    let jobs = server.on_disk(|server| server.launcher.jobs()).await?;
    let job = jobs.into_iter().find(|job| job.id == run.found.id);
    let values = json!({"run": run.summary(), "events": *run.fold, "files": outputs::files(&run), "job": job});
    server.pages.render("run.html", values)
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
