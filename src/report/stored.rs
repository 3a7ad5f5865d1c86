//! A finished run read back from its JSON files, so that its report can be written again without data, call or clock.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Breaker, Facts, SourceFacts, Status};
use crate::evidence::charts::Charts;
use crate::evidence::{Evidence, Kpi};
use crate::insight::{
    Advice, Analyst, CallRecord, Conflict, Coordinated, CoordinatorStatus, Council, Finding, Grounding, KeyFinding,
    Outcome, Rejected, Remark, ReviewRound, SpecialistReport, Theme, Why,
};

/// The bytes of the files of `outputs/insights`.
#[derive(Debug, Clone, Copy)]
pub struct StoredFiles<'a> {
    pub summary: &'a [u8],
    pub evidence: &'a [u8],
    pub children: &'a [u8],
    pub coordinated: &'a [u8],
}

/// Everything that the report of a finished run is made of.
#[derive(Debug)]
pub struct Stored {
    run_hash: String,
    status: Status,
    source: SourceFacts,
    evidence: Vec<Evidence>,
    kpis: Vec<Kpi>,
    charts: Charts,
    council: Council,
    command: String,
    breakers: Vec<Breaker>,
}

#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("`{file}` is not what a finished run writes: {source}")]
    File {
        file: &'static str,
        source: serde_json::Error,
    },
    #[error("the run is {}: it has no report", .0.word())]
    NoReport(Status),
}

impl Stored {
    /// # Errors
    /// A file is damaged or of another program, or the run ended without a report.
    pub fn read(files: &StoredFiles<'_>) -> Result<Self, Unreadable> {
        let begun: Begun = parse("execution_summary.json", files.summary)?;
        if begun.status == Status::Interrupted {
            return Err(Unreadable::NoReport(begun.status));
        }
        let mut summary: Summary = parse("execution_summary.json", files.summary)?;
        let mut facts: EvidenceFile = parse("evidence.json", files.evidence)?;
        let mut children: BTreeMap<String, Map<String, Value>> = parse("child_insights.json", files.children)?;
        let joined: Joined = parse("coordinated_insights.json", files.coordinated)?;
        let titles = &summary.analyst_titles;
        let mut outcomes = Vec::new();
        for key in &summary.child_analysts {
            let child = children.remove(key).unwrap_or_default();
            let checks = summary.checks.remove(key).unwrap_or_default();
            let outcome = outcome(child, titles, checks).map_err(|source| Unreadable::File {
                file: "child_insights.json",
                source,
            })?;
            outcomes.push((named(key, titles), outcome));
        }
        // In the order of the council; a JSON object keeps none.
        let mut evidence = Vec::new();
        for (analyst, _) in &outcomes {
            if let Some(mut own) = facts.evidence.remove(analyst.key()) {
                own.analyst = *analyst;
                evidence.push(own);
            }
        }
        Ok(Self {
            run_hash: summary.run_hash,
            status: begun.status,
            source: summary.data,
            evidence,
            kpis: facts.key_figures,
            charts: facts.charts,
            council: Council {
                outcomes,
                conflicts: joined.conflicts.clone(),
                coordinated: joined.coordinated(titles, summary.checks.remove("coordinator").unwrap_or_default()),
                calls: summary.results,
                grounding: summary.grounding,
                wall_millis: 0,
            },
            command: summary.command,
            breakers: summary.breakers,
        })
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts {
            run_hash: &self.run_hash,
            status: self.status,
            source: &self.source,
            evidence: &self.evidence,
            kpis: &self.kpis,
            charts: &self.charts,
            council: &self.council,
            command: &self.command,
            breakers: &self.breakers,
        }
    }
}

/// What the summary of every run says, however it ended.
#[derive(Deserialize)]
struct Begun {
    status: Status,
}

#[derive(Deserialize)]
struct Summary {
    run_hash: String,
    child_analysts: Vec<String>,
    /// Of analysts that a pattern added.
    #[serde(default)]
    analyst_titles: BTreeMap<String, String>,
    data: SourceFacts,
    results: Vec<CallRecord>,
    grounding: Grounding,
    #[serde(default)]
    checks: BTreeMap<String, Checks>,
    #[serde(default)]
    breakers: Vec<Breaker>,
    #[serde(default)]
    command: String,
}

