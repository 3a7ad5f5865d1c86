//! Patterns as files: listed, shown, checked with every fault, extended by a user without a line of code.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::run::{Done, Run};

const SHIPPED: [&str; 12] = [
    "confidence",
    "council",
    "critique",
    "fact_check",
    "gut",
    "innovation",
    "insights",
    "perspective",
    "scenario",
    "stakeholder",
    "systems",
    "time",
];

fn patterns(arguments: &[&str]) -> Run {
    Run::new().arguments(&["patterns"]).arguments(arguments)
}

fn shipped(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts").join(file)).unwrap()
}

fn rows(done: &Done) -> Vec<Value> {
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn every_shipped_pattern_is_listed_without_a_fault_and_with_an_example() {
    let listed = rows(&patterns(&["list", "--json"]).done().code(0));
    let names: Vec<&str> = listed.iter().map(|row| row["name"].as_str().unwrap()).collect();
    for name in SHIPPED {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    patterns(&["check"]).done().code(0);
    for name in SHIPPED.iter().filter(|name| **name != "insights") {
        let shown = patterns(&["show", name]).done().code(0).stdout;
        assert!(
            shown.contains("example") && shown.contains("synthesis"),
            "{name}: {shown}"
        );
    }
    patterns(&["show", "nonsense"])
        .done()
        .code(2)
        .says(&["nonsense", "council"]);
}

const FAULTY: &str = r#"title = "Faulty"
colour = "red"

[[stages]]
name = "first"
kind = "models"
inputs = ["question", "second", "weather"]
template = "missing.md"
models = ["nobody"]
minimum = 4

[[stages.branches]]
score = "agreement"
at_least = 0.5
to = "nowhere"

[[stages]]
name = "second"
kind = "roles"
inputs = ["question", "second"]
minimum = 3
next = "last"

[[stages.roles]]
name = "a"
template = "a.md"
schema = "a.schema.json"

[[stages.roles]]
name = "b"
template = "broken.md"
schema = "b.schema.json"
temperatur = 0.5

[[stages]]
name = "island"
kind = "synthesis"
inputs = ["question"]
template = "a.md"

[[stages]]
name = "last"
kind = "synthesis"
inputs = ["question"]
template = "good.md"
next = "first"
"#;

#[test]
fn every_fault_is_told_with_file_and_line() {
    let run = patterns(&["check", "mine/faulty"])
        .file("mine/faulty/pattern.toml", FAULTY)
        .file(
            "mine/faulty/a.md",
            "Task.\n{{ question }}\n{{ weather }}\n{{ unheard.of }}\n",
        )
        .file("mine/faulty/broken.md", "Task.\n{% if %}\n")
        .file("mine/faulty/good.md", "{{ question }}\n")
        .file(
            "mine/faulty/a.schema.json",
            "{\"type\": \"object\",\n \"required\": [\"x\"]\n}",
        )
        .file("mine/faulty/b.schema.json", "{\"type\": ");
    let done = run.done().code(2);
    for (place, said) in [
        ("pattern.toml:2", "unknown key `colour`"),
        ("pattern.toml:7", "unknown input `weather`"),
        ("pattern.toml:7", "cycle: the stage `first` needs `second`"),
        ("pattern.toml:8", "no template `faulty/missing.md`"),
        ("pattern.toml:9", "unknown model `nobody`"),
        ("pattern.toml:10", "must get 4 answers and has only 1 models"),
        ("pattern.toml:12", "there is no such stage"),
        ("pattern.toml:20", "cycle: the stage `second` takes itself"),
        ("pattern.toml:21", "must get 3 answers and has only 2 roles"),
        ("pattern.toml:33", "unknown key `temperatur`"),
        ("pattern.toml:35", "`island` is unreachable"),
        ("pattern.toml:46", "cycle: the stage `last` goes back to `first`"),
        ("a.md:3", "unknown variable `weather`"),
        ("a.md:4", "unknown variable `unheard`"),
        ("broken.md:2", "does not parse"),
        ("a.schema.json:2", "required and not among the properties"),
        ("b.schema.json:1", "no valid JSON"),
    ] {
        let found = done
            .stdout
            .lines()
            .any(|line| line.contains(place) && line.contains(said));
        assert!(found, "{place}: {said} is not told in:\n{}", done.stdout);
    }
    // A folder of patterns is checked whole.
    let done = Run::again(done)
        .arguments(&["patterns", "check", "mine"])
        .done()
        .code(2);
    assert!(done.stdout.contains("unknown key `colour`"), "{}", done.stdout);
    let as_json: Value = serde_json::from_str(
        &Run::again(done)
            .arguments(&["patterns", "check", "mine/faulty", "--json"])
            .done()
            .code(2)
            .stdout,
    )
    .unwrap();
    assert!(as_json["faults"].as_array().unwrap().len() >= 17);
}

#[test]
fn ones_own_pattern_wins_file_by_file_and_the_list_says_so() {
    let run = patterns(&["list", "--json", "--patterns", "mine"])
        .file("mine/gut/pattern.toml", &shipped("gut/pattern.toml").replace("\"Gut\"", "\"My gut\""))
        .file("mine/fresh/pattern.toml", "title = \"Fresh\"\n[[stages]]\nname = \"only\"\nkind = \"synthesis\"\ninputs = [\"question\"]\ntemplate = \"only.md\"\n")
        .file("mine/fresh/only.md", "{{ question }}\n");
    let done = run.done().code(0);
    let listed = rows(&done);
    let row = |name: &str| listed.iter().find(|row| row["name"] == name).unwrap().clone();
    assert_eq!(row("gut")["title"], "My gut");
    assert_eq!(row("gut")["instead_of"], serde_json::json!(["built in"]));
    assert_eq!(row("fresh")["instead_of"], serde_json::json!([]));
    let again = Run::again(done)
        .arguments(&["patterns", "list", "--patterns", "mine"])
        .done()
        .code(0);
    assert!(
        again.stdout.contains("in place of the built-in one"),
        "{}",
        again.stdout
    );
    // The templates that it does not bring are the built-in ones.
    Run::again(again)
        .arguments(&[
            "ask",
            "Now?",
            "--pattern",
            "gut",
            "--patterns",
            "mine",
            "--provider",
            "mock",
        ])
        .done()
        .code(0);
}

#[test]
fn a_folder_in_the_users_configuration_is_found_without_a_flag() {
    let run = patterns(&["list", "--json"])
        .file("home/.config/insights/patterns/fresh/pattern.toml", "title = \"Fresh\"\n[[stages]]\nname = \"only\"\nkind = \"synthesis\"\ninputs = [\"question\"]\ntemplate = \"gut/initial.md\"\n");
    let home = run.folder().join("home").display().to_string();
    let listed = rows(&run.variable("HOME", &home).done().code(0));
    assert!(listed.iter().any(|row| row["name"] == "fresh"), "{listed:?}");
}

#[test]
fn a_seventh_analyst_is_a_template_and_an_entry() {
    let role = "[[stages.roles]]\nname = \"store_ratings\"\ntitle = \"Store ratings\"\ntemplate = \"store_ratings.md\"\nevidence = [\"D1\", \"geographic\"]\n\n";
    let pattern = shipped("insights/pattern.toml");
    let place = pattern.rfind("[[stages]]").unwrap();
    let pattern = format!("{}{role}{}", &pattern[..place], &pattern[place..]);
    let done = Run::council()
        .mock()
        .file("mine/insights/pattern.toml", &pattern)
        .file(
            "mine/insights/store_ratings.md",
            "Task: ratings, {{ period }}.\n\n{% include \"insights/reply.md\" %}\n",
        )
        .arguments(&["--patterns", "mine"])
        .done()
        .code(0);
    let summary = done.json("execution_summary.json");
    assert_eq!(summary["total_analysts"], 7);
    assert_eq!(summary["successful_analysts"], 7);
    assert_eq!(summary["totals"]["calls"], 8);
    let children = done.json("child_insights.json");
    assert_eq!(children.as_object().unwrap().len(), 7);
    assert!(
        children["store_ratings"]["findings"].is_array(),
        "{}",
        children["store_ratings"]
    );
    assert!(
        children["daily_metrics"]["trend_analysis"].is_object(),
        "a fixed analyst keeps its sections"
    );
    let evidence = done.json("evidence.json");
    let tables = evidence["evidence"]["store_ratings"]["tables"].as_array().unwrap();
    let ids: Vec<&str> = tables.iter().map(|table| table["id"].as_str().unwrap()).collect();
    assert!(
        ids.contains(&"D1") && ids.contains(&"G1") && !ids.contains(&"R1"),
        "{ids:?}"
    );
    let report = done.report();
    assert!(
        report.contains("### Store ratings") && report.contains("7 of 7 reported"),
        "{report}"
    );
    let heads = report.lines().filter(|line| line.starts_with("**D1 ")).count();
    assert_eq!(heads, 1, "a table stands in the appendix once");
    // Its findings are joined by the coordinator as those of the others.
    let again = Run::again(done)
        .arguments(&["patterns", "check", "insights", "--patterns", "mine"])
        .done();
    again.code(0);
}

#[test]
fn a_seventh_analyst_may_bring_a_schema_of_its_own() {
    let role = "[[stages.roles]]\nname = \"store_ratings\"\ntemplate = \"store_ratings.md\"\nschema = \"store_ratings.schema.json\"\n\n";
    let pattern = shipped("insights/pattern.toml");
    let place = pattern.rfind("[[stages]]").unwrap();
    let pattern = format!("{}{role}{}", &pattern[..place], &pattern[place..]);
    let schema = r#"{"type": "object", "required": ["rating_analysis"], "properties": {"rating_analysis": {
        "type": "object", "required": ["mood", "themes", "score"],
        "properties": {"mood": {"type": "string"}, "themes": {"type": "array", "items": {"type": "string"}}, "score": {"type": "number"}}}}}"#;
    let done = Run::council()
        .mock()
        .file("mine/insights/pattern.toml", &pattern)
        .file(
            "mine/insights/store_ratings.md",
            "Task: ratings, {{ period }}.\n{{ fence }}\n{{ evidence }}\n{{ fence }}\n{{ schema }}\n",
        )
        .file("mine/insights/store_ratings.schema.json", schema)
        .variable("INSIGHTS_PATTERNS", "mine")
        .done()
        .code(0);
    let own = done.json("child_insights.json")["store_ratings"]["rating_analysis"].clone();
    let mood = own["mood"].as_str().unwrap();
    assert!(
        !mood.is_empty() && own["themes"].as_array().unwrap().len() == 2,
        "{own}"
    );
    assert!(own["score"].is_null(), "a number that a model typed is not taken over");
    assert!(done.report().contains("### Store ratings") && done.report().contains(mood));
    let tables = done.json("evidence.json")["evidence"]["store_ratings"]["tables"].clone();
    assert_eq!(tables.as_array().unwrap().len(), 6, "the first table of each analyst");
}

#[test]
fn every_step_is_an_event_with_its_fraction() {
    let done = Run::council().mock().done().code(0);
    let events: Vec<Value> = done
        .text("run_logs/x/events.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["event"].as_str().unwrap().starts_with("stage."))
        .collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!(
        (of("stage.started"), of("stage.progress"), of("stage.finished")),
        (2, 7, 2)
    );
    let fractions: Vec<f64> = events.iter().map(|event| event["fraction"].as_f64().unwrap()).collect();
    assert!(fractions.is_sorted(), "{fractions:?}");
    assert_eq!((fractions[0], *fractions.last().unwrap()), (0.0, 1.0));
    for event in &events {
        let told = ["stage", "message", "time"]
            .iter()
            .all(|key| !event[key].as_str().unwrap().is_empty());
        assert!(
            told && event["details"].is_object() && event["millis"].is_u64(),
            "{event}"
        );
    }
}
