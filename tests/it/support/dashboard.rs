//! The dashboard of the real binary on a port of its own, and a client of it.
#![allow(unreachable_pub, reason = "a toolbox of one binary")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::run::Run;
use super::web;

/// A dashboard on a port of its own; ends with the test.
pub struct Dashboard {
    pub run: Run,
    child: Child,
    pub host: String,
    pub token: String,
    client: Client,
}

impl Dashboard {
    pub fn start(run: Run) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_insights"))
            .args(["serve", "--addr", "127.0.0.1:0", "--stop-with-stdin"])
            .current_dir(run.folder())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        let (host, token) = url
            .trim()
            .strip_prefix("http://")
            .unwrap()
            .split_once("/?token=")
            .unwrap();
        Self {
            run,
            child,
            host: host.to_owned(),
            token: token.to_owned(),
            client: web::client(),
        }
    }

    /// Without the token.
    pub fn stranger(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.host))
    }

    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.stranger(method, path).bearer_auth(&self.token)
    }

    pub async fn json(&self, path: &str) -> Value {
        let reply = self.ask(Method::GET, path).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let reply = self.ask(Method::POST, path).json(body).send().await.unwrap();
        let status = reply.status();
        (status, serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap())
    }

    /// Ids and names of the events after `after`, until one of that name has come or `most` have.
    pub async fn events(&self, after: u64, name: &str, most: usize) -> Vec<(u64, String)> {
        let ask = self.ask(Method::GET, "/api/runs/x/events");
        let mut reply = ask.header("last-event-id", after.to_string()).send().await.unwrap();
        assert_eq!(reply.headers()["content-type"], "text/event-stream");
        let (mut text, mut told) = (String::new(), Vec::new());
        while let Some(chunk) = reply.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((frame, rest)) = text.split_once("\n\n") {
                let field = |key: &str| frame.lines().find_map(|line| line.strip_prefix(key));
                if let Some(id) = field("id: ") {
                    told.push((id.parse().unwrap(), field("event: ").unwrap_or_default().to_owned()));
                }
                text = rest.to_owned();
                if told.len() == most || told.last().is_some_and(|(_, event)| event == name) {
                    return told;
                }
            }
        }
        told
    }

    /// Asks again until the answer is right.
    pub async fn until(&self, path: &str, right: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let reply = self.ask(Method::GET, path).send().await.unwrap();
            let value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
            if right(&value) {
                return value;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{path}: {value}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Dashboard {
    /// As when whoever started it ends.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}
