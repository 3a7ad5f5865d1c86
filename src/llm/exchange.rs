//! One HTTP exchange as plain values: what a dialect builds, what `wire` or the mock sends, and what comes back.
//!
//! Neither type implements `Debug`: a request holds a whole prompt and a key.

use std::borrow::Cow;

use secrecy::SecretString;

/// A POST of JSON to `path` below the vendor's base URL.
#[derive(Clone)]
pub(super) struct HttpRequest {
    pub path: String,
    pub headers: Vec<(String, HeaderText)>,
    pub body: Vec<u8>,
}

#[derive(Clone)]
pub(super) enum HeaderText {
    Plain(String),
    Secret(SecretString),
}

impl From<&str> for HeaderText {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

/// Status, lower-case headers and the decoded body, whole.
#[derive(Clone)]
pub(super) struct HttpReply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpReply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        // The lossy reading is several times as slow, and hardly ever needed.
        match std::str::from_utf8(&self.body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&self.body),
        }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Login pages, captive portals and Cloudflare: by content type, or by the first bytes when the type lies.
    pub(super) fn is_html(&self) -> bool {
        let typed = self
            .header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("text/html"));
        let start = self.body.iter().position(|byte| !byte.is_ascii_whitespace());
        typed || start.is_some_and(|start| self.body[start] == b'<')
    }
}
