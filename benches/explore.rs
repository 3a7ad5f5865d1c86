//! What an exploration costs: attributes that the owner accepts per second of a core, memory of ten million unique ones, and how many
//! of the calls that producers could make are made. `cargo bench --bench explore`
//!
//! Prints each figure with its bar, and ends with 1 if one is missed. Words behind `--` narrow it: `rates`, `memory`, `calls`, and
//! `small` for the memory of a million attributes only.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, prints its figures, and says how it went"
)]

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use insights::event::Events;
use insights::flow::explore::dedup::{Known, Options as Dedup};
use insights::flow::explore::{Book, Crew, Desk, Optimizer, OptimizerKind, Producers, Settings, Stop, explore};
use insights::llm::{Llm, MockOptions, Options, Route, Target, Vendor};
use insights::prompt::{self, Prompts};
use insights::store::session::Session;

const EXACT_BAR: f64 = 1_000_000.0;
const NEAR_BAR: f64 = 100_000.0;
/// Bytes.
const MEMORY_BAR: f64 = 2e9;
const CALLS_BAR: f64 = 0.95;

/// What a process is told that only measures memory.
const REMEMBER: &str = "remember";
const MANY: u64 = 10_000_000;
const PRODUCERS: usize = 64;
const LATENCY: Duration = Duration::from_millis(100);
const ITERATIONS: u64 = 40;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == REMEMBER) {
        let options = if arguments[place + 1] == "exact" {
            EXACT
        } else {
            Dedup::default()
        };
        remember(options, arguments[place + 2].parse().unwrap());
        return ExitCode::SUCCESS;
    }
    let says = |word: &str| arguments.iter().any(|argument| argument == word);
    let wants = |part: &str| says(part) || !["rates", "memory", "calls"].iter().any(|part| says(part));
    let mut verdict = Verdict { holds: true };
    if wants("rates") {
        accepted(&mut verdict, "exact", EXACT, EXACT_BAR);
        accepted(&mut verdict, "near", Dedup::default(), NEAR_BAR);
    }
    if wants("memory") {
        let n_unique = if says("small") { MANY / 10 } else { MANY };
        for (name, bar) in [("exact", EXACT_BAR), ("near", NEAR_BAR)] {
            remembered(&mut verdict, name, n_unique, bar);
        }
    }
    if wants("calls") {
        called(&mut verdict, "without a limit", None);
        called(&mut verdict, "limited to 100 a second", Some(100));
    }
    ExitCode::from(u8::from(!verdict.holds))
}

const EXACT: Dedup = Dedup {
    near: None,
    semantic: None,
};

struct Verdict {
    holds: bool,
}

impl Verdict {
    fn hold(&mut self, figure: &str, holds: bool, bar: &str) {
        self.holds &= holds;
        println!("{} {figure} (bar: {bar})", if holds { "ok    " } else { "MISSED" });
    }
}

/// As models say them: a third is new, the others repeat earlier ones as they are or in another wording.
fn accepted(verdict: &mut Verdict, name: &str, options: Dedup, bar: f64) {
    const SAID: u64 = 1_500_000;
    let mut best: f64 = 0.0;
    for round in 0..3 {
        let said: Vec<String> = (0..SAID)
            .map(|number| match number % 3 {
                0 => attribute(number / 3 + round * SAID),
                1 => attribute(mixed(number) % (number / 3 + 1) + round * SAID),
                _ => format!("The {}s", attribute(mixed(number) % (number / 3 + 1) + round * SAID)),
            })
            .collect();
        let mut known = Known::new(options);
        let begun = busy();
        for form in &said {
            known.accept(form, None);
        }
        best = best.max(SAID as f64 / (busy() - begun).as_secs_f64());
        assert!(known.len() as u64 >= SAID / 4, "{}", known.len());
    }
    verdict.hold(
        &format!("{name}: {best:>9.0} attributes accepted per second of a core"),
        best >= bar,
        &format!("{bar:.0}"),
    );
}

/// In a process of its own, whose memory holds nothing else.
fn remembered(verdict: &mut Verdict, name: &str, n_unique: u64, bar: f64) {
    let own = std::env::current_exe().unwrap();
    let asked = Command::new(own)
        .args([REMEMBER, name, &n_unique.to_string()])
        .output()
        .unwrap();
    let told = String::from_utf8(asked.stdout).unwrap();
    let told: Vec<f64> = told.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let (grown, rate) = (told[0], told[1]);
    verdict.hold(
        &format!(
            "{name}: {:.0} bytes for each of {n_unique} unique attributes, {:.2} GB at most",
            grown / n_unique as f64,
            grown / 1e9
        ),
        grown <= MEMORY_BAR * n_unique as f64 / MANY as f64,
        "2 GB for 10,000,000",
    );
    verdict.hold(
        &format!("{name}: {rate:>9.0} a second of a core while each is new"),
        rate >= bar,
        &format!("{bar:.0}"),
    );
}

