//! The data module against independently computed truth, over real files.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use insights::data::{self, DataError, Dataset, Options, Part, Window};
use insights::event::Events;
use serde_json::Value;

/// A file of the shared data, or nothing and a printed reason.
fn shared(name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("INSIGHTS_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = directory.join(name);
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn truth(name: &str) -> Option<Value> {
    Some(serde_json::from_slice(&std::fs::read(shared(name)?).unwrap()).unwrap())
}

fn window(start: &str, end: &str) -> Window {
    Window {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
    }
}

fn options(source: &Path, window: Window) -> Options {
    Options {
        sources: vec![source.to_str().unwrap().to_owned()],
        window,
        map: Vec::new(),
        max_bad_rows: 100,
        timezone: "UTC".to_owned(),
        metrics: None,
    }
}

fn computed(options: &Options) -> Result<Dataset, DataError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(data::compute(options, &Events::silent()))
}

fn compute(source: &Path, window: Window) -> Dataset {
    computed(&options(source, window)).unwrap()
}

fn store(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(path.parent().unwrap())?;
    std::fs::write(path, bytes)
}

/// The window of a truth file's entry.
fn window_of(value: &Value) -> Window {
    window(value["start"].as_str().unwrap(), value["end"].as_str().unwrap())
}

fn full_range(truth: &Value) -> Window {
    window(
        truth["totals"]["first_day"].as_str().unwrap(),
        truth["totals"]["last_day"].as_str().unwrap(),
    )
}

fn check_daily(dataset: &Dataset, truth: &Value, has_revenue: bool) {
    let daily = truth["daily"].as_array().unwrap();
    let rows = dataset.current.dau_by_date.rows();
    let expected: BTreeMap<&str, &Value> = daily.iter().map(|day| (day["date"].as_str().unwrap(), day)).collect();
    assert_eq!(
        rows.len(),
        i64::from(u32::try_from(dataset.window.days()).unwrap()) as usize
    );
    for row in rows {
        let day = expected[row.date.to_string().as_str()];
        assert_eq!(row.total_dau, day["active_users"], "{}", row.date);
        assert_eq!(row.new_users, day["new_users"].as_u64(), "{}", row.date);
        assert_eq!(
            row.returning_users,
            Some(row.total_dau - row.new_users.unwrap()),
            "{}",
            row.date
        );
        assert_eq!(
            row.total_revenue,
            if has_revenue { day["revenue"].as_f64() } else { None },
            "{}",
            row.date
        );
    }
}

fn check_totals(totals: &data::Totals, expected: &Value) {
    assert_eq!(totals.rows, expected["rows"].as_u64());
    assert_eq!(totals.users, expected["active_users"].as_u64());
    assert_eq!(totals.new_users, expected["new_users"].as_u64());
    let mean = expected["mean_daily_active_users"].as_f64().unwrap();
    assert!((totals.mean_dau.unwrap() - mean).abs() < 1e-4);
    for (ours, name) in [
        (totals.revenue, "revenue"),
        (totals.gross_revenue, "gross_revenue"),
        (totals.refunds, "refunds"),
    ] {
        assert_eq!(ours, expected.get(name).and_then(Value::as_f64), "{name}");
    }
    assert_eq!(totals.payers, expected.get("payers").and_then(Value::as_u64));
    assert_eq!(totals.orders, expected.get("orders").and_then(Value::as_u64));
}

fn check_retention(dataset: &Dataset, truth: &Value) {
    let cohorts = dataset.current.dau_by_cohort_date.rows();
    type Cell = fn(&data::DauByCohortDate) -> Option<u64>;
    let cells: [(&str, Cell); 4] = [
        ("D1", |cohort| cohort.day_1_dau),
        ("D7", |cohort| cohort.day_7_dau),
        ("D14", |cohort| cohort.day_14_dau),
        ("D30", |cohort| cohort.day_30_dau),
    ];
    for (name, cell) in cells {
        let old_enough: Vec<_> = cohorts.iter().filter(|cohort| cell(cohort).is_some()).collect();
        let eligible: u64 = old_enough.iter().map(|cohort| cohort.cohort_size).sum();
        let retained: u64 = old_enough.iter().filter_map(|cohort| cell(cohort)).sum();
        assert_eq!(
            (eligible, retained),
            (
                truth["retention_classic"][name]["eligible"].as_u64().unwrap(),
                truth["retention_classic"][name]["retained"].as_u64().unwrap()
            ),
            "{name}"
        );
    }
}

/// One of the truth's windows: totals of it and of the one before, and its largest countries or events.
fn check_window(dataset: &Dataset, truth: &Value) {
    let entry = truth["windows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| window_of(&entry["window"]) == dataset.window)
        .unwrap();
    check_totals(&dataset.summary.totals, &entry["window"]);
    match &dataset.summary.previous_totals {
        Some(totals) => check_totals(totals, &entry["previous"]),
        None => assert_eq!(entry["previous_is_inside_file"], false),
    }
    for country in entry["top5_country"].as_array().into_iter().flatten() {
        let name = country["value"].as_str().unwrap();
        let rows = dataset
            .current
            .revenue_by_country
            .rows()
            .iter()
            .filter(|row| row.country == name);
        let thousandths: f64 = rows.map(|row| (row.total_revenue * 1000.0).round()).sum();
        assert_eq!(thousandths / 1000.0, country["revenue"].as_f64().unwrap(), "{name}");
    }
    for event in entry["top5_event"].as_array().into_iter().flatten() {
        let ours = dataset
            .segmentation
            .events
            .iter()
            .find(|count| count.event == event["value"])
            .unwrap();
        assert_eq!(
            (ours.users, ours.rows),
            (event["users"].as_u64().unwrap(), event["rows"].as_u64().unwrap())
        );
    }
}

#[test]
fn online_retail_parquet_is_true() {
    let (Some(source), Some(truth)) = (shared("online_retail.parquet"), truth("truth_online_retail.json")) else {
        return;
    };
    let dataset = compute(&source, full_range(&truth));
    check_daily(&dataset, &truth, true);
    check_retention(&dataset, &truth);
    let totals = &dataset.summary.totals;
    assert_eq!(totals.users, truth["totals"]["users"].as_u64());
    assert_eq!(totals.revenue, Some(9_747_747.934));
    assert_eq!(dataset.summary.rows_read, truth["totals"]["rows"]);
    assert_eq!(
        dataset.summary.rows_without_user,
        truth["totals"]["rows_with_null_user"]
    );
    assert_eq!(
        dataset.summary.duplicate_rows,
        truth["quality"]["exact_duplicate_rows"].as_u64()
    );
    assert_eq!(dataset.summary.distinct_countries, Some(38));
    assert_eq!(
        dataset.summary.empty_days.len(),
        truth["totals"]["days_without_rows"].as_array().unwrap().len()
    );
    assert!(dataset.summary.partial_last_day.is_some());
    assert_eq!(totals.payers, truth["revenue_distribution"]["payers"].as_u64());
    for (name, column) in truth["quality"]["columns"].as_object().unwrap() {
        let ours = dataset
            .summary
            .columns
            .iter()
            .find(|profile| &profile.name == name)
            .unwrap();
        assert_eq!(ours.nulls, column["nulls"], "{name}");
        assert!(
            matches!(name.as_str(), "Quantity" | "UnitPrice" | "InvoiceDate")
                || ours.distinct == column["distinct"].as_u64(),
            "{name}"
        );
    }
    let september = compute(&source, window("2011-09-05", "2011-09-11"));
    check_daily(&september, &truth, true);
    check_window(&september, &truth);
}

#[test]
fn online_retail_csv_xz_is_true_and_comes_back() {
    let (Some(source), Some(truth)) = (shared("online_retail.csv.xz"), truth("truth_online_retail.json")) else {
        return;
    };
    let dataset = compute(&source, window("2011-11-01", "2011-11-30"));
    check_daily(&dataset, &truth, true);
    check_window(&dataset, &truth);
    comes_back(&dataset);
}

#[test]
fn retentioneering_is_true() {
    let (Some(source), Some(truth)) = (
        shared("retentioneering_ecom.csv.gz"),
        truth("truth_retentioneering_ecom.json"),
    ) else {
        return;
    };
    let dataset = compute(&source, full_range(&truth));
    check_daily(&dataset, &truth, false);
    check_retention(&dataset, &truth);
    assert_eq!(dataset.summary.totals.sessions, truth["totals"]["sessions"].as_u64());
    assert_eq!(dataset.summary.duplicate_rows, Some(30));
    assert_eq!(
        dataset.current.dau_by_country.why_absent(),
        Some("the data have no country column")
    );
    assert_eq!(
        dataset.current.revenue_by_date.why_absent(),
        Some("the data have no revenue column")
    );
    let dimensions: Vec<&str> = dataset
        .segmentation
        .dimensions
        .iter()
        .map(|dimension| dimension.dimension.as_str())
        .collect();
    assert_eq!(dimensions, ["platform", "acquisition_channel", "user_lifecycle"]);
    for entry in truth["windows"].as_array().unwrap() {
        check_window(&compute(&source, window_of(&entry["window"])), &truth);
    }
}

#[test]
fn the_generated_sample_set_is_true() {
    let Some(planted) = truth("gen_sample/planted.json") else {
        return;
    };
    for name in ["gen_sample/events.parquet", "gen_sample/events.csv.gz"] {
        let Some(source) = shared(name) else { continue };
        let dataset = compute(&source, full_range(&serde_json::json!({ "totals": planted["window"] })));
        for (row, day) in dataset
            .current
            .dau_by_date
            .rows()
            .iter()
            .zip(planted["daily"].as_array().unwrap())
        {
            assert_eq!(row.date.to_string(), day["date"].as_str().unwrap());
            assert_eq!(row.total_dau, day["active_users"], "{name} {}", row.date);
        }
        assert_eq!(
            dataset.summary.last_day.unwrap().to_string(),
            "2025-04-05",
            "rows from the future do not end the data"
        );
        assert_eq!(dataset.summary.totals.sessions, planted["totals"]["sessions"].as_u64());
        let longest = dataset
            .current
            .engagement_by_date
            .rows()
            .iter()
            .filter_map(|row| row.avg_session_time)
            .fold(0.0, f64::max);
        assert!(longest < 60.0, "{longest} minutes");
        let minutes = dataset.current.engagement_by_date.rows().iter();
        let longest = minutes.filter_map(|row| row.avg_session_time).fold(0.0, f64::max);
        assert!((1.0..60.0).contains(&longest), "{longest} minutes");
        let namibia: u64 = dataset
            .current
            .dau_by_country
            .rows()
            .iter()
            .filter(|row| row.country == "NA")
            .map(|row| row.total_dau)
            .sum();
        assert!(namibia > 0);
    }
}

/// Written and read again, a dataset says the same.
fn comes_back(dataset: &Dataset) {
    let directory = tempfile::tempdir().unwrap();
    data::write(dataset, directory.path(), &store).unwrap();
    let mut read = data::read(directory.path(), dataset.window).unwrap();
    assert_eq!(read.source.kind, "run_directory");
    read.source = dataset.source.clone();
    if dataset.previous.is_none() {
        assert_eq!(read.previous, None);
    }
    assert_eq!(&read, dataset);
}

#[test]
fn the_sample_comes_back_and_its_stories_are_in_the_tables() {
    let sample = data::generate::sample(7);
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("sample.csv");
    std::fs::write(&source, &sample.csv).unwrap();
    let dataset = compute(&source, sample.window);
    let planted = &sample.planted;
    assert_eq!(dataset.summary.rows_read, planted.rows);
    let dau = |date| {
        dataset
            .current
            .dau_by_date
            .rows()
            .iter()
            .find(|row| row.date == date)
            .unwrap()
    };
    assert_eq!(dau(planted.outage_day).total_dau, planted.outage_users);
    assert_eq!(dau(planted.spike_day).total_revenue, Some(planted.spike_revenue));
    let mean = |tables: &data::Tables| {
        tables
            .dau_by_country
            .rows()
            .iter()
            .filter(|row| row.country == planted.drop_country)
            .map(|row| row.total_dau)
            .sum::<u64>() as f64
            / 45.0
    };
    assert_eq!(mean(&dataset.current), planted.drop_mean_users);
    assert_eq!(
        mean(dataset.previous.as_ref().unwrap()),
        planted.drop_previous_mean_users
    );
    assert_eq!(dataset.summary.partial_last_day, None);
    assert!(dataset.summary.notes.is_empty(), "{:?}", dataset.summary.notes);
    comes_back(&dataset);
}

#[test]
fn a_window_outside_the_data_says_what_they_cover() {
    let sample = data::generate::sample(1);
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("sample.csv");
    std::fs::write(&source, &sample.csv).unwrap();
    let error = computed(&options(&source, window("2020-01-01", "2020-01-31"))).unwrap_err();
    assert!(
        matches!(error, DataError::NoRows { covers, .. } if covers.0.to_string() == "2025-01-17"),
        "{error}"
    );
}

const SMALL: [[&str; 7]; 7] = [
    ["user", "time", "event", "country", "platform", "note", "revenue"],
    ["u1", "2024-01-01 10:00:00", "open", "DE", "ios", "a, b; c|d\te", ""],
    [
        "u1",
        "2024-01-01 10:05:00",
        "purchase",
        "DE",
        "ios",
        "says \"hi\"",
        "9.99",
    ],
    ["u2", "2024-01-02 23:59:59", "open", "NA", "web", "two\nlines", ""],
    ["u2", "2024-01-03 08:00:00", "refund", "NA", "web", "", "-1.5"],
    ["", "2024-01-03 08:00:00", "purchase", "", "web", "", "1000.001"],
    ["u3", "2024-01-04 08:00:00", "open", "=cmd", "web", "", ""],
];

fn delimited(separator: char, line_end: &str) -> Vec<u8> {
    let cell = |cell: &&str| format!("\"{}\"", cell.replace('"', "\"\""));
    let lines: Vec<String> = SMALL
        .iter()
        .map(|row| row.iter().map(cell).collect::<Vec<_>>().join(&separator.to_string()))
        .collect();
    (lines.join(line_end) + line_end).into_bytes()
}

fn json_lines() -> Vec<u8> {
    let lines = SMALL[1..].iter().map(|row| {
        let record: serde_json::Map<String, Value> = SMALL[0]
            .iter()
            .zip(row)
            .map(|(name, cell)| ((*name).to_owned(), Value::from(*cell)))
            .collect();
        Value::Object(record).to_string() + "\n"
    });
    lines.collect::<String>().into_bytes()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = liblzma::write::XzEncoder::new(Vec::new(), 6);
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn parquet() -> Vec<u8> {
    use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
    let column = |position: usize| {
        let cells = SMALL[1..]
            .iter()
            .map(|row| (!row[position].is_empty()).then_some(row[position]));
        std::sync::Arc::new(cells.collect::<StringArray>()) as ArrayRef
    };
    let batch =
        RecordBatch::try_from_iter_with_nullable((0..7).map(|position| (SMALL[0][position], column(position), true)))
            .unwrap();
    let mut bytes = Vec::new();
    let mut writer = datafusion::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn the_same_table_in_any_form_gives_the_same_facts() {
    let directory = tempfile::tempdir().unwrap();
    let plain = delimited(',', "\n");
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(
            String::from_utf8(plain.clone())
                .unwrap()
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        )
        .collect();
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("semicolon.csv", delimited(';', "\n")),
        ("tab.tsv", delimited('\t', "\n")),
        ("pipe.txt", delimited('|', "\n")),
        (
            "crlf.csv",
            String::from_utf8(delimited(',', "\r\n")).unwrap().into_bytes(),
        ),
        ("mark.csv", [b"\xef\xbb\xbf".as_slice(), &plain].concat()),
        ("utf16.csv", utf16),
        ("packed.csv.gz", gz(&plain)),
        ("packed.csv.xz", xz(&plain)),
        ("packed_without_a_name.csv", zst(&plain)),
        ("lines.jsonl", json_lines()),
        ("lines.jsonl.zst", zst(&json_lines())),
        ("table.parquet", parquet()),
        ("table.parquet.gz", gz(&parquet())),
    ];
    let january = window("2024-01-01", "2024-01-05");
    let first = directory.path().join("plain.csv");
    std::fs::write(&first, &plain).unwrap();
    let expected = compute(&first, january);
    assert_eq!(expected.summary.totals.revenue, Some(1008.491));
    assert_eq!(expected.summary.totals.users, Some(3));
    comes_back(&expected);
    for (name, bytes) in forms {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut dataset = compute(&path, january);
        dataset.source = expected.source.clone();
        // JSON objects have no order of columns.
        dataset
            .summary
            .columns
            .sort_by_key(|column| SMALL[0].iter().position(|name| *name == column.name));
        assert_eq!(dataset.current, expected.current, "{name}");
        assert_eq!(dataset, expected, "{name}");
    }
}

#[test]
fn bad_rows_are_counted_and_too_many_refused() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("broken.csv");
    std::fs::write(
        &source,
        "user_id,time,note\na,2024-01-01,x\nb,2024-01-02\nc,2024-01-02,\"open\nd,2024-01-03,y\ne,2024-01-03,z\n",
    )
    .unwrap();
    let mut options = options(&source, window("2024-01-01", "2024-01-03"));
    let dataset = computed(&options).unwrap();
    assert_eq!((dataset.summary.rows_read, dataset.summary.bad_rows), (3, 2));
    let lines: Vec<&str> = dataset
        .summary
        .bad_row_places
        .iter()
        .filter_map(|place| place.rsplit(':').next())
        .collect();
    assert_eq!(lines, ["3", "4"]);
    options.max_bad_rows = 1;
    let error = computed(&options).unwrap_err();
    assert!(
        matches!(error, DataError::TooManyBadRows { bad_rows: 2, .. }),
        "{error}"
    );
    assert!(error.hint().contains("--max-bad-rows 2"));
}

#[test]
fn a_mapping_may_be_an_expression_in_any_letters() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("orders.csv");
    std::fs::write(
        &source,
        "Who,When It Was,Menge,Einzelpreis,Currency\na,2024-01-01,2,\"1,50\",EUR\nb,2024-01-02,1,\"$3,000.00\",USD\n",
    )
    .unwrap();
    let mut options = options(&source, window("2024-01-01", "2024-01-02"));
    let map = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(role, column)| ((*role).to_owned(), (*column).to_owned()))
            .collect()
    };
    options.map = map(&[
        ("user", "who"),
        ("time", "when it was"),
        ("revenue", "menge * EINZELPREIS"),
        ("currency", "none"),
    ]);
    let dataset = computed(&options).unwrap();
    let revenue: Vec<f64> = dataset
        .current
        .revenue_by_date
        .rows()
        .iter()
        .map(|row| row.total_revenue)
        .collect();
    assert_eq!(revenue, [3.0, 3000.0]);
    options.map = map(&[
        ("user", "who"),
        ("time", "when it was"),
        ("revenue", "Menge * Einzelpreis"),
    ]);
    let dataset = computed(&options).unwrap();
    assert!(
        dataset
            .current
            .revenue_by_date
            .why_absent()
            .unwrap()
            .contains("several currencies: EUR, USD")
    );
    for bad in [
        ("user", "nobody"),
        ("revenue", "Menge * Preis"),
        ("nonsense", "Who"),
        ("revenue", "Who"),
    ] {
        options.map = map(&[bad, ("time", "When It Was")]);
        let error = computed(&options).unwrap_err();
        assert!(matches!(error, DataError::BadMap { .. }), "{bad:?}: {error}");
        assert!(error.hint().contains("Einzelpreis"));
    }
    options.map = Vec::new();
    assert!(matches!(
        computed(&options).unwrap_err(),
        DataError::NoUserColumn { .. }
    ));
}

