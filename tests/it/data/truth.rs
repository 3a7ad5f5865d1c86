//! The shared sets against figures that others computed.

use super::*;

#[test]
fn online_retail_parquet_is_true() {
    let (Some(source), Some(truth)) = (shared("online_retail.parquet"), truth("truth_online_retail.json")) else {
        return;
    };
    let dataset = compute(&source, full_range(&truth));
    check_daily(&dataset, &truth, true);
    check_retention(&dataset, &truth);
    check_weeks(&dataset, truth["cohorts_weekly"]["cohorts"].as_array().unwrap());
    check_rfm(&dataset, &truth["rfm"]);
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
            assert_eq!(row.new_users, day["new_users"].as_u64(), "{name} {}", row.date);
            assert_eq!(row.total_revenue, day["revenue"].as_f64(), "{name} {}", row.date);
        }
        assert_eq!(
            dataset.summary.last_day.unwrap().to_string(),
            "2025-04-05",
            "rows from the future do not end the data"
        );
        check_weeks(&dataset, planted["weekly_cohorts"].as_array().unwrap());
        let (totals, clean) = (&dataset.summary.totals, &planted["totals"]);
        assert_eq!(totals.sessions, clean["sessions"].as_u64());
        assert_eq!(totals.users, clean["clean_users"].as_u64());
        assert_eq!(totals.payers, clean["payers"].as_u64());
        assert_eq!(
            totals.rows,
            clean["clean_rows"].as_u64(),
            "rows that were sent twice count once"
        );
        for (ours, name) in [
            (totals.revenue, "clean_revenue"),
            (totals.gross_revenue, "gross_revenue"),
            (totals.refunds, "refunds"),
        ] {
            assert_eq!(ours, clean[name].as_f64(), "{name}");
        }
        let copies = planted["planted"]["duplicate_rows"]["extra_copies"].as_u64().unwrap();
        assert!(
            dataset
                .summary
                .notes
                .iter()
                .any(|note| note.starts_with(&format!("{copies} rows were sent twice")))
        );
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

/// Every week of life that was over, of every weekly cohort.
fn check_weeks(dataset: &Dataset, expected: &[Value]) {
    let weeks = &dataset.segmentation.cohort_weeks;
    assert_eq!(weeks.len(), expected.iter().filter(|week| week["size"] != 0).count());
    let mut compared = 0;
    for (week, expected) in weeks.iter().zip(expected.iter().filter(|week| week["size"] != 0)) {
        assert_eq!(week.size, expected["size"], "{}", week.monday);
        for (age, users) in (1..).zip(&week.active) {
            if let Some(users) = users {
                assert_eq!(*users, expected["active"][age], "{} week {age}", week.monday);
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared}");
}

fn check_rfm(dataset: &Dataset, expected: &Value) {
    let segments = &dataset.segmentation.rfm;
    let users: u64 = segments.iter().map(|segment| segment.users).sum();
    let mean = |of: fn(&data::RfmSegment) -> f64| {
        let sum: f64 = segments.iter().map(|segment| of(segment) * segment.users as f64).sum();
        sum / users as f64
    };
    for row in expected["segments"].as_array().unwrap() {
        let ours = segments
            .iter()
            .find(|segment| segment.segment == row["segment"])
            .unwrap();
        assert_eq!(ours.users, row["users"], "{}", ours.segment);
        assert_eq!(Some(ours.revenue), row["revenue"].as_f64(), "{}", ours.segment);
    }
    assert_eq!(segments.len(), expected["segments"].as_array().unwrap().len());
    for (ours, name) in [
        (mean(|segment| segment.days_since_last), "mean_recency_days"),
        (mean(|segment| segment.frequency), "mean_frequency"),
    ] {
        assert!((ours - expected[name].as_f64().unwrap()).abs() < 1e-3, "{name}: {ours}");
    }
}
