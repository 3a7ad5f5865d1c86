//! Figures that disagree between sections: found by the program, told to the coordinator, printed as long as they stay.

use std::fs;

use crate::support::run::{Done, END, Run, START};

const TABLE: &str = "run_logs/x/outputs/segments/daily/revenue_by_country.csv";

/// A run over the tables that an earlier run left, one of which somebody changed.
fn over_tables(change: impl Fn(&str) -> String) -> Done {
    let done = Run::council().mock().done().code(0);
    let text = fs::read_to_string(done.path(TABLE)).unwrap();
    fs::write(done.path(TABLE), change(&text)).unwrap();
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
    let done = over_tables(without_brazil).code(0);
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

#[test]
fn tables_that_agree_are_no_conflict() {
    let done = over_tables(str::to_owned).code(0);
    let joined = done.json("coordinated_insights.json");
    assert_eq!(joined["conflicts"], serde_json::json!([]));
    assert!(!done.report().contains("Conflict"), "{}", done.report());
}
