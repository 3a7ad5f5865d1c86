//! What is tried on the command line, and what must be seen of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::checks::Checks;
use crate::program::{CANARY, OUTPUT, Program, TOPIC, ended, until};
use crate::trace::Trace;

const TRACE: &str = "trace.jsonl";

pub(crate) fn basic(program: &Program, checks: &mut Checks) {
    let more = ["--producers", "3", "--iterations", "4", "--request-size", "40"];
    let child = program.explore(TRACE, &more).spawn().unwrap();
    checks.equal("exit code", ended(child), Some(0));
    let trace = program.trace(TRACE);
    checks.equal("the program starts once", trace.processes("explore").len(), 1);
    checks.equal("one exploration", trace.spans("explore").len(), 1);
    whole(program, &trace, 12, checks);
    checks.equal("attempts", trace.spans("llm.attempt").len(), 12);
    checks.equal("troubles", trace.troubles(), Vec::new());
    let merged: usize = program
        .json(&format!("{OUTPUT}/output.json"))
        .as_array()
        .map(|all| {
            all.iter()
                .filter_map(|one| one["merged"].as_array())
                .map(Vec::len)
                .sum()
        })
        .unwrap_or_default();
    checks.equal("each merged form is a decision", trace.events("merged").len(), merged);
    checks.that("the random provider repeats itself", merged > 0, merged);
}

pub(crate) fn minimal(program: &Program, checks: &mut Checks) {
    let child = program
        .explore(TRACE, &["--producers", "1", "--iterations", "1"])
        .spawn()
        .unwrap();
    checks.equal("exit code", ended(child), Some(0));
    let trace = program.trace(TRACE);
    let once = [
        "explore",
        "explore.batch",
        "explore.dedup",
        "llm.attempt",
        "llm.call",
        "process",
    ];
    checks.equal("every step once", trace.counts(), once.map(|name| (name, 1)).into());
    whole(program, &trace, 1, checks);
    checks.equal("troubles", trace.troubles(), Vec::new());
}

pub(crate) fn empty(program: &Program, checks: &mut Checks) {
    program.write(
        "script.json",
        r#"{"roles": {"*": {"fault": "not_json", "repeat": true}}}"#,
    );
    let more = ["--producers", "2", "--mock-script", "script.json"];
    let child = program.explore(TRACE, &more).spawn().unwrap();
    checks.equal("exit code", ended(child), Some(1));
    let trace = program.trace(TRACE);
    let batches = trace.spans("explore.batch");
    let said_so = batches.iter().filter(|span| {
        let why = span.fields.get("failure").and_then(Value::as_str);
        why.is_some_and(|why| why.contains("lists no attributes"))
    });
    checks.equal("every batch says what is wrong", said_so.count(), batches.len());
    checks.that("it gives up soon", (1..=8).contains(&batches.len()), batches.len());
    checks.equal("attributes received", trace.sum("explore.dedup", "received"), 0);
    checks.equal(
        "output.txt",
        program.text(&format!("{OUTPUT}/output.txt")),
        String::new(),
    );
    checks.equal("output.json", program.json(&format!("{OUTPUT}/output.json")), json!([]));
    let why = program.json(&format!("{OUTPUT}/metadata.json"))["ended"]["why"].clone();
    checks.equal("why it ended", why, json!("failing"));
}

