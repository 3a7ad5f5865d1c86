//! Which models can be asked now: their provider is set up and no breaker has switched them off for the run.

use super::call::Llm;
use super::target::Target;
use crate::clock;

impl Llm {
    /// Why this model would not be asked; none when it would.
    pub fn unavailable(&self, target: &Target) -> Option<String> {
        let Some(vendor) = self.vendors.get(&target.vendor) else {
            return Some(format!("the provider `{}` is not set up", target.vendor));
        };
        // A replay knows its providers from the recording and needs no key.
        if vendor.needs_key && vendor.key.is_none() && !self.options.cassette.is_replay() {
            return Some(format!(
                "there is no key for `{}`: set {}",
                vendor.name,
                vendor.key_variables.join(" or ")
            ));
        }
        let now = clock::now();
        let known = self.known(vendor, target);
        let mut places = known.places.both().into_iter();
        let off = places.find_map(|place| self.breakers.with(place, |breaker| breaker.off(now)));
        off.map(|because| format!("switched off for this run: {}", because.message))
    }
}
