//! The dashboard over real HTTP, and the exploration that it starts.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};

use crate::checks::Checks;
use crate::program::{OUTPUT, Program, TOPIC, ended};

const TRACE: &str = "trace.jsonl";
const PATIENCE: usize = 600;

pub(crate) fn webserver(program: &Program, checks: &mut Checks) {
    let mut command = program.command(TRACE, &["serve", "--addr", "127.0.0.1:0", "--stop-with-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let (host, token) = url.trim().split_once("/?token=").unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(talked(&Browser::at(host, token), checks));
    drop(child.stdin.take());
    checks.equal("exit code", ended(child), Some(130));
    let trace = program.trace(TRACE);
    let requests = trace.spans("http.request");
    let broken = requests.iter().filter(|span| span.number("status") >= 500).count();
    checks.that("requests are traced", requests.len() >= 6, requests.len());
    checks.equal("requests that break the server", broken, 0);
    checks.that(
        "no token is traced",
        !program.text(TRACE).contains(token),
        requests.len(),
    );
    let processes = ["serve", "explore"].map(|command| trace.processes(command).len());
    checks.equal("the dashboard and what it started", processes, [1, 1]);
    checks.equal("batches", trace.spans("explore.batch").len(), 4);
    let lines = program.text(&format!("{OUTPUT}/output.txt")).lines().count() as u64;
    checks.equal("lines of output.txt", lines, trace.sum("explore.dedup", "unique"));
}

struct Browser {
    client: Client,
    host: String,
    token: String,
}

impl Browser {
    fn at(host: &str, token: &str) -> Self {
        let _is_installed = rustls::crypto::ring::default_provider().install_default();
        Self {
            client: Client::builder().no_proxy().redirect(Policy::none()).build().unwrap(),
            host: host.to_owned(),
            token: token.to_owned(),
        }
    }

    async fn status(&self, path: &str, token: &str) -> u16 {
        let asked = self.client.get(format!("{}{path}", self.host)).bearer_auth(token);
        asked
            .send()
            .await
            .map(|reply| reply.status().as_u16())
            .unwrap_or_default()
    }

    async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let mut asked = self
            .client
            .request(method, format!("{}{path}", self.host))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            asked = asked.json(body);
        }
        let Ok(reply) = asked.send().await else {
            return Value::Null;
        };
        let bytes = reply.bytes().await.unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }
}

async fn talked(browser: &Browser, checks: &mut Checks) {
    for (path, token, expected) in [
        ("/", browser.token.as_str(), 200),
        ("/api/status", browser.token.as_str(), 200),
        ("/metrics", browser.token.as_str(), 200),
        ("/nowhere", browser.token.as_str(), 404),
        ("/api/status", "wrong", 401),
    ] {
        let who = if token == "wrong" { "a stranger" } else { "a guest" };
        checks.equal(
            &format!("{who} asks for {path}"),
            browser.status(path, token).await,
            expected,
        );
    }
    let start = json!({"kind": "explore", "topic": TOPIC, "provider": "mock", "producers": 2, "iterations": 2});
    let started = browser.json(Method::POST, "/api/start", Some(&start)).await;
    let id = started["job"]["id"].as_str().unwrap_or_default().to_owned();
    checks.that("an exploration is started", !id.is_empty(), &started);
    let mut run = Value::Null;
    for _ in 0..PATIENCE {
        run = browser.json(Method::GET, &format!("/api/runs/{id}"), None).await;
        if run["run"]["state"] == "iterations" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    checks.equal("it ends by itself", &run["run"]["state"], &json!("iterations"));
}
