//! A mock that lies in one way each: nothing of what is false is published, and what was left out is listed with its reason.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::run::{Done, Run};

/// Each lie, with the codes that may be the reason why it was left out: of a specialist, and of the coordinator.
const LIES: [(&str, &[&str], &[&str]); 11] = [
    ("bad_reference", &["bad_ref"], &["bad_ref", "uses"]),
    ("bad_assert", &["bad_ref", "assert"], &["uses"]),
    ("wrong_direction", &["assert", "word"], &["word"]),
    ("typed_number", &["number"], &["number"]),
    ("unknown_name", &["name"], &["name"]),
    ("swapped_rows", &["name", "measure"], &["name"]),
    ("advice_with_number", &["advice_with_number"], &["advice_with_number"]),
    ("ordinary_day", &["not_significant"], &["date"]),
    ("ten_times", &["number"], &["number"]),
    ("wrong_unit", &["unit", "number"], &["unit"]),
    ("stale_period", &["period"], &["period"]),
];

const SPECIALISTS: [&str; 4] = [
    "daily_metrics",
    "user_segmentation",
    "geographic",
    "revenue_optimization",
];

fn lying(roles: &[&str], lie: &str) -> Done {
    let step = json!([{"lie": lie, "repeat": true}]);
    let roles: serde_json::Map<String, Value> = roles.iter().map(|role| ((*role).to_owned(), step.clone())).collect();
    let run = Run::council()
        .mock()
        .file("script.json", &json!({ "roles": roles }).to_string());
    run.arguments(&["--mock-script", "script.json"]).done()
}

/// The sentences that a run publishes: of findings, remarks and advice.
fn published(done: &Done) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut take = |value: &Value| out.extend(value.as_str().map(str::to_owned));
    for child in done.json("child_insights.json").as_object().unwrap().values() {
        for finding in child["findings"].as_array().into_iter().flatten() {
            take(&finding["text"]);
        }
        for list in ["hypotheses", "recommendations"] {
            child[list]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(|remark| take(&remark["text"]));
        }
    }
    out
}

/// What was left out of a role's replies: text and codes.
fn dropped(done: &Done, role: &str) -> Vec<(String, Vec<String>)> {
    let summary = done.json("execution_summary.json");
    let listed = summary["checks"][role]["dropped"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let one = |dropped: &Value| {
        let reasons = dropped["reasons"].as_array().unwrap().iter();
        let codes = reasons.map(|reason| reason.as_str().unwrap().split(':').next().unwrap().to_owned());
        (dropped["text"].as_str().unwrap().to_owned(), codes.collect())
    };
    listed.iter().map(one).collect()
}

#[track_caller]
fn nothing_of_it_is_printed(done: &Done, text: &str) {
    for file in [
        "report.md",
        "report.html",
        "coordinated_insights.json",
        "child_insights.json",
    ] {
        let printed = done.text(&format!("run_logs/x/outputs/insights/{file}"));
        assert!(!printed.contains(text), "{file} prints: {text}");
    }
}

#[test]
fn lies_of_specialists_are_left_out_and_listed() {
    let honest = published(&Run::council().mock().done().code(0));
    for (lie, codes, _) in LIES {
        let done = lying(&SPECIALISTS, lie);
        let told = published(&done);
        let news: Vec<&String> = told.difference(&honest).collect();
        assert!(news.is_empty(), "{lie}: {news:?}");
        let mut n_caught = 0;
        for role in SPECIALISTS {
            let caught = dropped(&done, role)
                .into_iter()
                .filter(|(_, own)| own.iter().any(|code| codes.contains(&code.as_str())));
            for (text, _) in caught {
                n_caught += 1;
                // An ordinary change is true, and may be told as a figure elsewhere.
                if lie != "ordinary_day" {
                    nothing_of_it_is_printed(&done, &text);
                }
            }
        }
        assert!(n_caught > 0, "{lie} was never told, or for another reason left out");
    }
}

#[test]
fn lies_of_the_coordinator_are_left_out_and_listed() {
    for (lie, _, codes) in LIES {
        let done = lying(&["coordinator"], lie);
        let caught = dropped(&done, "coordinator")
            .into_iter()
            .filter(|(_, own)| own.iter().any(|code| codes.contains(&code.as_str())));
        let caught: Vec<(String, Vec<String>)> = caught.collect();
        assert!(!caught.is_empty(), "{lie}: {:?}", dropped(&done, "coordinator"));
        for (text, _) in caught {
            nothing_of_it_is_printed(&done, &text);
        }
        let joined = done.json("coordinated_insights.json");
        let grounding = &done.json("execution_summary.json")["grounding"];
        assert_eq!(grounding["printed"]["checked"], grounding["printed"]["passed"], "{lie}");
        let codes_told = joined["metadata"]["dropped_sentences"][0]["reasons"].to_string();
        assert!(
            codes.iter().any(|code| codes_told.contains(code)),
            "{lie}: {codes_told}"
        );
    }
}

/// The check must not be what silences an honest coordinator.
#[test]
fn an_honest_mock_loses_nothing() {
    let done = Run::council().mock().done().code(0);
    let checks = done.json("execution_summary.json")["checks"].clone();
    for role in checks.as_object().unwrap().keys() {
        for (text, codes) in dropped(&done, role) {
            assert_eq!(codes, ["not_significant"], "{role}: {text}");
        }
    }
}

#[test]
fn rounds_say_how_often_a_liar_is_asked_again() {
    let looks = |arguments: &[&str], variable: Option<&str>| {
        let script = json!({"roles": {"geographic": [{"lie": "ten_times", "repeat": true}]}}).to_string();
        let mut run = Run::council().mock().file("script.json", &script);
        if let Some(value) = variable {
            run = run.variable("INSIGHTS_ROUNDS", value);
        }
        let done = run
            .arguments(&["--mock-script", "script.json"])
            .arguments(arguments)
            .done();
        let summary = done.code(0).json("execution_summary.json");
        summary["checks"]["geographic"]["reviews"].as_array().unwrap().len()
    };
    assert_eq!(looks(&[], None), 3);
    assert_eq!(looks(&["--rounds", "0"], None), 1);
    assert_eq!(looks(&["--rounds", "1"], Some("4")), 2);
    assert_eq!(looks(&[], Some("1")), 2);
    let refused = Run::council().mock().arguments(&["--rounds", "9"]).done().code(2);
    refused.says(&["9 rounds of correction are too many", "0 to 5"]);
}
