use std::fs;

use serde_json::json;

use super::*;
use crate::store::CallRecord;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn log(&self, backend: Backend, detail: Detail) -> (Store, SessionLog) {
        let options = Options { backend, detail };
        let store = Store::open_with(&self.folder.path().join("insights.db"), options.database_detail());
        let log = SessionLog::new(options, &store, self.folder.path());
        (store, log)
    }
}

fn call(cost_usd: Option<f64>, cached: bool) -> CallRecord {
    CallRecord {
        role: "draft".into(),
        kind: "text".into(),
        parameters: json!({"max_output_tokens": 100}),
        provider: "mock".into(),
        model: "mock-1".into(),
        status: "ok".into(),
        attempts: 1,
        cost_usd,
        cached,
        prompt: Some("the prompt".into()),
        reply: Some("the reply".into()),
        ..CallRecord::default()
    }
}

fn interaction(content: &str) -> Interaction {
    Interaction {
        sequence: 0,
        purpose: Purpose::Prompt,
        stage: "draft".into(),
        role: "draft".into(),
        content: Some(content.into()),
        created: String::new(),
        metadata: Metadata::from_iter([("model".to_owned(), json!("mock-1"))]),
    }
}

fn review(score: f64) -> Review {
    Review {
        sequence: 0,
        stage: "refine".into(),
        judge: "b".into(),
        of: "draft".into(),
        score,
        feedback: Some("too long".into()),
        suggestions: vec!["cut it".into()],
        created: String::new(),
    }
}

/// What a whole session leaves, with words only where they are kept.
fn told(transcript: &Transcript) -> Value {
    let words = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    json!({
        "status": transcript.head.status.word(),
        "metadata": transcript.head.metadata,
        "interactions": transcript.interactions.iter().map(|one| json!([one.sequence, one.purpose.word(), words(&one.content), one.metadata])).collect::<Vec<_>>(),
        "reviews": transcript.reviews.iter().map(|one| json!([one.sequence, one.score, words(&one.feedback), one.suggestions])).collect::<Vec<_>>(),
        "calls": transcript.calls.iter().map(|one| json!([one.call.kind, one.call.parameters, words(&one.call.prompt), words(&one.call.reply), one.call.cost_usd])).collect::<Vec<_>>(),
        "kept_steps": transcript.kept_steps,
    })
}

#[test]
fn both_backends_tell_the_same_story() {
    for (detail, word, suggestions, prompt, reply, kept) in [
        (Detail::Texts, "hello", json!(["cut it"]), "the prompt", "the reply", 1),
        (Detail::Numbers, "-", json!([]), "-", "-", 0),
    ] {
        let feedback = if detail == Detail::Texts { "too long" } else { "-" };
        for backend in [Backend::Sqlite, Backend::JsonLines] {
            let place = Place::new();
            let (store, log) = place.log(backend, detail);
            let session = log.begin(
                Kind::Refine,
                Metadata::from_iter([("command".to_owned(), json!(["refine"]))]),
            );
            store.record_call(call(Some(0.25), false));
            session.keep("draft/x", json!({"text": "hello"}));
            session.interaction(interaction("hello"));
            session.review(review(0.5));
            session.finish(Status::Completed);
            let transcript = log.transcript(session.id()).unwrap();
            assert_eq!(
                told(&transcript),
                json!({
                    "status": "completed",
                    "metadata": {"command": ["refine"]},
                    "interactions": [[1, "prompt", word, {"model": "mock-1"}]],
                    "reviews": [[2, 0.5, feedback, suggestions]],
                    "calls": [["text", {"max_output_tokens": 100}, prompt, reply, 0.25]],
                    "kept_steps": kept,
                }),
                "{backend:?} {detail:?}"
            );
            let list = log.list();
            assert_eq!((list.len(), list[0].calls, list[0].cost_usd), (1, 1, Some(0.25)));
            assert_eq!(list[0], transcript.summary());
            assert!(transcript.head.updated >= transcript.head.created);
            let unsaid = fs::read(place.folder.path().join("insights.db")).unwrap();
            let holds = String::from_utf8_lossy(&unsaid).contains("the prompt");
            assert!(!holds || detail == Detail::Texts && backend == Backend::Sqlite);
        }
    }
}

#[test]
fn an_unknown_cost_makes_the_sum_unknown_and_cached_calls_do_not_count() {
    let place = Place::new();
    let (store, log) = place.log(Backend::Sqlite, Detail::Texts);
    log.begin(Kind::Ask, Metadata::new());
    store.record_call(call(Some(0.25), false));
    store.record_call(call(Some(0.0), true));
    assert_eq!((log.list()[0].calls, log.list()[0].cost_usd), (1, Some(0.25)));
    store.record_call(call(None, false));
    assert_eq!((log.list()[0].calls, log.list()[0].cost_usd), (2, None));
    let empty = log.begin(Kind::Ask, Metadata::new());
    let found = log.list().into_iter().find(|one| one.head.id == empty.id()).unwrap();
    assert_eq!((found.calls, found.cost_usd), (0, Some(0.0)));
}

