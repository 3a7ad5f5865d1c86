//! Weekly cohorts by week of life: the table, and cohorts whose users come back far more or less often than those of the weeks around them
//! did at the same age.

use jiff::ToSpan;
use jiff::civil::Date;

use super::cohorts::{TOO_YOUNG, cohort_share};
use super::draft::{About, Draft, Value};
use super::measure::{Measure, count, key};
use super::statistics::{MAD_TO_SIGMA, cap, median_absolute_deviation, ratio};
use super::unusual_cohorts::{COHORT_SIZE_NEEDED, COHORTS_NEEDED, Found, is_settled};
use super::{Good, Role, Table, TableKind, Unit};
use crate::data::{CohortWeek, Sum, Window};

/// A cohort is compared with so many cohorts on either side: what all weeks have in common, and what drifts over months, is in them too.
const NEIGHBOURS: usize = 3;

/// Cohorts of the first days of the data are mostly old users; what is left of these later, the neighbours have too.
const UNSETTLED_DAYS: i64 = 14;

/// The weeks of life that are listed.
const WEEKS: [usize; 6] = [1, 2, 3, 4, 8, 12];

const ROWS: usize = 12;

/// Newest first; a week of life that was not over when the data ended is blank.
pub(super) fn table(weeks: &[CohortWeek], window: Window) -> Option<Table> {
    let size = Measure::new("size", "users of the cohort", count("users"), Good::Up);
    let mut columns = vec![key("cohort", "cohort"), size.column(Role::Current)];
    columns.extend(WEEKS.map(|week| retention(&format!("week_{week}"), &format!("week-{week} retention"))));
    columns.push(retention("weeks_1_to_4", "mean retention of weeks 1 to 4"));
    let shown: Vec<&CohortWeek> = weeks.iter().filter(|week| is_seen(week, 1, window)).collect();
    let mut draft = Draft::new("C6", "Weekly cohorts by week of life", TableKind::Cohorts, columns)
        .definition("a cohort is the users whose first row falls into one ISO week, Monday to Sunday; week-N retention = users with a row in the Nth week after it / users of the cohort; blank where that week is not over")
        .order("newest first");
    let total = shown.len();
    for week in shown.into_iter().rev().take(ROWS) {
        let name = format!("week of {}", week.monday);
        let users = week.size as f64;
        let share = |hits: Option<f64>| match hits {
            Some(hits) => cohort_share(hits, users),
            None => Value::Missing(TOO_YOUNG),
        };
        let mut values = vec![Value::text(&name), Value::Number(users)];
        values.extend(WEEKS.map(|age| share(active(week, age))));
        values.push(share(week.first_four.map(|first_four| first_four.sum / 4.0)));
        let mut about = About::named(&name).support(Some(users));
        about.aliases = vec![iso_week(week.monday)];
        draft.row(about, values);
    }
    draft.out_of(total).finish()
}

/// How many cohorts were judged, and the unusual ones: by the week after their first, by two and by four weeks together.
pub(super) fn unusual(weeks: &[CohortWeek], known_since: Option<Date>, window: Window) -> (usize, Vec<Found>) {
    let mut judged = 0;
    let mut found = Vec::new();
    for (name, age, of) in [
        ("week-1 retention", 1, first_week as fn(&CohortWeek) -> Option<Sum>),
        ("mean retention of weeks 1 and 2", 2, |cohort| cohort.first_two),
        ("mean retention of weeks 1 to 4", 4, |cohort| cohort.first_four),
    ] {
        let cohorts: Vec<Cohort> = weeks
            .iter()
            .filter(|week| {
                is_settled(week.monday, known_since, UNSETTLED_DAYS) && week.size as f64 >= COHORT_SIZE_NEEDED
            })
            .filter_map(|week| {
                Some(Cohort {
                    week,
                    n: week.size as f64,
                    returns: of(week)?,
                })
            })
            .collect();
        for score in scores(&cohorts) {
            if !is_seen(score.week, age, window) {
                continue;
            }
            judged += 1;
            let found_here = Found {
                start: score.week.monday,
                time: iso_week(score.week.monday),
                metric: format!("{name}, users of the week"),
                size: score.week.size as f64,
                share: score.mean / age as f64,
                expected: score.expected / age as f64,
                z: score.z,
            };
            found.extend(Some(found_here).filter(Found::is_unusual));
        }
    }
    (judged, found)
}

