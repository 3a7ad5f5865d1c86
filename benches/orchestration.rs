//! What the program adds to the providers' own time, against a host on loopback that takes 200 ms for each reply: the council (six
//! calls at once, then the coordinator), and one stage of a pattern that asks twelve models. The bar is 1.05 times the round trips.
//! `cargo bench --bench orchestration`
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
use insights::flow;
use insights::flow::engine::{self, Engine, Registered};
use insights::llm::{Llm, Options, PrivateHosts, Request, Route, Schema, Target, Vendor, mock_answer};
use insights::prompt::{Prompts, Values};

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
    let council = (0..RUNS).map(|_| runtime.block_on(run(&server, &evidence))).collect();
    tell("seven calls in two steps", 2.0, council);
    let stage = (0..RUNS).map(|_| runtime.block_on(one_stage(&server))).collect();
    tell(&format!("one stage of {MEMBERS} calls"), 1.0, stage);
}

fn tell(what: &str, round_trips: f64, mut ratios: Vec<f64>) {
    ratios.sort_by(f64::total_cmp);
    println!(
        "{what} of {} ms, {RUNS} runs, as a multiple of {round_trips} round trips:",
        REPLY.as_millis()
    );
    for (name, ratio) in [
        ("minimum", ratios[0]),
        ("median", ratios[RUNS / 2]),
        ("maximum", ratios[RUNS - 1]),
    ] {
        let added = (ratio - 1.0) * round_trips * REPLY.as_secs_f64() * 1000.0;
        println!("  {name:8} {ratio:.4}  ({added:.1} ms added)");
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
        mapping: Vec::new(),
        max_bad_rows: 0,
        timezone: "UTC".to_owned(),
        access: data::Access::default(),
        metrics: None,
        now: insights::clock::wall(),
        memory: data::MemoryLimit::default(),
        engine: data::QueryEngine::Local,
    };
    let dataset = data::compute(&options, &Events::silent()).await.unwrap();
    evidence::build(&dataset, &evidence::Options::default())
}

/// One council with fresh connections; the time over two round trips.
async fn run(server: &Server, evidence: &[Evidence]) -> f64 {
    let llm = lab(server);
    let prompts = Prompts::load(&insights::prompt::Options::default()).unwrap();
    let options = flow::Options {
        max_output_tokens: 4096,
        deadline: Duration::from_secs(60),
        rounds: None,
    };
    let sections = vec![serde_json::Map::new(); 6];
    let begun = Instant::now();
    let engine = Engine::new(llm, &prompts, options, Events::silent());
    let council = flow::council(&engine, evidence, sections).await.unwrap();
    let took = begun.elapsed();
    assert!(council.is_complete(), "every call must be answered");
    took.as_secs_f64() / (2.0 * REPLY.as_secs_f64())
}

fn lab(server: &Server) -> Arc<Llm> {
    let vendor = Vendor::compatible("lab")
        .with_base_url(&server.url("/v1"), "bench", PrivateHosts::Refused)
        .unwrap();
    let options = Options {
        vendors: vec![vendor],
        routes: Route::to([Target::new("lab", "bench")]),
        ..Options::default()
    };
    Arc::new(Llm::new(options, None, Events::silent()).unwrap())
}

const MEMBERS: usize = 12;
const PATTERN: &str =
    "[[stages]]\nname = \"only\"\nkind = \"models\"\ninputs = [\"question\"]\ntemplate = \"only.md\"\n";

/// One stage with fresh connections; the time over one round trip.
async fn one_stage(server: &Server) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bench")).unwrap();
    std::fs::write(folder.path().join("bench/pattern.toml"), PATTERN).unwrap();
    std::fs::write(folder.path().join("bench/only.md"), "Task: {{ question }}\n").unwrap();
    let prompts = Prompts::open(&insights::prompt::Options {
        folder: None,
        patterns: Some(folder.path().to_owned()),
    })
    .unwrap();
    let pattern = prompts.pattern("bench").unwrap();
    let models: Vec<Registered> = (0..MEMBERS)
        .map(|number| Registered {
            name: format!("m{number}"),
            target: Target::new("lab", format!("m{number}")),
            weight: 1.0,
            tags: Vec::new(),
            unavailable: None,
        })
        .collect();
    let options = flow::Options {
        max_output_tokens: 4096,
        deadline: Duration::from_secs(60),
        rounds: None,
    };
    let engine = Engine {
        models: &models,
        ..Engine::new(lab(server), &prompts, options, Events::silent())
    };
    let mut values = Values::from_iter([("question".to_owned(), "What now?".into())]);
    let begun = Instant::now();
    let record = engine::run(&engine, &pattern, &mut values).await.unwrap();
    let took = begun.elapsed();
    assert_eq!(
        record.stages[0]
            .answers
            .iter()
            .filter(|answer| answer.is_real())
            .count(),
        MEMBERS
    );
    took.as_secs_f64() / REPLY.as_secs_f64()
}

fn answer(request: &Recorded) -> Vec<u8> {
    let body = request.json();
    let schema = body.pointer("/response_format/json_schema/schema").cloned();
    let last = body["messages"]
        .as_array()
        .and_then(|messages| messages.last().cloned())
        .unwrap();
    openai(&mock_answer(&Request {
        role: String::new(),
        system: String::new(),
        prompt: last["content"].as_str().unwrap().to_owned(),
        schema: schema.map(|value| Schema {
            name: "reply".to_owned(),
            value,
        }),
        max_output_tokens: 4096,
        temperature: None,
    }))
    .into()
}
