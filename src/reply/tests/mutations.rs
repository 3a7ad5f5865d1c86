//! Whole replies made false in one seeded way: none of what is false may be published.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fixtures::{country, evidence};
use crate::evidence::{Evidence, TableKind};
use crate::reply::{CheckedSpecialist, specialist};

const KINDS: [&str; 9] = [
    "bad reference",
    "bad assert",
    "wrong direction field",
    "wrong direction word",
    "digit outside a placeholder",
    "unknown name",
    "swapped rows",
    "advice with a number",
    "an ordinary day",
];

/// A small source of chance (an LCG): the same replies on every machine.
struct Seed(u64);

impl Seed {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// The fixture's countries with other values: all but the last one changed beyond ordinary variation.
fn world(seed: &mut Seed) -> Evidence {
    let mut world = evidence();
    let table = world
        .tables
        .iter_mut()
        .find(|table| table.kind == TableKind::Entities)
        .expect("countries");
    for (index, name) in ["Germany", "France", "Brazil", "Japan"].into_iter().enumerate() {
        let before = 1_000_000.0 + seed.below(9_000_000) as f64;
        let size = 0.15 + seed.below(60) as f64 / 100.0;
        let up = seed.below(2) == 0;
        let now = if up {
            before * (1.0 + size)
        } else {
            before / (1.0 + size)
        };
        let z = if index == 3 { 1.4 } else { 4.5 + seed.below(5) as f64 };
        let z = if up { z } else { -z };
        table.rows[index] = country(
            &format!("g{}", index + 1),
            name,
            (now.round(), before),
            z,
            50_000.0,
            (2.0, 2.6),
        );
    }
    world
}

struct Draft {
    text: String,
    asserts: Value,
    advice: String,
}

/// A true finding about a row, in one of several wordings.
fn draft(world: &Evidence, row: usize, seed: &mut Seed) -> Draft {
    let id = format!("g{row}");
    let up = world
        .at(&format!("{id}.revenue_change_pct"))
        .and_then(|at| at.exact())
        .expect("a change")
        > 0.0;
    let verb = match up {
        true => seed.pick(&["rose", "grew", "increased"]),
        false => seed.pick(&["fell", "declined", "dropped"]),
    };
    let text = match seed.below(4) {
        0 => format!("Revenue in {{{{{id}}}}} {{{{move:{id}.revenue}}}}."),
        1 => format!("Revenue in {{{{{id}}}}} {verb} by {{{{chg:{id}.revenue}}}}."),
        2 => format!("{{{{{id}}}}} made {{{{{id}.revenue}}}} of revenue, which {verb} against the previous period."),
        _ => format!("Revenue {verb} in {{{{{id}}}}}, to {{{{{id}.revenue}}}}."),
    };
    Draft {
        text,
        asserts: json!([{"op": "change", "cell": format!("{id}.revenue"), "dir": if up { "up" } else { "down" }}]),
        advice: "Ask the team what happened.".to_owned(),
    }
}

/// The draft made false; the words that may then not be published.
fn falsified(kind: &str, draft: &mut Draft, row: usize, seed: &mut Seed) {
    let (id, other) = (format!("g{row}"), format!("g{}", row % 4 + 1));
    let flipped = |text: &str, pairs: &[(&str, &str)]| {
        let found = pairs.iter().find(|(from, _)| text.contains(from));
        found.map(|(from, to)| text.replacen(from, to, 1))
    };
    match kind {
        "bad reference" => {
            let bad = seed.pick(&["g99.revenue", "g3.sales", "x1", "chg:g99.revenue"]);
            draft.text = format!("{} That is {{{{{bad}}}}}.", draft.text.trim_end_matches('.'));
        }
        "bad assert" => draft.asserts[0]["cell"] = json!(seed.pick(&["g99.revenue", "g1.sales", "nothing"])),
        "wrong direction field" => {
            let is_up = draft.asserts[0]["dir"] == "up";
            draft.asserts[0]["dir"] = json!(if is_up { "down" } else { "up" });
        }
        "wrong direction word" => {
            let pairs = [
                ("rose", "fell"),
                ("grew", "declined"),
                ("increased", "dropped"),
                ("fell", "rose"),
                ("declined", "grew"),
                ("dropped", "increased"),
            ];
            let said = flipped(&draft.text, &pairs);
            let moved = draft.text.replace(
                &format!("{{{{move:{id}.revenue}}}}"),
                &format!(
                    "{} to {{{{{id}.revenue}}}}",
                    if draft.asserts[0]["dir"] == "up" {
                        "fell"
                    } else {
                        "rose"
                    }
                ),
            );
            draft.text = said.unwrap_or(moved);
        }
        "digit outside a placeholder" => {
            let digits = seed.pick(&[
                "by 3 %",
                "by $123,456",
                "to 77 thousand",
                "by 91.7 %",
                "in 17 of 31 cities",
                "4.1 times as much",
            ]);
            draft.text = format!("{}, {digits}.", draft.text.trim_end_matches('.'));
        }
        "unknown name" => {
            let name = seed.pick(&["Atlantis", "Wakanda", "Bhutan", "Elbonia"]);
            draft.text = draft.text.replace(&format!("{{{{{id}}}}}"), name);
        }
        "swapped rows" => {
            draft.text = draft
                .text
                .replace(&format!("{{{{{id}}}}}"), &format!("{{{{{other}}}}}"));
        }
        "advice with a number" => {
            let advice = [
                "Win back the 12,400 users that were lost.",
                "Revenue fell by 19 %, so call them.",
                "Add $40,000 to the budget, as sales were $2.1M.",
            ];
            draft.advice = seed.pick(&advice).to_owned();
        }
        _ => {}
    }
}

fn checked(draft: &Draft, world: &Evidence) -> CheckedSpecialist {
    let reply = json!({
        "findings": [{"id": "f1", "kind": "change", "title": "Revenue moved", "text": draft.text, "asserts": draft.asserts,
            "severity": "high", "model_confidence": 0.9}],
        "recommendations": [{"text": draft.advice, "about": ["f1"]}],
    });
    specialist(&reply, world)
}

/// Whether what is false in it stays out of the report.
fn is_caught(kind: &str, checked: &CheckedSpecialist) -> bool {
    match kind {
        "advice with a number" => checked.recommendations.is_empty(),
        "an ordinary day" => checked
            .findings
            .iter()
            .all(|finding| !finding.significant && !finding.reportable),
        // A sentence that was left out is no harm; what stays must be the program's own.
        _ => checked.findings.is_empty() || !checked.dropped_sentences.is_empty(),
    }
}

#[test]
fn of_replies_made_false_nothing_false_is_published() {
    let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut told, mut missed) = (0, Vec::new());
    for number in 0..900 {
        let mut seed = Seed(number);
        let world = world(&mut seed);
        let kind = KINDS[number as usize % KINDS.len()];
        let row = if kind == "an ordinary day" {
            4
        } else {
            1 + seed.below(3)
        };
        let mut draft = draft(&world, row, &mut seed);
        let honest = checked(&draft, &world);
        told += usize::from(kind != "an ordinary day" && honest.findings.iter().any(|finding| finding.significant));
        falsified(kind, &mut draft, row, &mut seed);
        let judged = checked(&draft, &world);
        let entry = tally.entry(kind).or_default();
        entry.0 += usize::from(is_caught(kind, &judged));
        entry.1 += 1;
        if !is_caught(kind, &judged) {
            missed.push(format!("{kind}: {} {}", draft.text, draft.advice));
        }
    }
    // A check that refuses everything would catch everything.
    assert_eq!(told, 800, "true findings that were published");
    for (kind, (caught, all)) in &tally {
        assert!(
            caught * 100 >= all * 99,
            "{kind}: {caught} of {all}\n{}",
            missed.join("\n")
        );
    }
}
