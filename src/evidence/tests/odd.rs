//! Odd, wide, empty and closed data do no harm.

use jiff::civil::date;

use super::generate::{Planted, dataset};
use super::{empty, evidence, no_harm, of, unusual};
use crate::data::*;
use crate::evidence::*;
use crate::insight::Analyst;

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
    assert!(unusual(daily, "D3").is_empty(), "{:?}", unusual(daily, "D3"));
    assert!(daily.completeness < 1.0);
    let text = pipe(daily);
    assert!(text.contains("Sun, not complete"), "{text}");
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
    assert!(unusual(daily, "D3").is_empty(), "{:?}", unusual(daily, "D3"));
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
    assert!(days.iter().any(|row| row.0 == "2025-03-19" && row.2 == 0.0), "{days:?}");
    assert!((daily.completeness - 27.0 / 28.0).abs() < 1e-3);
}
