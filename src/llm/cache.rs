//! What makes two calls the same: the base URL, the path and the exact bytes of the body. Nothing is chosen by hand, so a
//! parameter cannot be forgotten; the key never takes part.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::dialect::Decoded;
use super::exchange::HttpRequest;
use super::types::{Finish, Usage};
use super::vendor::Vendor;

/// Whether finished replies are read and kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheMode {
    #[default]
    Off,
    On,
    /// Asks again and keeps the new replies.
    Refresh,
}

pub(super) fn key(vendor: &Vendor, http: &HttpRequest) -> String {
    let mut hash = Sha256::new();
    for part in [vendor.base_url.as_bytes(), http.path.as_bytes(), &http.body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[derive(Serialize, Deserialize)]
struct Stored {
    text: String,
    answered_model: Option<String>,
}

/// The value to keep, if the reply is a whole one.
pub(super) fn write(decoded: &Decoded) -> Option<String> {
    if decoded.finish != Finish::Stop {
        return None;
    }
    let stored = Stored {
        text: decoded.text.clone(),
        answered_model: decoded.answered_model.clone(),
    };
    serde_json::to_string(&stored).ok()
}

/// A kept reply takes no tokens and costs nothing.
pub(super) fn read(value: &str) -> Option<Decoded> {
    let stored: Stored = serde_json::from_str(value).ok()?;
    Some(Decoded {
        text: stored.text,
        finish: Finish::Stop,
        usage: Usage::default(),
        answered_model: stored.answered_model,
        cost_usd: Some(0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_byte_makes_another_key() {
        let vendor = Vendor::known("openai").expect("a row");
        let http = |path: &str, body: &str| HttpRequest {
            path: path.into(),
            headers: Vec::new(),
            body: body.into(),
        };
        let first = key(&vendor, &http("/a", "b"));
        assert_eq!(
            first,
            key(
                &vendor.clone().with_key("other".into(), "test"),
                &http("/a", "b")
            )
        );
        assert_ne!(first, key(&vendor, &http("/ab", "")));
        assert_ne!(first, key(&vendor, &http("/a", "b ")));
        assert_ne!(
            first,
            key(
                &Vendor {
                    base_url: "https://other".into(),
                    ..vendor
                },
                &http("/a", "b")
            )
        );
    }
}
