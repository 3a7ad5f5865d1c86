//! A council in which something goes wrong, scripted through the mock: five good answers still make a report.

use serde_json::{Value, json};

use crate::support::run::{Done, Run};

/// A council whose roles behave as scripted.
fn scripted(roles: Value, more: &[&str]) -> Done {
    let script = json!({ "roles": roles }).to_string();
    let run = Run::council().mock().file("script.json", &script);
    run.arguments(&["--mock-script", "script.json"]).arguments(more).done()
}

fn always(fault: &str) -> Value {
    json!([{"fault": fault, "repeat": true}])
}

#[test]
fn a_failed_specialist_is_reported_and_the_others_go_on() {
    let done = scripted(json!({"geographic": always("server_error")}), &["--retries", "0"]).code(3);
    let summary = done.json("execution_summary.json");
    assert_eq!(summary["status"], "degraded");
    assert_eq!(summary["successful_analysts"], 5);
    assert_eq!(summary["coordinator_status"], "completed");
    let children = done.json("child_insights.json");
    assert_eq!(children["geographic"]["error"]["kind"], "transient");
    assert_eq!(children["geographic"]["error"]["status"], 500);
    assert!(children["daily_metrics"].get("error").is_none());
    let report = done.report();
    let banner = report.lines().take(5).collect::<String>();
    assert!(banner.contains("degraded") && banner.contains("Geography"), "{banner}");
    assert!(
        report.contains("not every specialist reported"),
        "the coordinator was not told"
    );
}

#[test]
fn a_degraded_report_may_be_asked_to_count_as_success() {
    scripted(json!({"geographic": always("bad_key")}), &["--allow-partial"]).code(0);
}

#[test]
fn without_the_coordinator_the_template_joins_the_findings() {
    let done = scripted(json!({"coordinator": always("bad_key")}), &[]).code(3);
    let summary = done.json("execution_summary.json");
    assert_eq!(summary["coordinator_status"], "fallback");
    let joined = done.json("coordinated_insights.json");
    assert_eq!(joined["metadata"]["coordinator"], "fallback");
    assert_eq!(joined["metadata"]["coordinator_error"]["kind"], "configuration");
    assert!(!joined["key_findings"].as_array().unwrap().is_empty());
    assert!(done.report().contains("by template"));
}

#[test]
fn with_every_provider_down_the_report_still_holds_the_key_figures() {
    let done = scripted(json!({"*": always("server_error")}), &["--retries", "0"]).code(3);
    assert_eq!(done.json("execution_summary.json")["successful_analysts"], 0);
    let report = done.report();
    assert!(
        report.contains("## Key figures") && report.contains("aily active users"),
        "{report}"
    );
}

#[test]
fn an_empty_account_says_try_later() {
    scripted(json!({"*": always("quota")}), &[]).code(75);
}

#[test]
fn a_rate_limited_call_is_retried() {
    let done = scripted(
        json!({"geographic": [{"fault": "rate_limit", "retry_after": "0.05"}, "ok"]}),
        &[],
    )
    .code(0);
    assert_eq!(call(&done, "geographic")["attempts"], 2);
    assert!(
        call(&done, "geographic")["failures"][0]
            .as_str()
            .unwrap()
            .contains("429")
    );
}

#[test]
fn trivial_faults_of_the_json_cost_no_second_call() {
    for (fault, repair) in [
        ("prose", "prose"),
        ("fenced", "fence"),
        ("trailing_comma", "trailing_comma"),
    ] {
        let done = scripted(json!({"geographic": [fault]}), &[]).code(0);
        let call = call(&done, "geographic");
        assert_eq!(call["attempts"], 1, "{fault}");
        assert!(call["repairs"].to_string().contains(repair), "{fault}: {call}");
    }
}

#[test]
fn a_truncated_reply_is_asked_again_and_never_repaired() {
    let done = scripted(json!({"geographic": ["truncated"]}), &[]).code(0);
    assert_eq!(call(&done, "geographic")["reasks"], 1);
    let done = scripted(json!({"geographic": always("truncated")}), &[]).code(3);
    assert_eq!(
        done.json("child_insights.json")["geographic"]["error"]["kind"],
        "invalid_reply"
    );
}

#[test]
fn a_reply_without_json_gets_one_second_chance() {
    let done = scripted(json!({"geographic": ["not_json"]}), &[]).code(0);
    assert_eq!(call(&done, "geographic")["reasks"], 1);
    let done = scripted(json!({"geographic": always("not_json")}), &[]).code(3);
    assert_eq!(call(&done, "geographic")["attempts"], 2);
}

#[test]
fn a_made_up_number_never_reaches_the_report() {
    let done = scripted(json!({"*": always("wrong_number")}), &[]);
    let report = done.report();
    assert!(!report.contains("987,654,321"), "{report}");
    let children = done.json("child_insights.json");
    assert_eq!(children["daily_metrics"]["rejected"][0]["reasons"], json!(["number"]));
    assert!(!children.to_string().contains("987,654,321"));
    let checks = done.json("execution_summary.json")["checks"]["daily_metrics"].clone();
    let dropped = checks["dropped"].to_string();
    assert!(dropped.contains("987,654,321"), "{dropped}");
}

#[test]
fn a_hanging_provider_costs_its_time_limit_and_no_more() {
    let done = scripted(
        json!({"geographic": always("hang")}),
        &["--timeout", "0.3", "--retries", "0"],
    )
    .code(3);
    assert!(
        done.json("child_insights.json")["geographic"]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("0.3")
    );
    let done = scripted(json!({"*": always("hang")}), &["--deadline", "1"]).code(3);
    assert!(
        done.json("execution_summary.json")["totals"]["wall_seconds"]
            .as_f64()
            .unwrap()
            < 15.0
    );
}

#[test]
fn a_fallback_model_takes_over() {
    let done = scripted(
        json!({"geographic": ["server_error"]}),
        &["--retries", "0", "--fallback", "mock:second"],
    )
    .code(0);
    assert_eq!(call(&done, "geographic")["model"], "second");
}

#[track_caller]
fn call(done: &Done, role: &str) -> Value {
    let summary = done.json("execution_summary.json");
    let results = summary["results"].as_array().unwrap();
    results.iter().find(|call| call["role"] == role).unwrap().clone()
}
