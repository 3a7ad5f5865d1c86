//! The coordinator's reply, checked against the findings: it may join them, never add to them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::insight::{Conflict, Finding};

use super::advice;
use super::sentence::{Sentence, check_sentence};
use super::specialist::{items, string};
use super::text::{sanitise, sentences};

/// A coordinator's reply as far as it could be kept, all text rendered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckedCouncil {
    pub executive_summary: Vec<Sentence>,
    pub key_findings: Vec<KeyFinding>,
    pub cross_cutting_themes: Vec<Theme>,
    pub prioritized_recommendations: Vec<Recommendation>,
    pub confidence_assessment: String,
    pub next_steps: Vec<String>,
    /// How conflicts are to be settled, as far as the words pass.
    pub resolutions: Vec<Settled>,
    /// Everything left out, and why.
    pub dropped: Vec<Dropped>,
    /// False when nothing of the executive summary survived: then the report is assembled without the coordinator.
    pub usable: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyFinding {
    pub finding: String,
    /// Empty when the model's reason did not pass.
    pub why_it_matters: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Theme {
    pub theme: String,
    pub text: String,
    pub uses: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    pub action: String,
    /// high, medium or low.
    pub impact: String,
    /// small, medium or large.
    pub effort: String,
    pub owner: String,
    pub metric: String,
    pub check_after_days: u32,
    pub about: Vec<String>,
}

/// Which finding of a conflict is kept, and why: of a conflict that there is, and never without a reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// `C1`.
    pub conflict: String,
    pub keep: String,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// `executive_summary`, `key_findings` …
    pub part: String,
    pub text: String,
    pub reason: String,
}

/// Checks a reply that fits the coordinator schema; what does not fit is skipped. Of a conflict that the reply settles, only the
/// finding that is kept may be told.
pub fn coordinator(value: &Value, findings: &[Finding], conflicts: &[Conflict]) -> CheckedCouncil {
    let mut council = Council {
        findings,
        conflicts,
        given_up: Vec::new(),
        out: CheckedCouncil::default(),
    };
    council.resolutions(value);
    council.summary(value);
    council.key_findings(value);
    council.themes(value);
    council.recommendations(value);
    council.assessment(value);
    council.next_steps(value);
    council.out.usable = !council.out.executive_summary.is_empty();
    council.out
}

struct Council<'a> {
    findings: &'a [Finding],
    conflicts: &'a [Conflict],
    given_up: Vec<GivenUp>,
    out: CheckedCouncil,
}

/// A finding that lost a conflict.
struct GivenUp {
    finding: String,
    conflict: String,
    keep: String,
}

/// Why a sentence may not stand that rests on a finding which its own writer has decided against.
pub const GIVEN_UP: &str = "given_up";

