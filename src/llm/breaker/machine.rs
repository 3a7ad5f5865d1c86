//! The breaker against a reference model: the same words in a slower, plainer form, over random histories.

use proptest::prelude::*;

use super::*;
use crate::clock;

const PROBE_LIMIT: u64 = 60;

#[derive(Debug, Clone, Copy)]
enum Step {
    Admit,
    Healthy,
    /// Of an attempt that began so many seconds ago.
    Failed(u64),
    SwitchOff(u64),
    Wait(u64),
}

/// What the page says, with seconds for time.
#[derive(Debug, Default)]
struct Model {
    failures: u32,
    last_failure: Option<u64>,
    open: Option<(u64, Hold)>,
    probe: Option<u64>,
}

impl Model {
    fn admit(&mut self, now: u64) -> &'static str {
        let Some((until, hold)) = self.open else { return "yes" };
        if now >= until {
            self.probe = Some(now);
            self.open = Some((now + PROBE_LIMIT, hold));
            return "yes";
        }
        match hold {
            Hold::Soft => "later",
            Hold::Confirmed => "no",
            Hold::Firm => "never",
        }
    }

    fn healthy(&mut self) {
        if self.probe.is_some() || !matches!(self.open, Some((_, Hold::Firm))) {
            *self = Self::default();
        }
    }

    fn failed(&mut self, started: u64, now: u64) {
        if self.open.is_none() {
            if self.last_failure.is_none_or(|last| started > last) {
                self.failures += 1;
            }
            if self.failures >= THRESHOLD {
                self.open = Some((now + FIRST_REST.as_secs(), Hold::Soft));
            }
        } else if self.probe.is_some_and(|probe| started >= probe) {
            self.failures += 1;
            self.probe = None;
            self.open = Some((now + NEXT_REST.as_secs(), Hold::Confirmed));
        }
        self.last_failure = Some(now);
    }

    fn switch_off(&mut self, now: u64, rest: u64) {
        self.failures += 1;
        self.probe = None;
        self.open = Some((now + rest, Hold::Firm));
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Admit),
        1 => Just(Step::Healthy),
        5 => (0_u64..40).prop_map(Step::Failed),
        1 => (1_u64..4_000).prop_map(Step::SwitchOff),
        4 => (0_u64..70).prop_map(Step::Wait),
        1 => (0_u64..5_000).prop_map(Step::Wait),
    ]
}

fn word(admit: &Admit<()>) -> &'static str {
    match admit {
        Admit::Yes => "yes",
        Admit::Later { .. } => "later",
        Admit::No { .. } => "no",
        Admit::Never { .. } => "never",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_the_model_does(steps in proptest::collection::vec(step(), 0..200)) {
        let start = clock::now() + Duration::from_secs(100);
        let at = |second: u64| start + Duration::from_secs(second);
        let (mut breaker, mut model, mut now) = (Breaker::<()>::default(), Model::default(), 100_u64);
        for step in steps {
            match step {
                Step::Admit => {
                    let admit = breaker.admit(at(now), Duration::from_secs(PROBE_LIMIT));
                    prop_assert_eq!(word(&admit), model.admit(now));
                    if let Admit::Later { wait, .. } = admit {
                        prop_assert!(!wait.is_zero(), "a wait of zero would spin");
                    }
                }
                Step::Healthy => {
                    breaker.healthy();
                    model.healthy();
                }
                Step::Failed(ago) => {
                    breaker.failed(at(now - ago.min(now)), at(now), ());
                    model.failed(now - ago.min(now), now);
                }
                Step::SwitchOff(rest) => {
                    breaker.switch_off(at(now), Duration::from_secs(rest), ());
                    model.switch_off(now, rest);
                }
                Step::Wait(seconds) => now += seconds,
            }
            prop_assert_eq!(breaker.failures(), model.failures);
            prop_assert_eq!(breaker.off(at(now)).is_some(), model.probe.is_none() && model.open.is_some_and(|(until, hold)| hold == Hold::Firm && now < until));
        }
    }

    /// However it came there, nobody is shut out for ever, and one probe goes at a time.
    #[test]
    fn a_probe_is_always_let_through_after_the_rest(steps in proptest::collection::vec(step(), 0..100)) {
        let start = clock::now();
        let mut breaker = Breaker::<()>::default();
        let mut now = start;
        for step in steps {
            match step {
                Step::Admit => drop(breaker.admit(now, Duration::from_secs(PROBE_LIMIT))),
                Step::Healthy => breaker.healthy(),
                Step::Failed(_) => breaker.failed(now, now, ()),
                Step::SwitchOff(rest) => breaker.switch_off(now, Duration::from_secs(rest), ()),
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
            }
        }
        let later = now + Duration::from_secs(4_000);
        prop_assert_eq!(breaker.admit(later, Duration::from_secs(PROBE_LIMIT)), Admit::Yes);
        if breaker.seen() != Seen::Closed {
            prop_assert_ne!(breaker.admit(later, Duration::from_secs(PROBE_LIMIT)), Admit::Yes);
        }
    }
}
