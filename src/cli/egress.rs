//! `insights evidence --egress`: every byte that a run would send, by the provider that would get it. Nothing is sent.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config;
use crate::data::Dataset;
use crate::event::Events;
use crate::evidence::Evidence;
use crate::flow::{self, PlannedCall};
use crate::llm::Llm;
use crate::prompt::Prompts;

use super::exit::{Code, Failure};

/// The list as JSON.
pub(super) fn list(settings: &config::Run, dataset: &Dataset, evidence: Vec<Evidence>) -> Result<Value, Failure> {
    let llm = Llm::new(settings.models.options.clone(), None, Events::silent())
        .map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
    let prompts = Prompts::load(&settings.prompts)?;
    let evidence = flow::own_evidence(&prompts, evidence)?;
    let plan = flow::plan(&llm, &prompts, &evidence, &settings.flow)?;
    let made: Vec<&PlannedCall> = plan.calls.iter().filter(|call| call.skipped.is_none()).collect();
    let mut providers: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for call in &made {
        for (vendor, models) in by_vendor(call) {
            providers.entry(vendor).or_default().push(described(call, &models));
        }
    }
    let providers: Vec<Value> = providers
        .into_iter()
        .map(|(vendor, calls)| {
            let bytes: u64 = calls.iter().filter_map(|call| call["bytes"].as_u64()).sum();
            json!({"provider": vendor, "host": llm.host_of(vendor), "bytes": bytes, "calls": calls})
        })
        .collect();
    let skipped: Vec<Value> = plan
        .calls
        .iter()
        .filter_map(|call| Some(json!({"role": call.role, "why": call.skipped.as_ref()?})))
        .collect();
    Ok(json!({
        "sent": false,
        "providers": providers,
        "not_asked": skipped,
        "columns_never_sent": never_sent(dataset),
    }))
}

/// The providers that may get a call, with their models in the order of the plan; a fallback gets the same bytes.
fn by_vendor(call: &PlannedCall) -> Vec<(&str, Vec<String>)> {
    let mut vendors: Vec<(&str, Vec<String>)> = Vec::new();
    for step in &call.plan {
        let model = step.target.to_string();
        match vendors.iter_mut().find(|(vendor, _)| *vendor == step.target.vendor) {
            Some((_, models)) if models.contains(&model) => {}
            Some((_, models)) => models.push(model),
            None => vendors.push((&step.target.vendor, vec![model])),
        }
    }
    vendors
}

fn described(call: &PlannedCall, models: &[String]) -> Value {
    let first = call.models().first().is_some_and(|first| models.contains(first));
    json!({
        "role": call.role,
        "models": models,
        "when": if first { "asked first" } else { "asked when those before it cannot answer" },
        "bytes": call.system.len() + call.user.len(),
        "later": if call.role == "coordinator" { "and the checked findings of the specialists, as sentences" } else { "" },
        "system": call.system,
        "user": call.user,
    })
}

/// Columns of which no value is shown to anybody, only counts and sums.
fn never_sent(dataset: &Dataset) -> Vec<&str> {
    let shown = |column: &crate::data::ColumnProfile| match column.role.as_deref() {
        Some("event" | "country" | "platform" | "channel" | "currency") => true,
        Some(_) => false,
        None => {
            let mut dimensions = dataset.segmentation.dimensions.iter();
            dimensions.any(|dimension| dimension.dimension == column.name)
        }
    };
    let columns = dataset.summary.columns.iter();
    columns
        .filter(|column| !shown(column))
        .map(|column| column.name.as_str())
        .collect()
}

/// The list for a person: who gets what, then every prompt in full.
pub(super) fn shown(list: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for provider in items(&list["providers"]) {
        let host = provider["host"].as_str().unwrap_or("this machine only");
        lines.push(format!(
            "{} ({host}) would get {} bytes; nothing was sent",
            text(&provider["provider"]),
            provider["bytes"]
        ));
        for call in items(&provider["calls"]) {
            let models: Vec<String> = items(&call["models"]).map(text).collect();
            lines.push(format!(
                "  {:<22} {:>7} bytes  {}, {} {}",
                text(&call["role"]),
                call["bytes"],
                models.join(", "),
                text(&call["when"]),
                text(&call["later"])
            ));
        }
    }
    for call in items(&list["not_asked"]) {
        lines.push(format!(
            "  {:<22} not asked: {}",
            text(&call["role"]),
            text(&call["why"])
        ));
    }
    let never: Vec<String> = items(&list["columns_never_sent"]).map(text).collect();
    lines.push(format!(
        "values that are never sent, of the columns: {}",
        never.join(", ")
    ));
    let mut told: Vec<&str> = Vec::new();
    for call in items(&list["providers"]).flat_map(|provider| items(&provider["calls"])) {
        let role = call["role"].as_str().unwrap_or_default();
        if !told.contains(&role) {
            told.push(role);
            lines.push(format!("\n# {role}: system\n\n{}", text(&call["system"]).trim()));
            lines.push(format!("\n# {role}: user\n\n{}", text(&call["user"]).trim()));
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
