//! The numbers for Prometheus, as text. What the database keeps counts from its first call; what only events say counts from the
//! start of this server. No label is unbounded: no run hash, no user's text.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::PoisonError;

use super::fold::{Fold, Kind};
use super::health;
use super::outputs;
use super::runs::Run;
use super::{Problem, Shared};
use crate::store::{LATENCY_BUCKETS, Usage};

/// Counted from events while this server runs.
#[derive(Default)]
pub(super) struct Seen {
    /// How far each run was counted; none before the first look, whose runs are history.
    counted: Option<HashMap<String, Counted>>,
    retries: BTreeMap<&'static str, u64>,
    repairs: BTreeMap<String, u64>,
    waits: u64,
    wait_millis: u64,
}

#[derive(Clone, Default, PartialEq)]
struct Counted {
    started: String,
    ended: bool,
    retries: BTreeMap<String, u64>,
    waits: u64,
    wait_millis: u64,
}

impl Counted {
    fn of(fold: &Fold) -> Self {
        Self {
            started: fold.started.clone(),
            ended: fold.ended.is_some(),
            retries: fold.retries.clone(),
            waits: fold.waits,
            wait_millis: fold.wait_millis,
        }
    }
}

/// The classes of failures; anything else is `other`, so that a foreign file adds no label.
const CLASSES: [&str; 8] = [
    "transient",
    "rate_limit",
    "quota",
    "permanent",
    "configuration",
    "output",
    "deadline",
    "budget",
];

/// Different repairs that are counted under their own name.
const MOST_REPAIRS: usize = 100;

impl Seen {
    /// Adds what is new since the last look. Reads the disk for runs that ended.
    pub(super) fn look(&mut self, runs: &[Run]) {
        let now: HashMap<String, Counted> = runs
            .iter()
            .map(|run| (run.found.id.clone(), Counted::of(&run.fold)))
            .collect();
        let Some(before) = self.counted.replace(now) else {
            return;
        };
        let nothing = Counted::default();
        for run in runs {
            let known = before.get(&run.found.id);
            let known = known
                .filter(|known| known.started == run.fold.started)
                .unwrap_or(&nothing);
            self.add(&run.fold, known);
            if run.fold.ended.is_some() && !known.ended {
                self.add_repairs(run);
            }
        }
    }

    fn add(&mut self, fold: &Fold, known: &Counted) {
        for (class, count) in &fold.retries {
            let class = CLASSES.into_iter().find(|word| word == class).unwrap_or("other");
            let before = known.retries.get(class).copied().unwrap_or(0);
            *self.retries.entry(class).or_default() += count.saturating_sub(before);
        }
        self.waits += fold.waits.saturating_sub(known.waits);
        self.wait_millis += fold.wait_millis.saturating_sub(known.wait_millis);
    }

    fn add_repairs(&mut self, run: &Run) {
        let Some(summary) = outputs::json(run, "execution_summary.json") else {
            return;
        };
        let calls = summary["results"].as_array().into_iter().flatten();
        let names = calls.flat_map(|call| call["repairs"].as_array().into_iter().flatten());
        for name in names.filter_map(|name| name.as_str()) {
            let name = match self.repairs.len() < MOST_REPAIRS || self.repairs.contains_key(name) {
                true => name,
                false => "other",
            };
            *self.repairs.entry(name.to_owned()).or_default() += 1;
        }
    }
}

