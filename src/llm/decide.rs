//! After a fault: the same model again, the next one, or back to the caller. Pure.

use std::time::Duration;

use super::fault::{Fault, Feature, Kind};
use super::types::Class;

/// An empty success is asked for again at most this often.
const EMPTY_RETRIES: u32 = 2;

/// Where the call stands after an attempt failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// Attempts at this target so far, the failed one included.
    pub attempts_here: u32,
    pub attempts_allowed: u32,
    /// How many of them were empty.
    pub empties: u32,
    /// Models that declined so far, over all targets of the call.
    pub declined: u32,
    pub another_target: bool,
    pub retry_after_cap: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The same request without this part.
    Without(Feature),
    Again(Wait),
    NextTarget,
    /// The caller decides: the reply is there but of no use.
    Return,
}

/// What the fault is, now that this was the last try at this model.
pub(super) fn settled(fault: Fault, attempts_here: u32, attempts_allowed: u32) -> Fault {
    let last = attempts_allowed.min(most_tries(fault.kind).unwrap_or(u32::MAX));
    match fault.at_last {
        Some(class) if attempts_here >= last => Fault {
            class,
            kind: Kind::Plain,
            ..fault
        },
        _ => fault,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Asked(Duration),
    Ordinary,
    Overloaded,
}

pub(super) fn after(fault: &Fault, standing: Standing) -> Step {
    if let Kind::Unsupported(feature) = fault.kind {
        return Step::Without(feature);
    }
    if fault.kind == Kind::Declined {
        // What two models will not answer is asked of no third.
        return match standing.declined {
            0 | 1 => Step::NextTarget,
            _ => Step::Return,
        };
    }
    match fault.class {
        Class::Deadline | Class::Budget => Step::Return,
        Class::Configuration | Class::Quota | Class::Permanent => Step::NextTarget,
        Class::Output => match fault.kind {
            Kind::Empty | Kind::Once => again(fault, standing),
            _ => Step::Return,
        },
        Class::Transient | Class::RateLimit => again(fault, standing),
    }
}

fn again(fault: &Fault, standing: Standing) -> Step {
    let exhausted = standing.attempts_here >= standing.attempts_allowed
        || match fault.kind {
            Kind::Never => true,
            Kind::Once | Kind::Twice => most_tries(fault.kind).is_some_and(|most| standing.attempts_here >= most),
            Kind::Empty => standing.empties > EMPTY_RETRIES,
            Kind::Overloaded => standing.another_target && standing.attempts_here >= 2,
            _ => false,
        };
    if exhausted {
        return Step::NextTarget;
    }
    match fault.retry_after {
        Some(wait) if wait > standing.retry_after_cap => Step::NextTarget,
        Some(wait) => Step::Again(Wait::Asked(wait)),
        None if fault.kind == Kind::Overloaded => Step::Again(Wait::Overloaded),
        None => Step::Again(Wait::Ordinary),
    }
}

fn most_tries(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Once => Some(2),
        Kind::Twice => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(class: Class, kind: Kind, retry_after: Option<u64>, attempts_here: u32, another_target: bool) -> Step {
        let fault = Fault {
            retry_after: retry_after.map(Duration::from_secs),
            ..Fault::new(class, "x").kind(kind)
        };
        after(
            &fault,
            Standing {
                attempts_here,
                attempts_allowed: 4,
                empties: attempts_here,
                declined: attempts_here,
                another_target,
                retry_after_cap: Duration::from_secs(120),
            },
        )
    }

    #[test]
    fn steps() {
        use Class::{Configuration, Output, Permanent, Quota, RateLimit, Transient};
        use Step::{Again, NextTarget, Return, Without};
        let asked = |seconds| Again(Wait::Asked(Duration::from_secs(seconds)));
        for (class, kind, retry_after, attempts, another, expected) in [
            (Transient, Kind::Plain, None, 1, false, Again(Wait::Ordinary)),
            (Transient, Kind::Plain, Some(3), 1, false, asked(3)),
            (Transient, Kind::Plain, None, 4, false, NextTarget),
            (Transient, Kind::Once, None, 1, false, Again(Wait::Ordinary)),
            (Transient, Kind::Once, None, 2, false, NextTarget),
            (Transient, Kind::Never, None, 1, false, NextTarget),
            (Transient, Kind::Overloaded, None, 1, true, Again(Wait::Overloaded)),
            (Transient, Kind::Overloaded, None, 2, true, NextTarget),
            (Transient, Kind::Overloaded, None, 3, false, Again(Wait::Overloaded)),
            (RateLimit, Kind::Plain, Some(120), 1, true, asked(120)),
            (RateLimit, Kind::Plain, Some(121), 1, false, NextTarget),
            (RateLimit, Kind::Plain, None, 1, false, Again(Wait::Ordinary)),
            (Quota, Kind::Plain, Some(1), 1, false, NextTarget),
            (Configuration, Kind::Credential, None, 1, false, NextTarget),
            (Permanent, Kind::Plain, None, 1, false, NextTarget),
            (
                Permanent,
                Kind::Unsupported(Feature::Temperature),
                None,
                1,
                false,
                Without(Feature::Temperature),
            ),
            (Output, Kind::Plain, None, 1, true, Return),
            (Output, Kind::Declined, None, 1, true, NextTarget),
            (Output, Kind::Declined, None, 2, true, Return),
            (Output, Kind::Once, None, 1, true, Again(Wait::Ordinary)),
            (Output, Kind::Once, None, 2, true, NextTarget),
            (Permanent, Kind::ContextTooLong, None, 1, true, NextTarget),
            (Permanent, Kind::Declined, None, 1, true, NextTarget),
            (Transient, Kind::Twice, None, 2, false, Again(Wait::Ordinary)),
            (Transient, Kind::Twice, None, 3, false, NextTarget),
            (Output, Kind::Empty, None, 2, false, Again(Wait::Ordinary)),
            (Output, Kind::Empty, None, 3, false, NextTarget),
        ] {
            assert_eq!(
                step(class, kind, retry_after, attempts, another),
                expected,
                "{class:?} {kind:?} {retry_after:?} {attempts} {another}"
            );
        }
    }
    #[test]
    fn a_hiccup_that_stays_is_called_by_its_name() {
        let class = |kind, attempts_here, allowed| {
            let fault = Fault::new(Class::Transient, "x")
                .kind(kind)
                .at_last(Class::Configuration);
            settled(fault, attempts_here, allowed).class
        };
        for (kind, attempts_here, allowed, expected) in [
            (Kind::Once, 1, 4, Class::Transient),
            (Kind::Once, 2, 4, Class::Configuration),
            (Kind::Twice, 2, 4, Class::Transient),
            (Kind::Twice, 3, 4, Class::Configuration),
            (Kind::Twice, 1, 1, Class::Configuration),
        ] {
            assert_eq!(
                class(kind, attempts_here, allowed),
                expected,
                "{kind:?} {attempts_here} of {allowed}"
            );
        }
    }
}
