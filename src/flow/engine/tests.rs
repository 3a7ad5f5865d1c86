//! The engine with the mock: failures, stand-ins, branches, crashes, resuming.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::*;
use crate::llm::{self, MockOptions, MockScript, Route, Target, Vendor};

/// Runs a pattern of these files with a scripted mock.
async fn run_with(
    files: &[(&str, &str)],
    script: serde_json::Value,
    session: Arc<dyn Session>,
) -> (Record, Vec<Event>) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join("mine").join(name), text).unwrap();
    }
    let prompts = Prompts::open(&crate::prompt::Options {
        folder: None,
        patterns: Some(folder.path().to_owned()),
    })
    .unwrap();
    assert_eq!(prompts.check("mine", &[]).unwrap(), []);
    let pattern = prompts.pattern("mine").unwrap();
    let heard: Arc<Mutex<Vec<Event>>> = Arc::default();
    let listener = heard.clone();
    let events = Events::new(move |event| listener.lock().unwrap_or_else(PoisonError::into_inner).push(event));
    let script = MockScript::parse(&json!({ "roles": script }).to_string()).unwrap();
    let options = llm::Options {
        vendors: Vendor::all(),
        routes: Route::to([Target::new("mock", "mock-1")]),
        attempts: 1,
        mock: MockOptions {
            script: Some(script),
            ..MockOptions::default()
        },
        ..llm::Options::default()
    };
    let llm = Arc::new(Llm::new(options, None, events.clone()).unwrap());
    let models: Vec<Registered> = ["a", "b", "c"]
        .into_iter()
        .map(|name| Registered {
            name: name.to_owned(),
            target: Target::new("mock", name),
            weight: 1.0,
            tags: Vec::new(),
            unavailable: None,
        })
        .collect();
    let options = Options {
        max_output_tokens: 1000,
        deadline: Duration::from_secs(60),
        rounds: None,
    };
    let engine = Engine {
        models: &models,
        session,
        ..Engine::new(llm, &prompts, options, events)
    };
    let mut values = Values::from_iter([("question".to_owned(), json!("What now?"))]);
    let record = super::run(&engine, &pattern, &mut values).await.unwrap();
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (record, heard)
}

async fn run(files: &[(&str, &str)], script: serde_json::Value) -> Record {
    run_with(files, script, Arc::new(NoSession)).await.0
}

fn names(record: &Record) -> Vec<&str> {
    record.stages.iter().map(|stage| stage.name.as_str()).collect()
}

const FAULT: &str = "bad_key";

fn always() -> serde_json::Value {
    json!([{"fault": FAULT, "repeat": true}])
}

const VOICES: &str = r#"
[[stages]]
name = "voices"
kind = "roles"
inputs = ["question"]

[[stages.roles]]
name = "first"
template = "ask.md"
ON_FIRST

[[stages.roles]]
name = "second"
template = "ask.md"

[[stages]]
name = "joined"
kind = "synthesis"
inputs = ["question", "voices"]
template = "join.md"
"#;

fn voices(on_first: &str) -> Vec<(&'static str, String)> {
    vec![
        ("pattern.toml", VOICES.replace("ON_FIRST", on_first)),
        ("ask.md", "Task: {{ question }}\n".to_owned()),
        ("instead.md", "Nobody could say, to {{ question }}\n".to_owned()),
        (
            "join.md",
            "Task: join {{ voices.text }} without {{ voices.missing | join(', ') }}\n".to_owned(),
        ),
    ]
}

fn borrowed<'a>(files: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    files.iter().map(|(name, text)| (*name, text.as_str())).collect()
}

/// The first role cannot answer (its own broken model); the others can.
fn broken_first() -> serde_json::Value {
    json!({"first": [{"fault": "server_error", "repeat": true}]})
}

#[tokio::test]
async fn a_failed_role_is_skipped_stops_or_is_stood_in_for() {
    let skip = run(&borrowed(&voices("")), broken_first()).await;
    assert_eq!(names(&skip), ["voices", "joined"]);
    assert!(skip.is_degraded() && skip.stopped.is_none());
    assert!(skip.stages[0].answers[0].why.is_some());

    let stop = run(&borrowed(&voices("on_failure = \"stop\"")), broken_first()).await;
    assert_eq!(names(&stop), ["voices"]);
    assert!(stop.stopped.unwrap().because.contains("`first` must answer"));

    let files = voices("on_failure = { template = \"instead.md\" }");
    let template = run(&borrowed(&files), broken_first()).await;
    let first = &template.stages[0].answers[0];
    assert_eq!(first.text.as_deref(), Some("Nobody could say, to What now?"));
    assert!(first.stand_in && !first.is_real() && template.is_degraded());
}

