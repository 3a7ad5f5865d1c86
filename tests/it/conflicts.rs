//! Figures that disagree between sections: found by the program, told to the coordinator, printed as long as they stay.

use std::fs;

use serde_json::{Value, json};

use crate::support::run::{Done, END, Run, START};

const COUNTRIES: &str = "run_logs/x/outputs/segments/daily/revenue_by_country.csv";
const SEGMENTS: &str = "run_logs/x/outputs/segments/segmentation_summary.json";

/// A run over the tables that an earlier run left, one of which somebody changed.
fn over(table: &str, change: impl Fn(&str) -> String) -> Done {
    let done = Run::council().mock().done().code(0);
    let text = fs::read_to_string(done.path(table)).unwrap();
    fs::write(done.path(table), change(&text)).unwrap();
    let window = ["--run-hash", "x", "--date-start", START, "--date-end", END];
    Run::again(done).arguments(&window).mock().done()
}

/// The revenue of one country is gone from the table of countries, and nowhere else.
fn without_brazil(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if cells[1] == "BR" || cells[1] == "Brazil" {
            cells[2] = "0.0";
        }
        cells.join(",") + "\n"
    });
    lines.collect()
}

#[test]
fn one_metric_with_two_values_is_told_and_printed() {
    let done = over(COUNTRIES, without_brazil).code(0);
    let joined = done.json("coordinated_insights.json");
    let conflicts = joined["conflicts"].as_array().unwrap();
    let told = conflicts.iter().map(|conflict| conflict["text"].as_str().unwrap());
    let revenue: Vec<&str> = told.filter(|text| text.starts_with("net revenue is ")).collect();
    let [revenue] = revenue.as_slice() else {
        panic!("{conflicts:#?}")
    };
    assert!(revenue.contains(" in D1") && revenue.contains(" in G1"), "{revenue}");
    assert_eq!(conflicts[0]["kind"], "different_values");
    assert!(done.report().contains(revenue), "{}", done.report());
    assert!(done.report().contains("**Conflict C1**"), "{}", done.report());
}

/// The users of the period are told by two files, one of which counts some more.
#[test]
fn one_count_with_two_values_is_told_and_printed() {
    let done = over(SEGMENTS, |text| {
        let mut summary: Value = serde_json::from_str(text).unwrap();
        let tier = &mut summary["segmentation"]["revenue_tiers"][0]["users"];
        *tier = json!(tier.as_u64().unwrap() + 33);
        summary.to_string()
    });
    let joined = done.code(0).json("coordinated_insights.json");
    let conflicts = joined["conflicts"].as_array().unwrap();
    let users = conflicts
        .iter()
        .find(|conflict| conflict["text"].as_str().unwrap().starts_with("users are "));
    let text = users.unwrap_or_else(|| panic!("{conflicts:#?}"))["text"]
        .as_str()
        .unwrap();
    assert!(text.contains("60 in D1") && text.contains("93 in S1"), "{text}");
}

#[test]
fn tables_that_agree_are_no_conflict() {
    let done = over(COUNTRIES, str::to_owned).code(0);
    let joined = done.json("coordinated_insights.json");
    assert_eq!(joined["conflicts"], serde_json::json!([]));
    assert!(!done.report().contains("Conflict"), "{}", done.report());
}

/// Two findings on one change that seem to contradict each other, and a coordinator that settles it and tells both.
#[test]
fn a_finding_that_was_given_up_is_not_told() {
    let finding = |id: &str, text: &str| {
        json!({"id": id, "kind": "change", "title": "Daily active users", "text": text, "severity": "high",
            "model_confidence": 0.9, "asserts": [{"op": "change", "cell": "d1.current", "dir": "up"}]})
    };
    let rose = finding("f1", "Daily active users rose {{chg:d1.current}}.");
    let below = finding(
        "f2",
        "Daily active users changed by {{chg:d1.current}}, still below {{d24.current}} weekly active users.",
    );
    let daily =
        json!({"summary": null, "findings": [rose, below], "hypotheses": [], "recommendations": [], "data_gaps": []});
    let joined = json!({
        "executive_summary": [{"text": "{{F1}}.", "uses": ["F1"]}, {"text": "{{F2}}.", "uses": ["F2"]}],
        "key_findings": [{"finding": "F1", "why_it_matters": ""}, {"finding": "F2", "why_it_matters": ""}],
        "cross_cutting_themes": [], "prioritized_recommendations": [],
        "confidence_assessment": {"text": "One view was given up."}, "next_steps": [],
        "resolutions": [{"conflict": "C1", "keep": "F1", "why": "It is of all users."}],
    });
    let roles =
        json!({"daily_metrics": {"say": daily, "repeat": true}, "coordinator": {"say": joined, "repeat": true}});
    let script = json!({ "roles": roles }).to_string();
    let run = Run::council().mock().file("script.json", &script);
    let done = run.arguments(&["--mock-script", "script.json"]).done().code(0);
    let joined = done.json("coordinated_insights.json");
    assert_eq!(joined["conflicts"][0]["resolution"]["keep"], "F1");
    assert_eq!(joined["executive_summary"], "Daily active users rose 30.2 %.");
    assert_eq!(joined["key_findings"].as_array().unwrap().len(), 1);
    let dropped = joined["metadata"]["dropped_sentences"].as_array().unwrap();
    for part in ["executive_summary", "key_findings"] {
        assert!(
            dropped.contains(&json!({"part": part, "reasons": ["given_up"]})),
            "{dropped:?}"
        );
    }
    assert!(!joined.to_string().contains("still below"), "{joined:#}");
    assert_eq!(
        joined["metadata"]["reviews"].as_array().unwrap().len(),
        2,
        "it was told so once"
    );
}
