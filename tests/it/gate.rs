//! The data gate in whole runs: caveats follow findings, refused fields reach nobody, and nobody is paid for bad data.

use insights::data::generate;
use serde_json::Value;

use crate::support::run::{Done, Run};

/// A run named `x` with the mock over the demo's table, changed by `change`.
fn run(change: impl Fn(&str) -> String, arguments: &[&str]) -> Done {
    let sample = generate::sample(7);
    let text = String::from_utf8(sample.csv).unwrap();
    Run::new()
        .file("events.csv", &change(&text))
        .arguments(&["--run-hash", "x", "--data", "events.csv"])
        .arguments(&["--date-start", &sample.window.start.to_string()])
        .arguments(&["--date-end", &sample.window.end.to_string()])
        .arguments(arguments)
        .mock()
        .done()
}

/// The lines that `keep` keeps, the head always.
fn lines(text: &str, keep: impl Fn(&str) -> bool) -> String {
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    let kept: String = lines
        .filter(|line| keep(line))
        .map(|line| format!("{line}\n"))
        .collect();
    format!("{head}\n{kept}")
}

fn verdict(summary: &Value, analyst: &str) -> String {
    let verdicts = summary["data"]["gate"]["verdicts"].as_array().unwrap();
    let found = verdicts.iter().find(|verdict| verdict["analyst"] == analyst).unwrap();
    found["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn clean_data_pass_the_gate() {
    let done = run(str::to_owned, &[]).code(0);
    let summary = done.json("execution_summary.json");
    for verdict in summary["data"]["gate"]["verdicts"].as_array().unwrap() {
        assert_eq!(verdict["verdict"], "run", "{verdict}");
    }
    let checks = summary["data"]["gate"]["checks"].as_array().unwrap();
    assert!(checks.len() > 10 && checks.iter().all(|check| check["ruling"] == "run"));
    assert!(!done.report().contains("Caveat:"));
}

#[test]
fn a_caveat_follows_every_finding_on_the_field() {
    let end = generate::sample(7).window.end;
    let missing = end.checked_sub(jiff::Span::new().days(3)).unwrap().to_string();
    let done = run(|text| lines(text, |line| !line.contains(&missing)), &[]).code(0);
    let caveat = format!("1 day is without a single row: {missing}");
    assert!(
        done.report().contains(&format!("Caveat: {caveat}.")),
        "{}",
        done.report()
    );
    assert!(done.text("run_logs/x/outputs/insights/report.html").contains(&caveat));
    let children = done.json("child_insights.json");
    let findings: Vec<&Value> = children
        .as_object()
        .unwrap()
        .values()
        .filter_map(|child| child["findings"].as_array())
        .flatten()
        .collect();
    let touched: Vec<&&Value> = findings
        .iter()
        .filter(|finding| finding["caveats"][0] == caveat.as_str())
        .collect();
    assert!(!touched.is_empty());
    for finding in touched {
        assert!(finding["confidence"]["data"].as_f64().unwrap() <= 0.8, "{finding}");
    }
    let summary = done.json("execution_summary.json");
    assert_eq!(verdict(&summary, "daily_metrics"), "caveat");
    let aggregation: Value =
        serde_json::from_str(&done.text("run_logs/x/outputs/aggregations/aggregation_summary.json")).unwrap();
    let checks = aggregation["summary"]["gate"]["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == "missing_days").unwrap();
    assert_eq!(
        (check["ruling"].as_str(), check["days"][0].as_str()),
        (Some("caveat"), Some(missing.as_str()))
    );
}

#[test]
fn a_wrong_id_column_is_caught_before_retention_is_published() {
    let done = run(str::to_owned, &["--map", "user=session_id"]).code(3);
    let children = done.json("child_insights.json");
    for analyst in ["cohort_retention", "user_segmentation"] {
        let error = &children[analyst]["error"];
        assert_eq!(error["kind"], "refused", "{children}");
        assert!(error["message"].as_str().unwrap().contains("`session_id`"));
        assert_eq!(children[analyst]["metadata"]["attempts"], 0);
    }
    assert!(children["revenue_optimization"]["findings"].is_array());
    let report = done.report();
    assert!(report.contains("refused by the data gate"), "{report}");
    assert!(!report.to_lowercase().contains("day-7 retention"), "{report}");
    let summary = done.json("execution_summary.json");
    assert_eq!(verdict(&summary, "cohort_retention"), "refuse");
    assert_eq!(verdict(&summary, "revenue_optimization"), "run");
    assert_eq!(summary["status"], "degraded");
    assert!(
        !done
            .path("run_logs/x/outputs/segments/cohort/dau_by_cohort_date.csv")
            .exists()
    );
    let mapping = done.text("run_logs/x/outputs/schema/schema_mapping.json");
    assert!(mapping.contains("gate: refuse: "), "{mapping}");
}

#[test]
fn data_refused_to_everybody_cost_no_call() {
    let done = run(str::to_owned, &["--map", "user=session_id", "--map", "revenue=none"])
        .code(4)
        .says(&["the data gate refused", "`session_id`", "--map user="]);
    assert!(!done.path("run_logs/x/outputs/insights/execution_summary.json").exists());
    let events = done.text("run_logs/x/events.jsonl");
    assert!(
        events.contains("\"data.read\"") && !events.contains("\"call."),
        "{events}"
    );
    let aggregation = done.text("run_logs/x/outputs/aggregations/aggregation_summary.json");
    assert!(aggregation.contains("\"refuse\""));
}

#[test]
fn evidence_and_doctor_show_the_verdicts() {
    let sample = generate::sample(7);
    let (start, end) = (sample.window.start.to_string(), sample.window.end.to_string());
    let arguments = |command: &str| {
        Run::new()
            .bytes("events.csv", &sample.csv)
            .arguments(&[command, "--data", "events.csv", "--map", "user=session_id"])
            .arguments(&["--date-start", &start, "--date-end", &end])
    };
    let done = arguments("evidence").done().code(0);
    let gate = done.stdout.split("# Daily").next().unwrap();
    assert!(gate.contains("cohort_retention       refuse\n"), "{gate}");
    let done = arguments("evidence").arguments(&["--json"]).done().code(0);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(value["gate"][3]["verdict"], "refuse");
    assert_eq!(
        value["evidence"]["cohort_retention"]["tables"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let done = arguments("doctor").mock().done().code(0);
    assert!(done.stdout.contains("cohort_retention       refuse"), "{}", done.stdout);
}
