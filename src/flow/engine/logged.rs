//! The session log as the engine's memory: every call an interaction, every usable reply a step that a later try does not pay for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::session::{Interaction, Review, Session, StepKey, StoredReply};
use crate::prompt::{Kind, Pattern};
use crate::store::session::{self, Metadata, Purpose};

/// A session of the store, for the runs of one pattern. Whoever began the session says how it ended.
#[derive(Debug)]
pub struct Logged {
    session: session::Session,
    kinds: BTreeMap<String, Kind>,
}

impl Logged {
    pub fn new(session: session::Session, pattern: &Pattern) -> Self {
        let kinds = pattern.stages.iter().map(|stage| (stage.name.clone(), stage.kind));
        Self {
            session,
            kinds: kinds.collect(),
        }
    }

    fn purpose(&self, stage: &str, role: &str) -> Purpose {
        let about = role.strip_prefix(stage).and_then(|rest| rest.split('.').nth(1));
        match self.kinds.get(stage) {
            Some(Kind::Review | Kind::Ranking) => Purpose::Review,
            Some(Kind::Refine) if matches!(about, Some("review" | "critique" | "compare")) => Purpose::Review,
            Some(Kind::Refine) => Purpose::Refinement,
            Some(_) if role.ends_with(".correct") => Purpose::Refinement,
            _ => Purpose::Prompt,
        }
    }
}

impl Session for Logged {
    fn answered(&self, step: &StepKey) -> Option<StoredReply> {
        let kept = self.session.answered(step.as_str())?;
        serde_json::from_value(kept).ok()
    }

    fn keep(&self, step: &StepKey, reply: &StoredReply) {
        self.session.keep(step.as_str(), json!(reply));
    }

    fn interaction(&self, interaction: &Interaction<'_>) {
        let call = interaction.call;
        let mut metadata = Metadata::new();
        let facts = [
            ("pattern", json!(interaction.pattern)),
            ("status", json!(call.status)),
            ("provider", json!(call.provider)),
            ("model", json!(call.model)),
            ("attempts", json!(call.attempts)),
            ("reasks", json!(call.reasks)),
            ("input_tokens", json!(call.input_tokens)),
            ("output_tokens", json!(call.output_tokens)),
            ("cost_usd", json!(call.cost_usd)),
            ("latency_millis", json!(call.latency_millis)),
            ("cached", json!(call.cached)),
            ("resumed", json!(interaction.resumed)),
            (
                "error",
                call.error.as_ref().map_or(Value::Null, |why| json!(why.message)),
            ),
        ];
        metadata.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        self.session.interaction(session::Interaction {
            sequence: 0,
            purpose: self.purpose(interaction.stage, &interaction.request.role),
            stage: interaction.stage.to_owned(),
            role: interaction.request.role.clone(),
            content: interaction.reply.map(|reply| reply.text.clone()),
            created: String::new(),
            metadata,
        });
    }

    fn review(&self, review: &Review) {
        self.session.review(session::Review {
            sequence: 0,
            stage: review.stage.clone(),
            judge: review.judge.clone(),
            of: review.of.clone(),
            score: review.score,
            feedback: Some(review.feedback.clone()),
            suggestions: review.suggestions.clone(),
            created: String::new(),
        });
    }
}