#[test]
fn days_follow_the_time_zone() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("events.csv");
    std::fs::write(
        &source,
        "user_id,event_time\na,2024-06-30T23:30:00Z\nb,2024-07-01T00:30:00+02:00\nc,2024-07-01 12:00\n",
    )
    .unwrap();
    let mut options = options(&source, window("2024-06-30", "2024-07-01"));
    let users = |options: &Options| {
        computed(options)
            .unwrap()
            .current
            .dau_by_date
            .rows()
            .iter()
            .map(|row| row.total_dau)
            .collect::<Vec<_>>()
    };
    assert_eq!(users(&options), [2, 1]);
    options.timezone = "Europe/Berlin".to_owned();
    assert_eq!(users(&options), [0, 3]);
    options.timezone = "Mars/Olympus".to_owned();
    assert!(matches!(computed(&options).unwrap_err(), DataError::UnknownTimezone(_)));
}

#[test]
fn upstream_tables_are_read_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let segments = directory.path().join("segments");
    let files = [
        (
            "daily/dau_by_date.csv",
            "extra,total_dau,date\nx,12.0,2024-01-01 00:00:00\ny,13,2024-01-02\n,99,2024-02-01\n",
        ),
        (
            "daily/revenue_by_type.csv",
            "date,revenue_type,total_revenue\n2024-01-01,'=iap,1.5\n",
        ),
        ("daily/dau_by_country.csv", "date,country\n2024-01-01,DE\n"),
        (
            "user_level/revenue_segments_daily.csv",
            "date,user_id,cohort_date,revenue_segment,total_revenue\n2024-01-01,a,2024-01-01,whale,10.1\n2024-01-01,b,2024-01-01,whale,0.2\n2024-01-02,a,2024-01-01,free_user,0\n",
        ),
        (
            "user_level/user_journey_cohort.csv",
            "cohort_date,user_id,journey_stage,stage_completion_date,time_to_stage_days,stage_confidence\n2024-01-01,a,purchase,2024-01-02,1,0.9\n2024-01-01,b,purchase,2024-01-03,2,0.9\n",
        ),
    ];
    for (name, text) in files {
        store(&segments.join(name), text.as_bytes()).unwrap();
    }
    store(
        &directory.path().join("aggregations/aggregation_summary.json"),
        b"[\"foreign\"]",
    )
    .unwrap();
    let dataset = data::read(directory.path(), window("2024-01-01", "2024-01-02")).unwrap();
    let dau: Vec<u64> = dataset
        .current
        .dau_by_date
        .rows()
        .iter()
        .map(|row| row.total_dau)
        .collect();
    assert_eq!(dau, [12, 13]);
    assert_eq!(dataset.current.revenue_by_type.rows()[0].revenue_segment, "=iap");
    assert_eq!(
        dataset.current.dau_by_country,
        Part::Absent("daily/dau_by_country.csv has no column total_dau".to_owned())
    );
    assert_eq!(
        dataset.current.revenue_by_date.why_absent(),
        Some("daily/revenue_by_date.csv is not in the run directory")
    );
    let whales = &dataset.current.revenue_segments_daily.rows()[0];
    assert_eq!((whales.users, whales.total_revenue), (2, 10.3));
    assert_eq!(
        dataset.current.user_journey_cohort.rows()[0].median_days_to_stage,
        Some(1.5)
    );
    assert_eq!(
        (dataset.summary.totals.users, dataset.summary.totals.mean_dau),
        (None, Some(12.5))
    );
    assert_eq!(dataset.summary.notes.len(), 2, "{:?}", dataset.summary.notes);
    let error = data::read(directory.path(), window("2023-01-01", "2023-01-02")).unwrap_err();
    assert!(matches!(error, DataError::NoRows { .. }), "{error}");
    assert!(matches!(
        data::read(&directory.path().join("nowhere"), dataset.window).unwrap_err(),
        DataError::NoTables(_)
    ));
}

