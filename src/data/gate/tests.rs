//! A clean table passes every check; each planted fault is found by its check, and by no other.

use std::io::Write as _;

use super::super::{Dataset, Options, Window, compute};
use super::{Field, Ruling};
use crate::event::Events;

const DAYS: i64 = 56;

/// One row of the table under test.
#[derive(Clone)]
struct Row {
    user: String,
    day: i64,
    second: u64,
    event: &'static str,
    country: String,
    order: String,
    /// In hundredths; none for rows without money.
    cents: Option<i64>,
}

/// Eight weeks of 260 users in three countries, each here on about every third day, some buying.
fn clean() -> Vec<Row> {
    let mut rows = Vec::new();
    for day in 0..DAYS {
        for user in 0..260_u64 {
            let dice = (user * 7_919 + day.unsigned_abs() * 104_729 + user * day.unsigned_abs()) % 1_009;
            if dice % 3 != 0 {
                continue;
            }
            let row = Row {
                user: format!("u{user:04}"),
                day,
                second: 30_000 + dice * 53,
                event: "app_open",
                country: ["Germany", "Brazil", "Japan"][(user % 3) as usize].to_owned(),
                order: String::new(),
                cents: None,
            };
            if dice % 5 == 0 {
                rows.push(Row {
                    event: "purchase",
                    second: row.second + 60,
                    order: format!("o{day}-{user}"),
                    cents: Some(500 + i64::try_from(dice).unwrap() * 13),
                    ..row.clone()
                });
            }
            rows.push(row);
        }
    }
    rows
}

fn date(day: i64) -> jiff::civil::Date {
    jiff::civil::date(2025, 1, 6) + jiff::Span::new().days(day)
}

fn csv(rows: &[Row]) -> String {
    let mut text = "user_id,event_time,event_name,country,order_id,revenue\n".to_owned();
    for row in rows {
        let (hour, minute, second) = (row.second / 3_600 % 24, row.second / 60 % 60, row.second % 60);
        let amount = row
            .cents
            .map_or_else(String::new, |cents| format!("{}.{:02}", cents / 100, cents % 100));
        text.push_str(&format!(
            "{},{} {hour:02}:{minute:02}:{second:02},{},{},{},{amount}\n",
            row.user,
            date(row.day),
            row.event,
            row.country,
            row.order,
        ));
    }
    text
}

/// The last two weeks of the table, through the whole data module.
fn computed(text: &str, map: &[(&str, &str)]) -> Dataset {
    windowed(
        text,
        map,
        Window {
            start: date(DAYS - 14),
            end: date(DAYS - 1),
        },
    )
}

fn windowed(text: &str, map: &[(&str, &str)], window: Window) -> Dataset {
    asked_on(date(DAYS + 30), text, map, window)
}

