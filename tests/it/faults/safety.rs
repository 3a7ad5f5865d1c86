//! What may never leave: a key to a second host, a URL into an error.

use std::time::Duration;

use super::drive::{Calls, KEY, Place};
use super::scripts::good;
use crate::support::server::{Server, Step};

fn place(vendor: &'static str, base_url: String) -> Place {
    Place {
        vendor,
        base_url,
        attempt_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(10),
    }
}

#[tokio::test]
async fn a_redirect_never_carries_a_key_to_another_host() {
    for (vendor, path, header) in [
        ("openai", "/v1", "authorization"),
        ("anthropic", "", "x-api-key"),
        ("gemini", "", "x-goog-api-key"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let other = Server::with([good(vendor)]);
            let first = Server::with([Step::status(status).header("location", &other.url("/stolen?key=1"))]);
            let calls = Calls::new(&place(vendor, first.url(path)), 4, None);
            let failed = calls.call("geographic").await.unwrap_err();
            assert_eq!(failed.error.code.as_deref(), Some("redirect"));
            assert!(
                failed.error.message.contains("redirects to http://127.0.0.1"),
                "{failed}"
            );
            assert!(!failed.error.message.contains("stolen"), "{failed}");
            assert_eq!(other.connections(), 0, "{vendor} {status}");
            let requests = first.requests();
            assert_eq!(requests.len(), 1, "{vendor} {status}");
            assert!(
                requests[0].header(header).unwrap().ends_with(KEY),
                "the key went where it belongs"
            );
        }
    }
}

#[tokio::test]
async fn no_error_holds_a_url() {
    let server = Server::with([good("openai")]);
    let closed = server.url("/v1");
    drop(server);
    let calls = Calls::new(&place("openai", closed.clone()), 1, None);
    let failed = calls.call("geographic").await.unwrap_err();
    let said = format!("{failed:?} {failed} {:?}", calls.heard());
    assert!(!said.contains(&closed) && !said.contains("chat/completions"), "{said}");
    assert!(failed.error.message.contains("is the server running"), "{failed}");
}
