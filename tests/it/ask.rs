//! Questions: every shipped pattern with the mock, and against a host on loopback that keeps what it was sent.

use std::time::Duration;

use insights::llm::{Request, Schema, mock_answer};
use serde_json::{Value, json};

use crate::support::run::{Done, Run};
use crate::support::server::{Recorded, Rule, Server, Step, error, openai};

const PATTERNS: [&str; 11] = [
    "gut",
    "confidence",
    "critique",
    "fact_check",
    "perspective",
    "scenario",
    "stakeholder",
    "systems",
    "time",
    "innovation",
    "council",
];

const QUESTION: &str = "Should we drop the free plan?";

fn ask(pattern: &str, more: &[&str]) -> Run {
    Run::new()
        .arguments(&["ask", QUESTION, "--pattern", pattern, "--run-hash", "q"])
        .arguments(more)
}

#[track_caller]
fn record(done: &Done) -> Value {
    serde_json::from_str(&done.text("run_logs/q/outputs/ask/ask.json")).unwrap()
}

/// Three models of one host.
fn of_lab(run: Run, server: &Server) -> Run {
    run.variable("LAB_BASE_URL", &server.url("/v1")).arguments(&[
        "--models",
        "lab:one,lab:two,lab:three",
        "--retries",
        "0",
        "--cache",
        "off",
    ])
}

fn prompt(request: &Recorded) -> String {
    let messages = request.json()["messages"].clone();
    let texts = messages
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap().to_owned());
    texts.collect::<Vec<_>>().join("\n")
}

fn model(request: &Recorded) -> String {
    request.json()["model"].as_str().unwrap().to_owned()
}

/// Answers as the mock would; a text without a schema says who wrote it.
fn signed(request: &Recorded) -> Vec<u8> {
    let body = request.json();
    let schema = body["response_format"]["json_schema"]["schema"].clone();
    if schema.is_null() {
        return openai(&format!("Signed by WRITER-{}-END.", model(request).to_uppercase())).into();
    }
    openai(&mock_answer(&Request {
        role: model(request),
        system: String::new(),
        prompt: prompt(request),
        schema: Some(Schema {
            name: "reply".to_owned(),
            value: schema,
        }),
        max_output_tokens: 4096,
        temperature: None,
    }))
    .into()
}

/// Every longer text in a value.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() > 20 => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

/// The stage that a prompt belongs to, by the first words of its task.
fn tasks(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let tasks = requests.iter().map(|request| {
        let prompt = prompt(request);
        let task = prompt
            .lines()
            .find(|line| line.starts_with("Task: "))
            .unwrap_or_default()
            .to_owned();
        task.chars().take(40).collect::<String>()
    });
    tasks.collect()
}

#[test]
fn every_shipped_pattern_answers_with_the_mock() {
    for pattern in PATTERNS {
        let done = ask(pattern, &["--provider", "mock", "--run-logs", "run_logs"])
            .done()
            .code(0);
        let record = record(&done);
        assert_eq!(record["status"], "complete", "{pattern}: {record:#}");
        assert_eq!(record["stages"][0]["name"], "initial");
        let names: Vec<&str> = record["stages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stage| stage["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["initial", "meta", "hyper", "synthesis"], "{pattern}");
        let answer = record["answer"].as_str().unwrap();
        assert!(!answer.is_empty() && done.stdout.starts_with(answer), "{pattern}");
        assert_eq!(done.stdout, done.text("run_logs/q/outputs/ask/answer.md"));
        for stage in record["stages"].as_array().unwrap() {
            for answer in stage["answers"].as_array().unwrap() {
                assert!(answer["tokens"]["input"].as_u64().unwrap() > 0, "{pattern}: {answer}");
                assert!(
                    answer["text"].is_string() && answer["error"].is_null(),
                    "{pattern}: {answer}"
                );
            }
        }
    }
}