pub(crate) fn single_start(program: &Program, checks: &mut Checks) {
    program.write("script.json", r#"{"latency_ms": 50}"#);
    let more = ["--producers", "2", "--iterations", "10", "--mock-script", "script.json"];
    let first = program.explore(TRACE, &more).spawn().unwrap();
    let is_locked = until(|| !program.trace(TRACE).events("lock taken").is_empty());
    checks.that("the first takes the lock", is_locked, is_locked);
    let second = program.explore("second.jsonl", &more).spawn().unwrap();
    checks.equal("exit code of the second", ended(second), Some(75));
    checks.equal("exit code of the first", ended(first), Some(0));
    let (trace, second) = (program.trace(TRACE), program.trace("second.jsonl"));
    let starts = [&trace, &second].map(|trace| trace.processes("explore").len());
    checks.equal("both start", starts, [1, 1]);
    let did = ["explore", "explore.batch", "llm.call"].map(|name| second.spans(name).len());
    checks.equal("explorations, batches and calls of the second", did, [0, 0, 0]);
    checks.equal("files of the second", second.files(), BTreeSet::new());
    let locks = trace.events("lock taken").len() + second.events("lock taken").len();
    checks.equal("locks taken", locks, 1);
    whole(program, &trace, 20, checks);
}

pub(crate) fn load(program: &Program, checks: &mut Checks) {
    program.write("script.json", r#"{"latency_ms": 40}"#);
    let size = ["--producers", "32", "--iterations", "8", "--request-size", "200"];
    let mut command = program.explore(TRACE, &size);
    let child = command.args(["--mock-script", "script.json"]).spawn().unwrap();
    checks.equal("exit code", ended(child), Some(0));
    let trace = program.trace(TRACE);
    whole(program, &trace, 256, checks);
    checks.equal("troubles", trace.troubles(), Vec::new());
    let wide = trace.side_by_side("llm.attempt");
    checks.that("calls side by side, of 32 producers", wide >= 24, wide);
}

pub(crate) fn healing(program: &Program, checks: &mut Checks) {
    let script = r#"{"latency_ms": 30, "roles": {"*": ["ok", {"fault": "rate_limit", "retry_after": "0.1"}]}}"#;
    program.write("script.json", script);
    let size = ["--processes", "--producers", "3", "--iterations", "8"];
    let mut command = program.explore(TRACE, &size);
    let child = command.args(["--mock-script", "script.json"]).spawn().unwrap();
    let is_under_way = until(|| program.trace(TRACE).spans("explore.batch").len() >= 4);
    checks.that("the processes work", is_under_way, is_under_way);
    let killed = program.trace(TRACE).processes("explore-producer")[0];
    let kill = std::process::Command::new("kill")
        .args(["-9", &killed.to_string()])
        .status();
    checks.that(
        "a producer is killed",
        kill.is_ok_and(|status| status.success()),
        killed,
    );
    checks.equal("exit code", ended(child), Some(0));
    let trace = program.trace(TRACE);
    checks.equal("producers are started", trace.processes("explore-producer").len(), 4);
    let lost = program.events("explore.producer_lost");
    checks.equal("producers are lost", lost.len(), 1);
    let well = trace
        .spans("process")
        .iter()
        .filter(|span| span.number("code") == 0)
        .count();
    checks.equal("processes that end well", well, 4);
    let refused = trace
        .spans("llm.attempt")
        .iter()
        .filter(|span| span.fields.contains_key("failure"))
        .count();
    checks.that("refused attempts are made again", refused >= 3, refused);
    let given_up = trace
        .spans("llm.call")
        .iter()
        .filter(|span| span.fields.contains_key("failure"))
        .count();
    checks.equal("calls that fail", given_up, 0);
    dedups(program, &trace, 24, checks);
    let journal = program.text(&format!("{OUTPUT}/attributes.jsonl"));
    let entries = journal
        .lines()
        .skip(1)
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        *times
            .entry(format!("{}/{}", entry["producer"], entry["iteration"]))
            .or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    checks.equal("iterations that count twice", twice, Vec::new());
    checks.equal("iterations of all producers", times.len(), 24);
}

pub(crate) fn trace_capture(program: &Program, checks: &mut Checks) {
    let council = program.command(TRACE, &["demo"]).spawn().unwrap();
    checks.equal("exit code of the council", ended(council), Some(0));
    let more = ["--processes", "--producers", "2", "--iterations", "2"];
    let explore = program.explore(TRACE, &more).spawn().unwrap();
    checks.equal("exit code of the exploration", ended(explore), Some(0));
    let text = program.text(TRACE);
    let trace = Trace::read(&text);
    checks.equal("lines that cannot be read", trace.broken.len(), 0);
    let ids: BTreeSet<&str> = trace.spans.iter().map(|span| span.id.as_str()).collect();
    checks.equal("spans have ids of their own", ids.len(), trace.spans.len());
    let parents = trace.spans.iter().map(|span| &span.parent);
    let parents = parents.chain(trace.events.iter().map(|event| &event.parent));
    let unknown = parents.flatten().filter(|parent| !ids.contains(parent.as_str()));
    checks.equal("parents that nobody knows", unknown.count(), 0);
    checks.equal("spans that do not fit into their parents", misfits(&trace), 0);
    let expected = [("demo", 1), ("explore", 1), ("explore-producer", 2)];
    let found = expected.map(|(command, _)| (command, trace.processes(command).len()));
    checks.equal("processes", found, expected);
    let owner = trace.processes("explore");
    let asked: BTreeSet<u32> = trace.spans("explore.batch").iter().map(|span| span.pid).collect();
    checks.that(
        "the producers ask, and their owner does not",
        asked.len() == 2 && !asked.contains(&owner[0]),
        &asked,
    );
    checks.equal("councils", trace.spans("council").len(), 1);
    let roles: BTreeSet<&str> = trace
        .spans("llm.call")
        .iter()
        .filter_map(|span| span.fields["role"].as_str())
        .collect();
    checks.that(
        "specialists, coordinator and producers call",
        ["geographic", "data_quality", "coordinator", "explore.p1", "explore.p2"]
            .iter()
            .all(|role| roles.contains(role)),
        &roles,
    );
    let n_calls = trace.spans("llm.call").len();
    let [in_council, in_batches] =
        ["council", "explore.batch"].map(|parent| n_calls - trace.outside("llm.call", parent));
    checks.equal(
        "calls of the council and of batches are all",
        in_council + in_batches,
        n_calls,
    );
    checks.equal("calls of batches", in_batches, 4);
    checks.that("no key is in it", !text.contains(CANARY), text.len());
    checks.that("no prompt is in it", !text.contains("Task: list"), TOPIC);
}

/// Every batch was asked for, taken in and written, once.
fn whole(program: &Program, trace: &Trace, batches: usize, checks: &mut Checks) {
    checks.equal("calls", trace.spans("llm.call").len(), batches);
    checks.equal(
        "calls outside of a batch",
        trace.outside("llm.call", "explore.batch"),
        0,
    );
    once("batches", &trace.numbers("explore.batch", "batch"), batches, checks);
    let said = trace.sum("explore.batch", "attributes") + trace.sum("explore.batch", "dropped");
    checks.equal(
        "what was listed is taken in",
        trace.sum("explore.dedup", "received"),
        said,
    );
    dedups(program, trace, batches, checks);
}

/// Every batch was deduplicated once, and the files say the same as the trace.
fn dedups(program: &Program, trace: &Trace, batches: usize, checks: &mut Checks) {
    once("dedups", &trace.numbers("explore.dedup", "batch"), batches, checks);
    let [received, unique, repeated, near] =
        ["received", "unique", "repeated", "near"].map(|field| trace.sum("explore.dedup", field));
    checks.equal("every attribute is decided on", received, unique + repeated + near);
    let lines = program.text(&format!("{OUTPUT}/output.txt")).lines().count() as u64;
    checks.equal("lines of output.txt", lines, unique);
    let totals = program.json(&format!("{OUTPUT}/metadata.json"))["totals"].clone();
    checks.equal(
        "totals of metadata.json",
        json!([totals["received"], totals["unique"]]),
        json!([received, unique]),
    );
    let listed = program.json(&format!("{OUTPUT}/output.json"));
    checks.equal(
        "attributes of output.json",
        listed.as_array().map(Vec::len).unwrap_or_default() as u64,
        unique,
    );
    let expected = ["attributes.jsonl", "metadata.json", "output.json"].map(str::to_owned);
    checks.equal("files", trace.files(), expected.into());
}

/// Each number from 1 on is there, and none twice.
fn once(what: &str, numbers: &[u64], expected: usize, checks: &mut Checks) {
    checks.equal(&format!("{what}, none twice"), numbers.len(), expected);
    let holds = (1..=expected as u64).eq(numbers.iter().copied());
    checks.that(&format!("{what} are numbered without a gap"), holds, numbers.last());
}

/// Spans that begin before their parent or end after it, by more than clocks differ.
fn misfits(trace: &Trace) -> usize {
    const SLACK: f64 = 5.0;
    let by_id: BTreeMap<&str, &crate::trace::Span> = trace.spans.iter().map(|span| (span.id.as_str(), span)).collect();
    let fits = |span: &&crate::trace::Span| {
        let parent = span.parent.as_deref().and_then(|id| by_id.get(id));
        parent.is_none_or(|parent| span.begun() + SLACK >= parent.begun() && span.ended() <= parent.ended() + SLACK)
    };
    trace.spans.iter().filter(|span| !fits(span)).count()
}
