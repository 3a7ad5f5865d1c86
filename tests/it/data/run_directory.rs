//! What is written to a run directory, what comes back, and tables that somebody else left there.

use super::*;

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
