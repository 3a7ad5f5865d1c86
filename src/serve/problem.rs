//! What a request cannot have: a status, what was tried, and the next step. JSON for programs, a page for people.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            hint: hint.into(),
        }
    }

    pub(super) fn no_run(id: &str) -> Self {
        let shown: String = id.chars().take(80).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            format!("there is no run `{}`", shown.escape_debug()),
            "the list of runs is at /",
        )
    }

    pub(super) fn bad(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, hint)
    }

    /// Something of ours broke; the log says what.
    pub(super) fn ours(error: &dyn std::fmt::Display) -> Self {
        tracing::warn!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server could not do that",
            "stderr of `insights serve -v` says why",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({"error": self.message, "hint": self.hint}).to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        // For whoever makes a page of it.
        response.extensions_mut().insert(self);
        response
    }
}
