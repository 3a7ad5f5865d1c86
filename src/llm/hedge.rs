//! Hedging: near the deadline a second model is asked beside the first; the first answer wins and the other is dropped.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::call::{Answer, Ask, Asked, Call, Llm};
use super::tally::Tally;
use super::target::Target;
use crate::clock::{self, Instant};
use crate::event::Event;

/// "Near": the time left is less than this many whole attempts, so that a failed one could not be made good after it.
const ATTEMPTS_LEFT: u32 = 2;
const REPLAYED_AFTER: Duration = Duration::from_millis(200);

/// What a walk through a plan and the hedge beside it know of each other.
#[derive(Debug, Default)]
pub(super) struct Walk {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entered: Vec<Target>,
    hedged: Option<Target>,
}

impl Walk {
    /// False for the model that the hedge is asking already.
    pub(super) fn enters(&self, target: &Target) -> bool {
        let mut state = self.state();
        if state.hedged.as_ref() == Some(target) {
            return false;
        }
        if !state.entered.contains(target) {
            state.entered.push(target.clone());
        }
        true
    }

    /// The first model of the plan that the walk has not come to.
    fn hedge<'a>(&self, call: &'a Call<'_>) -> Option<&'a Target> {
        let mut state = self.state();
        let ordinary = call.plan.iter().filter(|step| !step.only_if_too_long);
        let free = ordinary
            .map(|step| &step.target)
            .find(|target| !state.entered.contains(target))?;
        state.hedged = Some(free.clone());
        Some(free)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the second request leaves: `after` the call began, but not before its end is near.
fn hedge_at(started: Instant, deadline: Instant, after: Duration, attempt_timeout: Duration) -> Instant {
    let near = deadline.checked_sub(attempt_timeout * ATTEMPTS_LEFT);
    near.map_or(started + after, |near| near.max(started + after))
}

impl Llm {
    /// The answer of a call, hedged where that is wished for.
    pub(super) async fn answer(&self, call: &Call<'_>, tally: &mut Tally) -> Option<Answer> {
        let walk = Walk::default();
        match self.options.hedge_after {
            None => self.walk(call, &walk, tally).await,
            Some(after) => Box::pin(self.race(call, &walk, after, tally)).await,
        }
    }

    async fn race(&self, call: &Call<'_>, walk: &Walk, after: Duration, tally: &mut Tally) -> Option<Answer> {
        let at = match self.options.cassette.is_replay() {
            // Recorded replies come at once; what still waits then is an exchange that lost against a hedge.
            true => call.started + REPLAYED_AFTER,
            false => hedge_at(call.started, call.deadline, after, self.options.attempt_timeout),
        };
        let mut first = Box::pin(self.walk(call, walk, tally));
        tokio::select! {
            biased;
            answer = &mut first => return answer,
            () = clock::sleep(at.saturating_duration_since(clock::now())) => {}
        }
        let hedge = walk
            .hedge(call)
            .and_then(|target| Some((target, self.vendors.get(&target.vendor)?)));
        let Some((target, vendor)) = hedge else {
            return first.await;
        };
        self.events.say(Event::CallHedged {
            role: call.request.role.clone(),
            model: target.to_string(),
            after_millis: clock::millis_since(call.started),
        });
        let ask = Ask {
            request: call.request,
            target,
            vendor,
            known: self.known(vendor, target),
            deadline: call.deadline,
            another_target: false,
            attempts: 1,
            again: false,
        };
        let mut own = Tally::after(0);
        let mut second = Box::pin(self.ask(&ask, &mut own));
        let answer = tokio::select! {
            biased;
            answer = &mut first => match answer {
                Some(answer) => Some(answer),
                None => answered(second.as_mut().await),
            },
            asked = &mut second => match answered(asked) {
                Some(answer) => Some(answer),
                None => first.as_mut().await,
            },
        };
        // Whichever is still under way ends here.
        drop((first, second));
        tally.absorb(own);
        tally.hedged = true;
        answer
    }
}

fn answered(asked: Asked) -> Option<Answer> {
    match asked {
        Asked::Answered(answer) => Some(*answer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hedge_leaves_after_its_delay_and_only_near_the_deadline() {
        let start = clock::now();
        for (deadline, after, timeout, at) in [(900, 5, 120, 660), (60, 5, 120, 5), (60, 5, 10, 40), (60, 50, 10, 50)] {
            let seconds = Duration::from_secs;
            let found = hedge_at(start, start + seconds(deadline), seconds(after), seconds(timeout));
            assert_eq!(found - start, seconds(at));
        }
    }
}
