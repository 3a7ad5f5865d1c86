//! Tables of a few rows whose figures anybody can count.

use insights::data::{PriceBand, RfmSegment, Sum};

use super::*;

const HEAD: &str = "user_id,event_time,event_name,country,acquisition_channel,order_id,revenue\n";

/// 2025-03-03 is a Monday. Anna comes in the first week and in each of the four after it, Ben only once more, Cleo never again; Dora
/// and Emil come a week later, Emil again exactly seven days after.
const VISITS: &str = "\
anna,2025-03-03 09:00:00,open,DE,email,,
anna,2025-03-10 09:00:00,buy,DE,email,o1,10.00
anna,2025-03-12 09:00:00,open,DE,email,,
anna,2025-03-23 09:00:00,open,DE,email,,
anna,2025-03-24 09:00:00,buy,DE,email,o2,2.50
anna,2025-04-02 09:00:00,buy,DE,email,o3,7.50
ben,2025-03-05 10:00:00,buy,Germany,social,o4,4.00
ben,2025-03-18 10:00:00,open,germany,social,,
cleo,2025-03-09 23:59:59,open,FR,email,,
dora,2025-03-10 00:00:00,open,FR,email,,
emil,2025-03-12 12:00:00,buy,FR,social,o5,1.00
emil,2025-03-19 12:00:00,buy,FR,social,o6,99.00
emil,2025-04-14 12:00:00,open,FR,social,,
";

fn computed_of(rows: &str, window: Window) -> Dataset {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("rows.csv");
    store(&source, format!("{HEAD}{rows}").as_bytes()).unwrap();
    compute(&source, window)
}

fn visits() -> Dataset {
    computed_of(VISITS, window("2025-03-03", "2025-04-14"))
}

#[test]
fn weekly_cohorts_count_weeks_of_life_and_leave_young_ones_blank() {
    let weeks = visits().segmentation.cohort_weeks;
    let sizes: Vec<(String, u64)> = weeks.iter().map(|week| (week.monday.to_string(), week.size)).collect();
    assert_eq!(sizes, [("2025-03-03".to_owned(), 3), ("2025-03-10".to_owned(), 2)]);
    // The data end on the Monday of week 6: that week is not over.
    assert_eq!(
        weeks[0].active[..6],
        [Some(1), Some(2), Some(1), Some(1), Some(0), None]
    );
    assert_eq!(weeks[1].active[..5], [Some(1), Some(0), Some(0), Some(0), None]);
    assert_eq!(weeks[0].first_two, Some(Sum { sum: 3.0, squares: 5.0 }));
    // Anna was there in all four weeks, Ben in one: 4 + 1, and 16 + 1.
    assert_eq!(
        weeks[0].first_four,
        Some(Sum {
            sum: 5.0,
            squares: 17.0
        })
    );
    assert_eq!(weeks[1].first_four, Some(Sum { sum: 1.0, squares: 1.0 }));
}

#[test]
fn day_7_retention_by_channel_leaves_out_whoever_is_too_young() {
    let segmentation = visits().segmentation;
    assert_eq!(segmentation.origin_column.as_deref(), Some("acquisition_channel"));
    let found: Vec<(&str, u64, u64, u64)> = segmentation
        .origins
        .iter()
        .map(|origin| (origin.origin.as_str(), origin.users, origin.eligible, origin.retained))
        .collect();
    // Anna came back on 03-10, Emil on 03-19; Ben's eighth day is 03-12, when he was not there.
    assert_eq!(found, [("email", 3, 3, 1), ("social", 2, 2, 1)]);
    let young = computed_of(
        "gus,2025-03-01 08:00:00,open,FR,email,,\nada,2025-03-03 08:00:00,open,FR,email,,\nada,2025-03-05 08:00:00,open,FR,email,,\n",
        window("2025-03-01", "2025-03-05"),
    );
    let origin = &young.segmentation.origins[0];
    assert_eq!((origin.users, origin.eligible, origin.retained), (2, 0, 0));
}

