//! What the call layer costs, against a host on loopback in this process: time added to a call, calls per second as a share of
//! what a bare reqwest loop reaches on the same host, memory of a call in flight. `cargo bench --bench call_layer`
//!
//! Prints each figure with its bar, and ends with 1 if one is missed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, prints its figures, and says how it went"
)]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use insights::event::Events;
use insights::llm::{Llm, Options, PrivateHosts, Request, Route, Schema, Target, Vendor};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const CALLS: usize = 10_000;
/// Calls at once where a rate is measured.
const WIDE: usize = 64;
const ROUNDS: usize = 3;

/// Microseconds, as are the next.
const MEDIAN_BAR: f64 = 150.0;
const TAIL_BAR: f64 = 1_000.0;
const RATE_BAR: f64 = 0.70;
/// Kilobytes.
const MEMORY_BAR: f64 = 60.0;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = Server::start();
    let mut verdict = Verdict { missed: 0 };
    runtime.block_on(async {
        println!("added to a call (its whole time minus the wait for the provider):");
        for at_once in [1, 32, 256] {
            added(&server, at_once, &mut verdict).await;
        }
        println!("{CALLS} calls, {WIDE} at once, against a bare reqwest loop on the same host:");
        for reply in [Reply::Whole, Reply::Stream] {
            for against in [Bare::Answer, Bare::Bytes] {
                rate(&server, reply, against, &mut verdict).await;
            }
        }
        println!("memory of a call in flight, the host's side of it included:");
        for at_once in [256, 1024] {
            memory(&server, at_once, &mut verdict).await;
        }
    });
    runtime.shutdown_background();
    ExitCode::from(u8::from(verdict.missed > 0))
}

struct Verdict {
    missed: usize,
}

impl Verdict {
    fn hold(&mut self, what: &str, holds: bool, bar: &str) {
        self.missed += usize::from(!holds);
        let word = if holds { "holds" } else { "MISSED" };
        println!("  {what:<64} bar {bar:<9} {word}");
    }
}

/// How the host answers, as a part of its path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reply {
    Whole,
    Stream,
    Never,
}

impl Reply {
    fn path(self) -> &'static str {
        match self {
            Self::Whole => "/whole",
            Self::Stream => "/stream",
            Self::Never => "/never",
        }
    }
}