#[test]
fn a_directory_is_one_table_of_one_kind() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    put("one.csv", "user_id,time,country\na,2024-01-01,DE\n");
    put("two.csv", "time,user_id\n2024-01-02,b\n");
    put(".hidden.csv", "broken");
    put("about.json", "{}");
    let dataset = compute(directory.path(), window("2024-01-01", "2024-01-02"));
    let countries: BTreeSet<&str> = dataset
        .current
        .dau_by_country
        .rows()
        .iter()
        .map(|row| row.country.as_str())
        .collect();
    assert_eq!(countries, BTreeSet::from(["(none)", "DE"]));
    assert!(
        dataset
            .summary
            .notes
            .iter()
            .any(|note| note.contains("two.csv has no column country"))
    );
    put("three.jsonl", "{\"user_id\":\"c\",\"time\":\"2024-01-01\"}\n");
    let january = window("2024-01-01", "2024-01-02");
    assert!(matches!(
        computed(&options(directory.path(), january)).unwrap_err(),
        DataError::MixedKinds { .. }
    ));
    assert!(matches!(
        computed(&options(&directory.path().join("no*.csv"), january)).unwrap_err(),
        DataError::NoSuchFile(_)
    ));
    put("empty.csv", "user_id,time\n");
    assert!(matches!(
        computed(&options(&directory.path().join("empty.csv"), january)).unwrap_err(),
        DataError::Empty(_)
    ));
}
