//! Who may ask for what. A browser on this machine visits foreign pages too, so loopback alone is no border: every request needs our
//! host name, the token (as cookie or bearer) and, where it changes something, our own origin.

use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};

use super::problem::Problem;
use super::token::Token;

/// Pages, scripts, styles and requests from here only; nothing may frame us, and nothing leaves.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) struct Guard {
    token: Token,
    cookie: String,
    /// `name:port`, in lower case.
    hosts: Vec<String>,
}

pub(super) enum Verdict {
    Enter,
    /// The token of the URL becomes a cookie, and the URL is clean again.
    Exchange {
        cookie: String,
        location: String,
    },
    Refuse(Problem),
}

impl Guard {
    /// `hosts` are the names with their port under which this server is reached.
    pub(super) fn new(token: Token, hosts: Vec<String>) -> Self {
        Self {
            // Cookies do not tell ports apart: each server has a name of its own.
            cookie: format!("insights_{}", token.derived("cookie")),
            hosts: hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect(),
            token,
        }
    }

    pub(super) fn judge<B>(&self, request: &Request<B>) -> Verdict {
        let (headers, uri) = (request.headers(), request.uri());
        let refuse = |status, message: &str, hint: &str| Verdict::Refuse(Problem::new(status, message, hint));
        if !self.is_our_host(headers, uri) {
            let hint = "use the address that `insights serve` printed";
            return refuse(
                StatusCode::MISDIRECTED_REQUEST,
                "this server does not go by that name",
                hint,
            );
        }
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let token = query(uri, "token");
        let exchange = reads && uri.path() == "/" && token.is_some();
        if !self.is_our_origin(headers) || (!exchange && is_cross_site(headers)) {
            let hint = "open the dashboard itself and try there";
            return refuse(StatusCode::FORBIDDEN, "the request comes from another site", hint);
        }
        let hint =
            "open the URL with the token that `insights serve` printed, or send it as `Authorization: Bearer TOKEN`";
        match token {
            Some(token) if exchange => match self.token.is(&token) {
                true => Verdict::Exchange {
                    cookie: format!(
                        "{}={}; Path=/; HttpOnly; SameSite=Strict",
                        self.cookie,
                        self.token.reveal()
                    ),
                    location: "/".to_owned(),
                },
                false => refuse(
                    StatusCode::UNAUTHORIZED,
                    "the token is not the one of this server",
                    hint,
                ),
            },
            _ if self.is_known(headers) => Verdict::Enter,
            _ => refuse(StatusCode::UNAUTHORIZED, "the request has no valid token", hint),
        }
    }

    fn is_our_host(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let mut named = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else {
            return false;
        };
        let ours = |name: &str| self.hosts.contains(&name.to_ascii_lowercase());
        host.to_str().is_ok_and(ours) && uri.authority().is_none_or(|authority| ours(authority.as_str()))
    }

    /// Present, it must be ours, perhaps behind a proxy that adds TLS; browsers send it with everything that changes something.
    fn is_our_origin(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            let name = ["http://", "https://"]
                .into_iter()
                .find_map(|scheme| origin.strip_prefix(scheme));
            name.is_some_and(|name| self.hosts.contains(&name.to_ascii_lowercase()))
        })
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(token) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            return self.token.is(token.trim());
        }
        let cookies = headers.get_all(header::COOKIE).iter();
        cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == self.cookie && self.token.is(value))
    }
}

/// A value of the query string.
pub(super) fn query(uri: &Uri, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    pairs
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A page of another site asked for this. Old browsers do not say; the cookie is `SameSite=Strict` for them.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let sites = headers.get_all("sec-fetch-site").iter();
    sites
        .into_iter()
        .any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// What every answer carries; a route may have set a stricter policy of its own.
pub(super) fn harden(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            header::HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests;
