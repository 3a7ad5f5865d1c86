//! One finding against its evidence: asserts, title, then each sentence. A sentence that fails is left out while the rest stands.

use serde_json::Value;

use crate::insight::{Finding, Grounding, Tally, Verdict};
use crate::reply::assertion::{self, Holds};
use crate::reply::basis::{Basis, Ground, Quantity};
use crate::reply::lexicon::Lexicon;
use crate::reply::mask::mask;
use crate::reply::number::{Currency, Kind};
use crate::reply::numerals::numerals;
use crate::reply::reason::Reason;
use crate::reply::render::{Rendered, render};
use crate::reply::text::{sanitise, sentences};
use crate::reply::verify::{Checked, check};

use super::assemble::assemble;
use super::{RejectedFinding, items, string};

/// What was found out about one finding.
pub(super) struct Judged {
    pub(super) finding: Result<Box<Finding>, RejectedFinding>,
    /// Sentence and reason of everything cut out of a finding that stands.
    pub(super) dropped: Vec<(String, String)>,
    pub(super) faults: Vec<Reason>,
    pub(super) counts: Grounding,
}

/// A finding's parts with their placeholders filled in, and which of its asserts hold.
pub(super) struct Parts<'a> {
    pub(super) raw: &'a Value,
    pub(super) head: Rendered,
    pub(super) sentences: Vec<Rendered>,
    pub(super) asserts: Vec<&'a Value>,
    pub(super) held: Vec<Holds>,
}

/// The sentences that stand, with the title's check first.
#[derive(Default)]
pub(super) struct Kept<'p> {
    pub(super) sentences: Vec<&'p Rendered>,
    pub(super) checks: Vec<Checked>,
    pub(super) dropped: Vec<(String, String)>,
}

pub(super) fn judge(raw: &Value, id: &str, ground: Ground<'_>) -> Judged {
    let evidence = ground.evidence;
    let (title, text) = (string(raw, "title"), string(raw, "text"));
    let mut parts = Parts {
        raw,
        head: render(&title, evidence),
        sentences: sentences(&text)
            .iter()
            .map(|sentence| render(sentence, evidence))
            .collect(),
        asserts: items(raw, "asserts").collect(),
        held: Vec::new(),
    };
    let mut failed_asserts = Vec::new();
    for assert in &parts.asserts {
        match assertion::check(assert, evidence) {
            Ok(holds) => parts.held.push(holds),
            Err(reason) => failed_asserts.push(reason),
        }
    }
    let basis = parts.basis(ground);
    let head = check(&parts.head, &basis);
    let mut kept = Kept::default();
    let mut faults = Vec::new();
    let mut n_typed = head.bare_numbers;
    for part in &parts.sentences {
        let checked = check(part, &basis);
        n_typed += checked.bare_numbers;
        if checked.faults.is_empty() {
            kept.sentences.push(part);
            kept.checks.push(checked);
        } else {
            let why: Vec<String> = checked
                .faults
                .iter()
                .map(|fault| format!("{}: {}", fault.code, fault.message))
                .collect();
            kept.dropped.push((part.text.clone(), why.join("; ")));
            faults.extend(checked.faults);
        }
    }
    // Everything that fails counts, but what follows from a wrong assert or title need not be told.
    let n_faults = failed_asserts.len() + head.faults.len() + faults.len();
    let rejected = parts.objection(&kept, &basis, failed_asserts, &head, &faults);
    let counts = parts.counts(ground.lexicon, n_typed, n_faults);
    match rejected {
        Some(reasons) => Judged {
            counts: failed(counts, &reasons),
            faults: reasons.clone(),
            dropped: Vec::new(),
            finding: Err(RejectedFinding {
                id: id.to_owned(),
                title: sanitise(&parts.head.text),
                text: sanitise(&parts.text()),
                verdict: worst(&reasons),
                reasons,
            }),
        },
        None => {
            kept.checks.insert(0, head);
            let finding = assemble(&parts, id, ground, &kept);
            Judged {
                counts: Grounding {
                    findings: 1,
                    supported: 1,
                    ordinary: usize::from(!finding.reportable),
                    significant: usize::from(finding.significant),
                    ..counts
                },
                dropped: kept.dropped,
                faults,
                finding: Ok(Box::new(finding)),
            }
        }
    }
}

impl Judged {
    /// A finding that says what an earlier one says is none of its own.
    pub(super) fn unless_told(self, earlier: &[Finding]) -> Self {
        let Ok(finding) = &self.finding else { return self };
        let same = |other: &&Finding| {
            other.text == finding.text
                || (other.kind == finding.kind && other.title == finding.title && other.evidence == finding.evidence)
        };
        let Some(twin) = earlier.iter().find(same) else {
            return self;
        };
        let reasons = vec![Reason::unsupported(
            "duplicate",
            format!("it says the same as {}", twin.id),
        )];
        Self {
            counts: failed(self.counts, &reasons),
            finding: Err(RejectedFinding {
                id: finding.id.clone(),
                title: finding.title.clone(),
                text: finding.text.clone(),
                verdict: Verdict::Unsupported,
                reasons: reasons.clone(),
            }),
            dropped: Vec::new(),
            faults: reasons,
        }
    }
}