#[test]
fn every_shipped_pattern_asks_a_real_host_stage_by_stage() {
    for pattern in PATTERNS {
        let server = Server::with([Step::made(signed)]);
        let done = of_lab(ask(pattern, &[]), &server).done().code(0);
        let record = record(&done);
        let made: usize = record["stages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stage| stage["answers"].as_array().unwrap().len())
            .sum();
        let requests = server.requests();
        assert_eq!(requests.len(), made, "{pattern}: {:#?}", tasks(&server));
        // The first stage sees the question and no answer; the last sees what came before.
        let first = requests.first().unwrap();
        assert!(prompt(first).contains(QUESTION), "{pattern}");
        let last = requests.last().unwrap();
        assert!(prompt(last).contains(QUESTION), "{pattern}");
        let stages = record["stages"].as_array().unwrap();
        let mut said = Vec::new();
        let earlier = stages
            .iter()
            .take(stages.len() - 1)
            .flat_map(|stage| stage["answers"].as_array().unwrap());
        earlier.for_each(|answer| texts(&answer["value"], &mut said));
        said.extend(
            server
                .requests()
                .iter()
                .map(|request| format!("WRITER-{}-END", model(request).to_uppercase())),
        );
        assert!(
            said.iter().any(|text| prompt(last).contains(text)),
            "{pattern}: nothing of the earlier stages reaches the last"
        );
        assert!(said.iter().all(|text| !prompt(first).contains(text)), "{pattern}");
        for request in &requests {
            let prompt = prompt(request);
            assert!(
                !prompt.contains("lab:"),
                "{pattern}: a name of a model stands in a prompt:\n{prompt}"
            );
        }
        // Every stage waits for the one before: its prompts are new tasks, in order.
        let mut order: Vec<String> = Vec::new();
        for stage in record["stages"].as_array().unwrap() {
            order.extend(
                stage["answers"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|_| stage["name"].as_str().unwrap().to_owned()),
            );
        }
        assert_eq!(order.last().unwrap(), "synthesis", "{pattern}");
    }
}

#[test]
fn the_council_ranks_without_names_and_nobody_sees_its_own_answer() {
    let server = Server::with([Step::made(signed)]);
    let done = of_lab(ask("council", &[]), &server).done().code(0);
    let requests = server.requests();
    assert_eq!(requests.len(), 10);
    let stage = |word: &str| -> Vec<&Recorded> {
        let of = requests
            .iter()
            .filter(|request| prompt(request).contains(&format!("Task: {word}")));
        of.collect()
    };
    let rankings = stage("rank the answers");
    assert_eq!(rankings.len(), 3);
    for request in &rankings {
        let prompt = prompt(request);
        for other in ["ONE", "TWO", "THREE"] {
            let own = model(request).to_uppercase() == other;
            assert_eq!(prompt.contains(&format!("WRITER-{other}-END")), !own, "{other}");
        }
        let labels =
            &request.json()["response_format"]["json_schema"]["schema"]["properties"]["ranking"]["items"]["enum"];
        assert_eq!(labels, &json!(["A", "B"]));
    }
    let chair = stage("you chair the council");
    assert_eq!(chair.len(), 1);
    let brief = prompt(chair[0]);
    assert!(
        brief.contains("Answer A") && brief.contains("Answer C") && !brief.contains("lab:"),
        "{brief}"
    );
    assert!(
        brief.contains("The members' ranking") && brief.contains("Views that members want kept"),
        "{brief}"
    );
    let record = record(&done);
    let ranking = record["stages"][1]["ranking"].as_array().unwrap();
    let scores: Vec<f64> = ranking.iter().map(|row| row["borda"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|left, right| left >= right), "{scores:?}");
    assert!(
        (scores.iter().sum::<f64>() - 1.5).abs() < 1e-9,
        "three ballots of two answers: {scores:?}"
    );
    assert!(!record["dissent"].as_array().unwrap().is_empty());
    assert!(done.stdout.contains("## Dissent"), "{}", done.stdout);
}

#[test]
fn a_ballot_that_leaves_a_label_out_is_asked_again_and_then_dropped() {
    let bad = openai(r#"{"ranking": ["A", "A"], "reason": "r", "dissent": null}"#);
    let server = Server::start([
        Rule::on("Task: rank the answers", [Step::ok(bad)]),
        Rule::any([Step::made(signed)]),
    ]);
    let done = of_lab(ask("council", &[]), &server).done().code(3);
    let record = record(&done);
    assert_eq!(record["stages"][1]["answers"][0]["error"]["kind"], "invalid_reply");
    let asked = server
        .requests()
        .iter()
        .filter(|request| prompt(request).contains("exactly once"))
        .count();
    assert_eq!(asked, 3, "each judge was told what is wrong");
    assert!(record["answer"].is_string());
}

#[test]
fn all_calls_of_a_stage_are_under_way_at_once() {
    let delay = Duration::from_secs(2);
    let server = Server::with([Step::made(signed).delay(delay)]);
    let models: Vec<String> = (0..8).map(|number| format!("lab:m{number}")).collect();
    ask("gut", &["--cache", "off", "--models", &models.join(",")])
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .done();
    let requests = server.requests();
    let first: Vec<_> = requests.iter().take(8).map(|request| request.at).collect();
    // No reply can have come before the delay of the first was over.
    assert!(first.iter().all(|at| *at < first[0] + delay), "{first:?}");
    assert!(
        requests
            .iter()
            .take(8)
            .all(|request| prompt(request).contains("first impression"))
    );
}

#[test]
fn a_model_that_fails_is_dropped_with_its_reason() {
    let server = Server::start([
        Rule::on(
            "\"model\":\"two\"",
            [Step::status(500).body(error("server_error", "it broke"))],
        ),
        Rule::any([Step::made(signed)]),
    ]);
    let done = of_lab(ask("council", &[]), &server).done().code(3);
    let record = record(&done);
    assert_eq!(record["status"], "degraded");
    let dropped = record["dropped_models"][0].clone();
    assert!(dropped["model"].as_str().unwrap().contains("lab:two"), "{dropped}");
    assert!(dropped["reason"].as_str().unwrap().contains("it broke"), "{dropped}");
    assert!(done.stdout.contains("Left out: lab:two"), "{}", done.stdout);
    let again = of_lab(ask("council", &["--allow-partial"]), &server).done();
    again.code(0);
}

#[test]
fn below_the_minimum_there_is_no_answer_and_a_reason() {
    let broken = || Step::status(500).body(error("server_error", "it broke"));
    let server = Server::start([
        Rule::on("\"model\":\"two\"", [broken()]),
        Rule::on("\"model\":\"three\"", [broken()]),
        Rule::any([Step::made(signed)]),
    ]);
    let done = of_lab(ask("council", &[]), &server).done().code(1);
    let done = done.says(&["needs 2 answers and got 1", "it broke"]);
    let record = record(&done);
    assert_eq!(record["status"], "failed");
    assert!(record["answer"].is_null());
    assert_eq!(
        server.requests().len(),
        3,
        "nothing is asked after the stage that failed"
    );
    let quota = Server::with([Step::status(429).body(error("insufficient_quota", "no credit"))]);
    of_lab(ask("council", &[]), &quota).done().code(75);
}

#[test]
fn one_model_alone_is_asked_in_roles() {
    let server = Server::with([Step::made(signed)]);
    let run = Run::new()
        .arguments(&[
            "ask",
            QUESTION,
            "--run-hash",
            "q",
            "--models",
            "lab:one",
            "--cache",
            "off",
        ])
        .variable("LAB_BASE_URL", &server.url("/v1"));
    let done = run.done().code(0).says(&["one model only", "perspective"]);
    let record = record(&done);
    assert_eq!(
        (&record["pattern"], &record["status"]),
        (&json!("perspective"), &json!("complete"))
    );
}

#[test]
fn equal_first_impressions_need_no_second_look() {
    let same = openai(r#"{"position": "Keep it.", "confidence": 0.5}"#);
    let server = Server::start([
        Rule::on("Task: your first impression", [Step::ok(same)]),
        Rule::any([Step::made(signed)]),
    ]);
    let done = of_lab(ask("gut", &[]), &server).done().code(0);
    let record = record(&done);
    let names: Vec<&Value> = record["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| &stage["name"])
        .collect();
    assert_eq!(names, ["initial", "synthesis"]);
    assert_eq!(record["stages"][0]["agreement"], 1.0);
    assert_eq!(record["stages"][0]["confidence"], 0.5);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn numbers_of_a_run_are_rendered_and_made_up_ones_do_not_come_through() {
    let answer = openai(
        "Users are the first thing to look at: {{d1.current}} of them came.\n\nRevenue will reach 987,654,321 soon. Keep the plan.",
    );
    let server = Server::start([
        Rule::on("Task: the answer from what survived", [Step::ok(answer)]),
        Rule::any([Step::made(signed)]),
    ]);
    let first = Run::council().mock().done().code(0);
    let facts: Value = first.json("evidence.json");
    let run = Run::again(first).arguments(&[
        "ask",
        QUESTION,
        "--pattern",
        "critique",
        "--run",
        "x",
        "--run-hash",
        "q",
    ]);
    let done = of_lab(run, &server).done().code(0);
    assert!(
        !done.stdout.contains("987,654,321") && !done.stdout.contains("{{"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("Keep the plan."), "{}", done.stdout);
    let record = record(&done);
    assert_eq!(record["from_run"], "x");
    assert!(
        record["dropped_sentences"].to_string().contains("987,654,321"),
        "{record:#}"
    );
    let shown = &facts["evidence"]["daily_metrics"]["tables"][0]["rows"][0]["cells"][1]["number"]["shown"];
    let shown = shown.as_str().unwrap_or("no number");
    assert!(done.stdout.contains(shown), "{shown} is not in {}", done.stdout);
    let asked = prompt(&server.requests()[0]);
    assert!(
        asked.contains("table D1 [totals]") && asked.contains("table G1 [entities]"),
        "{asked}"
    );
}

const REGISTRY: &str = r#"
[[models]]
name = "light"
model = "lab:light"
weight = 1
tags = ["fast"]

[[models]]
name = "heavy"
model = "lab:heavy"
weight = 5

[[models]]
name = "locked"
model = "openai:gpt-x"
weight = 9

[[models]]
name = "middle"
model = "lab:middle"
weight = 3
tags = ["fast"]
"#;

fn own_pattern(models: &str) -> String {
    format!(
        "title = \"Mine\"\n\n[[stages]]\nname = \"initial\"\nkind = \"models\"\ninputs = [\"question\"]\ntemplate = \"initial.md\"\nmodels = {models}\n\n[[stages]]\nname = \"last\"\nkind = \"synthesis\"\ninputs = [\"question\", \"initial\"]\ntemplate = \"last.md\"\n"
    )
}

fn registered(models: &str, server: &Server) -> Done {
    Run::new()
        .arguments(&[
            "ask",
            QUESTION,
            "--pattern",
            "mine",
            "--patterns",
            "own",
            "--run-hash",
            "q",
            "--cache",
            "off",
        ])
        .file("insights.toml", REGISTRY)
        .file("own/mine/pattern.toml", &own_pattern(models))
        .file("own/mine/initial.md", "Task: {{ question }}\n")
        .file("own/mine/last.md", "Task: join {{ initial.answers | length }}\n")
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .done()
}

#[test]
fn a_stage_takes_the_heaviest_models_that_can_be_asked() {
    for (models, expected, code) in [
        ("{ heaviest = 2 }", vec!["heavy", "middle"], 0),
        ("{ tag = \"fast\", count = 1 }", vec!["middle"], 0),
        ("{ tag = \"fast\" }", vec!["light", "middle"], 0),
        ("\"all\"", vec!["heavy", "light", "middle"], 0),
        ("[\"light\", \"locked\", \"unheard\"]", vec!["light"], 3),
    ] {
        let server = Server::with([Step::made(signed)]);
        let done = registered(models, &server).code(code);
        let mut asked: Vec<String> = server.requests().iter().map(model).collect();
        let chair = asked.pop().unwrap();
        asked.sort();
        assert_eq!(asked, expected, "{models}");
        assert_eq!(chair, "heavy", "the routing of a question begins with the heaviest");
        let skipped = record(&done)["stages"][0]["skipped_models"].to_string();
        let events = done.text("run_logs/q/events.jsonl");
        if models.contains("heaviest") || models.contains("locked") || models.contains("all") {
            assert!(
                skipped.contains("locked") && skipped.contains("no key"),
                "{models}: {skipped}"
            );
            assert!(events.contains("\"event\":\"model.skipped\""), "{events}");
        }
        assert_eq!(skipped.contains("unheard"), models.contains("unheard"), "{skipped}");
    }
}

const LOOP: &str = r#"title = "Loop"
result = "better"

[[stages]]
name = "initial"
kind = "models"
inputs = ["question"]
template = "draft.md"
models = ["lab:one"]

[[stages]]
name = "better"
kind = "refine"
of = "initial"
inputs = ["question"]
template = "rewrite.md"
review_template = "review.md"
review_schema = "review.schema.json"
reviewers = ["lab:one", "lab:two"]
until = 0.8
at_most = 3
"#;

/// Reviews give these scores in turn.
fn looped(scores: &[&str]) -> (Done, Server) {
    let reviews: Vec<Step> = scores
        .iter()
        .map(|score| {
            Step::ok(openai(&format!(
                r#"{{"score": {score}, "feedback": "Too vague.", "suggestions": ["Name a day."]}}"#
            )))
        })
        .collect();
    let server = Server::start([
        Rule::on("Task: review", reviews),
        Rule::on("Task: draft", [Step::ok(openai("Draft zero."))]),
        Rule::on(
            "Task: rewrite",
            [Step::ok(openai("Draft next.")), Step::ok(openai("Draft last."))],
        ),
    ]);
    let done = Run::new()
        .arguments(&["ask", QUESTION, "--pattern", "loop", "--patterns", "own", "--run-hash", "q", "--cache", "off"])
        .arguments(&["--models", "lab:one,lab:two"])
        .file("own/loop/pattern.toml", LOOP)
        .file("own/loop/draft.md", "Task: draft {{ question }}\n")
        .file("own/loop/review.md", "Task: review {{ draft }}\n{{ schema }}\n")
        .file("own/loop/rewrite.md", "Task: rewrite {{ draft }}\nscore {{ score }}\n{% for one in feedback %}\n{{ one }}\n{% endfor %}\n{{ suggestions | join(\", \") }}\n")
        .file("own/loop/review.schema.json", r#"{"type": "object", "required": ["score", "feedback", "suggestions"], "properties": {"score": {"type": "number"}, "feedback": {"type": "string"}, "suggestions": {"type": "array", "items": {"type": "string"}}}}"#)
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .done();
    (done, server)
}

#[test]
fn a_refine_stage_rewrites_until_the_score_is_reached() {
    let (done, server) = looped(&["0.4", "0.9"]);
    let done = done.code(0);
    let record = record(&done);
    assert_eq!(record["answer"], "Draft next.");
    assert_eq!(record["stages"][1]["score"], 0.9);
    assert_eq!(record["totals"]["calls"], 4);
    let rewrite = server
        .requests()
        .into_iter()
        .find(|request| prompt(request).contains("Task: rewrite"))
        .unwrap();
    assert!(prompt(&rewrite).contains("Too vague.") && prompt(&rewrite).contains("Name a day."));
    // The author never reviews itself while somebody else can.
    for request in server
        .requests()
        .iter()
        .filter(|request| prompt(request).contains("Task: review"))
    {
        assert_eq!(model(request), "two");
    }
}

#[test]
fn a_refine_stage_that_runs_out_returns_the_best_version() {
    let (done, _server) = looped(&["0.3", "0.6", "0.5"]);
    let record = record(&done.code(0));
    assert_eq!(record["answer"], "Draft next.");
    assert_eq!(record["stages"][1]["score"], 0.6);
    assert_eq!(record["stages"][1]["rounds"].as_array().unwrap().len(), 3);
    assert_eq!(record["totals"]["calls"], 6, "a draft, three reviews, two rewrites");
}

#[test]
fn what_cannot_be_asked_says_what_to_do() {
    let mock = ["--provider", "mock"];
    for (arguments, said) in [
        (vec!["ask", "  "], "the question is empty"),
        (
            vec!["ask", QUESTION, "--pattern", "nonsense"],
            "known are confidence, council, critique",
        ),
        (vec!["ask", QUESTION, "--pattern", "insights"], "takes no question"),
        (vec!["ask", QUESTION, "--run", "never"], "there is no run `never`"),
        (vec!["ask", QUESTION, "--run", "../x"], "there is no run `../x`"),
        (vec!["ask", QUESTION, "--context", "missing.txt"], "missing.txt"),
        (
            vec!["ask", QUESTION, "--context", "secret.env"],
            "never leave this machine",
        ),
    ] {
        let run = Run::new()
            .file("secret.env", "A=1\n")
            .arguments(&arguments)
            .arguments(&mock);
        let done = run.done().code(2);
        assert!(done.stderr.contains(said), "{arguments:?}: {}", done.stderr);
    }
    let done = Run::new()
        .arguments(&["ask", QUESTION, "--models", "unheard"])
        .done()
        .code(2);
    assert!(done.stderr.contains("unknown model `unheard`"), "{}", done.stderr);
    let done = Run::new().arguments(&["ask", QUESTION]).done().code(2);
    assert!(done.stderr.contains("no provider is configured"), "{}", done.stderr);
}

#[test]
fn a_question_may_come_through_a_pipe_with_files_beside_it() {
    let server = Server::with([Step::made(signed)]);
    let run = Run::new()
        .arguments(&[
            "ask",
            "-",
            "--pattern",
            "gut",
            "--run-hash",
            "q",
            "--context",
            "notes.md",
            "--output",
            "answer.md",
            "--json",
        ])
        .file("notes.md", "Prices rose in May.\n")
        .stdin("Why did orders fall?\n");
    let done = of_lab(run, &server).done().code(0);
    let asked = prompt(&server.requests()[0]);
    assert!(
        asked.contains("Why did orders fall?") && asked.contains("file notes.md:\nPrices rose in May."),
        "{asked}"
    );
    assert_eq!(done.text("answer.md"), done.text("run_logs/q/outputs/ask/answer.md"));
    let printed: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(printed["question"], "Why did orders fall?");
}

#[test]
fn asking_again_costs_nothing() {
    let server = Server::with([Step::made(signed)]);
    let models = ["--models", "lab:one,lab:two,lab:three"];
    let first = ask("council", &models)
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .done()
        .code(0);
    let answer = first.stdout.clone();
    let again = Run::again(first)
        .arguments(&["ask", QUESTION, "--pattern", "council", "--run-hash", "q"])
        .arguments(&models)
        .variable("LAB_BASE_URL", &server.url("/v1"));
    let done = again.done().code(0);
    assert_eq!(done.stdout, answer);
    let totals = record(&done)["totals"].clone();
    assert_eq!(totals["cached_calls"], totals["calls"], "{totals}");
    assert_eq!(server.requests().len(), 10);
}
