//! A client for pages on loopback.

use reqwest::Client;
use reqwest::redirect::Policy;

/// Asks no proxy, and follows no redirect.
pub(crate) fn client() -> Client {
    // A client is made with cryptography, also where it speaks plain HTTP; another test may have been first.
    let _is_installed = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
}
