//! What a reader of the evidence can see: planted facts are there, quiet data are quiet, odd data do no harm.

use jiff::civil::date;

use super::simulation::{Planted, dataset};
use super::*;
use crate::data::*;
use crate::insight::Analyst;

fn evidence(dataset: &Dataset) -> Vec<Evidence> {
    build(dataset, &Options::default())
}

fn of(evidence: &[Evidence], analyst: Analyst) -> &Evidence {
    evidence
        .iter()
        .find(|e| e.analyst == analyst)
        .expect("all six are built")
}

/// The unusual rows of a table, as (day, metric, value, expected, z).
fn unusual(evidence: &Evidence, table: &str) -> Vec<(String, String, f64, f64, f64)> {
    let Some(table) = evidence.table(table) else {
        return Vec::new();
    };
    table
        .rows
        .iter()
        .map(|row| {
            let number = |name: &str| table.at(row, name).and_then(|at| at.exact());
            (
                row.key.clone(),
                table
                    .at(row, "metric")
                    .map(|at| at.shown())
                    .unwrap_or_default(),
                number("value").expect("a value"),
                number("value_expected").expect("an expected value"),
                number("value_z").expect("a z"),
            )
        })
        .collect()
}

#[test]
fn planted_facts_are_in_the_evidence() {
    for seed in 1..=5 {
        for days in [14, 30] {
            let planted = Planted {
                outage: Some((9, 0.3)),
                revenue_spike: Some((12, 2.0)),
                country: Some((7, 0.6)),
            };
            let dataset = dataset(seed, days, &planted);
            let outage = dataset
                .window
                .start
                .saturating_add(jiff::Span::new().days(9))
                .to_string();
            let spike = dataset
                .window
                .start
                .saturating_add(jiff::Span::new().days(12))
                .to_string();
            let evidence = evidence(&dataset);
            let days_found = unusual(of(&evidence, Analyst::DailyMetrics), "D3");
            assert!(
                days_found
                    .iter()
                    .filter(|row| row.0 == outage && row.4 <= -4.0)
                    .count()
                    >= 3,
                "{days_found:?}"
            );
            assert!(
                days_found
                    .iter()
                    .any(|row| row.0 == spike && row.1 == "net revenue" && row.4 >= 4.0)
            );
            assert_eq!(
                days_found[0].0, outage,
                "the day on which all metrics moved comes first"
            );
            let money = unusual(of(&evidence, Analyst::RevenueOptimization), "R5");
            assert!(
                money
                    .iter()
                    .any(|row| row.0 == spike && row.2 > 1.5 * row.3)
            );
            let geography = of(&evidence, Analyst::Geographic);
            let table = geography.table("G1").expect("countries");
            let row = table
                .rows
                .iter()
                .find(|r| r.key == "Land 08")
                .expect("the country that fell");
            let number = |name: &str| {
                table
                    .at(row, name)
                    .and_then(|at| at.exact())
                    .expect("a number")
            };
            assert!(number("users_z") <= -4.0, "{}", number("users_z"));
            assert!((number("users_change_pct") + 40.0).abs() < 8.0);
            assert!(number("users_previous") > number("users"));
        }
    }
}

#[test]
fn quiet_data_are_quiet() {
    let (mut series, mut loud, mut totals, mut loud_totals, mut countries, mut loud_countries) =
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for seed in 100..112 {
        for days in [14, 28] {
            let dataset = dataset(seed, days, &Planted::default());
            let evidence = evidence(&dataset);
            series += 4.0;
            let days = unusual(of(&evidence, Analyst::DailyMetrics), "D3");
            loud += days.len() as f64;
            for evidence in &evidence {
                for table in &evidence.tables {
                    for row in &table.rows {
                        let z = |name: &str| table.at(row, name).and_then(|at| at.exact());
                        if table.kind == TableKind::Totals
                            && let Some(z) = z("z")
                        {
                            totals += 1.0;
                            loud_totals += f64::from(u8::from(z.abs() >= CHANGED_Z));
                        }
                        if table.id == "G1"
                            && let Some(z) = z("users_z")
                        {
                            countries += 1.0;
                            loud_countries += f64::from(u8::from(z.abs() >= 4.0));
                        }
                    }
                }
            }
        }
    }
    assert!(
        loud / series <= 0.1,
        "{loud} unusual days in {series} series"
    );
    assert!(
        loud_totals / totals <= 0.02,
        "{loud_totals} of {totals} totals"
    );
    assert!(
        loud_countries / countries <= 0.005,
        "{loud_countries} of {countries} countries"
    );
}