impl Council<'_> {
    /// Refuses what rests on a finding that the reply itself gives up.
    fn stands(&self, uses: &[String]) -> Result<(), String> {
        match self.given_up.iter().find(|given| uses.contains(&given.finding)) {
            Some(GivenUp {
                finding,
                conflict,
                keep,
            }) => Err(format!(
                "{GIVEN_UP}: it rests on {finding}, and {conflict} was settled in favour of {keep}; use {keep}, or delete"
            )),
            None => Ok(()),
        }
    }

    fn sentence(&self, text: &str, uses: &[String], must_use: bool) -> Result<Sentence, String> {
        let sentence = check_sentence(text, uses, self.findings, must_use)?;
        self.stands(&sentence.uses)?;
        Ok(sentence)
    }

    fn drop(&mut self, part: &str, text: &str, reason: impl Into<String>) {
        self.out.dropped.push(Dropped {
            part: part.to_owned(),
            text: sanitise(text),
            reason: reason.into(),
        });
    }

    /// The ids among `names` that exist, spelled as the findings spell them.
    fn known(&self, raw: &Value, name: &str) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for id in items(raw, name).filter_map(Value::as_str) {
            let id = id.trim().trim_matches(['{', '}']);
            if let Some(finding) = self.findings.iter().find(|finding| finding.id.eq_ignore_ascii_case(id))
                && !out.contains(&finding.id)
            {
                out.push(finding.id.clone());
            }
        }
        out
    }

    fn summary(&mut self, value: &Value) {
        const PART: &str = "executive_summary";
        for raw in items(value, PART) {
            let uses = self.known(raw, "uses");
            for text in sentences(&string(raw, "text")) {
                match self.sentence(&text, &uses, true) {
                    Ok(sentence) => self.out.executive_summary.push(sentence),
                    Err(reason) => self.drop(PART, &text, reason),
                }
            }
        }
    }

    fn key_findings(&mut self, value: &Value) {
        const PART: &str = "key_findings";
        for raw in items(value, PART) {
            let id = string(raw, "finding");
            let why = string(raw, "why_it_matters");
            let Some(finding) = self
                .findings
                .iter()
                .find(|finding| finding.id.eq_ignore_ascii_case(&id))
            else {
                self.drop(PART, &why, format!("there is no finding {id}"));
                continue;
            };
            let id = finding.id.clone();
            if let Err(reason) = self.stands(std::slice::from_ref(&id)) {
                self.drop(PART, &why, reason);
                continue;
            }
            if self.out.key_findings.iter().any(|known| known.finding == id) {
                continue;
            }
            let why_it_matters = self.passing(PART, &why, std::slice::from_ref(&id), false);
            self.out.key_findings.push(KeyFinding {
                finding: id,
                why_it_matters,
            });
        }
    }

    /// The sentences of a text that pass; the others are listed as dropped.
    fn passing(&mut self, part: &str, text: &str, uses: &[String], must_use: bool) -> String {
        let mut kept = Vec::new();
        for sentence in sentences(text) {
            match self.sentence(&sentence, uses, must_use) {
                Ok(sentence) => kept.push(sentence.text),
                Err(reason) => self.drop(part, &sentence, reason),
            }
        }
        kept.join(" ")
    }

    fn themes(&mut self, value: &Value) {
        const PART: &str = "cross_cutting_themes";
        for raw in items(value, PART) {
            let uses = self.known(raw, "uses");
            let text = self.passing(PART, &string(raw, "text"), &uses, true);
            let theme = self.passing(PART, &string(raw, "theme"), &uses, false);
            if text.is_empty() || theme.is_empty() {
                continue;
            }
            self.out.cross_cutting_themes.push(Theme {
                theme: theme.trim_end_matches('.').to_owned(),
                text,
                uses,
            });
        }
    }

    fn recommendations(&mut self, value: &Value) {
        const PART: &str = "prioritized_recommendations";
        for raw in items(value, PART) {
            let action = string(raw, "action");
            let given = items(raw, "about").count();
            let about = self.known(raw, "about");
            if about.is_empty() && given > 0 {
                self.drop(PART, &action, "it stands on findings that do not exist");
                continue;
            }
            let words = match self.stands(&about).and_then(|()| self.advice(&action, &about)) {
                Ok(words) if !words.is_empty() => words,
                Ok(_) => continue,
                Err(reason) => {
                    self.drop(PART, &action, reason);
                    continue;
                }
            };
            let metric = match self.advice(&string(raw, "metric"), &about) {
                Ok(metric) => metric,
                Err(reason) => {
                    self.drop(PART, &string(raw, "metric"), reason);
                    String::new()
                }
            };
            let owner = advice::words_only(&string(raw, "owner"), None).unwrap_or_default();
            let days = raw
                .get("check_after_days")
                .and_then(Value::as_u64)
                .unwrap_or(14)
                .clamp(1, 90);
            self.out.prioritized_recommendations.push(Recommendation {
                action: words,
                impact: one_of(&string(raw, "impact"), ["high", "medium", "low"]),
                effort: one_of(&string(raw, "effort"), ["small", "medium", "large"]),
                owner,
                metric,
                check_after_days: u32::try_from(days).unwrap_or(14),
                about,
            });
        }
    }

    fn assessment(&mut self, value: &Value) {
        const PART: &str = "confidence_assessment";
        let text = match value.get(PART) {
            Some(Value::String(text)) => text.clone(),
            Some(raw) => string(raw, "text"),
            None => String::new(),
        };
        let ids = self.findings.iter().map(|finding| finding.id.clone());
        let kept: Vec<String> = ids.filter(|id| self.stands(std::slice::from_ref(id)).is_ok()).collect();
        self.out.confidence_assessment = self.passing(PART, &text, &kept, false);
    }

    fn next_steps(&mut self, value: &Value) {
        const PART: &str = "next_steps";
        for step in items(value, PART).filter_map(Value::as_str) {
            match self.advice(step, &[]) {
                Ok(words) if !words.is_empty() => self.out.next_steps.push(words),
                Ok(_) => {}
                Err(reason) => self.drop(PART, step, reason),
            }
        }
    }

    fn resolutions(&mut self, value: &Value) {
        const PART: &str = "resolutions";
        for raw in items(value, PART) {
            let keep = string(raw, "keep");
            let Some(finding) = self
                .findings
                .iter()
                .find(|finding| finding.id.eq_ignore_ascii_case(&keep))
            else {
                self.drop(
                    PART,
                    &string(raw, "why"),
                    format!("bad_ref: there is no finding {keep}"),
                );
                continue;
            };
            let keep = finding.id.clone();
            let id = string(raw, "conflict").to_uppercase();
            let known = self.conflicts.iter().find(|conflict| conflict.id == id);
            let Some(conflict) = known.filter(|conflict| conflict.findings.contains(&keep)) else {
                let why = format!("bad_ref: there is no conflict {id} that {keep} is part of");
                self.drop(PART, &string(raw, "why"), why);
                continue;
            };
            let is_settled = self.out.resolutions.iter().any(|settled| settled.conflict == id);
            let why = self.passing(PART, &string(raw, "why"), std::slice::from_ref(&keep), false);
            if is_settled || why.is_empty() {
                continue;
            }
            for lost in conflict.findings.iter().filter(|finding| **finding != keep) {
                self.given_up.push(GivenUp {
                    finding: lost.clone(),
                    conflict: id.clone(),
                    keep: keep.clone(),
                });
            }
            self.out.resolutions.push(Settled {
                conflict: id,
                keep,
                why,
            });
        }
    }

    /// Words only; a placeholder in advice would print a number or a whole finding.
    fn advice(&self, text: &str, about: &[String]) -> Result<String, String> {
        if text.contains("{{") || text.contains("}}") {
            return Err("bad_ref: advice holds no placeholders".to_owned());
        }
        let words = advice::words_only(text, None)?;
        let known: BTreeSet<&String> = self
            .findings
            .iter()
            .filter(|finding| about.contains(&finding.id))
            .flat_map(|finding| &finding.names)
            .collect();
        let strange = super::sentence::names_in(&words, self.findings)
            .into_iter()
            .find(|name| !about.is_empty() && !known.contains(name));
        match strange {
            Some(name) => Err(format!("name: {name} is not a subject of the findings cited")),
            None => Ok(words),
        }
    }
}

fn one_of(word: &str, allowed: [&str; 3]) -> String {
    let word = word.to_lowercase();
    if allowed.contains(&word.as_str()) {
        word
    } else {
        "medium".to_owned()
    }
}
