//! Every route in one table: the router and the OpenAPI description are both made from it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tracing::Instrument as _;

use super::guard::{Verdict, harden};
use super::{Problem, Shared, api, openapi, pages};

/// What a route gives, for its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Page,
    Json,
    Events,
    Text,
    File,
}

impl Gives {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Page => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Events => "text/event-stream",
            Self::Text => "text/plain",
            Self::File => "application/octet-stream",
        }
    }
}

pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) gives: Gives,
    /// The status when it works, and what else may come beside the refusals of the guard.
    pub(super) statuses: &'static [u16],
    handler: fn() -> MethodRouter<Shared>,
}

const fn read(
    path: &'static str,
    summary: &'static str,
    gives: Gives,
    statuses: &'static [u16],
    handler: fn() -> MethodRouter<Shared>,
) -> Route {
    Route {
        method: "get",
        path,
        summary,
        gives,
        statuses,
        handler,
    }
}

pub(super) const ROUTES: &[Route] = &[
    read("/", "All runs", Gives::Page, &[200], || get(pages::runs)),
    read("/start", "Starts a report", Gives::Page, &[200], || get(pages::start)),
    read(
        "/explore",
        "Starts an exploration and shows one, live; `?run=` chooses it",
        Gives::Page,
        &[200, 404],
        || get(pages::explore),
    ),
    read(
        "/compare",
        "Two reports held against each other: `?a=` and `?b=`",
        Gives::Page,
        &[200, 404],
        || get(pages::compare),
    ),
    read(
        "/health",
        "Providers, breakers, limiter, kept replies, today's money",
        Gives::Page,
        &[200],
        || get(pages::health),
    ),
    read("/runs/{id}", "One run, live", Gives::Page, &[200, 404], || {
        get(pages::run)
    }),
    read(
        "/runs/{id}/calls/{role}",
        "What a role was asked and said",
        Gives::Page,
        &[200, 404],
        || get(pages::call),
    ),
    read(
        "/static/{name}",
        "Style and script of the pages",
        Gives::File,
        &[200, 404],
        || get(pages::asset),
    ),
    read(
        "/api/status",
        "What was started here, and what runs",
        Gives::Json,
        &[200],
        || get(api::status),
    ),
    read(
        "/api/runs",
        "All runs, the last changed first",
        Gives::Json,
        &[200],
        || get(api::runs),
    ),
    read(
        "/api/runs/{id}",
        "One run with its calls",
        Gives::Json,
        &[200, 404],
        || get(api::run),
    ),
    read(
        "/api/runs/{id}/events",
        "The events of a run after `Last-Event-ID` or `?after=`, then live",
        Gives::Events,
        &[200, 404, 503],
        || get(api::events),
    ),
    read(
        "/api/runs/{id}/calls/{role}",
        "What a role was asked and said: prompts, replies, what was read from them",
        Gives::Json,
        &[200, 404],
        || get(api::calls),
    ),
    read(
        "/api/runs/{id}/files/{name}",
        "A finished file of a run",
        Gives::File,
        &[200, 404],
        || get(api::file),
    ),
    read(
        "/api/events",
        "A word each time that the list of runs changed",
        Gives::Events,
        &[200, 503],
        || get(api::changes),
    ),
    read(
        "/api/compare",
        "Two reports held against each other: `?a=` and `?b=`",
        Gives::Json,
        &[200, 400, 404],
        || get(api::compare),
    ),
    read(
        "/api/health",
        "Models, breakers, limiter, kept replies, today's money",
        Gives::Json,
        &[200],
        || get(api::health),
    ),
    read("/api/openapi.json", "This description", Gives::Json, &[200], || {
        get(openapi::description)
    }),
    read("/metrics", "Numbers for Prometheus", Gives::Text, &[200], || {
        get(api::metrics)
    }),
    Route {
        method: "post",
        path: "/api/start",
        summary: "Starts a council run or an exploration as a process of its own",
        gives: Gives::Json,
        statuses: &[202, 400, 409, 413, 415, 500],
        handler: || post(api::start),
    },
    Route {
        method: "post",
        path: "/api/stop",
        summary: "Asks a run that was started here to end in good order",
        gives: Gives::Json,
        statuses: &[202, 400, 404, 413, 415],
        handler: || post(api::stop),
    },
];

pub(super) fn router(server: Shared) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, (route.handler)());
    }
    router
        .fallback(|| async {
            Problem::new(
                StatusCode::NOT_FOUND,
                "there is no such page",
                "the list of runs is at /",
            )
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this address takes another method",
                "/api/openapi.json describes all of them",
            )
        })
        .layer(from_fn_with_state(server.clone(), guarded))
        .with_state(server)
}

/// Nothing is answered, found or not, before the guard has seen it.
async fn guarded(State(server): State<Shared>, request: Request<Body>, next: Next) -> Response {
    // A query may hold the token.
    let span = tracing::debug_span!(
        "http.request",
        method = %request.method(),
        path = request.uri().path(),
        status = tracing::field::Empty
    );
    let response = judged(server, request, next).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    response
}

async fn judged(server: Shared, request: Request<Body>, next: Next) -> Response {
    let wants_page = is_for_people(request.headers());
    let mut response = match server.guard.judge(&request) {
        Verdict::Enter => next.run(request).await,
        Verdict::Exchange { cookie, location } => (
            StatusCode::SEE_OTHER,
            [(header::SET_COOKIE, cookie), (header::LOCATION, location)],
        )
            .into_response(),
        Verdict::Refuse(problem) => problem.into_response(),
    };
    if wants_page && let Some(problem) = response.extensions().get::<Problem>() {
        response = server.pages.problem(problem);
    }
    harden(response.headers_mut());
    response
}

/// A browser that goes to an address takes pages; programs and scripts do not ask for one.
fn is_for_people(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok());
    accepted.is_some_and(|kinds| kinds.contains("text/html"))
}
