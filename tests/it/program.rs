//! The program as its users meet it: the demo, the outputs, bad input, exit codes.

use std::process::Stdio;

use serde_json::Value;

use crate::support::run::{Done, Run};

const ANALYSTS: [&str; 6] = [
    "cohort_retention",
    "daily_metrics",
    "data_quality",
    "geographic",
    "revenue_optimization",
    "user_segmentation",
];

#[test]
fn the_demo_needs_nothing_and_prints_only_the_path() {
    let done = Run::new().arguments(&["demo"]).done().code(0);
    assert_eq!(done.stdout, "run_logs/demo/outputs/insights/report.md\n");
    let report = done.text("run_logs/demo/outputs/insights/report.md");
    let planted = insights::data::generate::sample(7).planted;
    let day = |date: jiff::civil::Date| date.strftime("%-d %B %Y").to_string();
    for fact in [
        format!("On {}, ", day(planted.outage_day)),
        format!("daily active users came to {}, ", planted.outage_users),
        format!(
            "On {}, net revenue came to {}, ",
            day(planted.spike_day),
            insights::evidence::show::number(planted.spike_revenue, 2)
        ),
        format!("Active users of {} fell", planted.drop_country),
        insights::evidence::show::number(planted.drop_mean_users, 1),
    ] {
        assert!(report.contains(&fact), "the report does not say {fact}:\n{report}");
    }
    assert!(!report.contains("{{"), "a reference was not rendered");
    assert!(
        !report.contains("Conflict"),
        "figures of the sample do not contradict each other"
    );
    let golden = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/report.md")).unwrap();
    assert!(
        report == golden,
        "the demo's report changed: look at it, then copy run_logs/demo/outputs/insights/report.md to examples/report.md"
    );
}

#[test]
fn equal_runs_give_equal_bytes() {
    let run = || Run::council().mock().done().code(0);
    let (one, two) = (run(), run());
    for name in [
        "report.md",
        "child_insights.json",
        "coordinated_insights.json",
        "evidence.json",
    ] {
        let path = format!("run_logs/x/outputs/insights/{name}");
        assert_eq!(one.text(&path), two.text(&path), "{name}");
    }
}

#[test]
fn the_outputs_hold_the_promised_keys() {
    let done = Run::council().mock().done().code(0);
    let children = done.json("child_insights.json");
    assert_eq!(keys(&children), ANALYSTS);
    for analyst in ANALYSTS {
        for key in ["findings", "recommendations", "confidence_score", "metadata"] {
            assert!(children[analyst].get(key).is_some(), "{analyst}.{key}");
        }
    }
    for (analyst, sections) in [
        ("daily_metrics", ["trend_analysis", "key_metrics"].as_slice()),
        (
            "user_segmentation",
            &["segment_analysis", "journey_insights", "behavioral_patterns"],
        ),
        (
            "geographic",
            &[
                "market_analysis",
                "regional_insights",
                "localization_recommendations",
                "expansion_opportunities",
            ],
        ),
        (
            "cohort_retention",
            &[
                "retention_analysis",
                "cohort_insights",
                "churn_analysis",
                "retention_strategies",
            ],
        ),
        ("revenue_optimization", &["revenue_analysis"]),
        (
            "data_quality",
            &[
                "quality_assessment",
                "improvement_recommendations",
                "infrastructure_suggestions",
                "data_enhancement_opportunities",
            ],
        ),
    ] {
        for section in sections {
            assert!(children[analyst].get(section).is_some(), "{analyst}.{section}");
        }
    }
    let joined = done.json("coordinated_insights.json");
    for key in [
        "executive_summary",
        "key_findings",
        "cross_cutting_themes",
        "prioritized_recommendations",
        "confidence_assessment",
        "next_steps",
        "metadata",
    ] {
        assert!(joined.get(key).is_some(), "{key}");
    }
    let summary = done.json("execution_summary.json");
    assert_eq!(summary["architecture"], "multi_llm");
    assert_eq!(summary["status"], "complete");
    assert_eq!(summary["coordinator_status"], "completed");
    assert_eq!(summary["total_analysts"], 6);
    assert_eq!(summary["successful_analysts"], 6);
    assert_eq!(summary["results"].as_array().unwrap().len(), 7);
    assert_eq!(summary["data"]["fingerprint"].as_str().unwrap().len(), 64);
}

