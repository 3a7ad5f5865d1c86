//! Lasting shifts of level: from which day on a daily measure runs higher or lower than before. A change that begins inside the
//! period is weak in the comparison of two periods, and strong from the day on which it began.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::change::{Noise, Point, level_change};
use super::context::Context;
use super::draft::{About, Draft, Value};
use super::geographic::Days;
use super::measure::{Measure, count, day_key, key, note};
use super::scatter::{milder, per_day_variance};
use super::series::Series;
use super::significance::tested;
use super::statistics::{cap, change_pct, mean, ratio};
use super::{Good, Role, Table, TableKind, Unit};
use crate::data::{Scatter, Squares, Window};

/// A level holds for at least so many days on either side.
const DAYS_AFTER: usize = 7;
const DAYS_BEFORE: usize = 14;

/// A shift in the first days of the period is the change from one period to the other.
const FIRST_DAYS: i64 = 3;

/// Smaller shifts, in percent, are not worth a row.
const LEAST_SHIFT: f64 = 10.0;

/// A shift happens at once: the week after it differs from the week before by at least this part of the whole change. A trend does not.
const AT_ONCE: f64 = 0.5;

const ROWS: usize = 5;

const DEFINITION: &str = "since = the first day of the new level, where the days of both periods break most; the current value is the mean per day \
from then on, the previous one the mean per day before; z is lowered for the search over all days";

#[derive(Debug, Clone, Copy, PartialEq)]
struct Shift {
    since: Date,
    after: f64,
    before: f64,
    z: f64,
}

/// Shifts of the totals.
pub(super) fn totals(context: &Context, id: &str, series: &[&Series]) -> Option<Table> {
    let all = context.dataset.segmentation.all_users.as_ref();
    let scatter = all.and_then(|all| all.scatter);
    let searched: Vec<(&Series, Shift)> = series
        .iter()
        .filter_map(|series| {
            let days = |days: &BTreeMap<Date, f64>, window: Window| {
                let mut points = context.dated_points(days, window);
                points.retain(|(day, _)| !series.excluded.contains(day));
                points
            };
            let dataset = context.dataset;
            let mut points = match dataset.previous_window {
                Some(window) => days(&series.previous, window),
                None => Vec::new(),
            };
            points.extend(days(&series.current, dataset.window));
            let carried = carried(series, scatter.as_ref());
            Some((*series, shift(&points, dataset.window, series.noise, carried)?))
        })
        .collect();
    let value = |name: &str, label: &str, unit: Unit, role: Role| super::Column {
        of: "current".to_owned(),
        ..note(name, label, unit, role)
    };
    let columns = vec![
        key("metric", "metric"),
        since(),
        value("current", "mean per day since the shift", Unit::OfRow, Role::Current),
        value("previous", "mean per day before the shift", Unit::OfRow, Role::Previous),
        value("change_pct", "change", Unit::Percent, Role::Change),
        value("z", "z of the shift", Unit::Z, Role::Z),
    ];
    let scores: Vec<f64> = searched.iter().map(|(_, shift)| shift.z).collect();
    let mut draft = Draft::new(id, "Lasting shifts of level", TableKind::Totals, columns)
        .definition(DEFINITION)
        .order("by size of z")
        .tested(tested(&scores));
    let least = tested(&scores)?.least_z;
    let mut shifted: Vec<&(&Series, Shift)> = searched.iter().filter(|(_, shift)| shift.z.abs() >= least).collect();
    shifted.sort_by(|a, b| b.1.z.abs().total_cmp(&a.1.z.abs()));
    let total = shifted.len();
    for (series, shift) in shifted.into_iter().take(ROWS) {
        let measure = &series.measure;
        let name = format!("{} since {}", measure.label, shift.since);
        let decimals = if measure.decimals == 0 { 1 } else { measure.decimals };
        let about = About {
            key: name.clone(),
            unit: Some((measure.unit.clone(), decimals)),
            good: Some(measure.good),
            ..About::default()
        };
        draft.row(
            about,
            vec![
                Value::text(&name),
                Value::Day(shift.since),
                Value::Number(shift.after),
                Value::Number(shift.before),
                Value::or(change_pct(shift.after, shift.before), "nothing before"),
                Value::Number(shift.z),
            ],
        );
    }
    draft.out_of(total).finish()
}

