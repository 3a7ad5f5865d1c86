//! What the data, the providers and the call layer say of themselves, in the report's words.

use crate::data::Dataset;
use crate::evidence::{self, Evidence};
use crate::llm::{self, Llm};
use crate::report::{Breaker, GateFacts, MappedRole, SourceFacts, Spending};

pub(super) fn source(dataset: &Dataset, evidence: &[Evidence]) -> SourceFacts {
    let summary = &dataset.summary;
    let mut notes = summary.notes.clone();
    notes.extend(summary.limits.iter().cloned());
    if let Some(day) = summary.partial_last_day {
        notes.push(format!("the data end inside {day}; its numbers are not final"));
    }
    SourceFacts {
        kind: dataset.source.kind.clone(),
        files: dataset.source.files.clone(),
        rows: summary.rows_read,
        rows_in_window: summary.rows_used,
        bad_rows: summary.bad_rows,
        users: summary.totals.users,
        first_day: summary.first_day.map(|day| day.to_string()),
        last_day: summary.last_day.map(|day| day.to_string()),
        fingerprint: dataset.source.fingerprint.clone(),
        mapping: dataset
            .mapping
            .iter()
            .map(|mapped| MappedRole {
                role: mapped.role.clone(),
                column: mapped.column.clone(),
                reason: mapped.reason.clone(),
            })
            .collect(),
        notes,
        gate: GateFacts {
            verdicts: evidence::verdicts(evidence),
            checks: summary
                .gate
                .checks
                .iter()
                .map(|check| serde_json::json!(check))
                .collect(),
        },
    }
}

pub(super) fn breakers(llm: &Llm) -> Vec<Breaker> {
    let health = llm.health().into_iter();
    health
        .map(|target| Breaker {
            provider: target.provider,
            model: target.model,
            state: target.state.word().to_owned(),
            since: target.since,
            until: target.until,
            reason: target.reason,
        })
        .collect()
}

pub(super) fn spending(spent: llm::Spending, prices_of: &str) -> Spending {
    Spending {
        requests: spent.calls,
        tokens: spent.tokens,
        cost_usd: spent.cost_usd,
        max_cost_usd: spent.caps.cost_usd,
        max_calls: spent.caps.calls,
        max_tokens: spent.caps.tokens,
        prices_of: prices_of.to_owned(),
    }
}