#[test]
fn every_evidence_fits_its_budget() {
    let dataset = dataset(
        5,
        30,
        &Planted {
            outage: Some((3, 0.2)),
            ..Planted::default()
        },
    );
    for evidence in evidence(&dataset) {
        let n = tokens(&evidence);
        assert!(n <= 2_000, "{}: {n} tokens", evidence.analyst);
        assert!(!evidence.tables.is_empty(), "{}", evidence.analyst);
    }
}

#[test]
fn wide_data_fit_too() {
    let mut dataset = dataset(5, 90, &Planted::default());
    let long = "a very long name of a country or a segment that nobody would want to read twice in a table";
    let halves = [Some(&mut dataset.current), dataset.previous.as_mut()];
    for tables in halves.into_iter().flatten() {
        if let Part::Present(rows) = &mut tables.dau_by_country {
            for row in rows {
                row.country = format!("{} {long}", row.country);
            }
        }
        if let Part::Present(rows) = &mut tables.revenue_by_country {
            for row in rows {
                row.country = format!("{} {long}", row.country);
            }
        }
    }
    let template = dataset.segmentation.dimensions[0].clone();
    for number in 0..6 {
        let mut dimension = template.clone();
        dimension.dimension = format!("column {number}");
        for index in 0..40 {
            let mut segment = template.segments[0].clone();
            segment.segment = format!("{index} {long}");
            dimension.segments.push(segment);
        }
        dataset.segmentation.dimensions.push(dimension);
    }
    let event = dataset.segmentation.events[0].clone();
    dataset.segmentation.events.extend(vec![event; 60]);
    let column = dataset.summary.columns[0].clone();
    dataset.summary.columns.extend(vec![column; 60]);
    dataset.summary.notes = vec![long.repeat(9); 50];
    for evidence in no_harm(&dataset) {
        let n = tokens(&evidence);
        assert!(n <= 2_000, "{}: {n} tokens", evidence.analyst);
        assert!(!evidence.is_empty(), "{}", evidence.analyst);
    }
}

#[test]
fn an_unfinished_last_day_is_no_news() {
    let mut dataset = dataset(
        4,
        28,
        &Planted {
            outage: Some((27, 0.3)),
            ..Planted::default()
        },
    );
    dataset.summary.partial_last_day = Some(dataset.window.end);
    let evidence = evidence(&dataset);
    let daily = of(&evidence, Analyst::DailyMetrics);
    assert!(
        unusual(daily, "D3").is_empty(),
        "{:?}",
        unusual(daily, "D3")
    );
    assert!(daily.completeness < 1.0);
    let text = pipe(daily);
    assert!(text.contains("Sun, not complete"), "{text}");
}

#[test]
fn ids_and_names_are_unique_and_stable() {
    let dataset = dataset(5, 30, &Planted::default());
    let once = evidence(&dataset);
    assert_eq!(once, evidence(&dataset));
    let mut ids = std::collections::BTreeSet::new();
    for evidence in &once {
        for table in &evidence.tables {
            let names: std::collections::BTreeSet<&str> =
                table.columns.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(names.len(), table.columns.len(), "{}", table.id);
            for row in &table.rows {
                assert!(ids.insert(row.id.clone()), "{}", row.id);
                assert_eq!(row.cells.len(), table.columns.len(), "{}", row.id);
                assert!(row.id.starts_with(|c: char| c.is_ascii_lowercase()));
            }
            for column in &table.columns {
                assert!(
                    column.role == Role::Current
                        || matches!(column.role, Role::Key | Role::Note)
                        || table
                            .columns
                            .iter()
                            .any(|c| c.name == column.of && c.role == Role::Current),
                    "{}.{} belongs to no measure",
                    table.id,
                    column.name
                );
            }
        }
    }
}