/// Prints the bytes that it took at most, and attributes per second.
fn remember(options: Dedup, n_unique: u64) {
    let before = resident_bytes("VmHWM:");
    let begun = busy();
    let mut known = Known::new(options);
    let mut text = String::new();
    let mut number = 0;
    while (known.len() as u64) < n_unique {
        text.clear();
        write_attribute(&mut text, number);
        known.accept(&text, None);
        number += 1;
    }
    let took = busy() - begun;
    let grown = resident_bytes("VmHWM:").saturating_sub(before);
    println!("{grown} {}", number as f64 / took.as_secs_f64());
}

/// `a_second` is what the limiter allows; without it, as many as producers can make who always wait for one reply.
fn called(verdict: &mut Verdict, name: &str, a_second: Option<u32>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = Target::new("mock", "mock-1");
    let options = Options {
        vendors: Vendor::all(),
        routes: Route::to([target.clone()]),
        mock: MockOptions {
            script: None,
            latency: LATENCY,
        },
        requests_per_minute: a_second,
        // What counts as a minute.
        rate_window: Duration::from_secs(1),
        call_timeout: Duration::from_secs(600),
        ..Options::default()
    };
    let settings = Settings {
        topic: "glass bottle".to_owned(),
        producers: PRODUCERS,
        iterations: Some(ITERATIONS),
        request_size: 60,
        optimizer: OptimizerKind::Adaptive,
        target: None,
        stop_below: None,
        dedup: Dedup::default(),
        models: vec![target.to_string()],
        embedding_model: None,
        processes: false,
        max_cost_usd: None,
        deadline: None,
        session: Session::none(),
    };
    let begun = Instant::now();
    let made = runtime.block_on(async {
        let book = Book::create(folder.path(), &settings.topic, settings.dedup).unwrap();
        let desk = Desk {
            llm: Arc::new(Llm::new(options, None, Events::silent()).unwrap()),
            prompts: Arc::new(Prompts::open(&prompt::Options::default()).unwrap()),
            max_output_tokens: 4096,
            deadline: None,
            said: book.said(),
        };
        let optimizer = Optimizer::new(settings.optimizer, &settings.models);
        let crew = Crew {
            producers: Producers::Here(desk),
            embedder: None,
        };
        let (stop, events) = (Stop::default(), Events::silent());
        let ended = explore(&settings, book, optimizer, &crew, &stop, &events)
            .await
            .unwrap();
        let metadata: serde_json::Value = serde_json::from_slice(&ended.metadata).unwrap();
        assert_eq!(metadata["totals"]["failed_batches"], 0);
        metadata["totals"]["batches"].as_f64().unwrap()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let could = PRODUCERS as f64 / LATENCY.as_secs_f64() * seconds;
    let allowed = a_second.map_or(could, |limit| f64::from(limit) * seconds).min(could);
    verdict.hold(
        &format!(
            "{name}: {made:.0} calls made of {allowed:.0} that {PRODUCERS} producers could make in {seconds:.1} s"
        ),
        made >= CALLS_BAR * allowed,
        "95 %",
    );
}

const WORDS: [&str; 32] = [
    "smooth",
    "brittle",
    "warm",
    "hollow",
    "layered",
    "quiet",
    "portable",
    "seasonal",
    "costly",
    "modular",
    "surface",
    "edge",
    "joint",
    "frame",
    "grip",
    "colour",
    "sound",
    "origin",
    "price",
    "limit",
    "load",
    "pattern",
    "supply",
    "story",
    "repair",
    "shape",
    "ritual",
    "texture",
    "storage",
    "rhythm",
    "tolerance",
    "audience",
];

/// Three to five words, another phrase for each number.
fn attribute(number: u64) -> String {
    let mut text = String::new();
    write_attribute(&mut text, number);
    text
}

fn write_attribute(text: &mut String, number: u64) {
    let drawn = mixed(number);
    for place in 0..2 + drawn % 3 {
        text.push_str(WORDS[(drawn >> (5 * place + 8) & 31) as usize]);
        text.push(' ');
    }
    // A word of its own, as long as words are.
    for place in 0..5 {
        text.push(char::from(b'a' + (number / 23_u64.pow(place) % 23) as u8));
    }
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (number ^ (number >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (number >> 32)
}

/// Time that this thread had a core, where the system tells; others may want the core as well.
fn busy() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(since_begin, Duration::from_nanos)
}

fn since_begin() -> Duration {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed()
}

/// 0 where the system does not tell.
fn resident_bytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|found| found.starts_with(line)).unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}
