//! Refining: every flow with the mock, and against a host on loopback that keeps what it was sent.

use serde_json::{Value, json};

use crate::support::run::{Done, Run};
use crate::support::server::{Recorded, Rule, Server, Step, error, openai};

const TASK: &str = "Write a note about the maintenance on Sunday.";

fn refine(more: &[&str]) -> Run {
    Run::new().arguments(&["refine", "--prompt", TASK]).arguments(more)
}

/// A writer and a critic of one host; nothing is taken from the cache.
fn lab(server: &Server, more: &[&str]) -> Run {
    refine(&["--retries", "0", "--cache", "off"])
        .arguments(more)
        .variable("LAB_BASE_URL", &server.url("/v1"))
}

const PAIR: [&str; 4] = ["--model", "lab:writer", "--reviewer", "lab:critic"];

fn writer(texts: &[&str]) -> Rule {
    Rule::on("\"model\":\"writer\"", texts.iter().map(|text| Step::ok(openai(text))))
}

fn critic(scores: &[f64]) -> Rule {
    Rule::on(
        "\"model\":\"critic\"",
        scores.iter().map(|score| Step::ok(review(*score))),
    )
}

fn review(score: f64) -> String {
    let text = json!({
        "score": score, "feedback": format!("At {score} it is not yet there."), "suggestions": [format!("Raise it from {score}.")],
    });
    openai(&text.to_string())
}

const VERSIONS: [&str; 3] = ["Version one.", "Version two.", "Version three."];

fn prompt(request: &Recorded) -> String {
    let messages = request.json()["messages"].clone();
    let texts = messages.as_array().unwrap().iter();
    let texts = texts.map(|message| message["content"].as_str().unwrap().to_owned());
    texts.collect::<Vec<_>>().join("\n")
}

fn models(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let models = requests
        .iter()
        .map(|request| request.json()["model"].as_str().unwrap().to_owned());
    models.collect()
}

#[track_caller]
fn record(done: &Done) -> Value {
    let root = done.path("run_logs");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let file = folders
        .map(|folder| folder.join("outputs/refine/refine.json"))
        .find(|file| file.is_file());
    serde_json::from_str(&std::fs::read_to_string(file.expect("a record")).unwrap()).unwrap()
}

#[test]
fn it_ends_at_the_threshold_and_the_writer_saw_the_feedback() {
    let server = Server::start([writer(&VERSIONS), critic(&[0.3, 0.9])]);
    let done = lab(&server, &PAIR)
        .done()
        .code(0)
        .says(&["approved: version 2 of 2, score 0.90"]);
    assert_eq!(done.stdout, "Version two.\n");
    assert_eq!(models(&server), ["writer", "critic", "writer", "critic"]);
    let requests = server.requests();
    assert!(prompt(&requests[0]).contains(TASK));
    assert!(prompt(&requests[1]).contains(TASK) && prompt(&requests[1]).contains("Version one."));
    let rewrite = prompt(&requests[2]);
    for part in [
        TASK,
        "Version one.",
        "At 0.3 it is not yet there.",
        "Raise it from 0.3.",
        "reached 0.30 of 1",
    ] {
        assert!(rewrite.contains(part), "no `{part}` in:\n{rewrite}");
    }
    assert!(prompt(&requests[3]).contains("Version two."));
    let record = record(&done);
    assert_eq!(record["status"], "approved");
    assert_eq!((&record["version"], &record["score"]), (&json!(2), &json!(0.9)));
    assert_eq!(record["author"], "lab:writer");
    assert_eq!(record["self_reviewed"], false);
    assert_eq!(record["rounds"][0]["reviews"][0]["judge"], "lab:critic");
    assert_eq!(record["totals"]["calls"], 4);
}

