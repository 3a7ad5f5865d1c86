//! What a refused field takes out of a dataset: everything that was computed from it, each with the reason.

use super::super::{Dataset, Part, Segmentation, Tables, Totals};
use super::{Field, Ruling};

/// Takes the refused fields out, and says in the mapping what the checks found.
pub(crate) fn apply(dataset: &mut Dataset) {
    let gate = dataset.summary.gate.clone();
    for check in gate.checks.iter().filter(|check| check.ruling == Ruling::Refuse) {
        let why = format!("refused by the data gate: {}", check.text);
        let tables = [Some(&mut dataset.current), dataset.previous.as_mut()];
        for tables in tables.into_iter().flatten() {
            without(tables, &check.field, &why);
        }
        let totals = [
            Some(&mut dataset.summary.totals),
            dataset.summary.previous_totals.as_mut(),
        ];
        for totals in totals.into_iter().flatten() {
            totals_without(totals, &check.field);
        }
        segments_without(&mut dataset.segmentation, &check.field);
        if check.field == Field::Country {
            dataset.summary.distinct_countries = None;
        }
    }
    for mapped in &mut dataset.mapping {
        // A mapping that is used again brings what an earlier gate said.
        mapped.checks.retain(|check| !check.starts_with("gate: "));
        let field = Field::of_role(&mapped.role);
        for check in gate.faults().filter(|check| check.field == field) {
            mapped
                .checks
                .push(format!("gate: {}: {}", check.ruling.word(), check.text));
        }
    }
}

fn without(tables: &mut Tables, field: &Field, why: &str) {
    fn absent<T>(part: &mut Part<T>, why: &str) {
        if matches!(part, Part::Present(_)) {
            *part = Part::Absent(why.to_owned());
        }
    }
    let (all, user) = (*field == Field::Time, *field == Field::User);
    let (revenue, country) = (*field == Field::Revenue, *field == Field::Country);
    if all || user {
        absent(&mut tables.dau_by_date, why);
        absent(&mut tables.engagement_by_date, why);
        absent(&mut tables.dau_by_cohort_date, why);
        absent(&mut tables.engagement_by_cohort_date, why);
        absent(&mut tables.user_journey_cohort, why);
        absent(&mut tables.new_logins_by_channel, why);
    }
    if all || user || country {
        absent(&mut tables.dau_by_country, why);
        absent(&mut tables.new_logins_by_country, why);
    }
    if all || revenue {
        absent(&mut tables.revenue_by_date, why);
        absent(&mut tables.revenue_by_type, why);
    }
    if all || revenue || country {
        absent(&mut tables.revenue_by_country, why);
    }
    if all || user || revenue {
        absent(&mut tables.revenue_by_cohort_date, why);
        absent(&mut tables.revenue_segments_daily, why);
    }
    if user {
        cells_without_users(tables);
    }
    if revenue {
        cells_without_revenue(tables);
    }
}

fn cells_without_users(tables: &mut Tables) {
    if let Part::Present(rows) = &mut tables.revenue_by_date {
        for row in rows {
            (row.revenue_users, row.avg_revenue_per_user) = (None, None);
        }
    }
    if let Part::Present(rows) = &mut tables.revenue_by_type {
        for row in rows {
            (row.revenue_users, row.avg_revenue_per_user) = (None, None);
        }
    }
    if let Part::Present(rows) = &mut tables.revenue_by_country {
        for row in rows {
            (row.revenue_users, row.avg_revenue_per_user) = (None, None);
        }
    }
}

fn cells_without_revenue(tables: &mut Tables) {
    if let Part::Present(rows) = &mut tables.dau_by_date {
        rows.iter_mut().for_each(|row| row.total_revenue = None);
    }
    if let Part::Present(rows) = &mut tables.dau_by_country {
        rows.iter_mut().for_each(|row| row.total_revenue = None);
    }
    if let Part::Present(rows) = &mut tables.new_logins_by_country {
        for row in rows {
            (row.new_user_revenue, row.avg_revenue_per_new_user) = (None, None);
        }
    }
    if let Part::Present(rows) = &mut tables.new_logins_by_channel {
        for row in rows {
            (row.new_user_revenue, row.avg_revenue_per_new_user) = (None, None);
        }
    }
}

fn totals_without(totals: &mut Totals, field: &Field) {
    if matches!(field, Field::User | Field::Time) {
        totals.users = None;
        totals.new_users = None;
        totals.mean_dau = None;
        totals.payers = None;
        totals.revenue_known_users = None;
    }
    if matches!(field, Field::Revenue | Field::Time) {
        totals.revenue = None;
        totals.gross_revenue = None;
        totals.refunds = None;
        totals.revenue_known_users = None;
        totals.payers = None;
    }
    if *field == Field::Time {
        (totals.sessions, totals.orders) = (None, None);
    }
}

fn segments_without(segmentation: &mut Segmentation, field: &Field) {
    match field {
        Field::User | Field::Time => *segmentation = Segmentation::default(),
        Field::Revenue => {
            segmentation.revenue_tiers.clear();
            segmentation.revenue_concentration.clear();
            segmentation.revenue_curve.clear();
            segmentation.lifetime_values.clear();
            segmentation.rfm.clear();
            segmentation.price_bands.clear();
            segmentation.payment_days.clear();
            for segment in segmentation
                .dimensions
                .iter_mut()
                .flat_map(|dimension| &mut dimension.segments)
            {
                (segment.revenue, segment.previous_revenue) = (None, None);
            }
        }
        Field::Column(name) => {
            segmentation.dimensions.retain(|dimension| dimension.dimension != *name);
            if segmentation.origin_column.as_ref() == Some(name) {
                segmentation.origins.clear();
            }
        }
        Field::Country => {
            segmentation.countries.clear();
            segmentation.inside.clear();
        }
    }
}