pub(super) async fn text(server: &Shared) -> Result<String, Problem> {
    let (usage, models, breakers, runs) = server
        .on_disk(|server| {
            let store = server.store();
            (store.usage(""), store.health(), store.breakers(), server.runs.list())
        })
        .await?;
    let mut page = Page::default();
    page.family("insights_build_info", "gauge", "What runs here");
    let commit = option_env!("INSIGHTS_COMMIT").unwrap_or("unknown");
    page.sample(
        "insights_build_info",
        &[("version", env!("CARGO_PKG_VERSION")), ("commit", commit)],
        1.0,
    );
    calls(&mut page, &usage);
    page.family(
        "insights_circuit_breaker_state",
        "gauge",
        "Whether a provider is asked: 0 closed, 1 half open, 2 open",
    );
    let mut providers: BTreeMap<&str, f64> = models.iter().map(|model| (model.provider.as_str(), 0.0)).collect();
    for breaker in &breakers {
        let state = if health::is_due(breaker) { 1.0 } else { 2.0 };
        let known = providers.entry(&breaker.provider).or_default();
        *known = known.max(state);
    }
    for (provider, state) in providers {
        page.sample("insights_circuit_breaker_state", &[("provider", provider)], state);
    }
    let seen = server.seen.lock().unwrap_or_else(PoisonError::into_inner);
    from_events(&mut page, &seen);
    drop(seen);
    latest_runs(&mut page, &runs);
    page.family("insights_serve_viewers", "gauge", "Open event streams");
    page.sample("insights_serve_viewers", &[], server.seats.taken() as f64);
    page.family(
        "insights_serve_viewers_dropped_total",
        "counter",
        "Event streams ended because the viewer did not keep up",
    );
    page.sample(
        "insights_serve_viewers_dropped_total",
        &[],
        server.seats.n_dropped() as f64,
    );
    page.family(
        "insights_serve_files_watched",
        "gauge",
        "Event files that somebody watches",
    );
    page.sample("insights_serve_files_watched", &[], server.followers.n_watched() as f64);
    Ok(page.0)
}

fn calls(page: &mut Page, usage: &[Usage]) {
    page.family(
        "insights_llm_requests_total",
        "counter",
        "Calls that went to a provider, by how they ended",
    );
    for row in usage.iter().filter(|row| row.asked > 0) {
        let [provider, model, role] = labels(row);
        let outcome = ("outcome", row.status.as_str());
        page.add(&[provider, model, role, outcome], row.asked as f64);
    }
    page.write_sums("insights_llm_requests_total");
    durations(page, usage);
    page.family("insights_llm_tokens_total", "counter", "Tokens that calls used");
    for row in usage {
        let [provider, model, _] = labels(row);
        for (kind, tokens) in [
            ("input", row.input_tokens.saturating_sub(row.cached_input_tokens)),
            ("cache_read", row.cached_input_tokens),
            ("output", row.output_tokens),
        ] {
            page.add(&[provider, model, ("type", kind)], tokens as f64);
        }
    }
    page.write_sums("insights_llm_tokens_total");
    page.family(
        "insights_llm_cost_usd_total",
        "counter",
        "US dollars of the calls whose price is known",
    );
    for row in usage {
        let [provider, model, _] = labels(row);
        page.add(&[provider, model], row.cost_usd);
    }
    page.write_sums("insights_llm_cost_usd_total");
    page.family(
        "insights_cache_lookups_total",
        "counter",
        "Calls by whether a kept reply answered",
    );
    let (kept, asked) = usage
        .iter()
        .fold((0, 0), |(kept, asked), row| (kept + row.kept, asked + row.asked));
    page.sample("insights_cache_lookups_total", &[("result", "hit")], kept as f64);
    page.sample("insights_cache_lookups_total", &[("result", "miss")], asked as f64);
}

