//! Tables that do not fit the memory they may take: the same facts, clear errors, and nothing left behind.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use insights::data::generate::{Plan, Sample, sample_of};
use serde_json::{Map, Value};

use crate::support::run::{Done, END, Run, START, small_events};
use crate::support::server::{Manner, Server, Step};

fn evidence(sample: &Sample, name: &str, bytes: &[u8]) -> Run {
    let (start, end) = (sample.window.start.to_string(), sample.window.end.to_string());
    let arguments = [
        "evidence",
        "--json",
        "--date-start",
        &start,
        "--date-end",
        &end,
        "--data",
        name,
    ];
    Run::new().arguments(&arguments).bytes(name, bytes)
}

fn rows(sample: &Sample) -> (Vec<String>, Vec<Vec<String>>) {
    let text = std::str::from_utf8(&sample.csv).unwrap();
    let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect());
    (rows.next().unwrap(), rows.collect())
}

fn json_lines(header: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let record = |row: &Vec<String>| {
        let filled = header.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let cells = filled.map(|(name, cell)| {
            let number = (name == "revenue").then(|| cell.parse::<f64>().unwrap());
            (
                name.clone(),
                number.map_or_else(|| Value::from(cell.as_str()), Value::from),
            )
        });
        Value::Object(cells.collect::<Map<_, _>>()).to_string() + "\n"
    };
    rows.iter().map(record).collect::<String>().into_bytes()
}

