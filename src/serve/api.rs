//! The API: JSON in, JSON and events out.

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::guard::query;
use super::launch::{Job, Refused, RefusedKind, StartRequest};
use super::runs::Run;
use super::{Problem, Shared, health, metrics as numbers, outputs, pages, sse};
use crate::store::session::Call;

/// A request says what to start in a few words.
const LARGEST_BODY: usize = 64 * 1024;

/// A JSON answer.
pub(super) fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

pub(super) async fn status(State(server): State<Shared>) -> Result<Response, Problem> {
    let (runs, jobs) = server
        .on_disk(|server| (server.runs.list(), server.launcher.jobs()))
        .await?;
    let running: Vec<_> = runs.iter().filter(|run| run.is_running()).map(Run::summary).collect();
    Ok(answer(&json!({
        "version": env!("CARGO_PKG_VERSION"), "started": server.started, "viewers": server.seats.taken(),
        "jobs": jobs, "running": running,
    })))
}

pub(super) async fn runs(State(server): State<Shared>) -> Result<Response, Problem> {
    let runs = server.on_disk(|server| server.runs.list()).await?;
    let runs: Vec<_> = runs.iter().map(Run::summary).collect();
    Ok(answer(&json!({ "runs": runs })))
}

/// The run of an id, or a clear no.
pub(super) async fn find(server: &Shared, id: String) -> Result<Run, Problem> {
    let asked = id.clone();
    let run = server.on_disk(move |server| server.runs.get(&asked)).await?;
    run.ok_or_else(|| Problem::no_run(&id))
}

pub(super) async fn run(State(server): State<Shared>, Path(id): Path<String>) -> Result<Response, Problem> {
    let run = find(&server, id).await?;
    let files = outputs::files(&run);
    Ok(answer(
        &json!({"run": run.summary(), "events": *run.fold, "files": files}),
    ))
}

pub(super) async fn events(
    State(server): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let given = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok().map(str::to_owned));
    let after = given
        .or_else(|| query(&uri, "after"))
        .and_then(|text| text.trim().parse().ok());
    let seat = seat(&server)?;
    let asked = id.clone();
    let viewer = server
        .on_disk(move |server| {
            let found = server.runs.index.find(&asked)?;
            server.followers.watch(&found.events(), after.unwrap_or(0)).ok()
        })
        .await?;
    let viewer = viewer.ok_or_else(|| Problem::no_run(&id))?;
    Ok(sse::run(viewer, seat, server.ending.clone()))
}

pub(super) async fn changes(State(server): State<Shared>) -> Result<Response, Problem> {
    let seat = seat(&server)?;
    Ok(sse::changes(server.version.subscribe(), seat, server.ending.clone()))
}

fn seat(server: &Shared) -> Result<super::seats::Seat, Problem> {
    server.seats.take().ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many watch already",
            "close some pages, or read /api/runs now and then",
        )
    })
}

pub(super) async fn calls(
    State(server): State<Shared>,
    Path((id, role)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let asked = asked(&server, id, role).await?;
    Ok(answer(
        &json!({"lane": asked.lane, "calls": asked.calls, "evidence": asked.evidence}),
    ))
}

/// Everything about one role of a run.
pub(super) struct Asked {
    pub(super) run: Run,
    pub(super) lane: Value,
    pub(super) calls: Vec<Value>,
    /// What the role was given to cite.
    pub(super) evidence: Option<Value>,
}

pub(super) async fn asked(server: &Shared, id: String, role: String) -> Result<Asked, Problem> {
    let run = find(server, id).await?;
    let Some(lane) = run.fold.lanes.iter().find(|lane| lane.role == role) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "nobody of that name was asked",
            "see the run itself",
        ));
    };
    let lane = json!(lane);
    let shown = run.clone();
    let (calls, evidence) = server
        .on_disk(move |server| {
            let started = &run.fold.started;
            let calls = server.store().calls_of_run(run.found.name(), Some(&role), started);
            let calls: Vec<Value> = calls.into_iter().map(|call| read(server, call)).collect();
            let evidence = outputs::json(&run, "evidence.json").map(|all| all["evidence"][role.as_str()].clone());
            (calls, evidence)
        })
        .await?;
    Ok(Asked {
        run: shown,
        lane,
        calls,
        evidence,
    })
}

/// A call with what its reply means, where both reply and schema are kept.
fn read(server: &super::Server, call: Call) -> Value {
    let schema = call
        .call
        .parameters
        .get("json_schema")
        .filter(|schema| schema.is_object());
    let reading = call
        .call
        .reply
        .as_deref()
        .zip(schema)
        .map(|(reply, schema)| server.launcher.read(reply, schema));
    json!({"call": call, "reading": reading})
}

pub(super) async fn file(
    State(server): State<Shared>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let run = find(&server, id).await?;
    let missing = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "the run has no such file",
            "see the run's own list of files",
        )
    };
    let path = outputs::path(&run, &name).ok_or_else(missing)?;
    let bytes = server
        .on_disk(move |_| std::fs::read(path))
        .await?
        .map_err(|_| missing())?;
    let kind = match name.rsplit('.').next() {
        Some("json") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    // A finished report is words of models and data: it may draw itself and do nothing else.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
    Ok((
        [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy)],
        bytes,
    )
        .into_response())
}

pub(super) async fn health(State(server): State<Shared>) -> Result<Response, Problem> {
    Ok(answer(&health::health(&server).await?))
}

pub(super) async fn compare(State(server): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let (Some(a), Some(b)) = (query(&uri, "a"), query(&uri, "b")) else {
        return Err(Problem::bad(
            "two runs are compared",
            "name them: /api/compare?a=ID&b=ID",
        ));
    };
    Ok(answer(&json!(pages::compared(&server, &a, &b).await?)))
}

pub(super) async fn metrics(State(server): State<Shared>) -> Result<Response, Problem> {
    let text = numbers::text(&server).await?;
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response())
}

pub(super) async fn start(State(server): State<Shared>, request: Request<Body>) -> Result<Response, Problem> {
    let start: StartRequest = body(request).await?;
    let job = server.on_disk(move |server| server.launcher.start(&start)).await?;
    accepted(job)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stop {
    id: String,
}

pub(super) async fn stop(State(server): State<Shared>, request: Request<Body>) -> Result<Response, Problem> {
    let Stop { id } = body(request).await?;
    let job = server.on_disk(move |server| server.launcher.stop(&id)).await?;
    accepted(job)
}

fn accepted(job: Result<Job, Refused>) -> Result<Response, Problem> {
    let job = job.map_err(|refused| {
        let status = match refused.kind {
            RefusedKind::Bad => StatusCode::BAD_REQUEST,
            RefusedKind::Busy => StatusCode::CONFLICT,
            RefusedKind::Unknown => StatusCode::NOT_FOUND,
            RefusedKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, refused.message, refused.hint)
    })?;
    Ok((StatusCode::ACCEPTED, answer(&json!({ "job": job }))).into_response())
}

/// Only JSON that says so: no form of another page can send that without asking first.
async fn body<T: DeserializeOwned>(request: Request<Body>) -> Result<T, Problem> {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if kind.and_then(|kind| kind.split(';').next()).map(str::trim) != Some("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be JSON",
            "send it with `Content-Type: application/json`",
        ));
    }
    let bytes = to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {LARGEST_BODY} bytes or was cut off"),
            "send the few fields that /api/openapi.json describes",
        )
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Problem::bad(
            format!("the body is not understood: {error}"),
            "/api/openapi.json describes it",
        )
    })
}
