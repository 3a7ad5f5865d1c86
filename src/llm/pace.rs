//! The waits of one call: in its key's queue, and between two attempts. None is begun that would pass the deadline.

use std::sync::Arc;
use std::time::Duration;

use super::call::{Ask, Asked, Llm};
use super::fault::Fault;
use super::limit::{Estimate, Limit, Reservation, TooLong};
use super::tally::Tally;
use super::tell::shown;
use super::types::{CallError, Class};
use crate::clock;
use crate::event::Event;

impl Llm {
    /// Waits in the key's queue until there is room, unless the key or the model is switched off meanwhile by another call.
    pub(super) async fn turn(
        &self,
        ask: &Ask<'_>,
        limit: &Arc<Limit>,
        estimate: Estimate,
        tally: &mut Tally,
    ) -> Result<Reservation, Asked> {
        let queued = clock::now();
        let longest_pause = self.options.retry_after_cap;
        let say = |wait, because: &str| self.tell_wait(ask.request, wait, because);
        let turn = tokio::select! {
            biased;
            because = self.switched_off(ask) => Err(self.not_asked(ask, tally, because)),
            turn = limit.reserve(estimate, ask.deadline, longest_pause, say) => {
                turn.map_err(|too_long| self.not_in_time(ask, tally, too_long))
            }
        };
        tally.limiter_wait += queued.elapsed();
        if let Some(message) = self.limits.take_warning() {
            self.events.say(Event::Warning { message });
        }
        turn
    }

    pub(super) async fn pause(
        &self,
        ask: &Ask<'_>,
        tally: &mut Tally,
        attempt: u32,
        wait: Duration,
        error: &CallError,
    ) -> Result<(), Asked> {
        if clock::now() + wait > ask.deadline {
            if ask.another_target {
                return Err(Asked::NextTarget);
            }
            let message = format!("a wait of {} would pass the deadline of the call", shown(wait));
            tally.note(self.own_error(ask, Class::Deadline, message));
            return Err(Asked::Stop);
        }
        self.events.say(Event::CallRetry {
            role: ask.request.role.clone(),
            model: ask.target.to_string(),
            attempt,
            wait_millis: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            because: error.message.clone(),
            class: error.class.word().to_owned(),
        });
        clock::sleep(wait).await;
        tally.retry_wait += wait;
        Ok(())
    }

    fn not_in_time(&self, ask: &Ask<'_>, tally: &mut Tally, too_long: TooLong) -> Asked {
        let (class, message) = match too_long {
            TooLong::Deadline { because } => (
                Class::Deadline,
                format!("the deadline of the call comes before its turn ({because})"),
            ),
            TooLong::Pause { left } => (
                Class::RateLimit,
                format!("the provider asked to wait {} with this key", shown(left)),
            ),
        };
        let error = self.own_error(ask, class, message);
        let paused = class == Class::RateLimit;
        tally.note(error);
        match paused || ask.another_target {
            true => Asked::NextTarget,
            false => Asked::Stop,
        }
    }

    fn own_error(&self, ask: &Ask<'_>, class: Class, message: String) -> CallError {
        Fault::new(class, message).into_error(ask.target, None, &self.redactor)
    }
}
