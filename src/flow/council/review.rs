//! The program's own review of a reply: what goes back, what of the correction is taken, and the record of both.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::evidence::Evidence;
use crate::flow::engine::{Answer, Review, Verdict};
use crate::insight::{Conflict, Finding, Grounding, ReviewRound, Tally};
use crate::prompt::Stage;
use crate::reply::{self, CheckedCouncil, CheckedSpecialist};

/// Who judges: no model.
const JUDGE: &str = "verifier";

/// Every look at every reply, by role.
#[derive(Debug, Default)]
pub(super) struct Reviews {
    rounds: BTreeMap<String, Vec<ReviewRound>>,
    specialists: BTreeMap<String, Seen<CheckedSpecialist>>,
    coordinator: Option<Seen<CheckedCouncil>>,
}

/// A reply with what its check found: the review and the report need the same check once.
#[derive(Debug)]
struct Seen<C> {
    reply: Value,
    checked: C,
}

impl Reviews {
    /// The check of a specialist's reply.
    pub(super) fn checked(&mut self, role: &str, reply: &Value, evidence: &Evidence) -> CheckedSpecialist {
        match self.specialists.remove(role) {
            Some(seen) if seen.reply == *reply => seen.checked,
            _ => reply::specialist(reply, evidence),
        }
    }

    /// The check of the coordinator's reply.
    pub(super) fn checked_council(
        &mut self,
        reply: &Value,
        findings: &[Finding],
        conflicts: &[Conflict],
    ) -> CheckedCouncil {
        match self.coordinator.take() {
            Some(seen) if seen.reply == *reply => seen.checked,
            _ => reply::coordinator(reply, findings, conflicts),
        }
    }

    pub(super) fn of(&self, role: &str) -> Vec<ReviewRound> {
        self.rounds.get(role).cloned().unwrap_or_default()
    }

    /// What the corrections of a role came to.
    pub(super) fn counts(&self, role: &str) -> Grounding {
        let rounds = self.rounds.get(role).map(Vec::as_slice).unwrap_or_default();
        let is_back = |round: &&ReviewRound| {
            !(round.accepted.is_empty() && round.refused.is_empty() && round.withdrawn.is_empty())
        };
        Grounding {
            corrections: rounds.iter().filter(is_back).count(),
            corrected: rounds.iter().map(|round| round.accepted.len()).sum(),
            ..Grounding::default()
        }
    }

    pub(super) fn specialist(&mut self, stage: &Stage, answer: &Answer, evidence: &Evidence) -> Option<Verdict> {
        let value = answer.value.as_ref()?;
        let checked = self.checked(&answer.name, value, evidence);
        let failing = reply::failing(value, &checked);
        let told = match &failing {
            Some(failing) => {
                let n = failing.findings.as_array().map_or(0, Vec::len);
                format!("{n} of {} findings do not hold.", checked.grounding.findings)
            }
            None => format!("All {} findings hold.", checked.grounding.findings),
        };
        // A model that took a finding back is not asked for it again.
        let withdrawn: Vec<String> = self
            .of(&answer.name)
            .into_iter()
            .flat_map(|round| round.withdrawn)
            .collect();
        let is_open = checked.faults.keys().any(|id| !withdrawn.contains(id));
        let failing = failing.filter(|_| is_open);
        let feedback = failing.as_ref().map(|failing| failing.feedback.clone());
        let draft = failing.map_or_else(String::new, |failing| format!("{:#}", failing.findings));
        let atoms = checked.grounding.atoms;
        let seen = Seen {
            reply: value.clone(),
            checked,
        };
        self.specialists.insert(answer.name.clone(), seen);
        Some(self.noted(stage, answer, atoms, told, feedback, draft))
    }

    pub(super) fn coordinator(
        &mut self,
        stage: &Stage,
        answer: &Answer,
        findings: &[Finding],
        conflicts: &[Conflict],
    ) -> Option<Verdict> {
        let value = answer.value.as_ref()?;
        let checked = self.checked_council(value, findings, conflicts);
        let n_kept = checked.executive_summary.len() + checked.key_findings.len() + checked.cross_cutting_themes.len();
        let n_dropped = checked.dropped.len();
        let dropped = checked.dropped.iter();
        let lines: Vec<String> = dropped
            .map(|dropped| format!("{}: \"{}\": {}", dropped.part, dropped.text, dropped.reason))
            .collect();
        let told = match n_dropped {
            0 => "Every sentence holds.".to_owned(),
            n => format!("{n} sentences do not hold."),
        };
        let atoms = Tally {
            checked: n_kept + n_dropped,
            passed: n_kept,
        };
        let feedback = (n_dropped > 0).then_some(lines);
        let draft = feedback.as_ref().map_or_else(String::new, |_| format!("{value:#}"));
        self.coordinator = Some(Seen {
            reply: value.clone(),
            checked,
        });
        Some(self.noted(stage, answer, atoms, told, feedback, draft))
    }

    fn noted(
        &mut self,
        stage: &Stage,
        answer: &Answer,
        atoms: Tally,
        told: String,
        feedback: Option<Vec<String>>,
        draft: String,
    ) -> Verdict {
        let rounds = self.rounds.entry(answer.name.clone()).or_default();
        rounds.push(ReviewRound {
            round: rounds.len() + 1,
            atoms,
            feedback: feedback.clone().unwrap_or_default(),
            ..ReviewRound::default()
        });
        Verdict {
            review: Review {
                stage: stage.name.clone(),
                judge: JUDGE.to_owned(),
                of: answer.name.clone(),
                score: atoms.share().unwrap_or(1.0),
                feedback: told,
                suggestions: feedback.clone().unwrap_or_default(),
            },
            draft,
            feedback,
        }
    }

    pub(super) fn revised(&mut self, answer: &Answer, correction: &Value, evidence: &Evidence) -> Value {
        let before = answer.value.clone().unwrap_or_default();
        let checked = self.checked(&answer.name, &before, evidence);
        let revised = reply::revised(&before, &checked, correction, evidence);
        if let Some(round) = self.rounds.get_mut(&answer.name).and_then(|rounds| rounds.last_mut()) {
            round.accepted = revised.accepted;
            round.refused = revised.refused;
            round.withdrawn = revised.withdrawn;
        }
        revised.value
    }

    /// The whole reply of the coordinator, if strictly fewer of its sentences fail.
    pub(super) fn rejoined(
        &mut self,
        answer: &Answer,
        correction: &Value,
        findings: &[Finding],
        conflicts: &[Conflict],
    ) -> Value {
        let before = answer.value.clone().unwrap_or_default();
        let n_before = self.checked_council(&before, findings, conflicts).dropped.len();
        let better = reply::coordinator(correction, findings, conflicts).dropped.len() < n_before;
        if let Some(round) = self.rounds.get_mut(&answer.name).and_then(|rounds| rounds.last_mut()) {
            let taken = vec![answer.name.clone()];
            if better {
                round.accepted = taken
            } else {
                round.refused = taken
            }
        }
        if better { correction.clone() } else { before }
    }
}
