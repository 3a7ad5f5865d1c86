//! The verifier of claims: how many a second, where claims share their evidence and where each has its own; and what the checks of one
//! whole run cost, that of the demo. `cargo bench --bench verify`; bars: 100,000 claims a second on one core, 10 ms a run.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints its figures"
)]

use std::hint::black_box;
use std::time::Instant;

use insights::data::{self, generate};
use insights::event::Events;
use insights::evidence::{self, Evidence};
use insights::insight::Finding;
use insights::llm::{Request, Schema, mock_answer};
use insights::reply::{self, Verifier};
use serde_json::Value;

#[path = "../src/reply/tests/claims/made/mod.rs"]
#[allow(dead_code, reason = "the tests look at more of it")]
mod made;

use made::Half;

fn main() {
    let mut lines: Vec<String> = Vec::new();
    for half in [Half::Tuned, Half::Kept] {
        lines.extend(made::claims(3, 2000, half).iter().map(|made| made.claim.to_string()));
    }
    let bytes = lines.iter().map(String::len).sum::<usize>() / lines.len();
    println!("{} claims of about {bytes} bytes", lines.len());
    let mut verifier = Verifier::default();
    // The patterns are made by the first claim that needs them.
    each(&mut verifier, &lines);
    let begun = Instant::now();
    for _ in 0..5 {
        each(&mut verifier, &lines);
    }
    tell("evidence shared by ten neighbours", 5 * lines.len(), begun);
    let begun = Instant::now();
    for line in &lines {
        for _ in 0..20 {
            black_box(verifier.judge(line).judged.unwrap());
        }
    }
    tell("evidence known", 20 * lines.len(), begun);
    let begun = Instant::now();
    for line in &lines {
        black_box(Verifier::default().judge(line).judged.unwrap());
    }
    tell("evidence of its own", lines.len(), begun);
    checks_of_a_run();
}

/// Six replies and the coordinator's, as the mock gives them, checked as a run checks them.
fn checks_of_a_run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let evidence = runtime.block_on(facts());
    let specialist = schema(reply::SPECIALIST_SCHEMA);
    let replies: Vec<Value> = evidence
        .iter()
        .map(|own| answer(own.analyst.key(), evidence::pipe(own), &specialist))
        .collect();
    let findings = numbered(&evidence, &replies);
    let told: Vec<String> = findings
        .iter()
        .map(|finding| {
            let (id, analyst, severity) = (&finding.id, finding.analyst.key(), finding.severity.word());
            format!("{id} | {analyst} | {severity} | {}", finding.text)
        })
        .collect();
    let joined = answer("coordinator", told.join("\n"), &schema(reply::COORDINATOR_SCHEMA));
    let mut times = Vec::new();
    for _ in 0..30 {
        let begun = Instant::now();
        black_box(numbered(&evidence, &replies));
        black_box(reply::coordinator(&joined, &findings, &[]));
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    println!(
        "the checks of the demo's run, {} findings: {median:.2} ms (bar 10 ms)",
        findings.len()
    );
}

fn numbered(evidence: &[Evidence], replies: &[Value]) -> Vec<Finding> {
    let checked = evidence
        .iter()
        .zip(replies)
        .map(|(own, value)| reply::specialist(value, own));
    let mut findings: Vec<Finding> = checked.flat_map(|checked| checked.findings).collect();
    for (index, finding) in findings.iter_mut().enumerate() {
        finding.id = format!("F{}", index + 1);
    }
    findings
}

fn schema(text: &str) -> Schema {
    Schema {
        name: "bench".to_owned(),
        value: serde_json::from_str(text).unwrap(),
    }
}

fn answer(role: &str, prompt: String, schema: &Schema) -> Value {
    let request = Request {
        role: role.to_owned(),
        system: String::new(),
        prompt,
        schema: Some(schema.clone()),
        max_output_tokens: 4096,
        temperature: None,
    };
    serde_json::from_str(&mock_answer(&request)).unwrap()
}

/// The evidence of the demo.
async fn facts() -> Vec<Evidence> {
    let sample = generate::sample(7);
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(file.path(), &sample.csv).unwrap();
    let options = data::Options {
        sources: vec![file.path().display().to_string()],
        window: sample.window,
        map: Vec::new(),
        mapping: Vec::new(),
        max_bad_rows: 0,
        timezone: "UTC".to_owned(),
        access: data::Access::default(),
        metrics: None,
        now: jiff::Timestamp::now(),
        memory: data::MemoryLimit::default(),
        engine: data::QueryEngine::Local,
    };
    let dataset = data::compute(&options, &Events::silent()).await.unwrap();
    evidence::build(&dataset, &evidence::Options::default())
}

fn each(verifier: &mut Verifier, lines: &[String]) {
    for line in lines {
        black_box(verifier.judge(line).judged.unwrap());
    }
}

fn tell(what: &str, n: usize, begun: Instant) {
    println!("{what:36} {:>9.0} claims/s", n as f64 / begun.elapsed().as_secs_f64());
}
