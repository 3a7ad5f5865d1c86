//! What a change of a rate consists of: other shares of the segments, or other rates within them. Where all segments moved one way and
//! the whole the other, that is said (Simpson 1951, JRSS B 13:238).

use super::context::Context;
use super::draft::{Draft, Value};
use super::measure::{Measure, note};
use super::totals::{Total, columns};
use super::{Good, Role, Table, TableKind, Unit};
use crate::data::Segment;

/// More dimensions than this tell little more.
const DIMENSIONS: usize = 2;

/// Segments with fewer users say nothing about a direction.
const LEAST_USERS: u64 = 30;

/// One rate of one segment: its numerator and its users, now and before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    sum: f64,
    users: f64,
    previous_sum: f64,
    previous_users: f64,
}

/// The whole rate, and the parts of its change; mix and rate add up to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Split {
    current: f64,
    previous: f64,
    mix: f64,
    rate: f64,
    reversed: bool,
}

pub(super) fn mix(context: &Context, id: &str) -> Option<Table> {
    context.dataset.previous_window?;
    let mut columns = columns(false);
    for (name, label) in [
        (
            "mix_pct",
            "part of the change by other shares of the segments, in percent of the previous value",
        ),
        (
            "rate_pct",
            "part of the change within the segments, in percent of the previous value",
        ),
    ] {
        columns.push(Measure::new(name, label, Unit::Percent, Good::Neither).column(Role::Current));
    }
    columns.push(note(
        "reversed",
        "all segments moved against the whole",
        Unit::Text,
        Role::Note,
    ));
    let mut draft = Draft::new(id, "Mix and rate: where a change of a rate comes from", TableKind::Totals, columns)
        .definition("rate of the whole = sum over segments / users of the segments; mix = sum of (share now - share before) x rate before; rate = sum of share now x (rate now - rate before); mix_pct + rate_pct = change_pct; reversed: Simpson's paradox")
        .order("by dimension");
    let dimensions = context.dataset.segmentation.dimensions.iter();
    for dimension in dimensions
        .filter(|dimension| dimension.segments.len() > 1)
        .take(DIMENSIONS)
    {
        let name = dimension.dimension.trim();
        for (what, unit, scale, part) in [
            (
                "revenue per user",
                Unit::Money,
                1.0,
                revenue as fn(&Segment) -> Option<Part>,
            ),
            ("conversion", Unit::Percent, 100.0, conversion),
        ] {
            let Some(split) = split(&dimension.segments, part) else {
                continue;
            };
            let total = Total::new(&format!("{what} by {name}"), unit, Good::Up)
                .values(Some(split.current * scale), Some(split.previous * scale));
            let mut values = total.cells(false);
            values.push(Value::Number(split.mix / split.previous * 100.0));
            values.push(Value::Number(split.rate / split.previous * 100.0));
            values.push(Value::text(if split.reversed { "yes" } else { "no" }));
            draft.row(total.about(), values);
        }
    }
    draft.finish()
}

fn revenue(segment: &Segment) -> Option<Part> {
    Some(Part {
        sum: segment.revenue?,
        users: segment.users as f64,
        previous_sum: segment.previous_revenue?,
        previous_users: segment.previous_users? as f64,
    })
}

fn conversion(segment: &Segment) -> Option<Part> {
    Some(Part {
        sum: segment.converted_users? as f64,
        users: segment.users as f64,
        previous_sum: segment.previous_converted_users? as f64,
        previous_users: segment.previous_users? as f64,
    })
}

/// None without users or without a rate before.
fn split(segments: &[Segment], part: fn(&Segment) -> Option<Part>) -> Option<Split> {
    let parts: Vec<Part> = segments.iter().map(part).collect::<Option<_>>()?;
    let all = |of: fn(&Part) -> f64| parts.iter().map(of).sum::<f64>();
    let (users, previous_users) = (all(|p| p.users), all(|p| p.previous_users));
    if users <= 0.0 || previous_users <= 0.0 {
        return None;
    }
    let (current, previous) = (all(|p| p.sum) / users, all(|p| p.previous_sum) / previous_users);
    if previous <= 0.0 {
        return None;
    }
    let rate = |sum: f64, users: f64| if users > 0.0 { sum / users } else { 0.0 };
    let mut mix = 0.0;
    let mut within = 0.0;
    let mut ways: Vec<f64> = Vec::new();
    for part in &parts {
        let (now, before) = (rate(part.sum, part.users), rate(part.previous_sum, part.previous_users));
        let (share, share_before) = (part.users / users, part.previous_users / previous_users);
        // A segment that is new or gone has no rate to compare: it counts as mix alone.
        if part.users > 0.0 && part.previous_users > 0.0 {
            mix += (share - share_before) * before;
            within += share * (now - before);
        } else {
            mix += share * now - share_before * before;
        }
        if part.users.min(part.previous_users) >= LEAST_USERS as f64 {
            ways.push(now - before);
        }
    }
    let change = current - previous;
    Some(Split {
        current,
        previous,
        mix,
        rate: within,
        reversed: change != 0.0 && ways.len() > 1 && ways.iter().all(|way| way * change < 0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(users: u64, converted: u64, previous_users: u64, previous_converted: u64) -> Segment {
        Segment {
            users,
            converted_users: Some(converted),
            previous_users: Some(previous_users),
            previous_converted_users: Some(previous_converted),
            ..Segment::default()
        }
    }

    #[test]
    fn mix_and_rate_add_up_and_a_paradox_is_seen() {
        // Both platforms convert better, but most users are now on the one that converts worse.
        let segments = [segment(200, 64, 800, 240), segment(800, 88, 200, 20)];
        let found = split(&segments, conversion).expect("a rate");
        assert!((found.previous - 0.26).abs() < 1e-12 && (found.current - 0.152).abs() < 1e-12);
        assert!((found.mix + found.rate - (found.current - found.previous)).abs() < 1e-12);
        assert!(found.mix < -0.1 && found.rate > 0.0 && found.reversed, "{found:?}");
        let same = [segment(500, 50, 500, 40), segment(500, 100, 500, 90)];
        let found = split(&same, conversion).expect("a rate");
        assert!(found.mix.abs() < 1e-12 && !found.reversed, "{found:?}");
    }

    #[test]
    fn a_segment_that_is_new_is_mix() {
        let segments = [segment(100, 10, 100, 10), segment(100, 50, 0, 0)];
        let found = split(&segments, conversion).expect("a rate");
        assert!(found.rate.abs() < 1e-12 && found.mix > 0.19, "{found:?}");
        assert!(split(&[segment(10, 0, 10, 0)], conversion).is_none());
    }
}