#[test]
fn it_runs_out_and_gives_the_best() {
    let out = |scores: &[f64], more: &[&str]| {
        let server = Server::start([writer(&VERSIONS), critic(scores)]);
        let done = lab(&server, &[&PAIR[..], more].concat()).done();
        (done, server.requests().len())
    };
    let (done, n_requests) = out(&[0.3, 0.4, 0.5], &[]);
    let done = done
        .code(3)
        .says(&["not approved, the last iteration is used up: the best is version 3 of 3, score 0.50"]);
    assert_eq!((done.stdout.as_str(), n_requests), ("Version three.\n", 6));
    assert_eq!(record(&done)["status"], "best");
    let (done, _) = out(&[0.3, 0.7, 0.4], &["--allow-partial"]);
    let done = done.code(0).says(&["the best is version 2 of 3, score 0.70"]);
    assert_eq!(
        done.stdout, "Version two.\n",
        "a later version that is worse is not returned"
    );
    let (done, n_requests) = out(&[0.3], &["--max-iterations", "1", "--threshold", "0.2"]);
    assert_eq!((done.code(0).stdout.as_str(), n_requests), ("Version one.\n", 2));
}

#[test]
fn a_score_outside_the_scale_is_asked_again_once_and_then_dropped() {
    let server = Server::start([writer(&VERSIONS), critic(&[85.0, 0.9])]);
    let done = lab(&server, &PAIR).done().code(0);
    assert_eq!(done.stdout, "Version one.\n");
    assert_eq!(models(&server), ["writer", "critic", "critic"]);
    assert!(
        prompt(&server.requests()[2]).contains("score"),
        "the re-ask says what was wrong"
    );
    let server = Server::start([writer(&VERSIONS), critic(&[85.0, 9.0, 0.9])]);
    let done = lab(&server, &PAIR).done().code(3).says(&["there was no valid review"]);
    assert_eq!((done.stdout.as_str(), server.requests().len()), ("Version one.\n", 3));
    let missing = Rule::on(
        "\"model\":\"critic\"",
        [Step::ok(openai("{\"feedback\": \"fine\", \"suggestions\": []}"))],
    );
    let server = Server::start([writer(&VERSIONS), missing]);
    lab(&server, &PAIR).done().code(3);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn nobody_reviews_its_own_text_when_somebody_else_can() {
    let one = |name: &str, score: f64| {
        Rule::on(
            &format!("\"model\":\"{name}\""),
            [Step::made(move |request| {
                let text = if prompt(request).starts_with("You work") && prompt(request).contains("Task: review") {
                    review(score)
                } else {
                    openai("A text.")
                };
                text.into()
            })],
        )
    };
    // The reviewer list names the author too; the other one judges.
    let server = Server::start([one("a", 1.0), one("b", 0.9)]);
    let done = lab(&server, &["--model", "lab:a", "--model", "lab:b"]).done().code(0);
    assert_eq!(models(&server), ["a", "b"]);
    assert_eq!(record(&done)["self_reviewed"], false);
    let server = Server::start([one("a", 1.0), one("b", 0.9)]);
    lab(&server, &["--model", "lab:a", "--reviewer", "lab:a,lab:b"])
        .done()
        .code(0);
    assert_eq!(models(&server)[1..], ["b"]);
    let server = Server::start([one("a", 1.0)]);
    let done = lab(&server, &["--model", "lab:a"])
        .done()
        .code(0)
        .says(&["the author reviewed its own text"]);
    assert_eq!(record(&done)["self_reviewed"], true);
}

#[test]
fn a_panel_is_asked_at_once_and_its_median_decides() {
    let judge = |name: &str, score: f64| Rule::on(&format!("\"model\":\"{name}\""), [Step::ok(review(score))]);
    let server = Server::start([writer(&VERSIONS), judge("x", 0.1), judge("y", 0.82), judge("z", 0.9)]);
    let more = [
        "--flow",
        "panel",
        "--model",
        "lab:writer",
        "--reviewer",
        "lab:x,lab:y,lab:z",
    ];
    let done = lab(&server, &more).done().code(0);
    let record = record(&done);
    assert_eq!(record["flow"], "refine_panel");
    assert_eq!(record["score"], 0.82);
    assert_eq!(record["rounds"][0]["feedback"].as_array().unwrap().len(), 3);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_critic_speaks_before_the_reviewer_and_the_writer_hears_both() {
    let critic = Rule::on(
        "\"model\":\"critic\"",
        [
            Step::ok(openai("The date is missing.")),
            Step::ok(review(0.4)),
            Step::ok(openai("Nothing is wrong.")),
            Step::ok(review(0.9)),
        ],
    );
    let server = Server::start([writer(&VERSIONS), critic]);
    let done = lab(&server, &[&PAIR[..], &["--flow", "critique"]].concat())
        .done()
        .code(0);
    assert_eq!(done.stdout, "Version two.\n");
    assert_eq!(
        models(&server),
        ["writer", "critic", "critic", "writer", "critic", "critic"]
    );
    let requests = server.requests();
    assert!(
        requests[1].json()["response_format"].is_null(),
        "a critique is free text"
    );
    assert!(prompt(&requests[2]).contains("The date is missing."));
    assert!(prompt(&requests[3]).contains("The date is missing.") && prompt(&requests[3]).contains("At 0.4"));
}

/// A critic that scores and compares by what it reads.
fn comparing(
    score: impl Fn(&str) -> f64 + Send + Sync + 'static,
    better: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Rule {
    let step = Step::made(move |request| {
        let prompt = prompt(request);
        let text = if prompt.contains("which of the two texts") {
            openai(&json!({"better": better(&prompt), "reason": "It rambles."}).to_string())
        } else {
            review(score(&prompt))
        };
        text.into()
    });
    Rule::on("\"model\":\"critic\"", [step])
}

#[test]
fn in_pairs_only_a_winner_in_both_orders_replaces_the_best() {
    let scores = |prompt: &str| if prompt.contains("Version one.") { 0.5 } else { 0.7 };
    // Always the first place: nobody wins, the older one stays and is rewritten again.
    let server = Server::start([writer(&VERSIONS), comparing(scores, |_| "first".to_owned())]);
    let pairs = [&PAIR[..], &["--flow", "pairwise"]].concat();
    let done = lab(&server, &pairs).done().code(3);
    assert_eq!(done.stdout, "Version one.\n");
    let rounds = record(&done)["rounds"].clone();
    let comparison = &rounds[1]["comparison"];
    assert_eq!((&comparison["wins"], &comparison["losses"]), (&json!(1), &json!(1)));
    let prompts: Vec<String> = server.requests().iter().map(prompt).collect();
    let rewrites = prompts.iter().filter(|prompt| prompt.contains("Task: improve"));
    let last_rewrite = rewrites.max_by_key(|prompt| prompt.contains("It rambles.")).unwrap();
    assert!(
        last_rewrite.contains("Version one.") && last_rewrite.contains("It rambles."),
        "{last_rewrite}"
    );
    // The newer one, wherever it stands.
    let newer = |prompt: &str| {
        let place = |version: &str| prompt.find(version);
        let newest = ["Version three.", "Version two."]
            .iter()
            .find_map(|version| place(version))
            .unwrap();
        let other = ["Version one.", "Version two."]
            .iter()
            .filter_map(|version| place(version))
            .find(|at| *at != newest)
            .unwrap();
        if newest < other { "first" } else { "second" }.to_owned()
    };
    let server = Server::start([
        writer(&VERSIONS),
        comparing(
            |prompt| if prompt.contains("Version three.") { 0.9 } else { 0.5 },
            newer,
        ),
    ]);
    let done = lab(&server, &pairs).done().code(0);
    assert_eq!(done.stdout, "Version three.\n");
}

#[test]
fn scorers_of_the_program_need_no_reviewer() {
    let server = Server::start([writer(&["one two three four five six seven eight", "one two three"])]);
    let more = ["--model", "lab:writer", "--scorer", "length", "--length", "2..4"];
    let done = lab(&server, &more).done().code(0);
    assert_eq!((done.stdout.as_str(), server.requests().len()), ("one two three\n", 2));
    assert!(prompt(&server.requests()[1]).contains("it has 8 words; at most 4 are wanted"));
    let server = Server::start([writer(&["{\"a\": \"x\"}", "{\"a\": 1}"])]);
    let more = [
        "--model",
        "lab:writer",
        "--scorer",
        "schema",
        "--schema",
        "schema.json",
        "--json",
    ];
    let run = lab(&server, &more).file(
        "schema.json",
        r#"{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a", "b"]}"#,
    );
    let done = run.done().code(3);
    let record: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(record["rounds"][0]["score"], 0.3333, "two faults: 1 / 3");
}

#[test]
fn a_mix_weighs_its_parts_and_criteria_weigh_theirs() {
    let criteria =
        "[[criteria]]\nname = \"tone\"\nweight = 3\n\n[[criteria]]\nname = \"says when\"\ncontains = [\"Sunday\"]\n";
    let judged =
        json!({"score": 0.6, "feedback": "f", "suggestions": [], "criteria": [{"name": "tone", "score": 0.8}]});
    let critic = || Rule::on("\"model\":\"critic\"", [Step::ok(openai(&judged.to_string()))]);
    let server = Server::start([writer(&["On Monday it rains a lot."]), critic()]);
    let more = [
        "--criteria",
        "c.toml",
        "--max-iterations",
        "1",
        "--scorer",
        "rubric=1,length=3",
        "--length",
        "..3",
    ];
    let done = lab(&server, &[&PAIR[..], &more].concat())
        .file("c.toml", criteria)
        .done()
        .code(3);
    let record = record(&done);
    // (3 × 0.8 + 1 × 0) / 4 = 0.6; six words where three are wanted = 0.5.
    assert_eq!(record["rounds"][0]["parts"], json!({"rubric": 0.6, "length": 0.5}));
    assert_eq!(record["score"], 0.525);
    assert!(
        prompt(&server.requests()[0]).contains("tone (weight 3"),
        "{}",
        prompt(&server.requests()[0])
    );
    let asked = server.requests()[1].json()["response_format"]["json_schema"]["schema"].clone();
    assert!(asked["properties"]["criteria"].is_object(), "{asked}");
    assert!(
        asked.to_string().contains("tone") && !asked.to_string().contains("says when"),
        "only what a model judges: {asked}"
    );
}

#[test]
fn the_mock_converges_or_runs_out() {
    for (flow, n_versions) in [("single", 3), ("panel", 3), ("critique", 3), ("pairwise", 3)] {
        let done = refine(&["--provider", "mock", "--flow", flow]).done().code(0);
        let record = record(&done);
        assert_eq!(
            (&record["versions"], &record["score"]),
            (&json!(n_versions), &json!(0.85)),
            "{flow}: {record:#}"
        );
    }
    refine(&["--provider", "mock", "--max-iterations", "2"]).done().code(3);
    let script = r#"{"roles": {"refine.review": [
        {"say": {"score": 0.1, "feedback": "no", "suggestions": []}}, {"say": {"score": 0.99, "feedback": "yes", "suggestions": []}}]}}"#;
    let done = refine(&["--provider", "mock", "--mock-script", "s.json"])
        .file("s.json", script)
        .done()
        .code(0);
    assert_eq!(record(&done)["versions"], 2);
}