#[test]
fn lifetime_values_add_up_to_the_day_and_not_beyond() {
    let values = visits().segmentation.lifetime_values;
    let first = &values[0];
    assert_eq!((first.monday.to_string().as_str(), first.users), ("2025-03-03", 3));
    // After 7 days Anna has paid 10.00 and Ben 4.00; after 30 days Anna 20.00, the purchase of day 30 among it.
    assert_eq!((first.after_7.users, first.after_7.revenue.sum), (3, 14.0));
    assert_eq!(first.after_7.revenue.squares, 116.0);
    assert_eq!((first.after_30.users, first.after_30.revenue.sum), (3, 24.0));
    // Emil's seventh day brought 99.00.
    assert_eq!((values[1].after_7.users, values[1].after_7.revenue.sum), (2, 100.0));
    assert_eq!(values[1].after_30.users, 2, "both are 30 days old on the last day");
}

#[test]
fn rfm_quintiles_follow_the_table_of_rules() {
    let found = visits().segmentation.rfm;
    let row = |name: &str| found.iter().find(|segment| segment.segment == name);
    // Five users, one for each quintile. R: cleo 36, dora 35, ben 27, anna 12, emil 0 days ago; F: cleo 0, dora 0, ben 1, emil 2, anna 3
    // orders; M: cleo 0, dora 0, ben 4, anna 20, emil 100.
    assert_eq!(
        row("champions"),
        Some(&RfmSegment {
            segment: "champions".to_owned(),
            users: 2,
            revenue: 120.0,
            days_since_last: 6.0,
            frequency: 2.5,
        })
    );
    assert_eq!(
        row("hibernating").map(|segment| (segment.users, segment.revenue)),
        Some((2, 0.0))
    );
    assert_eq!(row("other").map(|segment| segment.users), Some(1));
    assert_eq!(found.len(), 3);
}

#[test]
fn price_bands_have_the_quartiles_of_both_windows_as_edges() {
    let found = visits().segmentation.price_bands;
    // 1.00, 2.50 | 4.00 | 7.50, 10.00 | 99.00: the edges stand at the second, third and fifth of six payments.
    let band = |most: f64, payments: u64, users: u64, revenue: f64| PriceBand {
        most,
        payments,
        users,
        revenue,
        previous_payments: None,
        previous_revenue: None,
    };
    assert_eq!(
        found,
        [
            band(2.5, 2, 2, 3.5),
            band(4.0, 1, 1, 4.0),
            band(10.0, 2, 1, 17.5),
            band(99.0, 1, 1, 99.0)
        ]
    );
}

#[test]
fn countries_are_parted_by_channel_in_both_windows() {
    let dataset = computed_of(VISITS, window("2025-03-25", "2025-04-14"));
    assert_eq!(dataset.previous_window, Some(window("2025-03-04", "2025-03-24")));
    let segmentation = &dataset.segmentation;
    assert_eq!(segmentation.inside_column.as_deref(), Some("acquisition_channel"));
    let found: Vec<(&str, &str, u64, Option<u64>)> = segmentation
        .inside
        .iter()
        .flat_map(|inside| {
            let segments = inside.segments.iter();
            segments.map(|one| {
                (
                    inside.country.as_str(),
                    one.segment.as_str(),
                    one.users,
                    one.previous_users,
                )
            })
        })
        .collect();
    assert_eq!(
        found,
        [
            ("FR", "email", 0, Some(2)),
            ("FR", "social", 1, Some(1)),
            ("Germany", "email", 1, Some(1)),
            ("Germany", "social", 0, Some(1)),
        ]
    );
}

#[test]
fn a_country_in_several_spellings_is_one_country() {
    let dataset = visits();
    let names: BTreeSet<&str> = dataset
        .current
        .dau_by_country
        .rows()
        .iter()
        .map(|row| row.country.as_str())
        .collect();
    assert_eq!(names, BTreeSet::from(["FR", "Germany"]));
    let notes = &dataset.summary.notes;
    assert!(notes.iter().any(|note| note.contains("DE as Germany")), "{notes:?}");
    let named = computed_of(
        &VISITS.replace("DE", "Germany").replace("germany", "Germany"),
        dataset.window,
    );
    assert!(!named.summary.notes.iter().any(|note| note.contains("several ways")));
}
