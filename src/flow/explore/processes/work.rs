//! The other end: what the process of a producer does, from its first assignment to the end of its input.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::super::producer::{Desk, role};
use super::message::{Ask, Told};
use crate::clock;
use crate::event::{Event, Events};
use crate::llm::Llm;

/// Answers every assignment with a batch. The end of the input ends it at once, an assignment under way or not: whoever gave it is
/// gone.
///
/// # Errors
/// A line that is no assignment.
pub async fn work(desk: &Desk, mut asks: UnboundedReceiver<String>, tell: impl Fn(&Told)) -> serde_json::Result<()> {
    let mut is_first = true;
    while let Some(line) = asks.recv().await {
        let ask: Ask = serde_json::from_str(&line)?;
        if std::mem::take(&mut is_first) {
            take_place(&desk.llm, ask.assignment.producer);
        }
        desk.llm.allow(ask.caps);
        desk.remember(ask.said);
        let desk = Desk {
            deadline: ask
                .deadline_millis
                .map(|millis| clock::now() + Duration::from_millis(millis)),
            ..desk.clone()
        };
        let batch = tokio::select! {
            batch = Box::pin(desk.produce(&ask.assignment)) => batch,
            _nobody_waits_for_it = asks.recv() => break,
        };
        tell(&Told::Spending(desk.llm.spending()));
        tell(&Told::Batch(batch));
    }
    Ok(())
}

/// Events that are told to the owner, and what may be spent before each attempt is sent. The call layer is filled in once it is there.
pub fn told_events(tell: impl Fn(&Told) + Send + Sync + 'static) -> (Events, Arc<OnceLock<Arc<Llm>>>) {
    let llm: Arc<OnceLock<Arc<Llm>>> = Arc::default();
    let known = Arc::clone(&llm);
    let events = Events::new(move |event| {
        if event.is_passing() {
            return;
        }
        let spends = matches!(event, Event::CallAttempt { .. });
        tell(&Told::Event(event));
        if let Some(llm) = known.get().filter(|_| spends) {
            tell(&Told::Spending(llm.spending()));
        }
    });
    (events, llm)
}

/// Routings that share calls out by turns begin elsewhere for each producer, as they do where all share one process.
fn take_place(llm: &Llm, producer: usize) {
    for before in 1..producer {
        llm.plan(&role(before));
    }
}
