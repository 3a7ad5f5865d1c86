//! What is known of a model before it is asked: looked up once, since names are matched in several ways.

use std::sync::{Arc, PoisonError};

use super::breakers::Places;
use super::call::Llm;
use super::capabilities;
use super::cost::Price;
use super::target::Target;
use super::types::Usage;
use super::vendor::Vendor;

/// One model of this run.
pub(super) struct Known {
    pub places: Places,
    /// None where no table names it.
    pub price: Option<Price>,
    /// Tokens that prompt and reply may take together; None is unknown.
    pub context_window: Option<u64>,
}

impl Known {
    /// US dollars; None when its price is not known.
    pub(super) fn cost(&self, usage: &Usage) -> Option<f64> {
        self.price.map(|price| price.of(usage))
    }
}

impl Llm {
    pub(super) fn known(&self, vendor: &Vendor, target: &Target) -> Arc<Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(target) {
            return known.clone();
        }
        let told = self.options.prices.context_window(&target.vendor, &target.model);
        let new = Arc::new(Known {
            places: Places::of(vendor, &target.model),
            price: self.options.prices.price(&target.vendor, &target.model),
            context_window: told.or_else(|| capabilities::context_window(target)),
        });
        known.insert(target.clone(), new.clone());
        new
    }
}
