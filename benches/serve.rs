//! What the dashboard costs while many watch: 200 viewers of one run with 50,000 events, half of them there before, half of them
//! appended while all watch. The real program serves; this process appends and watches. `cargo bench --bench serve`
//!
//! Prints the server's peak memory and the time from an append to its receipt, each with its bar, and ends with 1 if one is missed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, prints its figures, and says how it went"
)]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const VIEWERS: usize = 200;
const BEFORE: usize = 25_000;
const LIVE: usize = 25_000;
/// Events that are appended at once, and how often.
const AT_ONCE: usize = 20;
const EVERY: Duration = Duration::from_millis(20);

/// Megabytes.
const MEMORY_BAR: f64 = 100.0;
/// Milliseconds.
const TAIL_BAR: f64 = 100.0;

fn main() -> ExitCode {
    let place = tempfile::tempdir().unwrap();
    let run = place.path().join("run_logs/x");
    fs::create_dir_all(&run).unwrap();
    let mut journal = File::create(run.join("events.jsonl")).unwrap();
    let before: String = (1..=BEFORE).map(line).collect();
    journal.write_all(before.as_bytes()).unwrap();
    let server = Server::start(place.path());
    println!(
        "server at rest: {:.1} MB; {VIEWERS} viewers, {BEFORE} events before and {LIVE} live, {} a second",
        server.memory("VmRSS"),
        AT_ONCE as u128 * 1_000 / EVERY.as_millis()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (caught_up, delays) = runtime.block_on(watched(&server, &mut journal));
    println!("all had caught up after {:.2} s", caught_up.as_secs_f64());
    let missed = [
        judged("server's peak memory, MB", server.memory("VmHWM"), MEMORY_BAR),
        judged("append to receipt, median, ms", delays.percentile(50.0), TAIL_BAR),
        judged("append to receipt, p99, ms", delays.percentile(99.0), TAIL_BAR),
    ];
    println!(
        "the slowest: {:.1} ms; {} receipts",
        delays.percentile(100.0),
        delays.n()
    );
    assert_eq!(delays.n(), (VIEWERS * LIVE) as u64, "an event was lost or came twice");
    ExitCode::from(u8::from(missed.contains(&true)))
}

fn judged(what: &str, value: f64, bar: f64) -> bool {
    let word = if value <= bar { "ok" } else { "MISSED" };
    println!("{what:<34} {value:>9.2}   bar {bar:>6.0}   {word}");
    value > bar
}

/// As long as the lines of a real run are.
fn line(seq: usize) -> String {
    format!(
        "{{\"seq\":{seq},\"time\":\"2025-03-01T00:00:00Z\",\"event\":\"call.attempt\",\"role\":\"explore.p{}\",\"model\":\"mock:mock-1\",\"attempt\":1,\"attempts\":4}}\n",
        seq % 50
    )
}

/// Everybody catches up, then everybody hears what is appended: the time until the first, the delays of the second.
async fn watched(server: &Server, journal: &mut File) -> (Duration, Arc<Delays>) {
    let delays = Arc::new(Delays::new());
    let ready = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut viewers = JoinSet::new();
    for _ in 0..VIEWERS {
        let (delays, ready) = (Arc::clone(&delays), Arc::clone(&ready));
        let (host, token) = (server.host.clone(), server.token.clone());
        viewers.spawn(async move { watch(&host, &token, &ready, &delays).await });
    }
    while ready.load(Ordering::Relaxed) < VIEWERS as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let caught_up = begun.elapsed();
    let mut ticks = tokio::time::interval(EVERY);
    for first in (BEFORE + 1..=BEFORE + LIVE).step_by(AT_ONCE) {
        ticks.tick().await;
        let lines: String = (first..first + AT_ONCE).map(line).collect();
        delays.appended(first, AT_ONCE);
        journal.write_all(lines.as_bytes()).unwrap();
    }
    viewers.join_all().await;
    (caught_up, delays)
}

/// One viewer until it has heard the last event.
async fn watch(host: &str, token: &str, ready: &AtomicU64, delays: &Delays) {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /api/runs/x/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = vec![0; 64 * 1024];
    let mut rest = Vec::new();
    let mut expected = 1;
    while expected <= BEFORE + LIVE {
        let n = stream.read(&mut read).await.unwrap();
        assert!(n > 0, "the server hung up after event {}", expected - 1);
        let now = Instant::now();
        rest.extend_from_slice(&read[..n]);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = std::str::from_utf8(&rest[..whole]).unwrap();
        for part in text.split("\nid: ").skip(1) {
            let seq: usize = part.split('\n').next().unwrap().parse().unwrap();
            assert_eq!(seq, expected, "no gap, and nothing twice");
            expected += 1;
            if seq == BEFORE {
                ready.fetch_add(1, Ordering::Relaxed);
            }
            if seq > BEFORE {
                delays.received(seq, now);
            }
        }
        // The line end before the next `id:` may be the last byte.
        rest.drain(..whole.saturating_sub(1));
    }
}

/// When each live event was appended, and how often each delay was seen, in tenths of a millisecond.
struct Delays {
    start: Instant,
    appended: Vec<AtomicU64>,
    seen: Vec<AtomicU32>,
}

impl Delays {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            appended: (0..LIVE).map(|_| AtomicU64::default()).collect(),
            seen: (0..100_000).map(|_| AtomicU32::default()).collect(),
        }
    }

    fn micros(&self, at: Instant) -> u64 {
        at.duration_since(self.start).as_micros() as u64
    }

    fn appended(&self, first: usize, n: usize) {
        let now = self.micros(Instant::now());
        for seq in first..first + n {
            self.appended[seq - BEFORE - 1].store(now, Ordering::Relaxed);
        }
    }

    fn received(&self, seq: usize, at: Instant) {
        let delay = self.micros(at) - self.appended[seq - BEFORE - 1].load(Ordering::Relaxed);
        let place = (delay as usize / 100).min(self.seen.len() - 1);
        self.seen[place].fetch_add(1, Ordering::Relaxed);
    }

    fn n(&self) -> u64 {
        self.seen
            .iter()
            .map(|count| u64::from(count.load(Ordering::Relaxed)))
            .sum()
    }

    /// Milliseconds, rounded up to the next tenth.
    fn percentile(&self, percent: f64) -> f64 {
        let rank = (self.n() as f64 * percent / 100.0).ceil() as u64;
        let mut sum = 0;
        for (place, count) in self.seen.iter().enumerate() {
            sum += u64::from(count.load(Ordering::Relaxed));
            if sum >= rank {
                return (place + 1) as f64 / 10.0;
            }
        }
        f64::INFINITY
    }
}

struct Server {
    child: Child,
    host: String,
    token: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_insights"))
            .args(["serve", "--addr", "127.0.0.1:0", "--stop-with-stdin"])
            .current_dir(folder)
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
        let (host, token) = (host.to_owned(), token.to_owned());
        Self { child, host, token }
    }

    /// A figure of the kernel, in megabytes.
    fn memory(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let kilobytes: f64 = line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().unwrap();
        kilobytes / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}
