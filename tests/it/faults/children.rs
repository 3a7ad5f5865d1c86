//! Faults of the machine around: certificates, names, proxies, no CA store. The environment decides them and nobody may
//! change a running process's, so each group runs in a process of its own: this binary, one ignored test.

use std::process::Command;
use std::time::Duration;

use super::drive::{Calls, Place, observe_at};
use super::scripts::good;
use super::table::{Line, lines};
use crate::support::fault_server::Act;
use crate::support::server::{Server, Step, openai};
use crate::support::tls_server::{Authority, Shown, TlsServer};

pub(super) const CASES: &[&str] = &[
    "66 dns",
    "67 unknown-ca",
    "67 name",
    "67 expired",
    "67 ca-as-leaf",
    "68 silent",
    "68 plain",
    "69 no-store",
    "70 tunnel",
];

/// Only with this is a child a child; alone, `--ignored` finds nothing to do.
const CHILD: &str = "FAULTS_CHILD";

/// Runs one ignored test of this binary with these variables and no proxy but theirs.
fn child(test: &str, environment: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command
        .args([
            "--exact",
            &format!("faults::children::{test}"),
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .envs(environment.iter().copied());
    let output = command.output().unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{errors}");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

fn place(base_url: String) -> Place {
    Place {
        vendor: "openai",
        base_url,
        attempt_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(20),
    }
}

async fn check(case: &str, place: &Place) {
    let line = lines().into_iter().find(|line| line.case == case).unwrap();
    let observed = observe_at(case, place, &line.wait).await;
    assert_eq!(observed, Line { exit: 0, ..line });
}

#[test]
fn names_and_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("ca.pem");
    child(
        "in_a_world_with_one_authority",
        &[("SSL_CERT_FILE", store.to_str().unwrap())],
    );
}

#[tokio::test]
#[ignore = "a child of `names_and_certificates`"]
async fn in_a_world_with_one_authority() {
    if !is_child() {
        return;
    }
    let (authority, stranger) = (Authority::new(), Authority::new());
    std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), authority.pem()).unwrap();

    let trusted = TlsServer::start(&authority, Shown::Good, openai("{}"));
    let calls = Calls::new(&place(trusted.url("/v1")), 1, None);
    assert_eq!(
        calls.call("geographic").await.unwrap().text,
        "{}",
        "a good certificate is accepted"
    );

    for (case, authority, shown) in [
        ("67 unknown-ca", &stranger, Shown::Good),
        ("67 name", &authority, Shown::OtherName),
        ("67 expired", &authority, Shown::Expired),
        ("67 ca-as-leaf", &authority, Shown::CaAsLeaf),
    ] {
        let server = TlsServer::start(authority, shown, openai("{}"));
        check(case, &place(server.url("/v1"))).await;
        assert!(server.connections() > 0, "{case}");
        let calls = Calls::new(&place(server.url("/v1")), 1, None);
        let failed = calls.call("geographic").await.unwrap_err();
        assert_eq!(failed.error.code.as_deref(), Some("certificate"), "{case}: {failed}");
        let says_clock = failed.error.message.contains("system clock");
        assert_eq!(says_clock, shown == Shown::Expired, "{case}: {failed}");
    }

    let secure = |server: &Server| server.url("/v1").replace("http://127.0.0.1", "https://localhost");
    let silent = Server::greeting([Act::Hang]);
    let hasty = Place {
        connect_timeout: Duration::from_millis(700),
        ..place(secure(&silent))
    };
    check("68 silent", &hasty).await;
    let plain = Server::greeting([Act::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Act::Close]);
    check("68 plain", &place(secure(&plain))).await;

    check("66 dns", &place("https://no-such-host.invalid/v1".to_owned())).await;
}

#[test]
fn no_ca_store() {
    let nowhere = ("/nonexistent", "/nonexistent");
    child(
        "in_a_world_without_authorities",
        &[("SSL_CERT_FILE", nowhere.0), ("SSL_CERT_DIR", nowhere.1)],
    );
}

/// The other model that `check` asks is on loopback: it answers, so a missing store costs only what needs one.
#[tokio::test]
#[ignore = "a child of `no_ca_store`"]
async fn in_a_world_without_authorities() {
    if !is_child() {
        return;
    }
    check("69 no-store", &place("https://llm.example/v1".to_owned())).await;
}

#[test]
fn a_proxy_that_wants_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("ca.pem");
    std::fs::write(&store, Authority::new().pem()).unwrap();
    let proxy = Server::with([Step::status(407).body("")]);
    let url = proxy.url("");
    let variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, url.as_str()));
    let mut environment = variables.to_vec();
    environment.push(("SSL_CERT_FILE", store.to_str().unwrap()));
    child("in_a_world_behind_a_proxy", &environment);
    let requests = proxy.requests();
    assert!(!requests.is_empty());
    for request in requests {
        let seen = (request.method.as_str(), request.path.as_str());
        assert_eq!(seen, ("CONNECT", "llm.example:443"), "loopback takes no proxy");
        assert!(request.headers.iter().all(|(_, value)| !value.contains("CANARY")));
    }
}

#[tokio::test]
#[ignore = "a child of `a_proxy_that_wants_a_password`"]
async fn in_a_world_behind_a_proxy() {
    if !is_child() {
        return;
    }
    let local = Server::with([good("openai")]);
    let calls = Calls::new(&place(local.url("/v1")), 1, None);
    calls.call("geographic").await.unwrap();
    check("70 tunnel", &place("https://llm.example/v1".to_owned())).await;
}