#[test]
fn the_prompt_is_words_a_file_or_stdin() {
    let base = || {
        Run::new().arguments(&[
            "refine",
            "--provider",
            "mock",
            "--allow-partial",
            "--max-iterations",
            "1",
        ])
    };
    for (prompt, run) in [
        ("from words", base().arguments(&["--prompt", "from words"])),
        ("from stdin", base().arguments(&["--prompt", "-"]).stdin("from stdin\n")),
        ("from a pipe", base().stdin("from a pipe\n")),
        (
            "from a file",
            base().arguments(&["--prompt", "p.txt"]).file("p.txt", "from a file\n"),
        ),
        (
            "from a named file",
            base()
                .arguments(&["--prompt", "@p.txt"])
                .file("p.txt", "from a named file\n"),
        ),
    ] {
        let done = run.done().code(0);
        assert_eq!(done.stdout.lines().next().unwrap(), format!("Mock edition 1: {prompt}"));
    }
}

#[test]
fn what_cannot_be_is_said_before_anybody_is_asked() {
    for (more, said) in [
        (&["--threshold", "2"][..], "from 0 to 1"),
        (&["--max-iterations", "0"], "--max-iterations"),
        (&["--flow", "nosuch"], "there is no pattern `nosuch`"),
        (&["--flow", "gut"], "needs a stage of the kind `refine`"),
        (&["--scorer", "taste"], "there is no scorer `taste`"),
        (&["--scorer", "length"], "needs `--length MIN..MAX`"),
        (&["--length", "1..2"], "no scorer reads it"),
        (&["--criteria", "nosuch.md"], "nosuch.md"),
        (&["--reviewer", "nosuch"], "unknown model `nosuch`"),
    ] {
        refine(&["--provider", "mock"])
            .arguments(more)
            .done()
            .code(2)
            .says(&[said]);
    }
    Run::new()
        .arguments(&["refine", "--provider", "mock", "--prompt", " "])
        .done()
        .code(2)
        .says(&["the prompt is empty"]);
    Run::new()
        .arguments(&[
            "refine",
            "--provider",
            "mock",
            "--prompt",
            "use sk-proj-CANARYCANARYCANARYCANARY0123456789 here",
        ])
        .done()
        .code(2)
        .says(&["what looks like a key"]);
    Run::new()
        .arguments(&["refine", "--provider", "mock", "--prompt", "@nosuch"])
        .done()
        .code(2);
}

