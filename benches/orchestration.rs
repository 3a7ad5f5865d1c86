//! What the program adds to the providers' own time: seven calls (six at once, then the coordinator) against a host on loopback
//! that takes 200 ms for each reply. The bar is 1.05 times two round trips. `cargo bench --bench orchestration`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints its figures"
)]

#[path = "../tests/it/support/fault_server.rs"]
mod fault_server;
#[path = "../tests/it/support/server.rs"]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use insights::data::{self, generate};
use insights::event::Events;
use insights::evidence::{self, Evidence};
use insights::flow::{self, engine::Engine};
use insights::llm::{Llm, Options, PrivateHosts, Request, Route, Schema, Target, Vendor, mock_answer};
use insights::prompt::Prompts;

use server::{Recorded, Server, Step, openai};

const REPLY: Duration = Duration::from_millis(200);
const RUNS: usize = 15;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let evidence = runtime.block_on(facts());
    let server = Server::with([Step::made(answer).delay(REPLY)]);
    let mut ratios: Vec<f64> = (0..RUNS).map(|_| runtime.block_on(run(&server, &evidence))).collect();
    ratios.sort_by(f64::total_cmp);
    let two_round_trips = 2.0 * REPLY.as_secs_f64();
    println!(
        "seven calls of {} ms, {RUNS} runs, as a multiple of two round trips:",
        REPLY.as_millis()
    );
    for (name, ratio) in [
        ("minimum", ratios[0]),
        ("median", ratios[RUNS / 2]),
        ("maximum", ratios[RUNS - 1]),
    ] {
        println!(
            "  {name:8} {ratio:.4}  ({:.1} ms added)",
            (ratio - 1.0) * two_round_trips * 1000.0
        );
    }
}

/// The evidence of the generated sample.
async fn facts() -> Vec<Evidence> {
    let sample = generate::sample(7);
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(file.path(), &sample.csv).unwrap();
    let options = data::Options {
        sources: vec![file.path().display().to_string()],
        window: sample.window,
        map: Vec::new(),
        max_bad_rows: 0,
        timezone: "UTC".to_owned(),
    };
    let dataset = data::compute(&options, &Events::silent()).await.unwrap();
    evidence::build(&dataset, &evidence::Options::default())
}

/// One council with fresh connections; the time over two round trips.
async fn run(server: &Server, evidence: &[Evidence]) -> f64 {
    let vendor = Vendor::compatible("lab")
        .with_base_url(&server.url("/v1"), "bench", PrivateHosts::Refused)
        .unwrap();
    let options = Options {
        vendors: vec![vendor],
        routes: Route::to([Target::new("lab", "bench")]),
        ..Options::default()
    };
    let llm = Arc::new(Llm::new(options, None, Events::silent()).unwrap());
    let prompts = Prompts::load(&insights::prompt::Options::default()).unwrap();
    let options = flow::Options {
        max_output_tokens: 4096,
        deadline: Duration::from_secs(60),
    };
    let sections = vec![serde_json::Map::new(); 6];
    let begun = Instant::now();
    let engine = Engine::new(llm, &prompts, options, Events::silent());
    let council = flow::council(&engine, evidence, sections).await.unwrap();
    let took = begun.elapsed();
    assert!(council.is_complete(), "every call must be answered");
    took.as_secs_f64() / (2.0 * REPLY.as_secs_f64())
}

fn answer(request: &Recorded) -> Vec<u8> {
    let body = request.json();
    openai(&mock_answer(&Request {
        role: String::new(),
        system: String::new(),
        prompt: body["messages"][1]["content"].as_str().unwrap().to_owned(),
        schema: Some(Schema {
            name: "reply".to_owned(),
            value: body["response_format"]["json_schema"]["schema"].clone(),
        }),
        max_output_tokens: 4096,
        temperature: None,
    }))
    .into()
}
