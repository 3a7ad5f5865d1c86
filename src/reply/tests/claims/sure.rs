//! The rates behind the confidence of a verdict, measured: how many false claims pass by each way, how many true ones raise each fault;
//! and whether verdicts are right as often as they say.

use std::collections::BTreeMap;

use serde_json::json;

use super::made::{self, Half};
use super::tell;
use crate::insight::Verdict;
use crate::reply::claim::confidence::{Way, confidence, false_alarms};
use crate::reply::{Judged, Verifier};

const WAYS: [Way; 4] = [Way::Numbers, Way::Words, Way::Doubtful, Way::Guessed];

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
fn way(judged: &Judged) -> Option<Way> {
    let mut ways = WAYS.into_iter();
    ways.find(|way| !is_flagged(judged) && confidence(Verdict::Supported, &[], *way) == judged.confidence)
}

#[test]
fn the_rates_are_what_they_are_measured_to_be() {
    let all = judged();
    let n = |is_false: bool, is_cited: bool| {
        let own = all.iter().filter(|(f, c, _)| *f == is_false && *c == is_cited);
        own.count() as f64
    };
    let mut lines = Vec::new();
    for tried in WAYS {
        let passed = |is_false: bool| {
            let is_cited = tried != Way::Guessed;
            let own = all
                .iter()
                .filter(|(f, c, judged)| *f == is_false && *c == is_cited && way(judged) == Some(tried));
            (own.count() as f64 + 0.5) / n(is_false, is_cited)
        };
        let measured = passed(true) / passed(false);
        lines.push(format!(
            "{tried:?}: false ones pass {measured:.3} as often, table {}",
            tried.missed()
        ));
        assert!(measured <= tried.missed(), "{}", lines.join("\n"));
    }
    let mut alarms: BTreeMap<&str, f64> = BTreeMap::new();
    for (_, _, judged) in all.iter().filter(|(is_false, is_cited, _)| !is_false && *is_cited) {
        for reason in &judged.reasons {
            *alarms.entry(reason.code).or_default() += 1.0 / n(false, true);
        }
    }
    for (code, rate) in alarms {
        lines.push(format!(
            "{code}: raised by {rate:.4} of true claims, table {}",
            false_alarms(code)
        ));
        assert!(rate <= false_alarms(code), "{}", lines.join("\n"));
    }
    tell(&lines);
}

/// With one claim in twenty false, as the confidence takes it to be: in each tenth of the confidence, as many verdicts are right as it
/// says.
#[test]
fn verdicts_are_right_as_often_as_they_say() {
    let all = judged();
    let n_false = all.iter().filter(|(is_false, ..)| *is_false).count() as f64;
    let weight = |is_false: bool| match is_false {
        true => 0.05 / n_false,
        false => 0.95 / (all.len() as f64 - n_false),
    };
    let mut bins: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
    for (is_false, _, judged) in &all {
        let bin = bins.entry((judged.confidence * 10.0) as u32).or_default();
        bin.0 += weight(*is_false);
        bin.1 += weight(*is_false) * judged.confidence;
        bin.2 += weight(*is_false) * f64::from(u8::from(is_flagged(judged) == *is_false));
    }
    let error: f64 = bins.values().map(|(_, said, right)| (said - right).abs()).sum();
    tell(&[format!("expected calibration error {error:.4}")]);
    assert!(error <= 0.05, "{bins:?}");
}