/// Shifts of the active users of countries.
pub(super) fn countries(
    context: &Context,
    id: &str,
    now: &BTreeMap<String, Days>,
    before: Option<&BTreeMap<String, Days>>,
) -> Option<Table> {
    let dataset = context.dataset;
    let before = before.zip(dataset.previous_window);
    let users = Measure::new(
        "users",
        "active users per day since the shift",
        count("users"),
        Good::Up,
    )
    .decimals(1)
    .not_additive();
    let none = Days::default();
    let searched: Vec<(&String, f64, Shift)> = now
        .iter()
        .filter_map(|(name, days)| {
            let mut points = match before {
                Some((before, window)) => context.dated_points(&before.get(name).unwrap_or(&none).users, window),
                None => Vec::new(),
            };
            points.extend(context.dated_points(&days.users, dataset.window));
            let people = dataset
                .segmentation
                .countries
                .iter()
                .find(|country| country.segment == *name);
            let scatter = people.and_then(|people| people.scatter);
            let found = shift(
                &points,
                dataset.window,
                Noise::Counts,
                scatter.as_ref().and_then(days_together).map(Carried::Together),
            )?;
            let support = points.iter().map(|(_, point)| point.value).sum();
            Some((name, support, found))
        })
        .collect();
    let scores: Vec<f64> = searched.iter().map(|(_, _, shift)| shift.z).collect();
    let least = tested(&scores)?.least_z;
    let mut columns = vec![key("country", "country"), since()];
    columns.extend(users.columns(&[Role::Current, Role::Previous, Role::Change, Role::Z]));
    let mut draft = Draft::new(id, "Countries whose level shifted", TableKind::Entities, columns)
        .definition(DEFINITION)
        .order("by size of z")
        .tested(tested(&scores));
    let mut shifted: Vec<&(&String, f64, Shift)> =
        searched.iter().filter(|(_, _, shift)| shift.z.abs() >= least).collect();
    shifted.sort_by(|a, b| b.2.z.abs().total_cmp(&a.2.z.abs()).then(a.0.cmp(b.0)));
    let total = shifted.len();
    for (name, support, shift) in shifted.into_iter().take(ROWS) {
        draft.row(
            About::named(name.as_str()).support(Some(*support)),
            vec![
                Value::text(name.as_str()),
                Value::Day(shift.since),
                Value::Number(shift.after),
                Value::Number(shift.before),
                Value::or(change_pct(shift.after, shift.before), "nothing before"),
                Value::Number(shift.z),
            ],
        );
    }
    draft.out_of(total).finish()
}

fn since() -> super::Column {
    super::Column {
        role: Role::Note,
        ..day_key("since", "first day of the new level")
    }
}

/// How single users carry a level: what chance brings and takes at once.
#[derive(Debug, Clone, Copy)]
enum Carried {
    /// How much of a sum over days comes from one user at a time.
    Together(f64),
    /// The squared standard error of the mean of all days, as users scatter.
    Variance(f64),
}

impl Carried {
    /// The squared standard error of the difference between the levels before and after.
    fn variance(self, (low, n_before): (f64, f64), (high, n_after): (f64, f64)) -> f64 {
        match self {
            Self::Together(together) => together * (low / n_before + high / n_after),
            Self::Variance(variance) => variance * (n_before + n_after) * (1.0 / n_before + 1.0 / n_after),
        }
    }
}

/// Of sums, and of events per active user; of other quotients it is not known how single users carry them.
fn carried(series: &Series, scatter: Option<&Scatter>) -> Option<Carried> {
    let scatter = scatter?;
    let together = |sums: Squares| ratio(sums.squares + sums.previous_squares, sums.sum + sums.previous_sum);
    match (&series.measure.unit, series.noise) {
        (Unit::Count(_), _) => days_together(scatter).map(Carried::Together),
        (Unit::Money, _) => together(scatter.revenue?).map(Carried::Together),
        _ if series.measure.name == "events_per_user" => per_day_variance(scatter).map(Carried::Variance),
        _ => None,
    }
}

fn days_together(scatter: &Scatter) -> Option<f64> {
    let days = scatter.days?;
    ratio(days.squares + days.previous_squares, days.sum + days.previous_sum)
}

/// The strongest break among the days of the window, if the series has one at all.
fn shift(points: &[(Date, Point)], window: Window, noise: Noise, carried: Option<Carried>) -> Option<Shift> {
    let level = |part: &[(Date, Point)]| mean(&part.iter().map(|(_, point)| point.value).collect::<Vec<_>>());
    let plain = |part: &[(Date, Point)]| part.iter().map(|(_, point)| *point).collect::<Vec<_>>();
    let places = DAYS_BEFORE..(points.len() + 1).saturating_sub(DAYS_AFTER);
    let places: Vec<usize> = places.filter(|place| window.contains(points[*place].0)).collect();
    let search = 2.0 * (places.len().max(1) as f64).ln();
    let mut strongest: Option<(f64, usize)> = None;
    for place in &places {
        let (before, after) = points.split_at(*place);
        let Some(change) = level_change(&plain(after), &plain(before), noise) else {
            continue;
        };
        if strongest.is_none_or(|(z, _)| change.z.abs() > z.abs()) {
            strongest = Some((change.z, *place));
        }
    }
    let (z, place) = strongest?;
    let (before, after) = points.split_at(place);
    let (low, high) = (level(before)?, level(after)?);
    let week_before = level(&before[before.len() - DAYS_AFTER..])?;
    let week_after = level(&after[..DAYS_AFTER])?;
    let at_once = (week_after - week_before) / (high - low) >= AT_ONCE;
    let is_large = change_pct(high, low).is_some_and(|change| change.abs() >= LEAST_SHIFT);
    let by_users = carried.and_then(|carried| {
        let variance = carried.variance((low, before.len() as f64), (high, after.len() as f64));
        (variance > 0.0).then(|| (high - low) / variance.sqrt())
    });
    let searched = (z * z - search).max(0.0).sqrt().copysign(z);
    // At the start of the period the comparison of the periods already tells it.
    let starts_later = points[place].0 > window.start.saturating_add(jiff::Span::new().days(FIRST_DAYS));
    let z = if at_once && is_large && starts_later {
        milder(searched, by_users)
    } else {
        0.0
    };
    Some(Shift {
        since: points[place].0,
        after: high,
        before: low,
        z: cap(z)?,
    })
}
