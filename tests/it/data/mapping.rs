//! What the user says of columns, and how days are cut.

use crate::support::run::Run;

use super::*;

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

/// What a run decided is decided the same way on other data, where they alone would not tell.
#[test]
fn a_mapping_is_used_again() {
    let header = "Client Ref,created,Placed On,action,props.unit price,props.qty\n";
    let january = "c1,2020-01-01,25/01/2024,purchase,2.50,3\nc2,2020-01-01,26/01/2024,view,9.00,1\n";
    let february = "c1,2024-01-03,02/01/2024,purchase,2.50,1\nc2,2024-01-03,02/01/2024,view,9.00,1\n";
    let council = |run: Run, name: &str, more: &[&str]| {
        let run = run.mock().arguments(&[
            "--run-hash",
            name,
            "--date-start",
            "2024-01-01",
            "--date-end",
            "2024-02-29",
        ]);
        run.arguments(more).done()
    };
    let map = "user=Client Ref,time=Placed On,unit_price=props.unit price,quantity=props.qty";
    let run = Run::new().file("january.csv", &(header.to_owned() + january));
    let first = council(run, "first", &["--data", "january.csv", "--map", map]).code(0);
    let mapping = "run_logs/first/outputs/schema/schema_mapping.json";
    let decided: Value = serde_json::from_str(&first.text(mapping)).unwrap();
    assert_eq!(decided["time"]["day_order"], "day_first");
    assert_eq!(
        decided["revenue"]["column"],
        "CASE WHEN action IN ('purchase') THEN \"props.qty\" * \"props.unit price\" END"
    );
    let run = Run::again(first).file("february.csv", &(header.to_owned() + february));
    let again = council(run, "again", &["--data", "february.csv", "--mapping", mapping]).code(0);
    let repeated: Value =
        serde_json::from_str(&again.text("run_logs/again/outputs/schema/schema_mapping.json")).unwrap();
    for (role, told) in decided.as_object().unwrap() {
        assert_eq!(repeated[role]["column"], told["column"], "{role}");
    }
    assert!(
        repeated["time"]["reason"]
            .as_str()
            .unwrap()
            .starts_with("taken from the mapping file: ")
    );
    let days = again.text("run_logs/again/outputs/segments/daily/revenue_by_date.csv");
    assert!(
        days.lines().any(|line| line.starts_with("2024-01-02,2.5")),
        "days come first again:\n{days}"
    );

    let stronger = Run::again(again).arguments(&["doctor", "--data", "february.csv", "--mapping", mapping]);
    let stronger = stronger
        .mock()
        .arguments(&["--map", "user=action,revenue=none"])
        .done()
        .code(0);
    assert!(
        stronger.stdout.contains("user ← action (given by --map user)"),
        "{}",
        stronger.stdout
    );
    assert!(!stronger.stdout.contains("revenue ←"), "{}", stronger.stdout);

    let other = Run::again(stronger).file("other.csv", "user_id,time\na,2024-01-01\n");
    let other = other
        .arguments(&["doctor", "--data", "other.csv", "--mapping", mapping])
        .mock()
        .done()
        .code(2);
    assert!(
        other.stdout.contains("there is no column `Client Ref`"),
        "{}",
        other.stdout
    );
    let broken = Run::again(other).file("map.json", "{\"user\": 7}");
    let broken = broken.arguments(&["evidence", "--date-start", "2024-01-01", "--date-end", "2024-01-02"]);
    let broken = broken
        .arguments(&["--data", "other.csv", "--mapping", "map.json"])
        .done();
    broken
        .code(2)
        .says(&["cannot use the mapping", "names no role", "schema_mapping.json"]);
}

#[test]
fn a_mapping_written_by_hand_says_only_what_it_says() {
    let run = Run::new()
        .file("map.json", "{\"user\": \"buyer\", \"country\": \"none\"}")
        .file(
            "a.csv",
            "user_id,buyer,time,country\n1,a,2024-01-01,DE\n2,a,2024-01-02,FR\n",
        );
    let done = run
        .arguments(&["doctor", "--data", "a.csv", "--mapping", "map.json"])
        .mock()
        .done()
        .code(0);
    assert!(
        done.stdout.contains("user ← buyer (taken from the mapping file"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("time ← time (name"), "{}", done.stdout);
    assert!(!done.stdout.contains("country ←"), "{}", done.stdout);
}