impl Parts<'_> {
    /// Why the finding may not stand.
    fn objection(
        &self,
        kept: &Kept<'_>,
        basis: &Basis<'_>,
        failed_asserts: Vec<Reason>,
        head: &Checked,
        faults: &[Reason],
    ) -> Option<Vec<Reason>> {
        if self.sentences.is_empty() || self.head.text.is_empty() {
            return Some(vec![Reason::unsupported("empty", "there is no title or no text")]);
        }
        if !failed_asserts.is_empty() {
            return Some(failed_asserts);
        }
        if !head.faults.is_empty() {
            return Some(head.faults.clone());
        }
        let speaks = kept.sentences.iter().any(|part| !part.cells.is_empty())
            || (!self.held.is_empty() && !kept.sentences.is_empty());
        if kept.sentences.is_empty() || (!kept.dropped.is_empty() && !speaks) {
            return Some(faults.to_vec());
        }
        let counts_rows = |assert: &&Value| ["count_where", "trend"].contains(&string(assert, "op").as_str());
        if basis.cells.is_empty() && !self.asserts.iter().any(counts_rows) {
            return Some(vec![Reason::unsupported("bad_ref", "the finding cites no cell")]);
        }
        None
    }

    pub(super) fn rendered(&self) -> impl Iterator<Item = &Rendered> {
        self.sentences.iter().chain([&self.head])
    }

    fn text(&self) -> String {
        let texts: Vec<&str> = self.sentences.iter().map(|part| part.text.as_str()).collect();
        texts.join(" ")
    }

    fn counts(&self, lexicon: &Lexicon, n_typed: usize, n_faults: usize) -> Grounding {
        let pieces = || self.rendered().flat_map(|rendered| &rendered.pieces);
        let passed = pieces().count() + self.held.len() + n_typed;
        let has_content = |part: &&Rendered| {
            !part.pieces.is_empty()
                || !part.faults.is_empty()
                || !self.asserts.is_empty()
                || n_typed_in(part, lexicon) > 0
        };
        Grounding {
            atoms: Tally {
                checked: passed + n_faults,
                passed,
            },
            sentences: self.sentences.len(),
            checkable: self.sentences.iter().filter(has_content).count(),
            numbers_rendered: pieces()
                .filter(|piece| piece.is_number)
                .map(|piece| numerals(&piece.text).len().max(1))
                .sum(),
            numbers_typed: self.rendered().map(|part| n_typed_in(part, lexicon)).sum(),
            ..Grounding::default()
        }
    }

    /// Everything that title, text and asserts stand on together.
    fn basis<'e>(&self, ground: Ground<'e>) -> Basis<'e> {
        let mut addresses: Vec<String> = Vec::new();
        for rendered in self.rendered() {
            addresses.extend(rendered.cells.iter().cloned());
        }
        addresses.extend(self.held.iter().flat_map(|holds| holds.cells.iter().cloned()));
        let mut basis = Basis::of(ground, &addresses);
        for rendered in self.rendered() {
            for piece in &rendered.pieces {
                piece.rows.iter().for_each(|row| basis.use_row(row));
            }
        }
        for holds in &self.held {
            basis.signs.extend(holds.sign);
            basis.extremes.extend(holds.extreme);
            if let Some((kind, value)) = &holds.result {
                basis.stated.push(Quantity::stated(*kind, *value));
            }
        }
        for rendered in self.rendered() {
            basis.signs.extend(
                rendered
                    .pieces
                    .iter()
                    .filter(|piece| piece.is_change)
                    .filter_map(|piece| piece.sign),
            );
        }
        for assert in &self.asserts {
            for limit in ["threshold", "upper"]
                .iter()
                .filter_map(|name| assert.get(*name)?.as_f64())
            {
                let money = Kind::Money(
                    ground
                        .evidence
                        .currency
                        .as_deref()
                        .map(Currency::of)
                        .unwrap_or_default(),
                );
                for kind in [Kind::Plain, Kind::Percent, money] {
                    basis.stated.push(Quantity::stated(kind, limit));
                }
            }
        }
        basis
    }
}

/// Numbers that the model wrote itself; names, labels and dates are none.
fn n_typed_in(part: &Rendered, lexicon: &Lexicon) -> usize {
    numerals(&mask(&part.typed, Some(lexicon)).text).len()
}

/// The counts of a finding that did not pass.
fn failed(counts: Grounding, reasons: &[Reason]) -> Grounding {
    let contradicted = worst(reasons) == Verdict::Contradicted;
    Grounding {
        findings: 1,
        supported: 0,
        ordinary: 0,
        significant: 0,
        contradicted: usize::from(contradicted),
        unsupported: usize::from(!contradicted),
        ..counts
    }
}

fn worst(reasons: &[Reason]) -> Verdict {
    let verdicts = reasons.iter().map(|reason| reason.verdict);
    verdicts.max().unwrap_or(Verdict::Unsupported)
}
