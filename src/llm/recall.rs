//! What is kept: looked up before a model is asked, and forgotten when it turned out to be of no use.

use super::cache::{Flight, Found};
use super::call::{Ask, Asked, Llm};
use super::dialect::Decoded;
use super::fault::Fault;
use super::tally::Tally;
use super::types::Class;
use crate::event::Event;

impl Llm {
    /// The reply kept for these bytes, or the right to ask for it. One call that asks for them makes the others wait.
    pub(super) async fn looked_up(
        &self,
        ask: &Ask<'_>,
        key: Option<&str>,
        flight: &mut Option<Flight>,
        tally: &mut Tally,
    ) -> Result<Option<Decoded>, Asked> {
        if flight.as_ref().is_some_and(|flight| flight.is_for(key)) {
            return Ok(None);
        }
        *flight = None;
        let Ok(mine) = self.cache.flight(key, ask.deadline).await else {
            let message = "the deadline of the call came while an equal call was under way";
            let fault = Fault::new(Class::Deadline, message).code("deadline");
            tally.note(fault.into_error(ask.target, None, &self.redactor));
            return Err(Asked::Stop);
        };
        *flight = mine;
        if let Some(decoded) = flight.as_ref().and_then(Flight::landed) {
            return Ok(Some(decoded));
        }
        match self.cache.find(key).await {
            Found::Nothing => Ok(None),
            Found::Reply(decoded) => Ok(Some(decoded)),
            Found::Damaged => {
                self.events.say(Event::Warning {
                    message: format!(
                        "{}: a kept reply was damaged; it was put aside and is asked for again",
                        ask.request.role
                    ),
                });
                Ok(None)
            }
        }
    }

    /// The reply kept under this key (`Completion::cache_key`) is of no use to the caller: it is not served again.
    pub fn forget(&self, cache_key: &str) {
        self.cache.forget(cache_key);
    }
}