/// What was left out of one reply, and every look at it.
#[derive(Default, Deserialize)]
struct Checks {
    dropped: Vec<Rejected>,
    reviews: Vec<ReviewRound>,
}

#[derive(Deserialize)]
struct EvidenceFile {
    evidence: BTreeMap<String, Evidence>,
    key_figures: Vec<Kpi>,
    #[serde(default)]
    charts: Charts,
}

#[derive(Deserialize)]
struct Joined {
    summary_sentences: Vec<Sentence>,
    key_findings: Vec<KeyFinding>,
    cross_cutting_themes: Vec<Theme>,
    prioritized_recommendations: Vec<Advice>,
    confidence_assessment: Assessment,
    next_steps: Vec<String>,
    #[serde(default)]
    conflicts: Vec<Conflict>,
    metadata: JoinedMetadata,
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    uses: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Assessment {
    score: Option<f64>,
    text: String,
}

#[derive(Deserialize)]
struct JoinedMetadata {
    coordinator: CoordinatorStatus,
    coordinator_error: Option<Why>,
}

impl Joined {
    fn coordinated(self, titles: &BTreeMap<String, String>, checks: Checks) -> Coordinated {
        let (executive_summary, uses): (Vec<String>, Vec<Option<Vec<String>>>) = self
            .summary_sentences
            .into_iter()
            .map(|sentence| (sentence.text, sentence.uses))
            .unzip();
        let mut key_findings = self.key_findings;
        for finding in &mut key_findings {
            finding.analyst = named(finding.analyst.key(), titles);
        }
        Coordinated {
            status: self.metadata.coordinator,
            why: self.metadata.coordinator_error,
            executive_summary,
            // Sentences of the template have none.
            summary_uses: uses.into_iter().map_while(|uses| uses).collect(),
            key_findings,
            themes: self.cross_cutting_themes,
            recommendations: self.prioritized_recommendations,
            confidence_text: self.confidence_assessment.text,
            confidence_score: self.confidence_assessment.score,
            next_steps: self.next_steps,
            dropped: checks.dropped,
            reviews: checks.reviews,
        }
    }
}

fn outcome(
    mut child: Map<String, Value>,
    titles: &BTreeMap<String, String>,
    checks: Checks,
) -> serde_json::Result<Outcome> {
    if let Some(error) = child.remove("error") {
        return Ok(Outcome::Missing(serde_json::from_value(error)?));
    }
    let mut metadata: Map<String, Value> = take(&mut child, "metadata")?;
    let is_empty = child.remove("nothing_to_read").is_some();
    // Their words stand in the summary.
    child.remove("rejected");
    let mut findings: Vec<Finding> = take(&mut child, "findings")?;
    for finding in &mut findings {
        finding.analyst = named(finding.analyst.key(), titles);
    }
    let report = SpecialistReport {
        findings,
        hypotheses: take::<Vec<Remark>>(&mut child, "hypotheses")?,
        recommendations: take::<Vec<Remark>>(&mut child, "recommendations")?,
        data_gaps: take(&mut child, "data_gaps")?,
        rejected: checks.dropped,
        confidence_score: take(&mut child, "confidence_score")?,
        grounding: take(&mut metadata, "grounding")?,
        reviews: checks.reviews,
        // What else there is are the analyst's own section objects.
        sections: child,
    };
    Ok(match is_empty {
        true => Outcome::NothingToRead(Box::new(report)),
        false => Outcome::Reported(Box::new(report)),
    })
}

/// An absent value is as good as its default.
fn take<T: DeserializeOwned + Default>(from: &mut Map<String, Value>, key: &str) -> serde_json::Result<T> {
    from.remove(key)
        .map_or_else(|| Ok(T::default()), serde_json::from_value)
}

/// An added analyst's title stands beside its key, not in it.
fn named(key: &str, titles: &BTreeMap<String, String>) -> Analyst {
    Analyst::named(key, titles.get(key).map_or("", String::as_str))
}

fn parse<T: DeserializeOwned>(file: &'static str, bytes: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(bytes).map_err(|source| Unreadable::File { file, source })
}
