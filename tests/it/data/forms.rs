//! One table in all the forms in which exports come.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, FixedSizeBinaryArray, Int64Array, ListArray, MapBuilder, RecordBatch, StringArray, StringBuilder,
    StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::ipc::CompressionType;
use datafusion::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

use super::*;

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

fn batch() -> RecordBatch {
    let column = |position: usize| {
        let cells = SMALL[1..]
            .iter()
            .map(|row| (!row[position].is_empty()).then_some(row[position]));
        Arc::new(cells.collect::<StringArray>()) as ArrayRef
    };
    let columns = (0..7).map(|position| (SMALL[0][position], column(position), true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = datafusion::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// An Arrow file as Python's Feather writes it: packed with LZ4.
fn arrow_file(batch: &RecordBatch) -> Vec<u8> {
    let options = IpcWriteOptions::default()
        .try_with_compression(Some(CompressionType::LZ4_FRAME))
        .unwrap();
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn arrow_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

#[test]
fn the_same_table_in_any_form_gives_the_same_facts() {
    let directory = tempfile::tempdir().unwrap();
    let plain = delimited(',', "\n");
    let (first_lines, last_lines) = plain.split_at(plain.len() / 2);
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
        ("packed.csv.bz2", bz2(&plain)),
        ("packed_twice.csv.bz2", [bz2(first_lines), bz2(last_lines)].concat()),
        ("packed_twice.csv.gz", [gz(first_lines), gz(last_lines)].concat()),
        ("packed_twice.csv.zst", [zst(first_lines), zst(last_lines)].concat()),
        ("table.parquet", parquet(&batch())),
        ("table.parquet.gz", gz(&parquet(&batch()))),
        ("table.feather", arrow_file(&batch())),
        ("table.arrow", arrow_file(&batch())),
        ("table.arrows", arrow_stream(&batch())),
        ("table_without_a_name", arrow_stream(&batch())),
        ("table.arrow.zst", zst(&arrow_file(&batch()))),
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

/// Users per country and day of a small table, to see what was read as what.
fn countries(dataset: &Dataset) -> Vec<String> {
    let rows = dataset.current.dau_by_country.rows().iter();
    rows.filter(|row| row.total_dau > 0)
        .map(|row| format!("{} {} {}", row.date, row.country, row.total_dau))
        .collect()
}

#[test]
fn folders_say_columns() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| store(&directory.path().join(name), bytes).unwrap();
    put("country=DE/date=2024-01-01/part-0.csv", b"user_id\na\nb\n");
    put("country=DE/date=2024-01-02/part-0.csv.gz", &gz(b"user_id\na\n"));
    put(
        "country=C%C3%B4te%20d%27Ivoire/date=2024-01-02/part-0.csv",
        b"user_id\nc\n",
    );
    put(
        "country=__HIVE_DEFAULT_PARTITION__/date=2024-01-02/part-0.csv",
        b"user_id\nd\n",
    );
    put("country=DE/date=2024-01-02/_SUCCESS", b"");
    put("_temporary/country=FR/date=2024-01-02/part-0.csv", b"user_id\nz\n");
    put("reports/old.csv", b"user_id\nz\n");
    let january = window("2024-01-01", "2024-01-03");
    let expected = [
        "2024-01-01 DE 2",
        "2024-01-02 (none) 1",
        "2024-01-02 Côte d'Ivoire 1",
        "2024-01-02 DE 1",
    ];
    let read = |source: &str| countries(&compute(&directory.path().join(source), january));
    assert_eq!(read(""), expected);
    assert_eq!(read("**/date=*/*"), expected);
    assert_eq!(read("country=*"), expected);
    assert_eq!(read("country=DE/date=2024-01-02"), ["2024-01-02 DE 1"]);
}

#[test]
fn a_folder_of_dated_folders_is_read_to_the_bottom() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| store(&directory.path().join(name), text.as_bytes()).unwrap();
    put(
        "2024/01/01/events.jsonl",
        "{\"user_id\":\"a\",\"time\":\"2024-01-01\",\"country\":\"DE\"}\n",
    );
    put(
        "2024/01/02/events.jsonl",
        "{\"user_id\":\"a\",\"time\":\"2024-01-02\",\"country\":\"DE\"}\n",
    );
    let dataset = compute(directory.path(), window("2024-01-01", "2024-01-02"));
    assert_eq!(countries(&dataset), ["2024-01-01 DE 1", "2024-01-02 DE 1"]);
}

#[test]
fn nested_records_of_trackers_become_columns() {
    let directory = tempfile::tempdir().unwrap();
    let read = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let dataset = compute(&path, window("2024-01-01", "2024-01-01"));
        let mapping = dataset
            .mapping
            .iter()
            .map(|mapped| format!("{}={}", mapped.role, mapped.column));
        let mapping = mapping.collect::<Vec<_>>().join(" ");
        (mapping, dataset.summary.totals.revenue, countries(&dataset))
    };
    // 2024-01-01 10:00 UTC.
    let mixpanel = concat!(
        "{\"event\":\"Purchase\",\"properties\":{\"time\":1704103200,\"distinct_id\":\"d1\",\"$insert_id\":\"i1\",\"mp_country_code\":\"DE\",\"$os\":\"iOS\",\"mp_lib\":\"swift\",\"amount\":5.5}}\n",
        "{\"event\":\"Open\",\"properties\":{\"time\":1704103201,\"distinct_id\":\"d2\",\"$insert_id\":\"i2\",\"mp_country_code\":\"NA\",\"$os\":\"Android\",\"mp_lib\":\"android\"}}\n",
    );
    let (mapping, revenue, by_country) = read("mixpanel.json", mixpanel.as_bytes());
    assert_eq!(
        mapping,
        "user=properties.distinct_id time=properties.time event=event country=properties.mp_country_code platform=properties.$os revenue=properties.amount event_id=properties.$insert_id"
    );
    assert_eq!(revenue, Some(5.5));
    assert_eq!(by_country, ["2024-01-01 DE 1", "2024-01-01 NA 1"]);

    let ga4 = |user: &str, event: &str, value: &str| {
        format!(
            "{{\"event_date\":\"20240101\",\"event_timestamp\":\"1704103200000000\",\"event_name\":\"{event}\",\"user_pseudo_id\":\"{user}\",\"user_id\":null,\"platform\":\"WEB\",\"geo\":{{\"country\":\"Germany\",\"city\":\"Ulm\"}},\"event_params\":[{{\"key\":\"ga_session_id\",\"value\":{{\"string_value\":null,\"int_value\":\"77\"}}}},{{\"key\":\"page\",\"value\":{{\"string_value\":\"/\",\"int_value\":null}}}}],\"ecommerce\":{{\"purchase_revenue_in_usd\":{value}}}}}\n"
        )
    };
    let lines = ga4("p1", "purchase", "12.25") + &ga4("p2", "page_view", "null");
    let (mapping, revenue, by_country) = read("ga4.jsonl", lines.as_bytes());
    assert_eq!(
        mapping,
        "user=user_pseudo_id time=event_timestamp event=event_name country=geo.country platform=platform session=event_params.ga_session_id revenue=ecommerce.purchase_revenue_in_usd"
    );
    assert_eq!(revenue, Some(12.25));
    assert_eq!(by_country, ["2024-01-01 Germany 2"]);

    let (mapping, revenue, by_country) = read("ga4.parquet", &parquet(&nested()));
    assert_eq!(
        mapping,
        "user=user_pseudo_id time=event_timestamp event=event_name country=geo.country session=event_params.ga_session_id revenue=props.revenue"
    );
    assert_eq!(revenue, Some(12.25));
    assert_eq!(by_country, ["2024-01-01 (none) 1", "2024-01-01 Germany 1"]);
}

/// Two rows with ids of bytes, a record that is null once, parameters as a list of keys, and properties as a map.
fn nested() -> RecordBatch {
    let texts = |values: [Option<&str>; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let ids = FixedSizeBinaryArray::try_from_iter([[1_u8; 16], [2; 16]].into_iter()).unwrap();
    let of = |name: &str, kind: DataType| Arc::new(Field::new(name, kind, true));
    let geo = StructArray::new(
        vec![of("country", DataType::Utf8)].into(),
        vec![texts([Some("Germany"), Some("hidden by the null record")])],
        Some(vec![true, false].into()),
    );
    let value = StructArray::from(vec![
        (of("string_value", DataType::Utf8), texts([None, Some("/")])),
        (
            of("int_value", DataType::Int64),
            Arc::new(Int64Array::from(vec![Some(77), None])) as ArrayRef,
        ),
    ]);
    let pairs = StructArray::from(vec![
        (of("key", DataType::Utf8), texts([Some("ga_session_id"), Some("page")])),
        (
            of("value", datafusion::arrow::array::Array::data_type(&value).clone()),
            Arc::new(value) as ArrayRef,
        ),
    ]);
    let item = of("item", datafusion::arrow::array::Array::data_type(&pairs).clone());
    let parameters = ListArray::new(item, OffsetBuffer::from_lengths([2, 0]), Arc::new(pairs), None);
    let mut properties = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    properties.keys().append_value("revenue");
    properties.values().append_value("12.25");
    properties.append(true).unwrap();
    properties.append(true).unwrap();
    RecordBatch::try_from_iter_with_nullable([
        ("user_pseudo_id", Arc::new(ids) as ArrayRef, true),
        (
            "event_timestamp",
            Arc::new(Int64Array::from(vec![1_704_103_200_000_000, 1_704_103_300_000_000])) as ArrayRef,
            true,
        ),
        ("event_name", texts([Some("purchase"), Some("page_view")]), true),
        ("geo", Arc::new(geo) as ArrayRef, true),
        ("event_params", Arc::new(parameters) as ArrayRef, true),
        ("props", Arc::new(properties.finish()) as ArrayRef, true),
    ])
    .unwrap()
}

/// Two equal rows are two events unless something in them says that they are one.
#[test]
fn a_row_that_was_sent_twice_counts_once() {
    let directory = tempfile::tempdir().unwrap();
    let rows_and_revenue = |text: &str| {
        let path = directory.path().join("events.csv");
        std::fs::write(&path, text).unwrap();
        let dataset = compute(&path, window("2024-01-01", "2024-01-01"));
        let totals = &dataset.summary.totals;
        (totals.rows, totals.revenue, dataset.summary.duplicate_rows)
    };
    let events = |time: &str, id: &str| {
        format!(
            "user_id,time,event,revenue{}\na,{time},purchase,5{}\na,{time},purchase,5{}\nb,{time},open,{}\n",
            if id.is_empty() { "" } else { ",message_id" },
            if id.is_empty() { String::new() } else { format!(",{id}") },
            if id.is_empty() { String::new() } else { format!(",{id}") },
            if id.is_empty() { "" } else { ",m9" },
        )
    };
    let whole_seconds = rows_and_revenue(&events("2024-01-01 10:00:00", ""));
    assert_eq!(whole_seconds, (Some(3), Some(10.0), Some(1)));
    let fine = rows_and_revenue(&events("2024-01-01 10:00:00.123", ""));
    assert_eq!(fine, (Some(2), Some(5.0), Some(1)));
    let epoch = rows_and_revenue(&events("1704103200123", ""));
    assert_eq!(epoch, (Some(2), Some(5.0), Some(1)));
    let with_id = rows_and_revenue(&events("2024-01-01 10:00:00", "m1"));
    assert_eq!(with_id, (Some(2), Some(5.0), Some(1)));
    let order_lines = "customer_id,time,total\na,2024-01-01 10:00:00.123,5\na,2024-01-01 10:00:00.123,5\n";
    assert_eq!(rows_and_revenue(order_lines), (Some(2), Some(10.0), Some(1)));
}
