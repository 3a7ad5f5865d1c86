//! Bytes to a host and back. The only file that names `reqwest`.
//!
//! No redirect is ever followed (a 302 would carry `x-api-key` to another host), nothing is retried here, and no error
//! leaves this file with its URL.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use secrecy::ExposeSecret;

use super::base_url::is_loopback;
use super::exchange::{HeaderText, HttpReply, HttpRequest};

/// Load balancers close idle connections after 60 s and more; ours go first.
const IDLE_LIMIT: Duration = Duration::from_secs(15);
/// Decoded, so a small gzip cannot fill the memory.
const BODY_CAP: usize = 8 * 1024 * 1024;

/// The clients of one run, each built when it is first needed.
pub(super) struct Wire {
    connect_timeout: Duration,
    /// Addresses asked before: reading one takes longer than all else that is done to send a call.
    known: Mutex<HashMap<String, (Url, Road)>>,
    /// Plain http on this machine: no proxy, no TLS roots, so it works without any CA store.
    loopback: OnceLock<Result<Client, String>>,
    /// https on this machine: no proxy either.
    loopback_tls: OnceLock<Result<Client, String>>,
    network: OnceLock<Result<Client, String>>,
}

/// Which client a URL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Road {
    Loopback,
    LoopbackTls,
    Network,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WireFault {
    pub kind: WireKind,
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireKind {
    /// The client could not be built: no CA store.
    Client,
    Refused,
    ConnectTimeout,
    Dns,
    Certificate,
    /// TLS failed otherwise, or connecting did.
    Connect,
    /// The connection ended before a whole reply was there.
    Cut,
    /// The body is not the gzip that its header promises.
    Encoding,
    HeadTooLarge,
    BodyTooLarge,
    NotHttp,
    /// The proxy on the way wants a password.
    Proxy,
    Timeout,
    Request,
}

impl Wire {
    pub(super) fn new(connect_timeout: Duration) -> Self {
        Self {
            connect_timeout,
            known: Mutex::default(),
            loopback: OnceLock::new(),
            loopback_tls: OnceLock::new(),
            network: OnceLock::new(),
        }
    }

    /// The caller bounds the whole of it in time.
    pub(super) async fn send(&self, base_url: &str, request: HttpRequest) -> Result<HttpReply, WireFault> {
        self.open(base_url, request).await?.whole().await
    }

    /// Sends, and comes back when the reply's headers are there.
    pub(super) async fn open(&self, base_url: &str, request: HttpRequest) -> Result<Incoming, WireFault> {
        let (client, url) = self.way_to(base_url, &request.path)?;
        let post = client.post(url);
        let response = post.headers(headers(&request)?).body(request.body).send().await;
        Ok(Incoming::new(response.map_err(fault)?))
    }

    /// Asks without a body: what a host offers, never what a model says.
    pub(super) async fn get(&self, base_url: &str, request: HttpRequest) -> Result<HttpReply, WireFault> {
        let (client, url) = self.way_to(base_url, &request.path)?;
        let get = client.get(url);
        let response = get.headers(headers(&request)?).send().await;
        Incoming::new(response.map_err(fault)?).whole().await
    }

    fn way_to(&self, base_url: &str, path: &str) -> Result<(Client, Url), WireFault> {
        let text = format!("{base_url}{path}");
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let way = match known.get(&text) {
            Some(way) => way.clone(),
            None => {
                let url = Url::parse(&text).map_err(|error| WireFault {
                    kind: WireKind::Request,
                    detail: format!("the base URL cannot be read: {error}"),
                })?;
                let road = match (is_loopback(base_url), url.scheme() == "https") {
                    (true, false) => Road::Loopback,
                    (true, true) => Road::LoopbackTls,
                    (false, _) => Road::Network,
                };
                known.insert(text, (url.clone(), road));
                (url, road)
            }
        };
        drop(known);
        let (url, road) = way;
        Ok((self.client(road)?, url))
    }

    fn client(&self, road: Road) -> Result<Client, WireFault> {
        let (slot, builder) = match road {
            Road::Loopback => (&self.loopback, Client::builder().no_proxy().tls_certs_only([])),
            Road::LoopbackTls => (&self.loopback_tls, Client::builder().no_proxy()),
            Road::Network => (&self.network, Client::builder()),
        };
        let built = slot.get_or_init(|| build(builder, self.connect_timeout));
        built.clone().map_err(|detail| WireFault {
            kind: WireKind::Client,
            detail,
        })
    }
}

/// A reply under way: its head, and its body piece by piece.
pub(super) struct Incoming {
    pub reply: HttpReply,
    response: reqwest::Response,
}

impl Incoming {
    fn new(response: reqwest::Response) -> Self {
        let headers = response.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let reply = HttpReply {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: Vec::new(),
        };
        Self { reply, response }
    }

    /// Adds the next piece to the body; false at its end. The cap is on the sum. May be dropped half-way.
    pub(super) async fn more(&mut self) -> Result<bool, WireFault> {
        let Some(chunk) = self.response.chunk().await.map_err(fault)? else {
            return Ok(false);
        };
        let body = &mut self.reply.body;
        if body.len() + chunk.len() > BODY_CAP {
            return Err(WireFault {
                kind: WireKind::BodyTooLarge,
                detail: format!("the reply is larger than {} MiB", BODY_CAP >> 20),
            });
        }
        body.extend_from_slice(&chunk);
        Ok(true)
    }

    async fn whole(mut self) -> Result<HttpReply, WireFault> {
        while self.more().await? {}
        Ok(self.reply)
    }
}

fn build(builder: reqwest::ClientBuilder, connect_timeout: Duration) -> Result<Client, String> {
    // Whoever is second finds the first one's, which is as good.
    let _is_installed = rustls::crypto::ring::default_provider().install_default();
    builder
        .user_agent(concat!("insights/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_LIMIT)
        .tcp_nodelay(true)
        .http1_only()
        .referer(false)
        .build()
        .map_err(|error| chain(&error.without_url()))
}

fn headers(request: &HttpRequest) -> Result<HeaderMap, WireFault> {
    let mut map = HeaderMap::new();
    map.insert("content-type", HeaderValue::from_static("application/json"));
    map.insert("accept", HeaderValue::from_static("application/json"));
    for (name, text) in &request.headers {
        let (text, secret) = match text {
            HeaderText::Plain(text) => (text.as_str(), false),
            HeaderText::Secret(secret) => (secret.expose_secret(), true),
        };
        // Neither error shows the value.
        let bad = || WireFault {
            kind: WireKind::Request,
            detail: format!("header `{name}` holds a character that HTTP forbids; is there a line break in the key?"),
        };
        let mut value = HeaderValue::from_str(text).map_err(|_| bad())?;
        value.set_sensitive(secret);
        map.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(map)
}

fn fault(error: reqwest::Error) -> WireFault {
    let error = error.without_url();
    let detail = chain(&error);
    let words = detail.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    let kind = if says(&["invalid peer certificate", "certificate"]) {
        WireKind::Certificate
    } else if says(&["dns error", "failed to lookup address"]) {
        WireKind::Dns
    } else if says(&["proxy authorization required", "proxy authentication required"]) {
        WireKind::Proxy
    } else if says(&["corrupt message", "invalidcontenttype"]) {
        // TLS spoken to a port that speaks something else.
        WireKind::NotHttp
    } else if error.is_builder() {
        WireKind::Request
    } else if error.is_connect() {
        match () {
            () if says(&["connection refused"]) => WireKind::Refused,
            () if error.is_timeout() => WireKind::ConnectTimeout,
            () => WireKind::Connect,
        }
    } else if error.is_timeout() {
        WireKind::Timeout
    } else if says(&["message head is too large"]) {
        WireKind::HeadTooLarge
    } else if says(&[
        "invalid http",
        "invalid header",
        "invalid uri",
        "invalid status",
        "version parsed",
    ]) {
        WireKind::NotHttp
    } else if error.is_decode() && says(&["gzip", "deflate", "corrupt"]) && !says(&["end of file", "eof"]) {
        WireKind::Encoding
    } else {
        WireKind::Cut
    };
    WireFault { kind, detail }
}

/// The whole chain of causes: reqwest's own text is only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

/// The parts of a URL that decide whether a key may go there, as the client itself reads them.
pub(super) struct UrlParts {
    /// Normalised, without a trailing slash.
    pub text: String,
    pub scheme: String,
    pub host: String,
    pub port: Option<u16>,
    pub has_userinfo: bool,
    pub has_query: bool,
    pub has_fragment: bool,
}

pub(super) fn url_parts(text: &str) -> Option<UrlParts> {
    let url = Url::parse(text).ok()?;
    Some(UrlParts {
        text: url.as_str().trim_end_matches('/').to_owned(),
        scheme: url.scheme().to_owned(),
        host: url.host_str()?.to_owned(),
        port: url.port(),
        has_userinfo: !url.username().is_empty() || url.password().is_some(),
        has_query: url.query().is_some(),
        has_fragment: url.fragment().is_some(),
    })
}
