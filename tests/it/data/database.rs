//! A PostgreSQL table or query as the source, asked of a real server.

use crate::support::postgres::{PASSWORD, Postgres};
use crate::support::run::{Done, END, Run, START, small_events};

use super::*;

fn of_url(url: String, window: Window) -> Options {
    Options {
        sources: vec![url],
        ..options(Path::new(""), window)
    }
}

/// What the server was asked to copy for this table.
fn copies(server: &Postgres, table: &str) -> Vec<String> {
    let log = server.log();
    let lines = log
        .lines()
        .filter(|line| line.contains("COPY (SELECT") && line.contains(table));
    lines.map(str::to_owned).collect()
}

fn evidence(url: &str) -> Run {
    Run::new().arguments(&[
        "evidence",
        "--json",
        "--date-start",
        START,
        "--date-end",
        END,
        "--data",
        url,
    ])
}

/// Same facts, whatever is said of where they come from and of columns that are not read.
fn same(mut ours: Dataset, expected: &Dataset) {
    ours.source = expected.source.clone();
    ours.summary
        .notes
        .retain(|note| !note.contains("stayed in the database"));
    assert_eq!(ours.summary.totals, expected.summary.totals);
    assert_eq!(ours.summary.notes, expected.summary.notes);
    let read: Vec<_> = ours.summary.columns.iter().map(|column| &column.name).collect();
    let mut expected = expected.clone();
    expected.summary.columns.retain(|column| read.contains(&&column.name));
    assert_eq!(ours, expected);
}

