//! The reply parser beside other crates: speed on valid and messy text, and growth on hostile text.
//! `cargo bench --bench reply`; bars: valid JSON in a fence at half the speed of `serde_json`, messy text at 100 MB/s, at most
//! 12 times the time for 10 times the text. Each run on hostile text has a process of its own: some crates overflow the stack.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints its figures"
)]

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use insights::reply::extract;

type Parser = fn(&str) -> bool;

const PARSERS: [(&str, Parser); 4] = [
    ("insights", |text| extract(text).is_ok()),
    ("serde_json", |text| {
        serde_json::from_str::<serde_json::Value>(text).is_ok()
    }),
    ("jsonrepair-rs", |text| jsonrepair_rs::jsonrepair(text).is_ok()),
    ("llm_json", |text| {
        llm_json::repair_json(text, &llm_json::RepairOptions::default()).is_ok()
    }),
];

/// Who takes longer is not asked again with more.
const PATIENCE: Duration = Duration::from_millis(1000);

const HOSTILE: [&str; 16] = [
    "{",
    "[",
    "`",
    "```json\n",
    "{\"a\":",
    "{\"a\":\"x",
    "\"",
    "'",
    "Use {name} and [this]. ",
    "{\"a\":1} ",
    "```json\n{\"a\":1}\n```\n",
    "[1,000,",
    "{x: y ",
    "// a ",
    "<think>",
    "{\\\"a\\\": ",
];

fn main() {
    let arguments: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if let [parser, part, length] = arguments[..] {
        return one(PARSERS[parser].1, HOSTILE[part], length);
    }
    let megabyte = 1_000_000;
    let valid = records(megabyte);
    let prose = "Here is what I found in the tables of this week. ".repeat(21);
    let fenced = format!("{prose}\n```json\n{valid}\n```\n{prose}");
    let messy = valid.replace('"', "'").replace('}', ",}");
    println!("1 MB, MB/s of the best of several runs:");
    println!("  {:34} {:>10.0}", "serde_json, valid", speed(PARSERS[1].1, &valid));
    for (name, parser) in [PARSERS[0], PARSERS[2], PARSERS[3]] {
        println!(
            "  {:34} {:>10.0}",
            format!("{name}, valid in a fence and prose"),
            speed(parser, &fenced)
        );
        println!(
            "  {:34} {:>10.0}",
            format!("{name}, single quotes, commas"),
            speed(parser, &messy)
        );
    }
    println!("\nmilliseconds for 10k, 100k and 1M characters, and the growth:");
    for (part, text) in HOSTILE.iter().enumerate() {
        println!("  {text:?}");
        for (parser, (name, _)) in PARSERS.iter().enumerate() {
            println!("    {name:14} {}", growth(parser, part));
        }
    }
}

/// The nanoseconds of the best of three runs.
fn one(parser: Parser, part: &str, length: usize) {
    let text = part.repeat(length / part.len());
    let best = (0..3).map(|_| time(parser, &text)).min().unwrap();
    println!("{}", best.as_nanos());
}

/// Records as a model sends them, indented.
fn records(length: usize) -> String {
    let mut text = String::from("[\n");
    let mut index = 0;
    while text.len() < length {
        text.push_str(&format!(
            "  {{\n    \"id\": \"f{index}\",\n    \"title\": \"Net revenue rose in the north\",\n    \"text\": \"Revenue per user grew for the third week; retention held.\",\n    \"share\": 0.{:03},\n    \"users\": {},\n    \"significant\": true,\n    \"segments\": [\"new\", \"returning\", null]\n  }},\n",
            index % 1000,
            index * 37
        ));
        index += 1;
    }
    text.truncate(text.len() - 2);
    text.push_str("\n]");
    text
}

fn speed(parser: Parser, text: &str) -> f64 {
    let best = (0..15).map(|_| time(parser, text)).min().unwrap();
    text.len() as f64 / 1e6 / best.as_secs_f64()
}

fn growth(parser: usize, part: usize) -> String {
    let mut shown = Vec::new();
    let mut before: Option<f64> = None;
    for length in [10_000, 100_000, 1_000_000] {
        let arguments = [parser, part, length].map(|argument| argument.to_string());
        let output = Command::new(std::env::current_exe().unwrap())
            .args(arguments)
            .output()
            .unwrap();
        let Ok(nanoseconds) = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>() else {
            shown.push("crashed".to_owned());
            break;
        };
        let ratio = before.map_or(String::new(), |before| format!(" ({:.1}x)", nanoseconds / before));
        shown.push(format!("{:.3}{ratio}", nanoseconds / 1e6));
        before = Some(nanoseconds);
        if nanoseconds > PATIENCE.as_nanos() as f64 {
            shown.push("too slow".to_owned());
            break;
        }
    }
    shown.join("  ")
}

fn time(parser: Parser, text: &str) -> Duration {
    let begun = Instant::now();
    black_box(parser(black_box(text)));
    begun.elapsed()
}
