//! `insights report` and `insights open`: a finished run again, from its files alone.

use std::fs;

use crate::support::run::{Done, Run};

const INSIGHTS: &str = "run_logs/x/outputs/insights";

/// Nothing but the JSON files is left: neither data, nor database, nor the written reports.
fn only_json_left(done: &Done) {
    fs::remove_file(done.path("events.csv")).unwrap();
    fs::remove_file(done.path("run_logs/insights.db")).unwrap();
    for name in ["report.md", "report.html"] {
        fs::remove_file(done.path(&format!("{INSIGHTS}/{name}"))).unwrap();
    }
}

#[track_caller]
fn printed_again(mut done: Done) -> Done {
    let files = [
        ("md", "report.md"),
        ("html", "report.html"),
        ("json", "coordinated_insights.json"),
    ];
    let written = files.map(|(_, name)| done.text(&format!("{INSIGHTS}/{name}")));
    only_json_left(&done);
    for ((format, name), written) in files.into_iter().zip(written) {
        done = Run::again(done)
            .arguments(&["report", "x", "--format", format])
            .done()
            .code(0);
        assert_eq!(done.stdout, written, "{name}");
        assert_eq!(done.stderr, "");
    }
    done
}

#[test]
fn a_report_is_printed_again_byte_for_byte() {
    let done = printed_again(Run::council().mock().done().code(0));
    let page = Run::again(done).arguments(&["report", "x"]).done().code(0);
    assert!(
        page.stdout.starts_with("# Insights report"),
        "Markdown unless told otherwise"
    );
    assert!(
        page.stdout.contains("insights --run-hash x --date-start"),
        "the command is kept"
    );
}

#[test]
fn a_degraded_report_is_printed_again_with_what_is_missing() {
    let script = r#"{"roles": {"geographic": [{"fault": "bad_key", "repeat": true}],
        "coordinator": [{"fault": "bad_key", "repeat": true}]}}"#;
    let run = Run::council().mock().file("script.json", script);
    printed_again(run.arguments(&["--mock-script", "script.json"]).done().code(3));
}

/// Data of which much is missing: what was said of them stands in the report again.
#[test]
fn doubts_about_the_data_are_printed_again() {
    let run = Run::council().mock().file("events.csv", &crate::page::growing());
    printed_again(run.done().code(0));
}

#[test]
fn an_added_analyst_keeps_its_title_and_place() {
    let role =
        "[[stages.roles]]\nname = \"store_ratings\"\ntitle = \"What buyers say\"\ntemplate = \"store_ratings.md\"\n\n";
    let pattern = include_str!("../../prompts/insights/pattern.toml");
    let place = pattern.rfind("[[stages]]").unwrap();
    let pattern = format!("{}{role}{}", &pattern[..place], &pattern[place..]);
    let template = "Task: ratings, {{ period }}.\n\n{% include \"insights/reply.md\" %}\n";
    let run = Run::council().mock().file("mine/insights/pattern.toml", &pattern);
    let run = run.file("mine/insights/store_ratings.md", template);
    let done = run.arguments(&["--patterns", "mine"]).done().code(0);
    assert!(done.report().contains("### What buyers say"));
    printed_again(done);
}

#[test]
fn a_run_is_named_by_its_beginning_or_a_path() {
    let done = Run::council().mock().done().code(0);
    let report = done.report();
    let path = format!("./{INSIGHTS}/report.html");
    let mut done = done;
    for name in ["x", "run_logs/x", path.as_str()] {
        done = Run::again(done).arguments(&["report", name]).done().code(0);
        assert_eq!(done.stdout, report, "{name}");
    }
    let done = Run::again(done).arguments(&["report", "y"]).done().code(2);
    done.says(&["error: there is no run `y` in `run_logs`", "runs there are `x`"]);
}

#[test]
fn a_run_that_failed_on_its_input_is_no_run() {
    let window = ["--date-start", "2025-03-01", "--date-end", "2025-03-14"];
    let failed = Run::new()
        .mock()
        .arguments(&["--run-hash", "bad", "--data", "nowhere.csv"]);
    let done = failed.arguments(&window).done().code(2);
    for command in ["report", "explain", "open"] {
        let done = Run::new().arguments(&[command, "other"]).done().code(2);
        done.says(&["there is no run `other`", "make one with `insights demo`"]);
    }
    let done = Run::again(done).arguments(&["report", "other"]).done().code(2);
    let done = done.says(&["make one with `insights demo`"]);
    assert!(!done.stderr.contains("`bad`"), "{}", done.stderr);
}

#[test]
fn a_run_without_a_report_says_so() {
    let done = Run::council().mock().done().code(0);
    let marker = done.path(&format!("{INSIGHTS}/execution_summary.json"));
    fs::write(&marker, r#"{"status": "interrupted", "run_hash": "x"}"#).unwrap();
    let done = Run::again(done).arguments(&["report", "x"]).done().code(1);
    let done = done.says(&["the run is interrupted: it has no report", "hint: run it again"]);
    fs::remove_file(marker).unwrap();
    let done = Run::again(done).arguments(&["open", "x", "--print"]).done().code(0);
    assert!(
        done.stdout.ends_with("report.html\n"),
        "the page of the run before is still there"
    );
    let done = Run::again(done).arguments(&["report", "x"]).done().code(1);
    done.says(&["could not read", "hint: the run did not end with a report"]);
}

#[test]
fn the_page_is_named_at_the_end_of_a_run_and_found_by_open() {
    let done = Run::council().mock().done().code(0);
    let named = done
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("page     "))
        .unwrap();
    let named = named.to_owned();
    assert_eq!(named, format!("{INSIGHTS}/report.html"));
    let page = done.text(&named);
    fs::remove_file(done.path(&named)).unwrap();
    let done = Run::again(done).arguments(&["open", "x", "--print"]).done().code(0);
    assert!(done.stdout.trim().ends_with(&named), "{}", done.stdout);
    assert_eq!(done.text(&named), page, "it is written again when it is gone");
}
