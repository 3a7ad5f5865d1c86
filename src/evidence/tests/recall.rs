//! Planted facts are there, quiet data are quiet, ids are stable.

use super::generate::{Planted, dataset};
use super::{evidence, of, unusual};
use crate::evidence::*;
use crate::insight::Analyst;

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
                days_found.iter().filter(|row| row.0 == outage && row.4 <= -4.0).count() >= 3,
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
            assert!(money.iter().any(|row| row.0 == spike && row.2 > 1.5 * row.3));
            let geography = of(&evidence, Analyst::Geographic);
            let table = geography.table("G1").expect("countries");
            let row = table
                .rows
                .iter()
                .find(|r| r.key == "Land 08")
                .expect("the country that fell");
            let number = |name: &str| table.at(row, name).and_then(|at| at.exact()).expect("a number");
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
    super::rates::report(&format!(
        "generated null data: {loud} unusual days in {series} series, {loud_totals} of {totals} totals with |z| >= 3, {loud_countries} of {countries} countries with |z| >= 4"
    ));
    assert!(loud / series <= 0.1, "{loud} unusual days in {series} series");
    assert!(loud_totals / totals <= 0.02, "{loud_totals} of {totals} totals");
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
fn ids_and_names_are_unique_and_stable() {
    let dataset = dataset(5, 30, &Planted::default());
    let once = evidence(&dataset);
    assert_eq!(once, evidence(&dataset));
    let mut ids = std::collections::BTreeSet::new();
    for evidence in &once {
        for table in &evidence.tables {
            let names: std::collections::BTreeSet<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
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

#[test]
fn key_figures_agree_with_the_evidence() {
    let dataset = dataset(6, 28, &Planted::default());
    let evidence = evidence(&dataset);
    let kpis = kpis(&dataset, &evidence);
    assert!((5..=8).contains(&kpis.len()), "{}", kpis.len());
    assert_eq!(kpis[0].name, "daily_active_users");
    assert!(
        !kpis[0].unusual && kpis[0].shown_change.ends_with(" %"),
        "{:?}",
        kpis[0]
    );
    let sections =
        Analysis::of(&dataset, &crate::evidence::Options::default()).sections(of(&evidence, Analyst::DailyMetrics));
    assert_eq!(sections["trend_analysis"]["dau_trend"], "flat");
    assert_eq!(sections["trend_analysis"]["seasonality_detected"], true);
}
