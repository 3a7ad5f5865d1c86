//! A scripted HTTP/1.1 server on loopback that can do what real hosts do wrong: hang, drip, cut, reset, talk nonsense.
//!
//! It runs on a thread of its own, so plain tests that start the real binary can use it as well as async ones.
//!
//! ```ignore
//! let server = Server::start([
//!     Rule::on("geographic", [Step::status(429).header("retry-after", "0.2"), Step::ok(openai("{}"))]),
//!     Rule::any([Step::ok(openai("{}"))]),
//! ]);
//! std::env::…("OPENAI_BASE_URL", server.url("/v1"));
//! ```
#![allow(dead_code, unreachable_pub, reason = "a toolbox: not every test uses every tool")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::fault_server::{Act, perform};

/// Steps for the requests whose path or body contains `needle`. The first matching rule of the script serves a request.
pub struct Rule {
    needle: String,
    steps: Vec<Step>,
    taken: usize,
}

impl Rule {
    pub fn on(needle: &str, steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            needle: needle.to_owned(),
            steps: steps.into_iter().collect(),
            taken: 0,
        }
    }

    pub fn any(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::on("", steps)
    }

    /// One step per request, the last one for ever.
    fn next(&mut self) -> Step {
        let step = self.steps[self.taken.min(self.steps.len() - 1)].clone();
        self.taken += 1;
        step
    }
}

/// What one request meets.
#[derive(Clone)]
pub struct Step {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    delay: Duration,
    manner: Manner,
    /// In place of all of the above.
    acts: Option<Vec<Act>>,
}

type Make = dyn Fn(&Recorded) -> Vec<u8> + Send + Sync;

#[derive(Clone)]
enum Body {
    Bytes(Vec<u8>),
    Made(Arc<Make>),
}

/// How the reply is delivered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Whole,
    /// Never answers, keeps the connection open.
    Hang,
    /// Promises the whole body, sends half, closes.
    CutLength,
    /// A chunked body that ends inside a chunk.
    CutChunked,
    /// No length, `connection: close`, half a body: looks whole on the wire.
    CutUnsized,
    /// Closes before a single byte.
    Close,
    /// Resets the connection.
    Reset,
    /// Not HTTP.
    Garbage,
    /// One byte per pause.
    Drip(Duration),
    /// Event by event, chunked, with a pause before each.
    Events(Duration, End),
}

/// How a stream of events ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Whole,
    /// Nothing more comes, and the connection stays open.
    Stall,
    /// Comments keep the connection open, and nothing more comes.
    Comments,
    /// The connection ends inside a chunk.
    Cut,
}

impl Step {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Body::Bytes(b"{}".to_vec()),
            delay: Duration::ZERO,
            manner: Manner::Whole,
            acts: None,
        }
    }

    /// What the wire does, byte by byte.
    pub fn acts(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: Some(acts.into_iter().collect()),
            ..Self::status(200)
        }
    }

    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).body(body)
    }

    /// A reply made from the request.
    pub fn made(make: impl Fn(&Recorded) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self {
            body: Body::Made(Arc::new(make)),
            ..Self::status(200)
        }
    }

    /// A stream of events.
    pub fn stream(body: impl Into<Vec<u8>>) -> Self {
        Self::ok(body).streamed(Duration::ZERO, End::Whole)
    }

    /// Delivers the body event by event.
    pub fn streamed(self, pause: Duration, end: End) -> Self {
        self.header("content-type", "text/event-stream")
            .manner(Manner::Events(pause, end))
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// Replaces a header of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }
}

/// A request as it came in.
#[derive(Clone)]
pub struct Recorded {
    pub at: Instant,
    pub method: String,
    pub path: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Recorded {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

pub struct Server {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    /// Done to a connection before anything is read from it.
    greeting: Option<Vec<Act>>,
    rules: Vec<Rule>,
    requests: Vec<Recorded>,
    connections: usize,
}

impl Server {
    pub fn start(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self::run(None, rules)
    }

    /// Speaks first, or never: every connection meets these acts and is not read.
    pub fn greeting(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::run(Some(acts.into_iter().collect()), [])
    }

    fn run(greeting: Option<Vec<Act>>, rules: impl IntoIterator<Item = Rule>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            greeting,
            rules: rules.into_iter().collect(),
            requests: Vec::new(),
            connections: 0,
        }));
        let (stop, stopped) = oneshot::channel();
        let seen = shared.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            // Dropping the runtime drops every connection.
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(listener, seen) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Every request gets the same steps in turn.
    pub fn with(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::start([Rule::any(steps)])
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().unwrap().requests.clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.lock().unwrap().connections
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Mutex<Shared>>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        shared.lock().unwrap().connections += 1;
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream, shared.clone()));
    }
}

/// One keep-alive connection.
async fn serve(mut stream: TcpStream, shared: Arc<Mutex<Shared>>) -> Option<()> {
    let mut buffer = Vec::new();
    let greeting = shared.lock().unwrap().greeting.clone();
    if let Some(acts) = greeting {
        return perform(&mut stream, &acts).await;
    }
    loop {
        let request = read_request(&mut stream, &mut buffer).await?;
        let step = {
            let mut shared = shared.lock().unwrap();
            shared.requests.push(request.clone());
            let whole = format!("{}\n{}", request.path, String::from_utf8_lossy(&request.body));
            let rule = shared.rules.iter_mut().find(|rule| whole.contains(&rule.needle));
            rule.map_or_else(|| Step::status(404), Rule::next)
        };
        if !step.delay.is_zero() {
            tokio::time::sleep(step.delay).await;
        }
        answer(&mut stream, &step, &request).await?;
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Recorded> {
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, buffer).await?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while buffer.len() < head_end + length {
        read_more(stream, buffer).await?;
    }
    let body = buffer[head_end..head_end + length].to_vec();
    buffer.drain(..head_end + length);
    Some(Recorded {
        at: Instant::now(),
        method,
        path,
        headers,
        body,
    })
}

async fn read_more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(buffer).await.ok()?;
    (read > 0).then_some(())
}