async fn added(server: &Server, at_once: usize, verdict: &mut Verdict) {
    let llm = server.llm(Reply::Whole);
    let n_calls = (at_once * 20).max(1_000);
    calls(&llm, at_once * 2, at_once).await;
    let mut added = calls(&llm, n_calls, at_once).await;
    added.sort();
    let micros = |share: f64| added[((added.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    let (median, tail) = (micros(0.5), micros(0.99));
    verdict.hold(
        &format!("{at_once:>4} at once: p50 {median:7.1} us"),
        median <= MEDIAN_BAR,
        "150 us",
    );
    verdict.hold(
        &format!("{at_once:>4} at once: p99 {tail:7.1} us"),
        tail <= TAIL_BAR,
        "1 ms",
    );
}

/// What the layer added to each of these calls.
async fn calls(llm: &Arc<Llm>, n_calls: usize, at_once: usize) -> Vec<Duration> {
    let mut tasks = JoinSet::new();
    for index in 0..at_once {
        let llm = llm.clone();
        let own = n_calls / at_once + usize::from(index < n_calls % at_once);
        tasks.spawn(async move {
            let request = request();
            let mut added = Vec::with_capacity(own);
            for _ in 0..own {
                let begun = Instant::now();
                let completion = llm.complete(&request, None).await.unwrap();
                added.push(begun.elapsed().saturating_sub(completion.provider_wait));
            }
            added
        });
    }
    tasks.join_all().await.concat()
}

/// What the layer's loop is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// A loop that has the answer in the end: it writes its body and takes the text out of the reply with `serde_json`.
    Answer,
    /// One that always sends the same bytes, and lets those of the reply fall unread.
    Bytes,
}

async fn rate(server: &Server, reply: Reply, against: Bare, verdict: &mut Verdict) {
    let llm = server.llm(reply);
    let client = bare_client();
    let mut ratios = Vec::new();
    for round in 0..=ROUNDS {
        let begun = Instant::now();
        bare_calls(&client, server, reply, against).await;
        let bare = begun.elapsed();
        let begun = Instant::now();
        calls(&llm, CALLS, WIDE).await;
        let layer = begun.elapsed();
        // The first round only warms up.
        if round > 0 {
            ratios.push((bare.as_secs_f64() / layer.as_secs_f64(), bare, layer));
        }
    }
    ratios.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (ratio, bare, layer) = ratios[ROUNDS / 2];
    let per_second = |took: Duration| CALLS as f64 / took.as_secs_f64();
    let kind = match reply {
        Reply::Stream => "streams",
        Reply::Whole | Reply::Never => "whole replies",
    };
    let figure = format!(
        "{kind}: {:.0} of {:.0} calls a second, {:.0} %",
        per_second(layer),
        per_second(bare),
        ratio * 100.0
    );
    match against {
        Bare::Answer => verdict.hold(&figure, ratio >= RATE_BAR, "70 %"),
        Bare::Bytes => println!("  {figure:<64} of a loop that reads nothing"),
    }
}

fn bare_client() -> reqwest::Client {
    let _is_installed = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    client.tcp_nodelay(true).http1_only().build().unwrap()
}

async fn bare_calls(client: &reqwest::Client, server: &Server, reply: Reply, bare: Bare) {
    let url = format!("{}{}/chat/completions", server.url(), reply.path());
    let request = Arc::new(request());
    let mut tasks = JoinSet::new();
    for index in 0..WIDE {
        let (client, url, request) = (client.clone(), url.clone(), request.clone());
        let own = CALLS / WIDE + usize::from(index < CALLS % WIDE);
        tasks.spawn(async move {
            let written = bare_body(&request);
            for _ in 0..own {
                let body = match bare {
                    Bare::Answer => bare_body(&request),
                    Bare::Bytes => written.clone(),
                };
                let post = client.post(&url).header("content-type", "application/json");
                let bytes = post.body(body).send().await.unwrap().bytes().await.unwrap();
                match (bare, reply) {
                    (Bare::Bytes, _) => assert!(!bytes.is_empty()),
                    (Bare::Answer, Reply::Stream) => assert!(text_of_stream(&bytes).len() > 1_000),
                    (Bare::Answer, _) => assert!(text_of_reply(&bytes).len() > 1_000),
                }
            }
        });
    }
    tasks.join_all().await;
}

fn bare_body(request: &Request) -> String {
    let schema = request.schema.as_ref().map(|schema| &schema.value);
    json!({
        "model": "bench",
        "max_tokens": request.max_output_tokens,
        "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": request.prompt}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "strict": true, "schema": schema}},
    })
    .to_string()
}

