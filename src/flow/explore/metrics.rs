//! What an exploration brought and took, as a whole and by producer, provider, model, family and iteration.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::journal::Entry;
use crate::event::IterationYield;

/// Sums over batches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sums {
    pub batches: u64,
    pub failed_batches: u64,
    pub received: u64,
    pub unique: u64,
    pub repeated: u64,
    pub near: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Null once something was billed whose price nobody knows.
    pub cost_usd: Option<f64>,
    pub call_seconds: f64,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            batches: 0,
            failed_batches: 0,
            received: 0,
            unique: 0,
            repeated: 0,
            near: 0,
            input_tokens: 0,
            output_tokens: 0,
            cost_usd: Some(0.0),
            call_seconds: 0.0,
        }
    }
}

impl Sums {
    fn add(&mut self, entry: &Entry) {
        self.batches += 1;
        self.failed_batches += u64::from(entry.error.is_some());
        self.received += entry.received;
        self.unique += entry.new.len() as u64;
        self.repeated += entry.repeated;
        self.near += entry.near;
        self.input_tokens += entry.input_tokens;
        self.output_tokens += entry.output_tokens;
        self.cost_usd = self.cost_usd.zip(entry.cost_usd).map(|(sum, cost)| sum + cost);
        self.call_seconds += entry.millis as f64 / 1000.0;
    }
}

#[derive(Debug, Default)]
pub struct Totals {
    pub all: Sums,
    pub elapsed_millis: u64,
    pub last_batch: u64,
    producers: BTreeMap<usize, Sums>,
    models: BTreeMap<String, Sums>,
    families: BTreeMap<&'static str, Sums>,
    iterations: BTreeMap<u64, Sums>,
    /// The last iteration of each producer.
    pub reached: BTreeMap<usize, u64>,
}

/// Iterations that an event tells.
const LATEST: usize = 50;

impl Totals {
    pub fn add(&mut self, entry: &Entry) {
        self.all.add(entry);
        self.elapsed_millis = self.elapsed_millis.max(entry.elapsed_millis);
        self.last_batch = self.last_batch.max(entry.batch);
        self.producers.entry(entry.producer).or_default().add(entry);
        let model = entry.model.clone().unwrap_or_else(|| "none".to_owned());
        self.models.entry(model).or_default().add(entry);
        self.families.entry(entry.family.word()).or_default().add(entry);
        self.iterations.entry(entry.iteration).or_default().add(entry);
        let reached = self.reached.entry(entry.producer).or_default();
        *reached = entry.iteration.max(*reached);
    }

    /// Unique attributes a minute.
    pub fn uam(&self, elapsed_millis: u64) -> f64 {
        rate(self.all.unique as f64, elapsed_millis as f64 / 60_000.0).unwrap_or_default()
    }

    pub fn latest(&self) -> Vec<IterationYield> {
        let skipped = self.iterations.len().saturating_sub(LATEST);
        let latest = self.iterations.iter().skip(skipped);
        let yields = latest.map(|(iteration, sums)| IterationYield {
            iteration: *iteration,
            received: sums.received,
            unique: sums.unique,
        });
        yields.collect()
    }

    pub(super) fn summary(&self, elapsed_millis: u64) -> Value {
        let minutes = elapsed_millis as f64 / 60_000.0;
        let unique = self.all.unique as f64;
        let tokens = (self.all.input_tokens + self.all.output_tokens) as f64;
        let mut summary = json!(self.all);
        summary["elapsed_seconds"] = json!(elapsed_millis as f64 / 1000.0);
        summary["uam"] = json!(rate(unique, minutes));
        summary["cost_per_minute"] = json!(self.all.cost_usd.and_then(|cost| rate(cost, minutes)));
        summary["unique_per_dollar"] = json!(self.all.cost_usd.and_then(|cost| rate(unique, cost)));
        summary["unique_per_1000_tokens"] = json!(rate(unique, tokens / 1000.0));
        summary["uniqueness_ratio"] = json!(rate(unique, self.all.received as f64));
        summary
    }

    pub(super) fn by_producer(&self) -> Value {
        rows("producer", self.producers.iter())
    }

    pub(super) fn by_model(&self) -> Value {
        rows("model", self.models.iter())
    }

    pub(super) fn by_family(&self) -> Value {
        rows("family", self.families.iter())
    }

    pub(super) fn by_iteration(&self) -> Value {
        rows("iteration", self.iterations.iter())
    }

    pub(super) fn by_provider(&self) -> Value {
        let mut providers: BTreeMap<&str, Sums> = BTreeMap::new();
        for (model, sums) in &self.models {
            let provider = model.split(':').next().unwrap_or_default();
            providers.entry(provider).or_default().join(sums);
        }
        rows("provider", providers.iter())
    }
}

impl Sums {
    fn join(&mut self, other: &Self) {
        self.batches += other.batches;
        self.failed_batches += other.failed_batches;
        self.received += other.received;
        self.unique += other.unique;
        self.repeated += other.repeated;
        self.near += other.near;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cost_usd = self.cost_usd.zip(other.cost_usd).map(|(sum, cost)| sum + cost);
        self.call_seconds += other.call_seconds;
    }
}

fn rows<'a, K: Serialize + 'a>(name: &str, all: impl Iterator<Item = (&'a K, &'a Sums)>) -> Value {
    let rows = all.map(|(key, sums)| {
        let mut row = json!(sums);
        row[name] = json!(key);
        row
    });
    rows.collect()
}

/// None where there is nothing to divide by.
fn rate(amount: f64, by: f64) -> Option<f64> {
    (by > 0.0).then(|| amount / by)
}
