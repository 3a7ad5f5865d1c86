//! Tables of unusual days: one row per day and metric, with what was expected.

use jiff::civil::Date;

use super::anomalies::{Judged, UNUSUAL_Z};
use super::change::Noise;
use super::context::Context;
use super::draft::{About, Draft, Value};
use super::measure::{day_key, note, text};
use super::series::{Series, weekday_name};
use super::{Column, Role, Table, TableKind, Tested, Unit};

/// The rows of one table; more would crowd out the rest.
const ROWS: usize = 8;

const DEFINITION: &str = "expected = robust weekly pattern and trend of the days known; z = deviation of the logarithm in standard deviations \
of ordinary days, for revenue joined with that of the typical payment (geometric mean of the payments); unusual when |z| is 4 or more and the \
deviation 10 % or more";

/// What else is told of a day on which one metric was unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Companions {
    LeftOut,
    /// All metrics of that day, the ordinary ones too: was it more payments, or larger ones?
    Listed,
}

/// Days on which several metrics moved come first, then the larger deviations.
pub(super) fn unusual_days(
    id: &str,
    title: &str,
    series: &[&Series],
    closed: [bool; 7],
    companions: Companions,
) -> Option<Table> {
    let judged: Vec<(Date, &Series, Judged)> = series
        .iter()
        .flat_map(|series| {
            series
                .judged(closed)
                .iter()
                .map(|(day, judged)| (*day, *series, *judged))
        })
        .collect();
    let n_judged = judged.len();
    let unusual: Vec<Date> = judged
        .iter()
        .filter(|(_, _, judged)| judged.unusual())
        .map(|(day, _, _)| *day)
        .collect();
    let tested = Some(Tested {
        n: n_judged,
        kept: unusual.len(),
        least_z: UNUSUAL_Z,
    });
    let is_told = |day: Date, judged: &Judged| match companions {
        Companions::LeftOut => judged.unusual(),
        // Far by its score and yet near: too steady a measure to say so, and no companion.
        Companions::Listed => unusual.contains(&day) && (judged.unusual() || judged.z.abs() < UNUSUAL_Z),
    };
    let found: Vec<(Date, &Series, Judged)> = judged
        .into_iter()
        .filter(|(day, _, judged)| is_told(*day, judged))
        .collect();
    let weight = |judged: &Judged| judged.z.abs().min(30.0) * judged.deviation.abs().min(300.0);
    let of_day = |day: Date| -> (usize, f64) {
        let same = found
            .iter()
            .filter(|(other, _, judged)| *other == day && judged.unusual());
        (same.clone().count(), same.map(|(_, _, j)| weight(j)).sum())
    };
    let mut ranked: Vec<(usize, f64, usize)> = found
        .iter()
        .enumerate()
        .map(|(index, (day, _, _))| {
            let (metrics, weight) = of_day(*day);
            (metrics, weight, index)
        })
        .collect();
    ranked.sort_by(|a, b| {
        let (day_a, day_b) = (found[a.2].0, found[b.2].0);
        let most_metrics = b.0.cmp(&a.0);
        let heaviest = b.1.total_cmp(&a.1);
        let heavier = || weight(&found[b.2].2).total_cmp(&weight(&found[a.2].2));
        most_metrics
            .then(heaviest)
            .then(day_a.cmp(&day_b))
            .then_with(heavier)
            .then(a.2.cmp(&b.2))
    });
    let total = found.len();
    let mut draft = Draft::new(id, title, TableKind::Anomalies, columns())
        .definition(DEFINITION)
        .order("days on which several metrics moved first, then by size of the deviation");
    for index in places(&ranked.iter().map(|r| found[r.2].0).collect::<Vec<_>>()) {
        let index = ranked[index].2;
        let (day, series, judged) = &found[index];
        let measure = &series.measure;
        let support = match series.noise {
            Noise::Counts => Some(judged.value.max(judged.expected)),
            Noise::Amounts => None,
        };
        let about = About {
            key: day.to_string(),
            unit: Some((measure.unit.clone(), measure.decimals)),
            good: Some(measure.good),
            support,
            ..About::default()
        };
        draft.row(
            about,
            vec![
                Value::Day(*day),
                Value::text(weekday_name(*day)),
                Value::text(&measure.label),
                Value::Number(judged.value),
                Value::Number(judged.expected),
                Value::Number(judged.deviation),
                Value::Number(judged.z),
            ],
        );
    }
    draft.out_of(total).tested(tested).finish()
}

/// Which of the ranked rows are listed: two of each day first, so that no day hides another, then the rest; in rank order.
fn places(days: &[Date]) -> Vec<usize> {
    let nth = |place: usize| days[..place].iter().filter(|d| **d == days[place]).count();
    let (mut first, rest): (Vec<usize>, Vec<usize>) = (0..days.len()).partition(|place| nth(*place) < 2);
    first.extend(rest);
    first.truncate(ROWS);
    first.sort_unstable();
    first
}

/// How much was searched for unusual days, and what came of it.
pub(super) fn searched(context: &Context, series: &[&Series], found: Option<&Table>) -> String {
    let days = match context.dataset.window.days() {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let closed = context.daily.closed;
    if series.iter().all(|series| series.judged(closed).is_empty()) {
        return "too few days with data to say which of them are unusual".to_owned();
    }
    let n = match found.map(|table| table.total_rows) {
        None | Some(0) => "nothing unusual".to_owned(),
        Some(1) => "1 unusual value".to_owned(),
        Some(n) => format!("{n} unusual values"),
    };
    format!("{n} among {days} and {} daily metrics", series.len())
}

/// `day, weekday, metric, value, value_expected, value_deviation_pct, value_z`.
pub(super) fn columns() -> Vec<Column> {
    let value = |name: &str, label: &str, unit: Unit, role: Role| Column {
        of: "value".to_owned(),
        ..note(name, label, unit, role)
    };
    vec![
        day_key("day", "day"),
        text("weekday", "weekday"),
        text("metric", "metric"),
        value("value", "value", Unit::OfRow, Role::Current),
        value("value_expected", "expected value", Unit::OfRow, Role::Expected),
        value(
            "value_deviation_pct",
            "deviation from the expected value",
            Unit::Percent,
            Role::Deviation,
        ),
        value("value_z", "z of the deviation", Unit::Z, Role::Z),
    ]
}