#[test]
fn the_summary_vouches_for_the_other_files() {
    use sha2::Digest as _;
    let done = Run::council().mock().done().code(0);
    let summary = done.json("execution_summary.json");
    let files = summary["files"].as_array().unwrap();
    assert_eq!(files.len(), 5);
    for file in files {
        let bytes = std::fs::read(done.path(&format!(
            "run_logs/x/outputs/insights/{}",
            file["name"].as_str().unwrap()
        )))
        .unwrap();
        assert_eq!(file["bytes"], bytes.len());
        let digest: String = sha2::Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(file["sha256"], digest);
    }
}

#[test]
fn events_are_one_json_object_a_line() {
    let done = Run::council().mock().done().code(0);
    let text = done.text("run_logs/x/events.jsonl");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"run.started"));
    assert_eq!(names.last(), Some(&"run.finished"));
    assert_eq!(names.iter().filter(|name| **name == "call.succeeded").count(), 7);
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], index + 1);
    }
}

#[test]
fn tables_of_the_run_directory_make_the_same_evidence() {
    let computed = Run::council().mock().done().code(0);
    let evidence = computed.json("evidence.json");
    let again = [
        "--run-hash",
        "x",
        "--date-start",
        "2025-03-01",
        "--date-end",
        "2025-03-14",
        "--provider",
        "mock",
    ];
    let read = Run::again(computed).arguments(&again).done().code(0);
    assert_eq!(read.json("evidence.json"), evidence);
    assert_eq!(read.json("execution_summary.json")["data"]["kind"], "run_directory");
}

#[test]
fn the_database_knows_the_run_and_its_calls() {
    let done = Run::council().mock().done().code(0);
    let database = rusqlite::Connection::open(done.folder.path().join("run_logs/insights.db")).unwrap();
    let text = |sql: &str| -> String { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        text("SELECT run_hash || ' ' || status FROM runs WHERE finished IS NOT NULL"),
        "x complete"
    );
    assert_eq!(
        text("SELECT count(*) || ' ' || min(run_hash) || ' ' || max(run_hash) FROM requests"),
        "7 x x"
    );
}

#[test]
fn quiet_is_silent() {
    let done = Run::council().mock().arguments(&["-q"]).done().code(0);
    assert_eq!(done.stderr, "");
    assert_eq!(done.stdout, "");
    assert!(done.report().contains("## Verdict"));
}

#[test]
fn variables_and_the_subcommand_do_the_same() {
    let done = Run::new()
        .file("events.csv", &crate::support::run::small_events())
        .variable("RUN_HASH", "x")
        .variable("DATE_START", "2025-03-01")
        .variable("DATE_END", "2025-03-14")
        .variable("AGGREGATION_LIMIT", "12")
        .file(".env", "INSIGHTS_PROVIDER=mock\n")
        .arguments(&["run", "--data", "events.csv"])
        .done()
        .code(0);
    assert!(done.report().contains("# Insights report, 2025-03-01 to 2025-03-14"));
}

