//! What makes two calls the same: the base URL, the path and the exact bytes of the body. Nothing is chosen by hand, so a
//! parameter cannot be forgotten; the key never takes part.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::dialect::Decoded;
use super::exchange::HttpRequest;
use super::types::{Finish, Usage};
use super::vendor::Vendor;
use crate::store::Store;

/// Whether finished replies are read and kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheMode {
    #[default]
    Off,
    On,
    /// Asks again and keeps the new replies.
    Refresh,
}

/// The replies kept from earlier calls, if there is a store and the mode wants it.
pub(super) struct Cache {
    mode: CacheMode,
    store: Option<Store>,
}

impl Cache {
    pub(super) fn new(mode: CacheMode, store: Option<Store>) -> Self {
        Self { mode, store }
    }

    /// None when this call is neither looked up nor kept; the mock never is.
    pub(super) fn key(&self, vendor: &Vendor, http: &HttpRequest) -> Option<String> {
        let wanted = self.mode != CacheMode::Off && !vendor.is_mock() && self.store.is_some();
        wanted.then(|| key(vendor, http))
    }

    pub(super) async fn find(&self, key: Option<&str>) -> Option<Decoded> {
        if self.mode != CacheMode::On {
            return None;
        }
        let (store, key) = (self.store.clone()?, key?.to_owned());
        let value = tokio::task::spawn_blocking(move || store.cached(&key)).await.ok()??;
        read(&value)
    }

    /// The store writes on a thread of its own: nobody waits for it.
    pub(super) fn keep(&self, key: Option<&str>, decoded: &Decoded) {
        if let (Some(store), Some(key), Some(value)) = (&self.store, key, write(decoded)) {
            store.remember(key, &value);
        }
    }
}

fn key(vendor: &Vendor, http: &HttpRequest) -> String {
    let mut hash = Sha256::new();
    for part in [vendor.base_url.as_bytes(), http.path.as_bytes(), &http.body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize, Deserialize)]
struct Stored {
    text: String,
    answered_model: Option<String>,
}

/// The value to keep, if the reply is a whole one.
fn write(decoded: &Decoded) -> Option<String> {
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
fn read(value: &str) -> Option<Decoded> {
    let stored: Stored = serde_json::from_str(value).ok()?;
    Some(Decoded {
        text: stored.text,
        finish: Finish::Stop,
        usage: Usage::default(),
        answered_model: stored.answered_model,
        cost_usd: Some(0.0),
        first_token: None,
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
            key(&vendor.clone().with_key("other".into(), "test"), &http("/a", "b"))
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
