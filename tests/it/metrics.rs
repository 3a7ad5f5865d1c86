//! The metric definitions as their users meet them: `insights sql`, `--metrics DIR`, and the tables of `insights evidence`.

use serde_json::Value;

use crate::support::run::{Done, END, Run, START, small_events};

fn sql(arguments: &[&str]) -> Done {
    Run::new().arguments(&["sql"]).arguments(arguments).done()
}

fn evidence(definitions: &[(&str, &str)]) -> Run {
    let run = Run::new().file("events.csv", &small_events()).arguments(&[
        "evidence",
        "--data",
        "events.csv",
        "--date-start",
        START,
        "--date-end",
        END,
        "--metrics",
        "own",
    ]);
    definitions
        .iter()
        .fold(run, |run, (name, text)| run.file(&format!("own/{name}"), text))
}

#[test]
fn every_definition_is_listed_and_printed_with_what_it_defines() {
    let listed = sql(&[]).code(0);
    for line in ["daily ", "for dau_by_date", "cohorts ", "tiers "] {
        assert!(listed.stdout.contains(line), "no `{line}` in:\n{}", listed.stdout);
    }
    let daily = sql(&["daily"]).code(0).stdout;
    assert!(daily.starts_with("-- Daily active users"), "{daily}");
    assert!(daily.contains("FROM user_days"), "{daily}");
    assert_eq!(sql(&["daily/dau_by_date.csv"]).code(0).stdout, daily);
    let tiers = sql(&["R6"]).code(0).stdout;
    assert!(tiers.contains("-- tier_days.sql\n") && tiers.contains("-- tier_sizes.sql\n"));
    sql(&["weather"]).code(2).says(&[
        "error: no definition or table is called `weather`",
        "hint: `insights sql` lists all definitions",
    ]);
}

#[test]
fn a_definition_of_ones_own_changes_the_numbers_and_is_named_with_them() {
    let built_in = sql(&["daily"]).stdout;
    let own = built_in.replace(
        "count(user_id) AS users",
        "count(CASE WHEN n_rows > 1 THEN user_id END) AS users",
    );
    assert_ne!(own, built_in);
    let mean_users = |run: Run| -> (f64, String) {
        let done = run
            .arguments(&["--specialist", "daily_metrics", "--json"])
            .done()
            .code(0);
        let value: Value = serde_json::from_str(&done.stdout).unwrap();
        let facts = &value["evidence"]["daily_metrics"];
        assert_eq!(value["evidence"].as_object().unwrap().len(), 1);
        let notes = facts["notes"].to_string();
        let cell = &facts["tables"][0]["rows"][0]["cells"][1]["number"]["exact"];
        (cell.as_f64().unwrap(), notes)
    };
    // The same text under its own name changes nothing but the note.
    let (usual, note) = mean_users(evidence(&[("daily.sql", &built_in)]));
    assert!(note.contains("own metric definitions: daily"), "{note}");
    let (fewer, _) = mean_users(evidence(&[("daily.sql", &own)]));
    assert!(fewer > 0.0 && fewer < usual * 0.5, "{fewer} of {usual}");
    let listed = Run::new()
        .file("own/daily.sql", &own)
        .arguments(&["sql", "--metrics", "own"])
        .done()
        .code(0);
    assert!(listed.stdout.contains("from own/daily.sql"), "{}", listed.stdout);
}

#[test]
fn the_folder_of_definitions_may_be_a_variable_or_a_key_of_the_file() {
    let own = sql(&["daily"])
        .stdout
        .replace("-- Daily active users", "-- Our own daily active users");
    let folder = || Run::new().file("own/daily.sql", &own);
    let named = folder()
        .arguments(&["sql", "daily"])
        .variable("INSIGHTS_METRICS", "own");
    assert!(named.done().code(0).stdout.starts_with("-- Our own"));
    let file = || folder().file("insights.toml", "metrics = \"own\"\n");
    let keyed = file().arguments(&["sql", "daily"]).done().code(0);
    assert!(keyed.stdout.starts_with("-- Our own"), "{}", keyed.stdout);
    // The flag wins over both, and here names nothing.
    let flag = file().arguments(&["sql", "daily", "--metrics", "nowhere"]);
    flag.variable("INSIGHTS_METRICS", "own").done().code(2);
    let read = evidence(&[("daily.sql", &own)]).arguments(&["--specialist", "daily_metrics"]);
    let shown = read.done().code(0).stdout;
    let by_variable = Run::new()
        .file("events.csv", &small_events())
        .file("own/daily.sql", &own)
        .variable("INSIGHTS_METRICS", "own")
        .arguments(&[
            "evidence",
            "--data",
            "events.csv",
            "--date-start",
            START,
            "--date-end",
            END,
        ])
        .arguments(&["--specialist", "daily_metrics"]);
    assert_eq!(by_variable.done().code(0).stdout, shown);
    assert!(shown.contains("own metric definitions: daily"), "{shown}");
}

