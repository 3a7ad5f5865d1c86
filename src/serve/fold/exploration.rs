//! An exploration so far: what is unique, how fast, at what price, who brought it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{Event, IterationYield};

/// Batches that are listed, the latest ones.
const MOST_BATCHES: usize = 30;
/// Points of the curve: when there are more, every other one goes.
const MOST_POINTS: usize = 240;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(in crate::serve) struct Exploration {
    pub(in crate::serve) topic: String,
    pub(in crate::serve) n_producers: usize,
    pub(in crate::serve) optimizer: String,
    pub(in crate::serve) models: Vec<String>,
    pub(in crate::serve) target: Option<u64>,
    pub(in crate::serve) max_cost_usd: Option<f64>,
    pub(in crate::serve) unique: u64,
    pub(in crate::serve) received: u64,
    pub(in crate::serve) batches: u64,
    pub(in crate::serve) millis: u64,
    /// Unique attributes per minute.
    pub(in crate::serve) uam: f64,
    pub(in crate::serve) cost_usd: Option<f64>,
    /// The share of new ones among what came last.
    pub(in crate::serve) recent_yield: Option<f64>,
    pub(in crate::serve) iterations: Vec<IterationYield>,
    pub(in crate::serve) producers: BTreeMap<usize, Producer>,
    pub(in crate::serve) latest: Vec<Batch>,
    /// Received, unique: the curve that flattens.
    pub(in crate::serve) curve: Vec<(u64, u64)>,
    pub(in crate::serve) why: Option<String>,
    pub(in crate::serve) detail: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(in crate::serve) struct Producer {
    pub(in crate::serve) batches: u64,
    pub(in crate::serve) received: u64,
    pub(in crate::serve) unique: u64,
    pub(in crate::serve) cost_usd: Option<f64>,
    pub(in crate::serve) model: Option<String>,
    pub(in crate::serve) family: String,
    pub(in crate::serve) why: String,
    pub(in crate::serve) restarts: u32,
    pub(in crate::serve) error: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(in crate::serve) struct Batch {
    pub(in crate::serve) producer: usize,
    pub(in crate::serve) iteration: u64,
    pub(in crate::serve) model: Option<String>,
    pub(in crate::serve) family: String,
    pub(in crate::serve) received: u64,
    pub(in crate::serve) unique: u64,
    pub(in crate::serve) millis: u64,
    pub(in crate::serve) error: Option<String>,
}

impl Exploration {
    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::ExploreStarted {
                topic,
                producers,
                models,
                optimizer,
                target,
                max_cost_usd,
                unique,
                received,
                ..
            } => {
                (self.topic, self.n_producers, self.models) = (topic, producers, models);
                (self.optimizer, self.target, self.max_cost_usd) = (optimizer, target, max_cost_usd);
                self.count(received, unique);
                self.cost_usd = Some(0.0);
            }
            Event::ExploreChoice {
                producer,
                model,
                family,
                why,
                ..
            } => {
                let producer = self.producer(producer);
                (producer.model, producer.family, producer.why) = (model, family, why);
            }
            Event::ExploreBatch {
                producer,
                iteration,
                model,
                family,
                received,
                unique,
                total,
                millis,
                cost_usd,
                error,
                ..
            } => {
                self.batches += 1;
                self.count(self.received + received, total);
                let of = self.producer(producer);
                of.batches += 1;
                of.received += received;
                of.unique += unique;
                of.cost_usd = of.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
                of.error.clone_from(&error);
                if self.latest.len() == MOST_BATCHES {
                    self.latest.remove(0);
                }
                self.latest.push(Batch {
                    producer,
                    iteration,
                    model,
                    family,
                    received,
                    unique,
                    millis,
                    error,
                });
            }
            Event::ExploreProgress {
                unique,
                received,
                batches,
                millis,
                uam,
                cost_usd,
                recent_yield,
                iterations,
            } => {
                self.count(received, unique);
                (self.batches, self.millis, self.uam) = (batches, millis, uam);
                (self.cost_usd, self.recent_yield, self.iterations) = (cost_usd, recent_yield, iterations);
            }
            Event::ExploreProducerStarted { producer, restarts, .. } => self.producer(producer).restarts = restarts,
            Event::ExploreProducerLost { producer, why, .. } => self.producer(producer).error = Some(why),
            Event::ExploreFinished {
                why,
                detail,
                unique,
                received,
                batches,
                millis,
                uam,
                cost_usd,
                ..
            } => {
                self.count(received, unique);
                (self.batches, self.millis, self.uam, self.cost_usd) = (batches, millis, uam, cost_usd);
                (self.why, self.detail) = (Some(why), Some(detail));
            }
            _ => {}
        }
    }

    fn count(&mut self, received: u64, unique: u64) {
        (self.received, self.unique) = (received, unique);
        if self.curve.last().is_none_or(|(last, _)| received > *last) {
            self.curve.push((received, unique));
        }
        if self.curve.len() > MOST_POINTS {
            let mut number = 0;
            self.curve.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
    }

    fn producer(&mut self, number: usize) -> &mut Producer {
        self.producers.entry(number).or_insert_with(|| Producer {
            cost_usd: Some(0.0),
            ..Producer::default()
        })
    }
}