#[test]
fn a_table_gives_the_facts_of_the_same_file_and_keeps_what_is_not_needed() {
    let Some(server) = Postgres::shared() else { return };
    server.sql(
        "CREATE SCHEMA \"Web\"; CREATE TABLE \"Web\".\"Events\" (user_id text, event_time timestamp, event_name text, \
         country text, revenue numeric, note text, secret_plan text, picture bytea)",
    );
    let events = small_events();
    let mut csv = String::new();
    for (number, line) in events.lines().enumerate() {
        let more = match number {
            0 => ",note,secret_plan".to_owned(),
            _ => format!(",\"said \"\"{number}\"\",\nand more\",plan {number}"),
        };
        csv.push_str(&format!("{line}{more}\n"));
    }
    // A row twice, and rows that no number of the window needs.
    csv.push_str("u1,2025-03-02 10:01:00,app_open,Germany,,x,y\nu1,2025-03-02 10:01:00,app_open,Germany,,x,y\n");
    server.fill(
        "\"Web\".\"Events\" (user_id, event_time, event_name, country, revenue, note, secret_plan)",
        csv.as_bytes(),
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("events.csv");
    std::fs::write(&file, &csv).unwrap();
    let march = window(START, END);
    let expected = compute(&file, march);
    assert_eq!(expected.summary.duplicate_rows, Some(1));
    server.sql(
        "INSERT INTO \"Web\".\"Events\" (user_id, event_time, country) \
         SELECT 'late', timestamp '2025-06-01' + n * interval '1 hour', 'Chad' FROM generate_series(1, 400) AS n",
    );
    let ours = computed(&of_url(server.url("table=Web.Events"), march)).unwrap();
    assert_eq!(
        ours.source.files,
        [server.url("table=Web.Events")],
        "the trusted user's URL holds no secret"
    );
    same(ours, &expected);
    let copied = copies(&server, "\"Web\".\"Events\"");
    let [sample, rest] = copied.as_slice() else {
        panic!("{copied:?}")
    };
    assert!(sample.contains("LIMIT 20000"), "{sample}");
    assert!(
        rest.contains("\"event_time\" < '2025-05-16 00:00:00'::timestamp"),
        "{rest}"
    );
    for name in ["note", "secret_plan", "picture"] {
        assert!(!rest.contains(name), "{rest}");
    }
}

#[test]
fn a_query_may_join_and_its_epoch_column_is_compared_as_one() {
    let Some(server) = Postgres::shared() else { return };
    server.sql(
        "CREATE TABLE visits (who int, at bigint, kind text); CREATE TABLE people (id int, country text); \
         INSERT INTO people SELECT n, CASE WHEN n % 2 = 0 THEN 'DE' ELSE 'NA' END FROM generate_series(0, 9) AS n; \
         INSERT INTO visits SELECT n % 10, (extract(epoch FROM timestamptz '2025-02-20 00:00+00') * 1000 + n * 3600000)::bigint, \
         'open' FROM generate_series(0, 500) AS n",
    );
    let query =
        "SELECT v.who AS user_id, v.at AS ts, v.kind AS event, p.country FROM visits v JOIN people p ON p.id = v.who;";
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let week = window("2025-03-01", "2025-03-07");
    let dataset = computed(&of_url(server.url(&format!("query={query}")), week)).unwrap();
    let users: Vec<u64> = dataset
        .current
        .dau_by_date
        .rows()
        .iter()
        .map(|row| row.total_dau)
        .collect();
    assert_eq!(users, [10; 7]);
    let countries: BTreeSet<&str> = dataset
        .current
        .dau_by_country
        .rows()
        .iter()
        .map(|row| row.country.as_str())
        .collect();
    assert_eq!(countries, BTreeSet::from(["DE", "NA"]));
    let copied = copies(&server, "JOIN people");
    // 2025-05-09 in milliseconds.
    assert!(copied.last().unwrap().contains("\"ts\" < 1746748800000"), "{copied:?}");
}

/// The password opens the door and is seen nowhere.
#[test]
fn a_password_is_never_shown() {
    let Some(server) = Postgres::shared() else { return };
    server.sql(
        "CREATE TABLE quiet (user_id text, event_time timestamptz, event_name text, country text, revenue numeric)",
    );
    server.fill("quiet", small_events().as_bytes());
    let escaped: String = form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect();
    let escaped = escaped.replace('+', "%20");
    let council = |url: &str| {
        Run::new().mock().arguments(&[
            "--run-hash",
            "x",
            "--date-start",
            START,
            "--date-end",
            END,
            "--verbose",
            "--data",
            url,
        ])
    };
    let unseen = |done: &Done| {
        let everything = done.everything();
        for secret in [PASSWORD, &escaped] {
            assert!(!everything.contains(secret), "{everything}");
        }
    };
    let done = council(&server.url_of_reader(&escaped, "table=quiet")).done().code(0);
    unseen(&done);
    assert!(
        done.text("run_logs/x/outputs/aggregations/aggregation_summary.json")
            .contains("postgres://reader@localhost")
    );
    let by_variable = evidence(&server.url_of_reader("", "table=quiet&sslmode=require"))
        .variable("PGPASSWORD", PASSWORD)
        .done()
        .code(0);
    unseen(&by_variable);
    let wrong = evidence(&server.url_of_reader("not-it-at-all", "table=quiet"))
        .done()
        .code(2);
    assert!(!wrong.everything().contains("not-it-at-all"), "{}", wrong.stderr);
    unseen(&wrong.says(&["password authentication failed", "PGPASSWORD"]));
    let doctor = Run::new()
        .arguments(&["doctor"])
        .mock()
        .variable("INSIGHTS_DATA", &server.url_of_reader(&escaped, "table=quiet"))
        .done()
        .code(0);
    unseen(&doctor);
}

#[test]
fn the_server_must_be_who_the_mode_says() {
    let Some(server) = Postgres::shared() else { return };
    server.sql(
        "CREATE TABLE safe (user_id text, event_time timestamptz, event_name text, country text, revenue numeric)",
    );
    server.fill("safe", small_events().as_bytes());
    let run = |mode: &str, host: &str, trusted: bool| {
        let url = server.url_of_reader("", &format!("table=safe&sslmode={mode}"));
        let mut run = evidence(&url.replace("localhost", host)).variable("PGPASSWORD", PASSWORD);
        if trusted {
            run = run
                .file("ca.pem", &server.authority.pem())
                .variable("PGSSLROOTCERT", "ca.pem");
        }
        run.done()
    };
    for mode in ["disable", "prefer", "require"] {
        run(mode, "localhost", false).code(0);
    }
    run("verify-full", "localhost", true).code(0);
    run("verify-ca", "127.0.0.1", true).code(0);
    run("verify-full", "127.0.0.1", true).code(2).says(&["certificate"]);
    run("verify-full", "localhost", false).code(2).says(&["certificate"]);
    run("verify-ca", "localhost", false).code(2).says(&["certificate"]);
}

#[test]
fn what_is_wrong_with_a_database_is_said() {
    let Some(server) = Postgres::shared() else { return };
    server.sql("CREATE TABLE bare (id int); CREATE TABLE empty_one (user_id text, time timestamp)");
    evidence(&server.url("table=nowhere"))
        .done()
        .code(2)
        .says(&["nowhere", "does not exist"]);
    evidence(&server.url("table=bare")).done().code(2).says(&["no rows"]);
    evidence(&server.url("table=empty_one"))
        .done()
        .code(2)
        .says(&["no rows"]);
    let dropping = evidence(&server.url("query=WITH+gone+AS+(DELETE+FROM+bare+RETURNING+*)+SELECT+*+FROM+gone"));
    dropping.done().code(2).says(&["cannot read postgres://"]);
    evidence("postgres://me@127.0.0.1:1/x?table=t")
        .done()
        .code(2)
        .says(&["127.0.0.1", "hint"]);
    evidence("postgres://me@127.0.0.1/x")
        .done()
        .code(2)
        .says(&["no table", "?table=schema.name"]);
    let both = Run::new().file("a.csv", &small_events()).arguments(&[
        "evidence",
        "--date-start",
        START,
        "--date-end",
        END,
        "--data",
        "a.csv",
        &server.url("table=bare"),
    ]);
    both.done().code(2).says(&["database", "only `--data`"]);
}

/// The real table of the shared set, typed as a shop would have it.
#[test]
fn online_retail_in_a_database_is_true() {
    let (Some(source), Some(truth)) = (shared("online_retail.csv.xz"), truth("truth_online_retail.json")) else {
        return;
    };
    let Some(server) = Postgres::shared() else { return };
    server.sql(
        "CREATE TABLE retail (\"InvoiceNo\" text, \"StockCode\" text, \"Description\" text, \"Quantity\" int, \
         \"InvoiceDate\" timestamp, \"UnitPrice\" numeric, \"CustomerID\" text, \"Country\" text)",
    );
    let mut csv = Vec::new();
    let packed = std::fs::File::open(source).unwrap();
    std::io::Read::read_to_end(&mut liblzma::read::XzDecoder::new(packed), &mut csv).unwrap();
    server.fill("retail", &csv);
    server.sql("ANALYZE retail");
    let dataset = computed(&of_url(server.url("table=retail"), window("2011-09-05", "2011-09-11"))).unwrap();
    check_daily(&dataset, &truth, true);
    check_window(&dataset, &truth);
    let sampled = copies(&server, "\"retail\"");
    assert!(sampled[0].contains("TABLESAMPLE SYSTEM"), "{}", sampled[0]);
    assert!(!sampled[1].contains("Description"), "{}", sampled[1]);
    assert_eq!(dataset.summary.last_day.unwrap().to_string(), "2011-11-11");
}
