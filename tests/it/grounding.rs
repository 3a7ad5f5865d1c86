//! How true a report is, and that it says so.

use serde_json::{Value, json};

use crate::support::run::{Done, Run};

/// Sixty users in three countries who do the same on every day of two windows: nothing happens.
fn quiet_events() -> String {
    let mut text = "user_id,event_time,event_name,country\n".to_owned();
    for day in 0..56 {
        let (month, date) = match day {
            0..28 => (1, day + 4),
            28..32 => (2, day - 27),
            _ => (2, day - 27),
        };
        for user in 0..60 {
            let country = ["Germany", "Brazil", "Japan"][user % 3];
            text.push_str(&format!(
                "u{user},2025-{month:02}-{date:02} 10:{user:02}:00,app_open,{country}\n"
            ));
        }
    }
    text
}

#[test]
fn where_nothing_happened_the_report_says_so_and_has_no_finding() {
    let done = Run::new()
        .file("events.csv", &quiet_events())
        .arguments(&["--run-hash", "x", "--data", "events.csv"])
        .arguments(&["--date-start", "2025-02-01", "--date-end", "2025-02-28"])
        .mock()
        .done()
        .code(0);
    let joined = done.json("coordinated_insights.json");
    assert_eq!(joined["key_findings"], json!([]));
    assert_eq!(done.json("execution_summary.json")["grounding"]["significant"], 0);
    let report = done.report();
    assert!(report.contains("No change outside ordinary variation"), "{report}");
    assert!(
        report.contains("Nothing outside ordinary variation was found."),
        "{report}"
    );
}

#[test]
fn the_report_says_how_many_numbers_were_verified() {
    let done = Run::council().mock().done().code(0);
    let grounding = done.json("execution_summary.json")["grounding"].clone();
    let printed = &grounding["printed"];
    assert!(printed["checked"].as_u64().unwrap() > 5, "{grounding}");
    assert_eq!(printed["checked"], printed["passed"], "{grounding}");
    assert_eq!(grounding["placeholder_rate"], 1.0);
    assert_eq!(grounding["dropped"], 0);
    assert!(grounding["coverage"].as_f64().unwrap() < 1.0, "advice is not checkable");
    let line = format!(
        "**Checked:** {} of {} numbers verified",
        printed["passed"], printed["checked"]
    );
    assert!(done.report().contains(&line), "{}", done.report());
}

#[test]
fn what_did_not_pass_is_counted_and_explained_and_not_quoted() {
    let script = json!({"roles": {"*": [{"fault": "wrong_number", "repeat": true}]}}).to_string();
    let done = Run::council()
        .mock()
        .file("script.json", &script)
        .arguments(&["--mock-script", "script.json"])
        .done();
    let grounding = done.json("execution_summary.json")["grounding"].clone();
    assert_eq!(grounding["printed"]["checked"], grounding["printed"]["passed"]);
    assert!(grounding["dropped"].as_u64().unwrap() > 0, "{grounding}");
    assert!(grounding["placeholder_rate"].as_f64().unwrap() < 1.0, "{grounding}");
    let report = done.report();
    assert!(
        report.contains("a number that does not follow from the data"),
        "{report}"
    );
    assert!(report.contains("were left out"), "{report}");
    assert!(!report.contains("987,654,321"), "{report}");
}

/// A council whose roles behave as scripted.
fn scripted(roles: Value) -> Done {
    let script = json!({ "roles": roles }).to_string();
    let run = Run::council().mock().file("script.json", &script);
    run.arguments(&["--mock-script", "script.json"]).done()
}

#[test]
fn a_finding_that_fails_goes_back_and_comes_back_better() {
    let done = scripted(json!({"daily_metrics": ["wrong_number"], "daily_metrics.correct": ["ok"]})).code(0);
    let child = done.json("child_insights.json")["daily_metrics"].clone();
    assert_eq!(child["rejected"], json!([]), "{child}");
    let summary = done.json("execution_summary.json");
    let reviews = summary["checks"]["daily_metrics"]["reviews"].as_array().unwrap();
    assert_eq!(reviews.len(), 2, "{reviews:?}");
    assert_eq!(child["metadata"]["reviews"].as_array().unwrap().len(), 2);
    assert_eq!(reviews[0]["accepted"], json!(["f1"]));
    let told = reviews[0]["feedback"][0].as_str().unwrap();
    assert!(told.starts_with("f1 ") && told.contains("987,654,321"), "{told}");
    assert_eq!(reviews[1]["feedback"], json!([]));
    let grounding = done.json("execution_summary.json")["grounding"].clone();
    assert_eq!([&grounding["corrections"], &grounding["corrected"]], [1, 1]);
    // The correction is a call beyond the plan of seven.
    assert!(done.stderr.contains("8 of 8 OK   coordinator"), "{}", done.stderr);
    let calls = done.json("execution_summary.json")["results"].clone();
    let roles: Vec<&str> = calls
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|call| call["role"].as_str())
        .collect();
    assert_eq!(roles.last(), Some(&"daily_metrics.correct"));
    let listed = Run::again(done)
        .arguments(&["sessions", "list", "--json"])
        .done()
        .code(0);
    let sessions: Value = serde_json::from_str(&listed.stdout).unwrap();
    let id = sessions[0]["id"].as_str().unwrap().to_owned();
    let shown = Run::again(listed).arguments(&["sessions", "show", &id]).done().code(0);
    for part in [
        "refinement daily_metrics.correct",
        "review of daily_metrics by verifier",
        "f1 ",
    ] {
        assert!(shown.stdout.contains(part), "no `{part}` in {}", shown.stdout);
    }
}

#[test]
fn a_model_that_keeps_lying_is_asked_twice_and_then_left_out() {
    let lies = json!([{"fault": "wrong_number", "repeat": true}]);
    let done = scripted(json!({"daily_metrics": lies})).code(0);
    let child = done.json("child_insights.json")["daily_metrics"].clone();
    assert_eq!(
        child["metadata"]["reviews"].as_array().unwrap().len(),
        3,
        "two corrections"
    );
    assert_eq!(child["metadata"]["reviews"][0]["refused"], json!(["f1"]));
    assert_eq!(child["rejected"][0]["reasons"], json!(["number"]));
    let checks = done.json("execution_summary.json")["checks"]["daily_metrics"].clone();
    assert!(checks["dropped"][0].to_string().contains("987,654,321"), "{checks}");
    assert!(!child.to_string().contains("987,654,321") && !done.report().contains("987,654,321"));
}

#[test]
fn a_coordinator_that_lies_twice_is_replaced_by_the_template() {
    let lie = json!({
        "executive_summary": [{"text": "Revenue reached 987,654,321 today.", "uses": ["F1"]}], "key_findings": [],
        "cross_cutting_themes": [], "prioritized_recommendations": [], "confidence_assessment": {"text": "Sure."},
        "next_steps": [],
    });
    let twice = scripted(json!({"coordinator": [{"say": lie, "repeat": true}]})).code(3);
    assert_eq!(twice.json("execution_summary.json")["coordinator_status"], "fallback");
    let joined = twice.json("coordinated_insights.json");
    assert_eq!(joined["metadata"]["reviews"].as_array().unwrap().len(), 2);
    assert!(!twice.report().contains("987,654,321"));
    let once = scripted(json!({"coordinator": [{"say": lie}], "coordinator.correct": ["ok"]})).code(0);
    assert_eq!(once.json("execution_summary.json")["coordinator_status"], "completed");
    assert!(!once.report().contains("987,654,321"));
}