/// Typed as a warehouse would write it: moments, numbers, texts.
fn parquet(header: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let columns = header.iter().enumerate().map(|(place, name)| {
        let cells = rows
            .iter()
            .map(|row| Some(row[place].as_str()).filter(|cell| !cell.is_empty()));
        let column: ArrayRef = match name.as_str() {
            "revenue" => Arc::new(
                cells
                    .map(|cell| cell.map(|cell| cell.parse().unwrap()))
                    .collect::<Float64Array>(),
            ),
            "event_time" => {
                let micros = cells.map(|cell| {
                    let at: jiff::Timestamp = cell.unwrap().parse().unwrap();
                    Some(at.as_microsecond())
                });
                Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
            }
            _ => Arc::new(cells.collect::<StringArray>()),
        };
        (name, column, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = datafusion::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_generated_table_gives_the_same_facts_as_text_records_and_columns() {
    let sample = sample_of(3, &Plan::EVERYTHING.sized(60.0));
    let (header, rows) = rows(&sample);
    let text = evidence(&sample, "events.csv", &sample.csv).done().code(0);
    assert!(text.stdout.len() > 10_000);
    for (name, bytes) in [
        ("events.jsonl", json_lines(&header, &rows)),
        ("events.parquet", parquet(&header, &rows)),
    ] {
        let done = evidence(&sample, name, &bytes).done().code(0);
        assert!(done.stdout == text.stdout, "{name}");
    }
}

/// Visits of two hundred and ten thousand rows, enough to be dealt into parts, with all that may stand in the place of an id.
fn many_events() -> String {
    let mut text = "user_id,event_time,event_name,country,session_id,revenue\n".to_owned();
    let start: jiff::Timestamp = format!("{START}T00:00:00Z").parse().unwrap();
    for row in 0..210_000_u64 {
        let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let user = match mixed % 97 {
            0 => String::new(),
            1 => "null".to_owned(),
            2 => "NA".to_owned(),
            // Ties between users go by their ids: u9 comes after u10.
            _ => format!("u{}", mixed % 4_001),
        };
        let session = match mixed % 89 {
            0 => "-1".to_owned(),
            1 => String::new(),
            _ => format!("s{}-{}", mixed % 4_001, row / 4_000),
        };
        let (event, revenue) = match mixed % 13 {
            0 => ("purchase", format!("{}.5", mixed % 7)),
            1 => ("refund", "-2".to_owned()),
            2 => ("", String::new()),
            _ => ("open", String::new()),
        };
        let country = ["DE", "Germany", "de", "fr", "jo@example.com", "(not set)"][(mixed / 11 % 6) as usize];
        let at = start - jiff::Span::new().hours(24 * 30) + jiff::Span::new().seconds((row * 20) as i64);
        text.push_str(&format!("{user},{at},{event},{country},{session},{revenue}\n"));
    }
    text
}

#[test]
fn ids_as_numbers_give_the_facts_that_their_texts_give() {
    let daily = Run::new().arguments(&["sql", "daily"]).done().code(0).stdout;
    let facts = |arguments: &[&str]| {
        let run = Run::new()
            .file("events.csv", &many_events())
            .file("own/daily.sql", &daily);
        run.arguments(&evidence_of("events.csv"))
            .arguments(arguments)
            .done()
            .code(0)
            .stdout
    };
    let numbers = facts(&[]);
    assert!(numbers.contains("active_users") && !numbers.contains("own metric definitions"));
    // With a definition of the user's own, whatever it says, queries read the ids themselves.
    let texts = facts(&["--metrics", "own"]);
    assert!(texts.contains("own metric definitions"));
    let without_note = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_end_matches(',').to_owned());
        lines.filter(|line| !line.contains("own metric definitions")).collect()
    };
    assert!(without_note(&numbers) == without_note(&texts));
}

/// All evidence of the usual window, as JSON.
fn evidence_of(file: &str) -> [&str; 8] {
    [
        "evidence",
        "--json",
        "--date-start",
        START,
        "--date-end",
        END,
        "--data",
        file,
    ]
}

/// Few rows that take more room than the least limit leaves to a source: each holds two thousand letters of its own.
fn wide_events() -> Vec<u8> {
    let text = small_events();
    let mut lines = text.lines();
    let mut wide = format!("{},note\n", lines.next().unwrap());
    let lines: Vec<&str> = lines.collect();
    let times = 24_000_000 / 2_000 / lines.len() + 1;
    for (number, line) in lines
        .iter()
        .flat_map(|line| std::iter::repeat_n(line, times))
        .enumerate()
    {
        wide.push_str(&format!("{line},{number:a>2000}\n"));
    }
    wide.into_bytes()
}

fn of_wide_events(arguments: &[&str]) -> Run {
    let run = Run::new().bytes("wide.csv", &wide_events());
    run.arguments(&evidence_of("wide.csv")).arguments(arguments)
}

fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited for half a minute");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn rows_that_do_not_fit_go_to_disk_and_change_nothing() {
    let aside = tempfile::tempdir().unwrap();
    let all_in_memory = of_wide_events(&[]).variable("TMPDIR", "/not/there").done().code(0);
    let little = of_wide_events(&["--memory-limit", "64MB"]).variable("TMPDIR", aside.path().to_str().unwrap());
    let little = little.done().code(0);
    assert!(little.stdout == all_in_memory.stdout);
    assert!(is_empty(aside.path()));
    // The same limit needs the folder.
    let lost = of_wide_events(&["--memory-limit", "64MB"]).variable("TMPDIR", "/not/there");
    lost.done()
        .code(2)
        .says(&["cannot set rows aside in /not/there", "TMPDIR", "--memory-limit"]);
}

#[test]
fn a_limit_that_is_none_is_told_before_anything_is_read() {
    let run = |limit: &str| {
        let wanted = ["evidence", "--date-start", START, "--date-end", END, "--data", "no.csv"];
        Run::new()
            .arguments(&wanted)
            .arguments(&["--memory-limit", limit])
            .done()
    };
    run("much")
        .code(2)
        .says(&["the memory limit is `much`", "--memory-limit 1500MB"]);
    run("1MB")
        .code(2)
        .says(&["less than the 64MB", "--memory-limit 1500MB"]);
    run("1.5GB").code(2).says(&["no such data file: `no.csv`"]);
    let by_variable = Run::council()
        .mock()
        .variable("INSIGHTS_MEMORY_LIMIT", "nothing")
        .done();
    by_variable.code(2).says(&["the memory limit is `nothing`"]);
    let doctor = Run::new()
        .arguments(&["doctor", "--provider", "mock"])
        .file("insights.toml", "memory_limit = \"2GB\"");
    let doctor: Done = doctor.done();
    let told = format!("{}{}", doctor.stdout, doctor.stderr);
    assert!(told.contains("INSIGHTS_MEMORY_LIMIT") && told.contains("2GB"), "{told}");
}

#[cfg(unix)]
#[test]
fn what_was_fetched_is_gone_when_a_signal_ends_the_reading() {
    let aside = tempfile::tempdir().unwrap();
    let server = Server::with([Step::ok(small_events()).manner(Manner::Drip(Duration::from_secs(60)))]);
    let run = Run::new()
        .arguments(&[
            "evidence",
            "--date-start",
            START,
            "--date-end",
            END,
            "--data",
            &server.url("/events.csv"),
        ])
        .variable("TMPDIR", aside.path().to_str().unwrap());
    let child = run.spawn();
    wait_until(|| !is_empty(aside.path()));
    let sent = std::process::Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    run.ended(child).code(130).says(&["interrupted by SIGINT"]);
    assert!(is_empty(aside.path()));
}
