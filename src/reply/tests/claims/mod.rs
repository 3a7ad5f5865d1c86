//! Labelled claims against the verifier: a measurement, and a floor under it. The file of claims is skipped where it is absent; the
//! claims that the program makes are always there.

mod made;
mod reading;
mod sentences;
mod sentences_false;
mod sentences_told;
mod sure;
mod worded;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::insight::Verdict;
use crate::reply::Verifier;
use made::{Half, Made};

/// Where the labelled claims lie, unless `INSIGHTS_CLAIMS` names another file.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/claims/dev_sample.jsonl");

#[test]
fn measured_on_labelled_claims() {
    let Some(text) = labelled() else { return };
    let mut tally: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    let mut lines = Vec::new();
    let mut verifier = Verifier::default();
    for line in text.lines() {
        let claim: Value = serde_json::from_str(line).expect("a claim");
        let word = |name: &str| claim[name].as_str().unwrap_or_default().to_owned();
        let judged = verifier.judge(line).judged.expect("a claim");
        let flagged = matches!(judged.verdict, Verdict::Contradicted | Verdict::Unsupported);
        let label = word("label");
        let class = if label == "false" {
            word("mutation")
        } else {
            format!("_{label}")
        };
        let entry = tally.entry((word("cite_mode"), class.clone())).or_default();
        entry.0 += usize::from(flagged);
        entry.1 += 1;
        if flagged != (label == "false") {
            lines.push(format!(
                "{class} {}: {} {:?}",
                word("cite_mode"),
                word("text"),
                judged.reasons
            ));
        }
    }
    let mut report: Vec<String> = tally
        .iter()
        .map(|((mode, class), (flagged, all))| format!("{mode:6} {class:16} flagged {flagged} of {all}"))
        .collect();
    report.extend(lines);
    tell(&report);
    let rate = |is_wanted: &dyn Fn(&str, &str) -> bool| {
        let wanted = tally.iter().filter(|((mode, class), _)| is_wanted(mode, class));
        let (flagged, all) = wanted.fold((0, 0), |sum, (_, n)| (sum.0 + n.0, sum.1 + n.1));
        flagged as f64 / f64::from(all.max(1) as u32)
    };
    let alarms = rate(&|_, class| class == "_true");
    let neutral = rate(&|_, class| class == "_neutral");
    let recall = rate(&|mode, class| mode == "cells" && !class.starts_with('_'));
    assert!(alarms <= 0.02, "false alarms on true claims: {alarms}");
    assert!(neutral <= 0.01, "false alarms on neutral sentences: {neutral}");
    assert!(recall >= 0.95, "recall of false claims with cell citations: {recall}");
}

fn labelled() -> Option<String> {
    let path = std::env::var("INSIGHTS_CLAIMS").unwrap_or_else(|_| PATH.to_owned());
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        tell(&["skipped: there are no labelled claims".to_owned()]);
    }
    text
}

/// Claims in styles that the checks were improved with, and in others that were only measured.
#[test]
fn measured_on_claims_of_our_own() {
    // Words can be wrong in more ways than a list of words can know.
    const OF_WORDS: [&str; 5] = ["direction", "rank", "swapped rows", "stale period", "column"];
    for half in [Half::Tuned, Half::Kept] {
        let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let mut misjudged = Vec::new();
        let mut verifier = Verifier::default();
        for made in made::claims(41, 3000, half) {
            let judged = verifier.judge(&made.claim.to_string()).judged.expect("a claim");
            let flagged = matches!(judged.verdict, Verdict::Contradicted | Verdict::Unsupported);
            let entry = tally.entry(class(&made)).or_default();
            entry.0 += usize::from(flagged);
            entry.1 += 1;
            if flagged != made.class.is_some() {
                misjudged.push(format!("{half:?} {}: {}", class(&made), made.style));
            }
        }
        let report = tally
            .iter()
            .map(|(class, (flagged, all))| format!("{half:?} {class:16} flagged {flagged} of {all}"));
        tell(&report.chain(misjudged).collect::<Vec<_>>());
        for (class, (flagged, all)) in tally {
            let rate = flagged as f64 / all as f64;
            let holds = match class {
                "_true" => rate <= 0.02,
                "_neutral" => rate <= 0.01,
                class if OF_WORDS.contains(&class) => rate >= 0.9,
                _ => rate >= 0.95,
            };
            assert!(holds, "{half:?} {class}: flagged {flagged} of {all}");
        }
    }
}

fn class(made: &Made) -> &'static str {
    match made.class {
        None if made.is_neutral => "_neutral",
        class => class.unwrap_or("_true"),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "a measurement is there to be read: cargo test --lib claims -- --nocapture"
)]
fn tell(lines: &[String]) {
    println!("{}", lines.join("\n"));
}
