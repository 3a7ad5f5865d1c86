//! Which base URLs may receive a key: https anywhere public, http only on this machine or, when asked for, on a private network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::wire::{UrlParts, url_parts};

/// Whether plain http may leave this machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrivateHosts {
    #[default]
    Refused,
    /// `--allow-private-base-url`: http to hosts of a private network, the key travels in the clear there.
    Allowed,
}

/// Never shows the URL: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("base url refused: {why}")]
pub struct BadBaseUrl {
    pub why: String,
}

/// The URL without a trailing slash, or why a key must not go there.
pub fn check_base_url(url: &str, private: PrivateHosts) -> Result<String, BadBaseUrl> {
    let bad = |why: &str| BadBaseUrl { why: why.to_owned() };
    let parts = url_parts(url.trim()).ok_or_else(|| bad("it is not a URL with a host"))?;
    if parts.has_userinfo {
        return Err(bad("it holds a user name or password"));
    }
    if parts.has_query || parts.has_fragment {
        return Err(bad("it holds a query or a fragment"));
    }
    let reach = reach(&parts);
    match (parts.scheme.as_str(), reach) {
        (_, Reach::Forbidden) => Err(bad("link-local and metadata hosts never receive a key")),
        ("https", _) | ("http", Reach::Loopback) => Ok(parts.text),
        ("http", Reach::Private) if private == PrivateHosts::Allowed => Ok(parts.text),
        ("http", Reach::Private) => Err(bad("plain http to a private host needs --allow-private-base-url")),
        ("http", Reach::Public) => Err(bad("plain http would send the key in the clear; use https")),
        _ => Err(bad("only https (and http on this machine) is spoken")),
    }
}

/// Is it on this machine? Such calls take no proxy and no TLS roots.
pub(super) fn is_loopback(url: &str) -> bool {
    url_parts(url).is_some_and(|parts| reach(&parts) == Reach::Loopback)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Loopback,
    Private,
    Public,
    Forbidden,
}

fn reach(parts: &UrlParts) -> Reach {
    let host = parts.host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return address_reach(address);
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    const METADATA: [&str; 5] = [
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "instance-data",
    ];
    if METADATA.contains(&host.as_str()) || host.ends_with(".metadata.google.internal") {
        return Reach::Forbidden;
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Reach::Loopback;
    }
    const PRIVATE: [&str; 5] = [".local", ".internal", ".lan", ".home.arpa", ".intranet"];
    if !host.contains('.') || PRIVATE.iter().any(|suffix| host.ends_with(suffix)) {
        return Reach::Private;
    }
    Reach::Public
}

fn address_reach(address: IpAddr) -> Reach {
    let address = match address {
        IpAddr::V6(six) => inner(six).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    match address {
        IpAddr::V4(four) if four.is_loopback() => Reach::Loopback,
        IpAddr::V4(four) if four.is_link_local() || four == ALIBABA_METADATA => Reach::Forbidden,
        IpAddr::V4(four) if four.is_unspecified() || four.is_multicast() || four.is_broadcast() => Reach::Forbidden,
        IpAddr::V4(four) if four.is_private() || is_shared(four) => Reach::Private,
        IpAddr::V6(six) if six.is_loopback() => Reach::Loopback,
        IpAddr::V6(six) if six.is_unicast_link_local() || six == AWS_METADATA => Reach::Forbidden,
        IpAddr::V6(six) if six.is_unspecified() || six.is_multicast() => Reach::Forbidden,
        IpAddr::V6(six) if six.is_unique_local() => Reach::Private,
        _ => Reach::Public,
    }
}

/// The address that a mapped (`::ffff:a.b.c.d`) or translated (`64:ff9b::a.b.c.d`, NAT64) one stands for.
fn inner(six: Ipv6Addr) -> Option<Ipv4Addr> {
    let translated = match six.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    };
    six.to_ipv4_mapped().or(translated)
}

const ALIBABA_METADATA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// 100.64.0.0/10: carrier-grade NAT and Tailscale.
fn is_shared(four: Ipv4Addr) -> bool {
    let [first, second, ..] = four.octets();
    first == 100 && (64..128).contains(&second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_only_where_they_may() {
        for (url, private, accepted) in [
            (
                "https://api.openai.com/v1",
                "refused",
                Some("https://api.openai.com/v1"),
            ),
            (
                "https://api.openai.com/v1/",
                "refused",
                Some("https://api.openai.com/v1"),
            ),
            ("https://10.0.0.7/v1", "refused", Some("https://10.0.0.7/v1")),
            (
                "http://localhost:11434/v1",
                "refused",
                Some("http://localhost:11434/v1"),
            ),
            ("http://127.0.0.1:8000", "refused", Some("http://127.0.0.1:8000")),
            ("http://127.9.9.9:8000", "refused", Some("http://127.9.9.9:8000")),
            ("http://[::1]:8000/v1", "refused", Some("http://[::1]:8000/v1")),
            ("http://api.openai.com/v1", "allowed", None),
            ("http://10.0.0.7:8000/v1", "refused", None),
            ("http://10.0.0.7:8000/v1", "allowed", Some("http://10.0.0.7:8000/v1")),
            ("http://ollama:11434/v1", "allowed", Some("http://ollama:11434/v1")),
            ("https://user:secret@host.example/v1", "allowed", None),
            ("http://127.0.0.1@evil.example/", "allowed", None),
            ("https://host.example/v1?key=1", "allowed", None),
            ("https://host.example/v1#x", "allowed", None),
            ("http://169.254.169.254/latest", "allowed", None),
            ("https://169.254.169.254/latest", "allowed", None),
            ("http://0xa9fea9fe/", "allowed", None),
            ("http://[::ffff:169.254.169.254]/", "allowed", None),
            ("https://[64:ff9b::a9fe:a9fe]/", "allowed", None),
            ("http://[fe80::1]/", "allowed", None),
            ("https://metadata.google.internal/", "allowed", None),
            ("http://0.0.0.0:8000/", "allowed", None),
            ("ftp://host.example/", "allowed", None),
            ("file:///etc/passwd", "allowed", None),
            ("not a url", "allowed", None),
            ("", "allowed", None),
        ] {
            let private = match private {
                "allowed" => PrivateHosts::Allowed,
                _ => PrivateHosts::Refused,
            };
            assert_eq!(check_base_url(url, private).ok().as_deref(), accepted, "{url}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_url() {
        let refused = check_base_url("https://u:CANARY@host/", PrivateHosts::Refused).unwrap_err();
        assert!(!refused.to_string().contains("CANARY"));
    }
}