fn empty(window: Window) -> Dataset {
    Dataset {
        window,
        previous_window: None,
        current: Tables::default(),
        previous: None,
        summary: Summary::default(),
        segmentation: Segmentation::default(),
        mapping: Vec::new(),
        source: Source::default(),
    }
}

fn no_harm(dataset: &Dataset) -> Vec<Evidence> {
    let all = evidence(dataset);
    assert_eq!(all.len(), 6);
    for evidence in &all {
        let text = pipe(evidence);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        assert!((0.0..=1.0).contains(&evidence.completeness));
        let sections = sections(evidence.analyst, evidence, dataset);
        assert!(!sections.is_empty());
    }
    let _ = kpis(dataset, &all);
    all
}

#[test]
fn nothing_at_all_gives_gaps() {
    let window = Window {
        start: date(2025, 1, 1),
        end: date(2025, 1, 7),
    };
    let all = no_harm(&empty(window));
    for evidence in &all {
        assert!(!evidence.gaps.is_empty(), "{}", evidence.analyst);
        let quality = evidence.analyst == Analyst::DataQuality;
        assert!(quality || evidence.is_empty(), "{}", evidence.analyst);
    }
    let gap = &of(&all, Analyst::Geographic).gaps[0];
    assert!(gap.contains("nothing to say about geography"), "{gap}");
}

#[test]
fn odd_data_do_no_harm() {
    let mut one_day = dataset(3, 1, &Planted::default());
    no_harm(&one_day);
    one_day.previous_window = None;
    no_harm(&one_day);

    let mut zeros = dataset(3, 28, &Planted::default());
    let halves = [Some(&mut zeros.current), zeros.previous.as_mut()];
    for tables in halves.into_iter().flatten() {
        if let Part::Present(rows) = &mut tables.dau_by_date {
            for row in rows {
                row.total_dau = 0;
                row.new_users = Some(0);
                row.total_revenue = Some(0.0);
            }
        }
        if let Part::Present(rows) = &mut tables.revenue_by_date {
            for row in rows {
                row.total_revenue = 0.0;
                row.revenue_users = Some(0);
            }
        }
        if let Part::Present(rows) = &mut tables.dau_by_country {
            for row in rows {
                row.total_dau = 0;
                row.total_revenue = Some(0.0);
            }
        }
    }
    zeros.summary.totals = Totals::default();
    zeros.summary.previous_totals = Some(Totals::default());
    no_harm(&zeros);

    let mut huge = dataset(3, 28, &Planted::default());
    if let Part::Present(rows) = &mut huge.current.revenue_by_date {
        rows[3].total_revenue = 1e300;
        rows[4].total_revenue = -1e300;
        rows[5].total_revenue = f64::NAN;
        rows[6].total_revenue = f64::INFINITY;
    }
    if let Part::Present(rows) = &mut huge.current.dau_by_date {
        rows[3].total_dau = u64::MAX;
    }
    no_harm(&huge);
}

#[test]
fn a_shop_closed_on_saturdays_is_complete() {
    let mut dataset = dataset(4, 28, &Planted::default());
    let halves = [Some(&mut dataset.current), dataset.previous.as_mut()];
    for tables in halves.into_iter().flatten() {
        let saturday = |day: jiff::civil::Date| day.weekday() == jiff::civil::Weekday::Saturday;
        if let Part::Present(rows) = &mut tables.dau_by_date {
            for row in rows.iter_mut().filter(|row| saturday(row.date)) {
                row.total_dau = 0;
            }
        }
        if let Part::Present(rows) = &mut tables.revenue_by_date {
            for row in rows.iter_mut().filter(|row| saturday(row.date)) {
                row.total_revenue = 0.0;
            }
        }
    }
    let evidence = evidence(&dataset);
    let daily = of(&evidence, Analyst::DailyMetrics);
    assert_eq!(daily.completeness, 1.0);
    assert!(
        unusual(daily, "D3").is_empty(),
        "{:?}",
        unusual(daily, "D3")
    );
    assert!(daily.notes.iter().any(|note| note.contains("Saturdays")));
}