/// `2025-W09`.
pub(super) fn iso_week(monday: Date) -> String {
    let week = monday.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}

/// Whether the cohort came before the window's end, and its weeks up to this age ended no earlier than the window began.
fn is_seen(cohort: &CohortWeek, age: usize, window: Window) -> bool {
    let days = 7 * age as i64 + 6;
    cohort.monday <= window.end && cohort.monday.saturating_add(days.days()) >= window.start
}

fn retention(name: &str, label: &str) -> super::Column {
    Measure::new(name, label, Unit::Percent, Good::Up).column(Role::Current)
}

/// Users of the cohort in a week of its life, when that week is over.
fn active(cohort: &CohortWeek, age: usize) -> Option<f64> {
    cohort.active.get(age - 1).copied().flatten().map(|users| users as f64)
}

/// Each user was there or not: the squares are the counts.
fn first_week(cohort: &CohortWeek) -> Option<Sum> {
    active(cohort, 1).map(|users| Sum {
        sum: users,
        squares: users,
    })
}

struct Cohort<'a> {
    week: &'a CohortWeek,
    n: f64,
    /// Over users: how many of the weeks in question each was there.
    returns: Sum,
}

struct Score<'a> {
    week: &'a CohortWeek,
    /// Weeks per user.
    mean: f64,
    expected: f64,
    z: f64,
}

/// Each cohort against its neighbours, one after the other: a cohort that was found unusual is nobody's neighbour any more.
fn scores<'a>(cohorts: &[Cohort<'a>]) -> Vec<Score<'a>> {
    let mut aside: Vec<usize> = Vec::new();
    if cohorts.len() < COHORTS_NEEDED {
        return Vec::new();
    }
    loop {
        let mut scores: Vec<(usize, Score)> = (0..cohorts.len())
            .filter_map(|place| Some((place, against_neighbours(cohorts, place, &aside)?)))
            .collect();
        let sizes: Vec<f64> = scores.iter().map(|(_, score)| score.z).collect();
        let spread = (median_absolute_deviation(&sizes).unwrap_or(1.0) * MAD_TO_SIGMA).max(1.0);
        for (_, score) in &mut scores {
            score.z = cap(score.z / spread).unwrap_or(0.0);
        }
        let strongest = scores
            .iter()
            .filter(|(place, score)| !aside.contains(place) && score.z.abs() >= super::anomalies::UNUSUAL_Z)
            .max_by(|a, b| a.1.z.abs().total_cmp(&b.1.z.abs()))
            .map(|(place, _)| *place);
        match strongest {
            // With more odd weeks than ordinary ones there is nothing usual to compare with.
            Some(place) if (aside.len() + 1) * 2 < cohorts.len() => aside.push(place),
            _ => return scores.into_iter().map(|(_, score)| score).collect(),
        }
    }
}

/// The mean over the users of the neighbours is what was to be expected, and their scatter is what users scatter.
fn against_neighbours<'a>(cohorts: &[Cohort<'a>], place: usize, aside: &[usize]) -> Option<Score<'a>> {
    let usable = |other: &usize| !aside.contains(other);
    let before = (0..place).rev().filter(usable).take(NEIGHBOURS);
    let after = (place + 1..cohorts.len()).filter(usable).take(NEIGHBOURS);
    let (n, sum, squares) = before.chain(after).fold((0.0, 0.0, 0.0), |all, other| {
        let cohort = &cohorts[other];
        let returns = cohort.returns;
        (all.0 + cohort.n, all.1 + returns.sum, all.2 + returns.squares)
    });
    let expected = ratio(sum, n)?;
    let scatter = squares / n - expected * expected;
    let cohort = &cohorts[place];
    let mean = cohort.returns.sum / cohort.n;
    let error = (scatter * (1.0 / cohort.n + 1.0 / n)).sqrt();
    (error > 0.0).then_some(Score {
        week: cohort.week,
        mean,
        expected,
        z: (mean - expected) / error,
    })
}