#[test]
fn exhausted_providers_are_tried_later_and_nothing_usable_is_no_report() {
    let quota = || Step::status(429).body(error("insufficient_quota", "no credit"));
    let server = Server::start([Rule::any([quota()])]);
    lab(&server, &PAIR)
        .done()
        .code(75)
        .says(&["insights sessions resume refine-"]);
    let server = Server::start([writer(&VERSIONS), Rule::on("\"model\":\"critic\"", [quota()])]);
    let done = lab(&server, &PAIR).done().code(75).says(&["there was no valid review"]);
    assert_eq!(done.stdout, "Version one.\n");
    let server = Server::start([Rule::any([Step::status(400).body(error("bad", "no"))])]);
    lab(&server, &PAIR).done().code(1).says(&["nothing was written"]);
}

/// The first current value of the totals of a run's days: name and value as shown.
fn a_total(done: &Done) -> (String, String) {
    let evidence = done.json("evidence.json");
    let tables = evidence["evidence"]["daily_metrics"]["tables"].as_array().unwrap();
    let totals = tables.iter().find(|table| table["kind"] == "totals").unwrap();
    let columns = totals["columns"].as_array().unwrap();
    let now = columns.iter().position(|column| column["role"] == "current").unwrap();
    let row = &totals["rows"][0];
    let shown = row["cells"][now]["number"]["shown"].as_str().unwrap();
    (row["key"].as_str().unwrap().to_owned(), shown.to_owned())
}