fn asked_on(today: jiff::civil::Date, text: &str, map: &[(&str, &str)], window: Window) -> Dataset {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let options = Options {
        sources: vec![file.path().display().to_string()],
        window,
        map: map
            .iter()
            .map(|(role, column)| ((*role).to_owned(), (*column).to_owned()))
            .collect(),
        max_bad_rows: 0,
        memory: super::super::MemoryLimit::default(),
        engine: super::super::QueryEngine::Local,
        timezone: "UTC".to_owned(),
        mapping: Vec::new(),
        access: super::super::Access::default(),
        metrics: None,
        now: today.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(compute(&options, &Events::silent())).unwrap()
}

/// Name, field and ruling of everything that was found.
fn found(dataset: &Dataset) -> Vec<(String, String, Ruling)> {
    let mut found: Vec<_> = dataset
        .summary
        .gate
        .faults()
        .map(|check| (check.name.clone(), check.field.name().to_owned(), check.ruling))
        .collect();
    found.sort();
    found
}

#[track_caller]
fn finds(rows: &[Row], expected: &[(&str, &str, Ruling)]) -> Dataset {
    let dataset = computed(&csv(rows), &[]);
    assert_found(&dataset, expected);
    dataset
}

#[track_caller]
fn assert_found(dataset: &Dataset, expected: &[(&str, &str, Ruling)]) {
    let mut expected: Vec<_> = expected
        .iter()
        .map(|(name, field, ruling)| ((*name).to_owned(), (*field).to_owned(), *ruling))
        .collect();
    expected.sort();
    assert_eq!(found(dataset), expected, "{:#?}", dataset.summary.gate);
}

#[test]
fn a_clean_table_passes_every_check() {
    let dataset = finds(&clean(), &[]);
    let names: Vec<&str> = dataset
        .summary
        .gate
        .checks
        .iter()
        .map(|check| check.name.as_str())
        .collect();
    for name in [
        "row_count",
        "thin_days",
        "missing_days",
        "freshness",
        "future_times",
        "partial_last_day",
        "id_fill",
        "row_id",
        "ids_return",
        "few_ids",
        "stray_ids",
        "duplicates",
        "null_jump",
        "currencies",
        "minor_units",
        "order_totals",
    ] {
        assert!(names.contains(&name), "no check {name} in {names:?}");
    }
}

#[test]
fn a_day_that_did_not_arrive_is_missing_and_half_a_load_is_thin() {
    let mut rows = clean();
    rows.retain(|row| row.day != 50);
    let dataset = finds(&rows, &[("missing_days", "time", Ruling::Caveat)]);
    let days: Vec<_> = dataset
        .summary
        .gate
        .faults()
        .flat_map(|check| check.days.clone())
        .collect();
    assert_eq!(days, [date(50)]);

    let mut rows = clean();
    rows.retain(|row| row.day != 50 || row.user.as_str() < "u0050");
    finds(&rows, &[("thin_days", "time", Ruling::Caveat)]);
}

#[test]
fn weekdays_that_are_always_empty_are_closed() {
    let mut rows = clean();
    rows.retain(|row| row.day % 7 != 5);
    finds(&rows, &[]);
}

#[test]
fn a_window_with_hardly_any_rows_is_refused() {
    let mut rows = clean();
    rows.retain(|row| row.day < DAYS - 1 || row.user.as_str() < "u0006");
    let yesterday = Window {
        start: date(DAYS - 1),
        end: date(DAYS - 1),
    };
    let dataset = windowed(&csv(&rows), &[], yesterday);
    assert!(found(&dataset).contains(&("row_count".to_owned(), "time".to_owned(), Ruling::Refuse)));
    assert!(
        dataset
            .current
            .dau_by_date
            .why_absent()
            .unwrap()
            .contains("refused by the data gate")
    );
}

#[test]
fn data_that_end_early_or_in_the_future_are_said() {
    let mut rows = clean();
    rows.retain(|row| row.day < DAYS - 3);
    finds(&rows, &[("freshness", "time", Ruling::Caveat)]);

    let mut rows = clean();
    for row in rows.iter_mut().step_by(400) {
        row.day += 700;
    }
    finds(&rows, &[("future_times", "time", Ruling::Caveat)]);
}

#[test]
fn days_that_have_not_come_yet_are_said() {
    let text = csv(&clean());
    let week = Window {
        start: date(DAYS - 14),
        end: date(DAYS - 8),
    };
    let asked = |today: i64| asked_on(date(today), &text, &[], week);
    assert_found(&asked(DAYS), &[]);
    // The table ends tomorrow: somewhere it is tomorrow already.
    assert_found(&asked(DAYS - 2), &[]);
    let early = asked(DAYS - 8);
    assert_found(&early, &[("future_times", "time", Ruling::Caveat)]);
    let check = early.summary.gate.faults().next().unwrap();
    let today = date(DAYS - 8);
    assert!(
        check.text.contains(&format!("after {today}, the day of this run")),
        "{}",
        check.text
    );
}

#[test]
fn an_unfinished_last_day_is_said() {
    let mut rows = clean();
    rows.retain(|row| row.day != DAYS - 1 || row.second < 48_000);
    finds(&rows, &[("partial_last_day", "time", Ruling::Caveat)]);
}

#[test]
fn rows_that_stand_twice_are_said_and_a_table_loaded_twice_has_no_revenue() {
    let mut rows = clean();
    let again: Vec<Row> = rows.iter().step_by(20).cloned().collect();
    rows.extend(again);
    finds(
        &rows,
        &[
            ("duplicates", "time", Ruling::Caveat),
            ("duplicates", "revenue", Ruling::Caveat),
        ],
    );
    let rows: Vec<Row> = clean().into_iter().flat_map(|row| [row.clone(), row]).collect();
    let dataset = computed(&csv(&rows), &[]);
    assert!(found(&dataset).contains(&("duplicates".to_owned(), "revenue".to_owned(), Ruling::Refuse)));
    assert_eq!(dataset.summary.totals.revenue, None);
    assert!(dataset.summary.totals.users.is_some());
}

#[test]
fn a_column_that_goes_empty_is_said_from_the_day_on() {
    let mut rows = clean();
    for row in rows.iter_mut().filter(|row| row.day >= 50 && row.second % 2 == 0) {
        row.country.clear();
    }
    let dataset = finds(&rows, &[("null_jump", "country", Ruling::Caveat)]);
    let check = dataset.summary.gate.faults().next().unwrap();
    assert_eq!(check.days.first(), Some(&date(50)), "{check:?}");

    let mut rows = clean();
    for row in rows.iter_mut().filter(|row| row.day >= DAYS - 14) {
        row.country.clear();
    }
    let dataset = computed(&csv(&rows), &[]);
    assert_eq!(
        found(&dataset)[0],
        ("null_jump".to_owned(), "country".to_owned(), Ruling::Refuse)
    );
    assert!(dataset.current.dau_by_country.why_absent().is_some());
}

#[test]
fn missing_ids_are_said_and_a_mostly_empty_id_is_refused() {
    let without = |share: u64| {
        let mut rows = clean();
        for row in rows.iter_mut().filter(|row| row.second % 100 < share) {
            row.user.clear();
        }
        rows
    };
    finds(&without(15), &[("id_fill", "user", Ruling::Caveat)]);
    let dataset = computed(&csv(&without(75)), &[]);
    assert!(found(&dataset).contains(&("id_fill".to_owned(), "user".to_owned(), Ruling::Refuse)));
}

#[test]
fn an_id_of_rows_orders_or_sessions_is_no_user() {
    let mut rows = clean();
    for (n, row) in rows.iter_mut().enumerate() {
        row.user = format!("r{n}");
    }
    let dataset = computed(&csv(&rows), &[]);
    assert!(found(&dataset).contains(&("row_id".to_owned(), "user".to_owned(), Ruling::Refuse)));

    let mut rows = clean();
    for row in &mut rows {
        row.user = format!("{}-{}", row.user, row.day);
    }
    let rows: Vec<Row> = rows
        .into_iter()
        .flat_map(|row| {
            [
                row.clone(),
                Row {
                    second: row.second + 1,
                    cents: None,
                    ..row
                },
            ]
        })
        .collect();
    let dataset = computed(&csv(&rows), &[]);
    assert_found(&dataset, &[("ids_return", "user", Ruling::Refuse)]);
    assert!(
        dataset
            .current
            .dau_by_cohort_date
            .why_absent()
            .unwrap()
            .contains("order or a session")
    );
    assert!(dataset.current.revenue_by_date.why_absent().is_none());
    assert!(
        dataset
            .current
            .revenue_by_date
            .rows()
            .iter()
            .all(|day| day.revenue_users.is_none())
    );
    let user = dataset.mapping.iter().find(|mapped| mapped.role == "user").unwrap();
    assert!(
        user.checks.iter().any(|check| check.starts_with("gate: refuse: ")),
        "{user:?}"
    );
}

#[test]
fn a_handful_of_ids_in_very_many_rows_may_be_groups() {
    let mut rows = clean();
    for row in &mut rows {
        row.user = format!("shop{}", row.second % 2);
    }
    finds(&rows, &[("few_ids", "user", Ruling::Caveat)]);
}

#[test]
fn ids_that_differ_by_stray_characters_or_case_are_one_user_counted_twice() {
    let mut rows = clean();
    for row in rows
        .iter_mut()
        .filter(|row| row.second % 7 == 0 && row.user.ends_with('3'))
    {
        row.user = format!(" {} ", row.user.to_uppercase());
    }
    finds(&rows, &[("stray_ids", "user", Ruling::Caveat)]);

    let mut rows = clean();
    for row in rows.iter_mut().filter(|row| row.second % 2 == 0) {
        row.user = row.user.to_uppercase();
    }
    finds(&rows, &[("stray_ids", "user", Ruling::Refuse)]);
}

#[test]
fn amounts_of_several_currencies_are_not_added() {
    let mut text = csv(&clean()).replacen('\n', ",currency\n", 1);
    let (head, body) = text.split_once('\n').unwrap();
    let lines = body.lines().enumerate();
    let body: String = lines
        .map(|(n, line)| format!("{line},{}\n", if n % 3 == 0 { "EUR" } else { "USD" }))
        .collect();
    text = format!("{head}\n{body}");
    let dataset = computed(&text, &[]);
    assert_found(&dataset, &[("currencies", "revenue", Ruling::Refuse)]);
    assert!(
        dataset
            .current
            .revenue_by_date
            .why_absent()
            .unwrap()
            .contains("several currencies")
    );
}

#[test]
fn whole_numbers_that_end_like_prices_may_be_cents() {
    let in_cents = |text: &str| text.replace(".99\n", "99\n").replace(".50\n", "50\n");
    let mut rows = clean();
    for row in &mut rows {
        row.cents = row
            .cents
            .map(|cents| cents / 100 * 100 + if cents % 2 == 0 { 99 } else { 50 });
    }
    finds(&rows, &[]);
    let text = in_cents(&csv(&rows));
    assert_found(&computed(&text, &[]), &[("minor_units", "revenue", Ruling::Caveat)]);
    assert_found(&computed(&text, &[("revenue", "revenue / 100")]), &[]);
}

#[test]
fn totals_among_the_details_are_not_added_again() {
    let mut rows = clean();
    for day in 0..DAYS {
        let cents: i64 = rows
            .iter()
            .filter(|row| row.day == day)
            .filter_map(|row| row.cents)
            .sum();
        rows.push(Row {
            user: String::new(),
            day,
            second: 80_000,
            event: "purchase",
            country: "Total".to_owned(),
            order: String::new(),
            cents: Some(cents),
        });
    }
    finds(
        &rows,
        &[
            ("mixed_totals", "revenue", Ruling::Refuse),
            ("mixed_totals", "country", Ruling::Caveat),
        ],
    );
}

#[test]
fn an_orders_total_on_each_of_its_lines_is_counted_once_a_line() {
    let rows: Vec<Row> = clean()
        .into_iter()
        .flat_map(|row| {
            let second_line = row.cents.map(|_| Row {
                second: row.second + 1,
                ..row.clone()
            });
            [Some(row), second_line].into_iter().flatten()
        })
        .collect();
    finds(&rows, &[("order_totals", "revenue", Ruling::Refuse)]);
}

#[test]
fn a_field_has_one_name_in_files() {
    let fields = [Field::Time, Field::Column("platform".to_owned())];
    let text = serde_json::to_string(&fields).unwrap();
    assert_eq!(text, r#"["time",{"column":"platform"}]"#);
}
