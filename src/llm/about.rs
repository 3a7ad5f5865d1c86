//! What is known before the first call: models, hosts, prices, secrets.

use super::budget::{Caps, Spending};
use super::call::Llm;
use super::plan::PlannedAttempt;
use super::redact::Redactor;
use super::target::Target;
use super::types::Usage;
use super::wire::url_parts;

impl Llm {
    /// What the role's next call may do, in order. Looking takes no turn, but a role's place in a round robin is that of its
    /// first look or call.
    pub fn plan(&self, role: &str) -> Vec<PlannedAttempt> {
        let turn = self.turns.next(role);
        self.options.routes.plan(role, turn, self.options.attempts)
    }

    /// This model, and behind it every other one that the run may ask.
    pub fn preferring(&self, target: &Target) -> Vec<Target> {
        let others = self
            .options
            .routes
            .targets()
            .into_iter()
            .filter(|other| other != target);
        std::iter::once(target.clone()).chain(others).collect()
    }

    /// The most attempts of one call over all its models.
    pub fn attempts_of_a_call(&self) -> u32 {
        self.options.call_attempts
    }

    /// Sent, used and paid so far, kept replies not counted.
    pub fn spending(&self) -> Spending {
        self.budget.spending()
    }

    /// Other limits from here on, counted from the first call: for a process that is given its share of a budget bit by bit.
    pub fn allow(&self, caps: Caps) {
        self.budget.set_caps(caps);
    }

    /// The day of the price table.
    pub fn prices_of(&self) -> &str {
        &self.options.prices.updated
    }

    pub(super) fn take_turn(&self, role: &str) -> Vec<PlannedAttempt> {
        let turn = self.turns.take(role);
        self.options.routes.plan(role, turn, self.options.attempts)
    }

    /// Hosts that may receive a key and a prompt in this run.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for target in self.options.routes.targets() {
            let Some(host) = self.host_of(&target.vendor) else {
                continue;
            };
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// The host that a provider's calls go to, with its port where the URL names one; none for the mock.
    pub fn host_of(&self, vendor: &str) -> Option<String> {
        let vendor = self.vendors.get(vendor).filter(|vendor| !vendor.is_mock())?;
        let parts = url_parts(&vendor.base_url)?;
        Some(match parts.port {
            Some(port) => format!("{}:{port}", parts.host),
            None => parts.host,
        })
    }

    /// The models of all plans, for whoever mistyped one.
    pub(super) fn configured(&self) -> String {
        let targets = self.options.routes.targets();
        let names: Vec<String> = targets.iter().map(ToString::to_string).collect();
        names.join(", ")
    }

    /// What the role's first model would charge; None when its price is not known.
    pub fn estimate_cost(&self, role: &str, input_tokens: u64, output_tokens: u64) -> Option<f64> {
        let usage = Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        };
        let plan = self.plan(role);
        let target = &plan.first()?.target;
        let price = self.options.prices.price(&target.vendor, &target.model)?;
        Some(price.of(&usage))
    }

    /// Knows every key of this run.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}