fn labels(row: &Usage) -> [(&'static str, &str); 3] {
    [
        ("provider", &row.provider),
        ("model", &row.model),
        ("specialist", specialist(&row.role)),
    ]
}

/// All producers of explorations are one: there may be hundreds.
fn specialist(role: &str) -> &str {
    match role.strip_prefix("explore.p") {
        Some(number) if number.chars().all(|digit| digit.is_ascii_digit()) => "explore",
        _ => role,
    }
}

fn durations(page: &mut Page, usage: &[Usage]) {
    let name = "insights_llm_request_duration_seconds";
    page.family(name, "histogram", "Time of a call with its retries and waits");
    let mut by_model: BTreeMap<(&str, &str), Usage> = BTreeMap::new();
    for row in usage.iter().filter(|row| row.asked > 0) {
        let sum = by_model.entry((&row.provider, &row.model)).or_default();
        sum.asked += row.asked;
        sum.millis += row.millis;
        for (sum, count) in sum.within.iter_mut().zip(row.within) {
            *sum += count;
        }
    }
    for ((provider, model), sum) in by_model {
        let labels: [(&str, &str); 2] = [("provider", provider), ("model", model)];
        for (bucket, count) in LATENCY_BUCKETS.iter().zip(sum.within) {
            let end = bucket.to_string();
            page.sample(
                &format!("{name}_bucket"),
                &[labels[0], labels[1], ("le", &end)],
                count as f64,
            );
        }
        page.sample(
            &format!("{name}_bucket"),
            &[labels[0], labels[1], ("le", "+Inf")],
            sum.asked as f64,
        );
        page.sample(&format!("{name}_sum"), &labels, sum.millis as f64 / 1000.0);
        page.sample(&format!("{name}_count"), &labels, sum.asked as f64);
    }
}

fn from_events(page: &mut Page, seen: &Seen) {
    page.family(
        "insights_llm_retries_total",
        "counter",
        "Retries seen since this server started",
    );
    for reason in CLASSES.into_iter().chain(["other"]) {
        let count = seen.retries.get(reason).copied().unwrap_or(0);
        page.sample("insights_llm_retries_total", &[("reason", reason)], count as f64);
    }
    page.family(
        "insights_rate_limiter_wait_seconds",
        "summary",
        "Waits of calls for room under a limit, seen since this server started",
    );
    page.sample(
        "insights_rate_limiter_wait_seconds_sum",
        &[],
        seen.wait_millis as f64 / 1000.0,
    );
    page.sample("insights_rate_limiter_wait_seconds_count", &[], seen.waits as f64);
    page.family(
        "insights_json_repairs_total",
        "counter",
        "Repairs of replies in runs that ended since this server started",
    );
    for (stage, count) in &seen.repairs {
        page.sample("insights_json_repairs_total", &[("stage", stage)], *count as f64);
    }
}

/// Of council runs: the last that ended, and the last that was complete.
fn latest_runs(page: &mut Page, runs: &[Run]) {
    let ended = |run: &&Run| run.fold.kind == Kind::Council && run.fold.ended.is_some();
    let last = runs.iter().filter(ended).max_by_key(|run| run.fold.latest.clone());
    let success = runs.iter().filter(ended).filter(|run| run.state == "complete");
    let success = success.max_by_key(|run| run.fold.latest.clone());
    for (name, help, run) in [
        ("insights_last_run_timestamp_seconds", "When the last run ended", last),
        (
            "insights_last_success_timestamp_seconds",
            "When the last complete run ended",
            success,
        ),
    ] {
        page.family(name, "gauge", help);
        if let Some(moment) = run.and_then(|run| run.fold.latest.parse::<jiff::Timestamp>().ok()) {
            page.sample(name, &[], moment.as_millisecond() as f64 / 1000.0);
        }
    }
    page.family("insights_run_duration_seconds", "gauge", "Of the last run, by stage");
    page.family(
        "insights_last_run_specialists",
        "gauge",
        "Specialists of the last run by how they ended",
    );
    let Some(run) = last else { return };
    let total = run.fold.millis.unwrap_or(0);
    let data = run.fold.data_millis.unwrap_or(0);
    for (stage, millis) in [
        ("data", data),
        ("council", total.saturating_sub(data)),
        ("total", total),
    ] {
        page.sample(
            "insights_run_duration_seconds",
            &[("stage", stage)],
            millis as f64 / 1000.0,
        );
    }
    let reported = run.fold.lanes.iter().filter(|lane| lane.findings.is_some()).count();
    for (status, count) in [("reported", reported), ("missing", run.fold.missing)] {
        page.sample("insights_last_run_specialists", &[("status", status)], count as f64);
    }
}

/// The text so far.
#[derive(Default)]
struct Page(String, BTreeMap<String, f64>);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _a_string_takes_it = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels = labelled(labels);
        let _a_string_takes_it = writeln!(self.0, "{name}{labels} {value}");
    }

    /// Of several rows with the same labels the sum is written, by `write_sums`.
    fn add(&mut self, labels: &[(&str, &str)], value: f64) {
        *self.1.entry(labelled(labels)).or_default() += value;
    }

    fn write_sums(&mut self, name: &str) {
        for (labels, value) in std::mem::take(&mut self.1) {
            let _a_string_takes_it = writeln!(self.0, "{name}{labels} {value}");
        }
    }
}

fn labelled(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{{{}}}", pairs.join(","))
}