#[test]
fn an_empty_day_is_found_and_incomplete() {
    let dataset = dataset(
        4,
        28,
        &Planted {
            outage: Some((16, 0.0)),
            ..Planted::default()
        },
    );
    let evidence = evidence(&dataset);
    let daily = of(&evidence, Analyst::DailyMetrics);
    let days = unusual(daily, "D3");
    assert!(
        days.iter().any(|row| row.0 == "2025-03-19" && row.2 == 0.0),
        "{days:?}"
    );
    assert!((daily.completeness - 27.0 / 28.0).abs() < 1e-3);
}

#[test]
fn key_figures_agree_with_the_evidence() {
    let dataset = dataset(6, 28, &Planted::default());
    let evidence = evidence(&dataset);
    let kpis = kpis(&dataset, &evidence);
    assert!((5..=8).contains(&kpis.len()), "{}", kpis.len());
    assert_eq!(kpis[0].name, "daily_active_users");
    assert_eq!(kpis[0].shown_change, "no real change");
    let sections = sections(
        Analyst::DailyMetrics,
        of(&evidence, Analyst::DailyMetrics),
        &dataset,
    );
    assert_eq!(sections["trend_analysis"]["dau_trend"], "flat");
    assert_eq!(sections["trend_analysis"]["seasonality_detected"], true);
}

#[test]
fn names_cannot_break_the_prompt_table() {
    let mut dataset = empty(Window {
        start: date(2025, 1, 6),
        end: date(2025, 1, 6),
    });
    dataset.summary.currency = Some("GBP".to_owned());
    let row = |country: &str, total_dau: u64| DauByCountry {
        date: date(2025, 1, 6),
        country: country.to_owned(),
        total_dau,
        new_users: None,
        total_revenue: Some(1234.5),
        returning_users: None,
        new_user_percentage: None,
        returning_user_percentage: None,
    };
    dataset.current.dau_by_country =
        Part::Present(vec![row("A|B\nc\u{202e}d", 1500), row("Chile", 500)]);
    let evidence = evidence(&dataset);
    let text = pipe(of(&evidence, Analyst::Geographic));
    let expected = "\
period: 2025-01-06..2025-01-06 (1 day), previous period: none, currency: GBP, time zone: UTC
note: no previous period: the data do not cover the days before, so there are no changes to report
note: 2 countries compared
column suffixes: _share_pct = share of the total in %

table G1 [entities] Countries, this period against the previous
definition: users = mean daily active users; a user active in two countries on one day counts in both; new_users is summed over days; z compares daily values weekday by weekday
order: by active users (mean per day) now, largest first; 2 of 2 rows
columns: users = active users (mean per day) (users, more is better); revenue = net revenue (money, more is better)
id|country|users|users_share_pct|revenue|revenue_share_pct
g1|A/B c d|1,500.0|75.0|1,234.50|50.0
g2|Chile|500.0|25.0|1,234.50|50.0
g3|Total|2,000.0|100.0|2,469.00|100.0

table G4 [concentration] Concentration
definition: Herfindahl index = sum of squared shares; shares in percent of all countries
order: fixed; 2 of 2 rows
columns: hhi = Herfindahl index (0 = spread out, 1 = one country) (ratio); top_1_share = share of the largest country (%); top_3_share = share of the three largest countries (%); countries = countries (countries)
id|measure|hhi|top_1_share|top_3_share|countries
g4|active users|0.625|75.0|100.0|2
g5|net revenue|0.500|50.0|100.0|2
";
    assert_eq!(text, expected, "{text}");
}

/// For a look at the whole: `cargo test --lib evidence::tests::print -- --ignored --nocapture`.
#[test]
#[ignore = "prints the evidence of a generated data set"]
fn print() {
    use std::io::Write;
    let planted = Planted {
        outage: Some((9, 0.3)),
        revenue_spike: Some((20, 2.0)),
        country: Some((7, 0.6)),
    };
    let dataset = dataset(5, 30, &planted);
    let all = evidence(&dataset);
    let mut out = std::io::stderr();
    for evidence in &all {
        let sections = serde_json::Value::Object(sections(evidence.analyst, evidence, &dataset));
        let _ = writeln!(
            out,
            "==== {} {} tokens\n{}\n{sections:#}",
            evidence.analyst,
            tokens(evidence),
            pipe(evidence)
        );
    }
    for kpi in kpis(&dataset, &all) {
        let _ = writeln!(out, "{kpi:?}");
    }
}