#[test]
fn a_definition_that_cannot_be_used_is_refused_before_a_row_is_read() {
    let built_in = sql(&["daily"]).stdout;
    let cases: [(&str, String, &[&str]); 6] = [
        (
            "dayly.sql",
            built_in.clone(),
            &[
                "own/dayly.sql: no metric is defined in a file of this name",
                "hint: the names are dated, ",
            ],
        ),
        (
            "daily.sql",
            "-- Users\nSELECT day,\n  count(user_id AS users FROM user_days".to_owned(),
            &[
                "own/daily.sql: line 3, column ",
                "hint: compare with `insights sql daily`",
            ],
        ),
        (
            "daily.sql",
            built_in.replace("payers", "buyers"),
            &["the result lacks the columns payers; it has day, users"],
        ),
        (
            "daily.sql",
            built_in.replace("count(user_id) AS users", "CAST(count(user_id) AS DOUBLE) AS users"),
            &["the column users must be a whole number, not a floating number"],
        ),
        (
            "daily.sql",
            built_in.replace("sum(n_rows)", "sum(clicks)"),
            &["own/daily.sql: line 6: ", "No field named clicks"],
        ),
        (
            "daily.sql",
            built_in.replace("{end}", "{last}"),
            &["own/daily.sql: nothing fills {last}"],
        ),
    ];
    for (name, text, says) in cases {
        let done = evidence(&[(name, &text)]).arguments(&["--data", "missing.csv"]).done();
        done.code(2)
            .says(&["error: cannot use the metric definition"])
            .says(says);
    }
    let written = evidence(&[("daily.sql", "DROP TABLE user_days")]).done();
    written.code(2).says(&["a definition is one SELECT"]);
    let nothing = evidence(&[("readme.txt", "")]).done();
    nothing.code(2).says(&["the folder holds no .sql file"]);
    evidence(&[])
        .done()
        .code(2)
        .says(&["cannot use the metric definition own: "]);
}

#[test]
fn the_definition_of_the_facts_may_read_columns_of_the_source() {
    let built_in = sql(&["events"]).stdout;
    let without = built_in.replace(
        "WHERE \"__at\" IS NOT NULL",
        "WHERE \"__at\" IS NOT NULL AND user_id <> 'u0'",
    );
    assert_ne!(without, built_in);
    evidence(&[("events.sql", &without)]).done().code(0);
    let wrong = built_in.replace("    ({converts}) AS converts", "    1 AS converted");
    let done = evidence(&[("events.sql", &wrong)]).done().code(2);
    done.says(&["own/events.sql: the result lacks the columns converts"]);
}

#[test]
fn evidence_is_printed_as_tables_with_what_they_stand_on() {
    let run = || {
        Run::new()
            .file("events.csv", &small_events())
            .variable("COLUMNS", "100")
            .arguments(&[
                "evidence",
                "--data",
                "events.csv",
                "--date-start",
                START,
                "--date-end",
                END,
                "--specialist",
                "geographic,cohort-retention",
            ])
    };
    let shown = run().done().code(0).stdout;
    for text in [
        "# Geography",
        "# Cohorts and retention",
        "G1 Countries, this period against the previous",
        "  definition: users = mean daily active users",
        "  window: ",
        "  rows: ",
        "  left out: ",
        "  3 rows, by active users",
        "tested ",
        "defined by `insights sql G1`: by_group, group_users",
        "not yet known: ",
        "  g1o ",
        "o fewer than 30 observations",
    ] {
        assert!(shown.contains(text), "no `{text}` in:\n{shown}");
    }
    assert!(!shown.contains("# Revenue") && !shown.contains('\u{1b}'), "{shown}");
    let grid = shown.lines().filter(|line| line.starts_with("  g"));
    assert!(
        grid.clone().count() > 3 && grid.clone().all(|line| line.chars().count() <= 100),
        "{shown}"
    );
    let prompt = run().arguments(&["--prompt"]).done().code(0).stdout;
    assert!(prompt.contains("id|country|users|"), "{prompt}");
    let unknown = run().arguments(&["--specialist", "weather"]).done().code(2);
    unknown.says(&[
        "no specialist is called `weather`",
        "hint: the specialists are daily_metrics, ",
    ]);
}