#[tokio::test]
async fn a_stage_below_its_minimum_goes_on_elsewhere() {
    let pattern = |on_failure: &str| {
        format!(
            "result = \"last\"\n[[stages]]\nname = \"many\"\nkind = \"models\"\ninputs = [\"question\"]\ntemplate = \"ask.md\"\nminimum = 2\non_failure = {on_failure}\n\
             [[stages]]\nname = \"middle\"\nkind = \"synthesis\"\ninputs = [\"question\"]\ntemplate = \"ask.md\"\n\
             [[stages]]\nname = \"last\"\nkind = \"synthesis\"\ninputs = [\"question\", \"many\"]\ntemplate = \"last.md\"\n"
        )
    };
    let files = |on_failure: &str| {
        vec![
            ("pattern.toml", pattern(on_failure)),
            ("ask.md", "Task: {{ question }}\n".to_owned()),
            ("instead.md", "Stand in.\n".to_owned()),
            ("last.md", "Task: {{ many.text }}\n".to_owned()),
        ]
    };
    let script = || json!({"many": [{"fault": "server_error", "repeat": true}]});
    for (on_failure, expected) in [
        ("\"stop\"", vec!["many"]),
        ("\"skip\"", vec!["many", "middle", "last"]),
        ("{ stage = \"last\" }", vec!["many", "last"]),
        ("{ template = \"instead.md\" }", vec!["many", "middle", "last"]),
    ] {
        let record = run(&borrowed(&files(on_failure)), script()).await;
        assert_eq!(names(&record), expected, "{on_failure}");
        let texts: Vec<&str> = record.stages[0]
            .answers
            .iter()
            .filter_map(|answer| answer.text.as_deref())
            .collect();
        let stood_in = on_failure.contains("template");
        assert_eq!(texts, if stood_in { vec!["Stand in."] } else { vec![] }, "{on_failure}");
        assert!(record.is_degraded());
    }
}

#[tokio::test]
async fn a_branch_is_taken_on_its_side_of_the_bound_only() {
    let pattern = |bound: &str| {
        format!(
            "[[stages]]\nname = \"many\"\nkind = \"models\"\ninputs = [\"question\"]\ntemplate = \"ask.md\"\nschema = \"one.json\"\n\
             [[stages.branches]]\nscore = \"confidence\"\n{bound}\nto = \"end\"\n\
             [[stages]]\nname = \"last\"\nkind = \"synthesis\"\ninputs = [\"question\"]\ntemplate = \"ask.md\"\n"
        )
    };
    let schema = r#"{"type": "object", "required": ["confidence"], "properties": {"confidence": {"type": "number", "enum": [0.5]}}}"#;
    for (bound, stages) in [
        ("at_least = 0.5", 1),
        ("below = 0.5", 2),
        ("below = 0.6", 1),
        ("at_least = 0.6", 2),
    ] {
        let pattern = pattern(bound);
        let files = [
            ("pattern.toml", pattern.as_str()),
            ("ask.md", "Task: {{ question }}\n"),
            ("one.json", schema),
        ];
        let record = run(&files, json!({})).await;
        assert_eq!(record.stages.len(), stages, "{bound}");
        assert_eq!(record.stages[0].scores.confidence, Some(0.5));
    }
}

/// Crashes inside the task of one role; keeps what the others said.
#[derive(Default)]
struct Memory {
    crash_on: Option<&'static str>,
    kept: Mutex<BTreeMap<StepKey, StoredReply>>,
    resumed: Mutex<usize>,
    finished: Mutex<Vec<String>>,
}

impl Session for Memory {
    fn answered(&self, step: &StepKey) -> Option<StoredReply> {
        if let Some(role) = self.crash_on {
            assert!(!step.as_str().contains(role), "a crash on purpose");
        }
        self.kept.lock().unwrap().get(step).cloned()
    }

    fn keep(&self, step: &StepKey, reply: &StoredReply) {
        self.kept.lock().unwrap().insert(step.clone(), reply.clone());
    }

    fn interaction(&self, interaction: &Interaction<'_>) {
        *self.resumed.lock().unwrap() += usize::from(interaction.resumed);
    }

    fn finish(&self, status: &str) {
        self.finished.lock().unwrap().push(status.to_owned());
    }
}

#[tokio::test]
async fn a_crash_in_one_task_is_one_missing_answer() {
    let session = Arc::new(Memory {
        crash_on: Some("/first/"),
        ..Memory::default()
    });
    let (record, _) = run_with(&borrowed(&voices("")), json!({}), session.clone()).await;
    assert_eq!(names(&record), ["voices", "joined"]);
    let [first, second] = record.stages[0].answers.as_slice() else {
        panic!("two answers");
    };
    assert_eq!(first.why.as_ref().unwrap().kind, "internal");
    assert!(second.is_real() && record.answer().is_some());
    assert_eq!(*session.finished.lock().unwrap(), ["degraded"]);
}

#[tokio::test]
async fn what_was_answered_before_is_not_asked_again() {
    let session = Arc::new(Memory::default());
    let files = voices("");
    let (first, _) = run_with(&borrowed(&files), json!({}), session.clone()).await;
    assert_eq!(first.calls().filter(|call| call.attempts > 0).count(), 3);
    // Every call would fail now; none is made.
    let (second, events) = run_with(&borrowed(&files), json!({"*": always()}), session.clone()).await;
    assert_eq!(second.answer().unwrap().text, first.answer().unwrap().text);
    assert!(second.calls().all(|call| call.cached && call.attempts == 0));
    assert_eq!(*session.resumed.lock().unwrap(), 3);
    assert!(!events.iter().any(|event| matches!(event, Event::CallAttempt { .. })));
    assert_eq!(*session.finished.lock().unwrap(), ["complete", "complete"]);
}

#[tokio::test]
async fn fractions_rise_to_one() {
    let (_, events) = run_with(&borrowed(&voices("")), json!({}), Arc::new(NoSession)).await;
    let fractions: Vec<f64> = events
        .iter()
        .filter_map(|event| match event {
            Event::StageStarted { fraction, .. }
            | Event::StageProgress { fraction, .. }
            | Event::StageFinished { fraction, .. } => Some(*fraction),
            _ => None,
        })
        .collect();
    assert_eq!(fractions, [0.0, 0.25, 0.5, 0.5, 0.5, 1.0, 1.0]);
}