/// None ends the connection.
async fn answer(stream: &mut TcpStream, step: &Step, request: &Recorded) -> Option<()> {
    if let Some(acts) = &step.acts {
        return perform(stream, acts).await;
    }
    let body = match &step.body {
        Body::Bytes(bytes) => bytes.clone(),
        Body::Made(make) => make(request),
    };
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", step.status);
    for (name, value) in &step.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let sized = format!("{head}content-length: {}\r\n\r\n", body.len()).into_bytes();
    let half = &body[..body.len() / 2];
    match step.manner {
        Manner::Whole => {
            let mut whole = sized;
            whole.extend_from_slice(&body);
            stream.write_all(&whole).await.ok()
        }
        Manner::Hang => std::future::pending().await,
        Manner::CutLength => {
            let _ = stream.write_all(&sized).await;
            let _ = stream.write_all(half).await;
            close(stream).await
        }
        Manner::CutChunked => {
            let start = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len());
            let _ = stream.write_all(start.as_bytes()).await;
            let _ = stream.write_all(half).await;
            close(stream).await
        }
        Manner::CutUnsized => {
            let start = format!("{head}connection: close\r\n\r\n");
            let _ = stream.write_all(start.as_bytes()).await;
            let _ = stream.write_all(half).await;
            close(stream).await
        }
        Manner::Close => close(stream).await,
        Manner::Reset => {
            let _ = stream.set_zero_linger();
            None
        }
        Manner::Garbage => {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
            close(stream).await
        }
        Manner::Events(pause, end) => events(stream, &head, &body, pause, end).await,
        Manner::Drip(pause) => {
            for byte in sized.iter().chain(&body) {
                stream.write_all(std::slice::from_ref(byte)).await.ok()?;
                tokio::time::sleep(pause).await;
            }
            Some(())
        }
    }
}

async fn events(stream: &mut TcpStream, head: &str, body: &[u8], pause: Duration, end: End) -> Option<()> {
    let start = format!("{head}transfer-encoding: chunked\r\n\r\n");
    stream.write_all(start.as_bytes()).await.ok()?;
    let text = String::from_utf8_lossy(body);
    for event in text.split_inclusive("\n\n") {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        chunk(stream, event).await?;
    }
    match end {
        End::Whole => stream.write_all(b"0\r\n\r\n").await.ok(),
        End::Stall => std::future::pending().await,
        End::Comments => loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            chunk(stream, ": PROCESSING\n\n").await?;
        },
        End::Cut => {
            let _ = stream.write_all(b"ff\r\ndata: {").await;
            close(stream).await
        }
    }
}

async fn chunk(stream: &mut TcpStream, text: &str) -> Option<()> {
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    stream.write_all(chunk.as_bytes()).await.ok()
}

async fn close(stream: &mut TcpStream) -> Option<()> {
    let _ = stream.shutdown().await;
    None
}

/// A stream of chat completion chunks that says `text`, a few letters at a time.
pub fn openai_stream(text: &str) -> String {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        json!({"id": "c-1", "model": "answered-model", "choices": [choice]})
    };
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    chunks.extend(
        pieces(text)
            .into_iter()
            .map(|piece| chunk(json!({"content": piece}), Value::Null)),
    );
    chunks.push(chunk(json!({}), json!("stop")));
    chunks.push(json!({"id": "c-1", "choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}));
    let mut stream: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    stream.push_str("data: [DONE]\n\n");
    stream
}

/// A stream of message events that says `text`.
pub fn anthropic_stream(text: &str) -> String {
    let mut events = vec![
        json!({"type": "message_start", "message": {"model": "answered-model", "content": [],
            "usage": {"input_tokens": 100, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
    ];
    events.extend(pieces(text).into_iter().map(
        |piece| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}),
    ));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 10}}),
        json!({"type": "message_stop"}),
    ]);
    events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()))
        .collect()
}

/// A stream of `generateContent` replies that says `text`, with CRLF as Google sends it.
pub fn gemini_stream(text: &str) -> String {
    let pieces = pieces(text);
    let last = pieces.len() - 1;
    pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            let finish = if index == last { json!("STOP") } else { Value::Null };
            let reply = json!({
                "candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "finishReason": finish}],
                "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 10}, "modelVersion": "answered-model"
            });
            format!("data: {reply}\r\n\r\n")
        })
        .collect()
}

fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(40).map(|piece| piece.iter().collect()).collect()
}

/// A chat completion that says `text`.
pub fn openai(text: &str) -> String {
    json!({
        "id": "c-1", "model": "answered-model",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10}
    })
    .to_string()
}

/// A message that says `text`.
pub fn anthropic(text: &str) -> String {
    json!({
        "type": "message", "model": "answered-model", "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 100, "output_tokens": 10}
    })
    .to_string()
}

/// A `generateContent` reply that says `text`.
pub fn gemini(text: &str) -> String {
    json!({
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 10}, "modelVersion": "answered-model"
    })
    .to_string()
}

/// An error in OpenAI's shape.
pub fn error(code: &str, message: &str) -> String {
    json!({"error": {"code": code, "type": code, "message": message}}).to_string()
}