#[test]
fn a_resumed_session_knows_what_was_answered_once_each() {
    for backend in [Backend::Sqlite, Backend::JsonLines] {
        let place = Place::new();
        let id = {
            let (_store, log) = place.log(backend, Detail::Numbers);
            let session = log.begin(Kind::Refine, Metadata::new());
            session.keep("a", json!(1));
            session.keep("a", json!(2));
            session.keep("b", json!("three"));
            session.interaction(interaction("x"));
            assert_eq!(session.answered("a"), None, "a fresh session asks");
            session.finish(Status::Failed);
            session.id().to_owned()
        };
        // Another default backend: the session stays where it is.
        let (_store, log) = place.log(Backend::None, Detail::Numbers);
        let session = log.resume(&log.find(&id[..9]).unwrap()).unwrap();
        assert_eq!(log.transcript(&id).unwrap().head.status, Status::Active);
        let answers = ["a", "a", "a", "b", "c"].map(|step| session.answered(step));
        assert_eq!(
            answers,
            [Some(json!(1)), Some(json!(2)), None, Some(json!("three")), None]
        );
        session.interaction(interaction("y"));
        let order: Vec<u64> = log
            .transcript(&id)
            .unwrap()
            .interactions
            .iter()
            .map(|one| one.sequence)
            .collect();
        assert_eq!(order, [1, 2], "{backend:?}");
    }
}

#[test]
fn none_keeps_nothing() {
    let place = Place::new();
    let (_store, log) = place.log(Backend::None, Detail::Texts);
    let session = log.begin(Kind::Scan, Metadata::new());
    session.keep("a", json!(1));
    session.interaction(interaction("x"));
    session.finish(Status::Completed);
    assert!(!session.is_kept());
    assert!(log.list().is_empty());
    assert!(!place.folder.path().join("sessions").exists());
}

#[test]
fn an_unwritable_log_is_warned_about_once() {
    let place = Place::new();
    fs::write(place.folder.path().join("sessions"), "a file where the folder belongs").unwrap();
    let (store, log) = place.log(Backend::JsonLines, Detail::Texts);
    let session = log.begin(Kind::Ask, Metadata::new());
    session.interaction(interaction("x"));
    assert!(store.take_warning().unwrap().contains("is not kept"));
    session.review(review(0.1));
    assert_eq!(store.take_warning(), None);
    assert!(log.list().is_empty());
}

#[test]
fn a_line_that_was_cut_off_is_passed_over() {
    let place = Place::new();
    let (_store, log) = place.log(Backend::JsonLines, Detail::Texts);
    let session = log.begin(Kind::Ask, Metadata::new());
    session.keep("a", json!(1));
    let path = place.folder.path().join(format!("sessions/{}.jsonl", session.id()));
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}{{\"record\":\"step\",\"step\":\"b\",\"re")).unwrap();
    let again = log.resume(session.id()).unwrap();
    again.keep("c", json!(3));
    let last = log.resume(session.id()).unwrap();
    assert_eq!(
        ["a", "b", "c"].map(|step| last.answered(step)),
        [Some(json!(1)), None, Some(json!(3))]
    );
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_lines() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let (_store, log) = place.log(Backend::JsonLines, Detail::Numbers);
    let session = log.begin(Kind::Ask, Metadata::new());
    session.keep("a", json!(1));
    let path = place.folder.path().join(format!("sessions/{}.jsonl", session.id()));
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    session.finish(Status::Completed);
    assert_eq!(mode(), 0o600);
    assert!(!fs::read_to_string(&path).unwrap().contains("\"step\""));
}

#[test]
fn the_database_of_an_older_version_gains_sessions() {
    let place = Place::new();
    let path = place.folder.path().join("insights.db");
    drop(Store::open(&path));
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "DROP INDEX requests_by_session; DROP TABLE steps; DROP TABLE reviews; DROP TABLE interactions; DROP TABLE sessions;
         ALTER TABLE requests DROP COLUMN session_id; ALTER TABLE requests DROP COLUMN type;
         ALTER TABLE requests DROP COLUMN parameters;
         INSERT INTO requests (run_hash, created, role, provider, model) VALUES ('x', 'then', 'r', 'p', 'm');",
    )
    .unwrap();
    let version: u32 = old.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    old.pragma_update(None, "user_version", version - 1).unwrap();
    drop(old);
    let (store, log) = place.log(Backend::Sqlite, Detail::Numbers);
    assert_eq!(store.take_warning(), None);
    log.begin(Kind::Council, Metadata::new());
    store.record_call(call(Some(0.5), false));
    assert_eq!((log.list().len(), log.list()[0].calls), (1, 1));
}

#[test]
fn ids_differ() {
    let ids: std::collections::BTreeSet<String> = (0..1_000).map(|_| new_id(Kind::Refine)).collect();
    assert_eq!(ids.len(), 1_000);
    assert!(ids.iter().all(|id| crate::rundir::RunHash::new(id).is_ok()));
}