fn text_of_reply(body: &[u8]) -> String {
    let reply: Value = serde_json::from_slice(body).unwrap();
    reply["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

fn text_of_stream(body: &[u8]) -> String {
    let lines = std::str::from_utf8(body).unwrap().lines();
    let events = lines
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]");
    let chunks = events.map(|data| serde_json::from_str(data).unwrap());
    let pieces = chunks.map(|chunk: Value| {
        chunk["choices"][0]["delta"]["content"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    });
    pieces.collect()
}

async fn memory(server: &Server, at_once: usize, verdict: &mut Verdict) {
    let llm = server.llm(Reply::Never);
    let held = |n_calls: usize| {
        let mut tasks = JoinSet::new();
        for _ in 0..n_calls {
            let llm = llm.clone();
            tasks.spawn(async move { llm.complete(&request(), None).await.is_ok() });
        }
        tasks
    };
    let mut first = held(8);
    settle(server, 8).await;
    let before = resident_kilobytes();
    let mut tasks = held(at_once);
    settle(server, at_once + 8).await;
    let grown = resident_kilobytes().saturating_sub(before) as f64 / at_once as f64;
    tasks.abort_all();
    first.abort_all();
    while tasks.join_next().await.is_some() || first.join_next().await.is_some() {}
    settle(server, 0).await;
    verdict.hold(
        &format!("{at_once:>4} at once: {grown:5.1} KB a call"),
        grown <= MEMORY_BAR,
        "60 KB",
    );
}

/// Until so many requests are held, and all else has come to rest.
async fn settle(server: &Server, n_held: usize) {
    while server.held.load(std::sync::atomic::Ordering::SeqCst) != n_held {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
}

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn prompt() -> String {
    "table G1 [countries] Countries\nid|country|users|change_pct\ng1|DE|116|-45.3\n".repeat(50)
}

fn request() -> Request {
    Request {
        role: "geographic".to_owned(),
        system: "be brief".to_owned(),
        prompt: prompt(),
        schema: Some(Schema {
            name: "reply".to_owned(),
            value: json!({"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]}),
        }),
        max_output_tokens: 4096,
        temperature: None,
    }
}

/// The least that speaks HTTP/1.1 with keep-alive, on a thread of its own.
struct Server {
    address: SocketAddr,
    /// Requests that are never answered.
    held: Arc<std::sync::atomic::AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let held = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = held.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let replies = Arc::new((whole_reply(), stream_reply()));
                while let Ok((stream, _)) = listener.accept().await {
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(serve(stream, replies.clone(), counter.clone()));
                }
            });
        });
        Self { address, held }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn llm(&self, reply: Reply) -> Arc<Llm> {
        let vendor = Vendor::compatible("lab")
            .with_base_url(
                &format!("{}{}", self.url(), reply.path()),
                "bench",
                PrivateHosts::Refused,
            )
            .unwrap();
        let options = Options {
            vendors: vec![vendor],
            routes: Route::to([Target::new("lab", "bench")]),
            ..Options::default()
        };
        Arc::new(Llm::new(options, None, Events::silent()).unwrap())
    }
}

async fn serve(
    mut stream: TcpStream,
    replies: Arc<(Vec<u8>, Vec<u8>)>,
    held: Arc<std::sync::atomic::AtomicUsize>,
) -> Option<()> {
    use std::sync::atomic::Ordering::SeqCst;
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            (stream.read_buf(&mut buffer).await.ok()? > 0).then_some(())?;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1)?;
        let length: usize = length.split("\r\n").next()?.parse().ok()?;
        while buffer.len() < end + length {
            (stream.read_buf(&mut buffer).await.ok()? > 0).then_some(())?;
        }
        buffer.drain(..end + length);
        if head.starts_with("post /never") {
            held.fetch_add(1, SeqCst);
            let gone = stream.read_buf(&mut buffer).await;
            held.fetch_sub(1, SeqCst);
            gone.ok()?;
            return None;
        }
        let reply = if head.starts_with("post /stream") {
            &replies.1
        } else {
            &replies.0
        };
        stream.write_all(reply).await.ok()?;
    }
}

fn answer() -> String {
    json!({"summary": "Active users of DE fell while the total rose. ".repeat(40)}).to_string()
}

fn whole_reply() -> Vec<u8> {
    let body = json!({
        "id": "c", "model": "bench",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": answer()}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 400}
    })
    .to_string();
    http("application/json", &body)
}

/// About 120 events.
fn stream_reply() -> Vec<u8> {
    let chunk = |delta: Value, finish: Value| json!({"id": "c", "model": "bench", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    let letters: Vec<char> = answer().chars().collect();
    let mut events: Vec<Value> = letters
        .chunks(16)
        .map(|piece| chunk(json!({"content": piece.iter().collect::<String>()}), Value::Null))
        .collect();
    events.push(chunk(json!({}), json!("stop")));
    events.push(json!({"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 400}}));
    let mut body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    body.push_str("data: [DONE]\n\n");
    http("text/event-stream", &body)
}

fn http(kind: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