#[test]
fn a_text_about_a_run_is_rewritten_until_its_claims_hold() {
    let done = Run::council().mock().done().code(0);
    let hash = done.json("execution_summary.json")["run_hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let (name, shown) = a_total(&done);
    let right = format!("In this period {name} came to {shown}. Let us meet next week.");
    let wrong = right.replace(&shown, "98,765,432");
    let server = Server::start(vec![writer(&[&wrong, &right])]);
    let done = Run::again(done)
        .arguments(&[
            "refine",
            "--prompt",
            TASK,
            "--retries",
            "0",
            "--cache",
            "off",
            "--model",
            "lab:writer",
        ])
        .arguments(&["--scorer", "grounding", "--run", &hash, "--json"])
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .done()
        .code(0);
    let record: Value = serde_json::from_str(&done.stdout).unwrap();
    let scores: Vec<f64> = record["rounds"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|round| round["score"].as_f64())
        .collect();
    assert_eq!(scores, [0.0, 1.0], "{record:#}");
    let asked = server.requests();
    let told = String::from_utf8_lossy(&asked.last().unwrap().body).into_owned();
    assert!(told.contains("98,765,432") && told.contains("the nearest is"), "{told}");
}

#[test]
fn the_scorer_of_claims_needs_a_finished_run() {
    refine(&["--provider", "mock", "--scorer", "grounding"])
        .done()
        .code(2)
        .says(&["needs `--run RUN_HASH`"]);
    refine(&["--provider", "mock", "--scorer", "grounding", "--run", "nowhere"])
        .done()
        .code(2)
        .says(&["there is no run `nowhere`"]);
    refine(&["--provider", "mock", "--run", "x"])
        .done()
        .code(2)
        .says(&["no scorer reads it"]);
}
