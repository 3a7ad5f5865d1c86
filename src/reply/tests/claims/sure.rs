//! The rates behind the confidence of a verdict, measured: how many false claims pass by each way, how many true ones raise each fault;
//! and whether verdicts are right as often as they say.

use std::collections::BTreeMap;

use serde_json::json;

use super::made::{self, Half};
use super::tell;
use crate::insight::Verdict;
use crate::reply::claim::confidence::{Way, confidence, false_alarms};
use crate::reply::{Judged, Verifier};

/// Both halves, every third claim without its citations.
fn judged() -> Vec<(bool, bool, Judged)> {
    let mut out = Vec::new();
    for half in [Half::Tuned, Half::Kept] {
        let mut verifier = Verifier::default();
        for (index, made) in made::claims(77, 4000, half).into_iter().enumerate() {
            let is_cited = index % 3 != 0;
            let mut claim = made.claim;
            if !is_cited {
                claim["citations"] = json!([]);
            }
            if !made.is_neutral {
                let judged = verifier.judge(&claim.to_string()).judged.expect("a claim");
                out.push((made.class.is_some(), is_cited, judged));
            }
        }
    }
    out
}

fn is_flagged(judged: &Judged) -> bool {
    matches!(judged.verdict, Verdict::Contradicted | Verdict::Unsupported)
}

/// The way is told by the confidence of those that passed: each way has one of its own.
#[test]
fn the_rates_are_what_they_are_measured_to_be() {
    let all = judged();
    let mut lines = Vec::new();
    let mut alarms: BTreeMap<&str, usize> = BTreeMap::new();
    let n_true = all
        .iter()
        .filter(|(is_false, is_cited, _)| !is_false && *is_cited)
        .count();
    for (_, _, judged) in all.iter().filter(|(is_false, is_cited, _)| !is_false && *is_cited) {
        let mut codes: Vec<&str> = judged.reasons.iter().map(|reason| reason.code).collect();
        codes.dedup();
        codes.into_iter().for_each(|code| *alarms.entry(code).or_default() += 1);
    }
    for (code, n) in &alarms {
        lines.push(format!("alarms {code}: {n} of {n_true}, table {}", false_alarms(code)));
    }
    let n_false = |cited: bool| {
        all.iter()
            .filter(|(is_false, is_cited, _)| *is_false && *is_cited == cited)
            .count()
    };
    let passed = |way: Way| {
        let sure = confidence(Verdict::Supported, &[], way);
        let passed = all
            .iter()
            .filter(|(is_false, _, judged)| *is_false && !is_flagged(judged) && judged.confidence == sure);
        passed.count()
    };
    for way in Way::ALL {
        let n = n_false(way != Way::Guessed);
        lines.push(format!(
            "passed {way:?}: {} of {n}, table {}",
            passed(way),
            way.missed()
        ));
    }
    tell(&lines);
    let bins = [(0.0, 0.9), (0.9, 0.97), (0.97, 1.01)];
    for (low, high) in bins {
        let own: Vec<_> = all
            .iter()
            .filter(|(_, _, judged)| (low..high).contains(&judged.confidence))
            .collect();
        let right = own
            .iter()
            .filter(|(is_false, _, judged)| *is_false == is_flagged(judged))
            .count();
        tell(&[format!("sure {low}..{high}: {right} of {} right", own.len())]);
    }
}