#[test]
fn a_dry_run_calls_nobody_and_writes_the_prompts() {
    let done = Run::council()
        .arguments(&["--dry-run", "--provider", "openai"])
        .variable("OPENAI_API_KEY", "CANARY-dry")
        .variable("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        .done()
        .code(0);
    for role in ANALYSTS.iter().chain(&["coordinator"]) {
        assert!(done.stdout.contains(role), "{role} in {}", done.stdout);
        assert!(done.text(&format!("run_logs/x/prompts/{role}.md")).contains("# System"));
    }
    assert!(done.text("run_logs/x/prompts/geographic.md").contains("Germany"));
    assert!(!done.path("run_logs/x/outputs/insights/execution_summary.json").exists());
    assert!(!done.everything().contains("CANARY"));
}

#[test]
fn each_kind_of_bad_input_is_named_with_the_next_step() {
    let long = "a".repeat(300);
    let council = [
        "--date-start",
        "2025-03-01",
        "--date-end",
        "2025-03-14",
        "--provider",
        "mock",
    ];
    let cases: Vec<(Vec<&str>, i32, &str)> = vec![
        (vec!["--run-hash", "../x", "--data", "events.csv"], 2, "../x"),
        (vec!["--run-hash", "", "--data", "events.csv"], 2, "empty"),
        (vec!["--run-hash", &long, "--data", "events.csv"], 2, "128"),
        (vec!["--run-hash", "x", "--data", "nothing.csv"], 2, "nothing.csv"),
        (vec!["--run-hash", "x", "--data", "nousers.csv"], 2, "--map"),
        (
            vec!["--run-hash", "x", "--data", "events.csv", "--map", "user=nobody"],
            2,
            "nobody",
        ),
        (
            vec!["--run-hash", "x", "--data", "events.csv", "--model", "nobody:x"],
            2,
            "nobody",
        ),
        (
            vec!["--run-hash", "x", "--data", "events.csv", "--mock-script", "no.json"],
            2,
            "no.json",
        ),
        (
            vec!["--run-hash", "x", "--data", "events.csv", "--prompts", "nowhere"],
            2,
            "nowhere",
        ),
        (
            vec!["--run-hash", "x", "--data", "events.csv", "--timezone", "Mars/Base"],
            2,
            "Mars/Base",
        ),
        (vec!["--run-hash", "x", "--data", "empty.csv"], 2, "empty.csv"),
        (
            vec!["--run-hash", "x", "--run-logs", "events.csv", "--data", "events.csv"],
            2,
            "--run-logs",
        ),
        (
            vec!["--run-hash", "x", "--fail-on", "awful", "--data", "events.csv"],
            2,
            "awful",
        ),
        (vec!["--run-hash", "x"], 2, "--data"),
        (vec!["--nonsense"], 2, "--nonsense"),
    ];
    for (arguments, code, word) in cases {
        let done = Run::new()
            .file("events.csv", &crate::support::run::small_events())
            .file("nousers.csv", "colour,shape\nred,round\nblue,square\n")
            .file("empty.csv", "")
            .arguments(&council)
            .arguments(&arguments)
            .done();
        assert_eq!(done.code, code, "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(word), "{arguments:?}: {}", done.stderr);
        assert!(
            done.stderr.contains("hint:") || arguments[0] == "--nonsense",
            "{arguments:?}: {}",
            done.stderr
        );
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn a_window_outside_the_data_says_what_they_cover() {
    let arguments = [
        "--run-hash",
        "x",
        "--date-start",
        "2031-01-01",
        "--date-end",
        "2031-01-31",
        "--data",
        "events.csv",
    ];
    Run::new()
        .file("events.csv", &crate::support::run::small_events())
        .arguments(&arguments)
        .mock()
        .done()
        .code(4)
        .says(&["2025-02-15", "2025-03-14"]);
}

#[test]
fn a_failed_run_leaves_an_earlier_report_alone() {
    let done = Run::council().mock().done().code(0);
    let before = (done.report(), done.json("execution_summary.json"));
    let bad = [
        "--run-hash",
        "x",
        "--date-start",
        "2025-03-01",
        "--date-end",
        "2025-03-14",
        "--provider",
        "mock",
        "--data",
        "nothing.csv",
    ];
    let done = Run::again(done).arguments(&bad).done().code(2);
    assert_eq!((done.report(), done.json("execution_summary.json")), before);
}

#[test]
fn bad_rows_are_counted_and_placed() {
    let mut events = crate::support::run::small_events();
    events.push_str("u1,2025-03-01 10:00:00,app_open\nu2,too,many,fields,here,and,there\n");
    let run = |limit: &str| {
        let run = Run::council().mock().file("events.csv", &events);
        run.arguments(&["--max-bad-rows", limit]).done()
    };
    let done = run("2").code(0);
    assert_eq!(done.json("execution_summary.json")["data"]["bad_rows"], 2);
    let line = events.lines().count();
    run("1")
        .code(2)
        .says(&["--max-bad-rows", &format!("events.csv:{}", line - 1)]);
}

#[test]
fn without_a_key_both_ways_out_are_named() {
    Run::council()
        .done()
        .code(2)
        .says(&["OPENAI_API_KEY", "--provider mock"]);
    Run::council()
        .arguments(&["--provider", "anthropic"])
        .done()
        .code(2)
        .says(&["ANTHROPIC_API_KEY"]);
}

#[test]
fn what_the_data_lack_is_said_and_the_others_go_on() {
    let events: String = crate::support::run::small_events()
        .lines()
        .map(|line| line.split(',').take(3).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    let done = Run::council().mock().file("events.csv", &events).done().code(0);
    let children = done.json("child_insights.json");
    for analyst in ["geographic", "revenue_optimization"] {
        assert!(
            !children[analyst]["data_gaps"].as_array().unwrap().is_empty(),
            "{analyst}"
        );
    }
    assert!(!children["daily_metrics"]["findings"].as_array().unwrap().is_empty());
    assert!(done.report().contains("country"));
}

#[test]
fn the_second_run_of_a_hash_says_who_holds_the_lock() {
    let run = Run::council()
        .mock()
        .file("slow.json", r#"{"latency_ms": 60000}"#)
        .arguments(&["--mock-script", "slow.json"]);
    let mut first = run.spawn();
    let folder = run.folder().to_owned();
    let events = folder.join("run_logs/x/events.jsonl");
    wait_until(|| std::fs::read_to_string(&events).is_ok_and(|text| text.contains("call.attempt")));
    let second = run.command().stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(75), "{stderr}");
    assert!(stderr.contains(&first.id().to_string()), "{stderr}");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_with_a_summary_and_a_way_on() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let run = Run::council()
            .mock()
            .file("slow.json", r#"{"latency_ms": 60000}"#)
            .arguments(&["--mock-script", "slow.json"]);
        let child = run.spawn();
        let events = run.folder().join("run_logs/x/events.jsonl");
        wait_until(|| std::fs::read_to_string(&events).is_ok_and(|text| text.contains("call.attempt")));
        let sent = std::process::Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let folder = tempfile::tempdir().unwrap();
        let stopped = Done::of(folder, child.wait_with_output().unwrap())
            .code(code)
            .says(&["interrupted", "insights --run-hash x"]);
        assert_eq!(stopped.stdout, "");
        let summary =
            std::fs::read_to_string(run.folder().join("run_logs/x/outputs/insights/execution_summary.json")).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&summary).unwrap()["status"],
            "interrupted"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_closed_or_full_stdout_is_no_panic() {
    let run = Run::new().arguments(&["demo", "--no-progress"]);
    let mut child = run.spawn();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().code().is_some_and(|code| code != 101));
    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        let output = run.command().stdin(Stdio::null()).stdout(full).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_no_run_directory() {
    let run = Run::council().mock();
    std::fs::create_dir(run.folder().join("run_logs")).unwrap();
    std::os::unix::fs::symlink("/tmp", run.folder().join("run_logs/x")).unwrap();
    run.done().code(2).says(&["symbolic link"]);
}

#[test]
fn doctor_passes_with_the_mock_and_names_what_is_wrong() {
    let done = Run::council().arguments(&["--provider", "mock"]).done().code(0);
    let doctor = ["doctor", "--provider", "mock", "--data", "events.csv"];
    let done = Run::again(done).arguments(&doctor).done().code(0);
    for text in ["all checks passed", "user ← user_id", "mock: built in"] {
        assert!(done.stdout.contains(text), "{text} in {}", done.stdout);
    }
    let done = Run::again(done)
        .arguments(&["doctor", "--provider", "openai"])
        .variable("OPENAI_API_KEY", "CANARY-doctor")
        .done()
        .code(0);
    assert!(
        done.stdout.contains("key present") && !done.everything().contains("CANARY"),
        "{}",
        done.stdout
    );
    let done = Run::again(done)
        .arguments(&["doctor", "--data", "nothing.csv"])
        .done()
        .code(2);
    assert!(
        done.stdout.contains("OPENAI_API_KEY")
            && done.stdout.contains("nothing.csv")
            && done.stdout.contains("go on with the mock provider")
            && !done.stdout.contains("INSIGHTS_PROVIDER = mock"),
        "{}",
        done.stdout
    );
}

#[test]
fn evidence_needs_no_provider() {
    let arguments = [
        "evidence",
        "--data",
        "events.csv",
        "--date-start",
        "2025-03-01",
        "--date-end",
        "2025-03-14",
    ];
    let run = |more: &[&str]| {
        let run = Run::new().file("events.csv", &crate::support::run::small_events());
        run.arguments(&arguments).arguments(more).done().code(0).stdout
    };
    assert!(run(&[]).contains("\nD1 Totals"));
    let value: Value = serde_json::from_str(&run(&["--json"])).unwrap();
    assert_eq!(keys(&value["evidence"]), ANALYSTS);
}

#[test]
fn a_gate_trips_after_the_report_is_written() {
    let done = Run::council().mock().arguments(&["--fail-on", "info"]).done().code(5);
    assert!(done.report().contains("## Verdict"));
}

#[test]
fn nothing_at_all_is_a_short_welcome() {
    Run::new().done().code(2).says(&["insights demo"]);
    let help = Run::new().arguments(&["--help"]).done().code(0).stdout;
    assert!(help.contains("Exit codes") && help.contains("insights demo"));
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Waits for something that another process does, at most twenty seconds.
#[track_caller]
fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(begun.elapsed().as_secs() < 20, "it did not happen");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
