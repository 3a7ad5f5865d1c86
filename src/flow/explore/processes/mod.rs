//! Producers as processes of their own, so that a crash of one stays its own.
//!
//! ```text
//! owner ─ Ask ─► stdin  ┌─────────┐
//!                       │ process │ ── models
//! owner ◄─ Told ─ stdout└─────────┘
//! ```
//!
//! The owner alone dedups, counts and writes. A process that ends before its batch is whole is started again and asked the same; what
//! it had said until then is not counted. It ends when its input does, so none outlives the owner, however that ends.

mod message;
mod purse;
mod running;
mod work;

pub use message::{Ask, Told};
pub use running::Launched;
pub use work::{told_events, work};

use std::io;
use std::sync::{Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::producer::{Assignment, Batch, BatchError, Cause};
use crate::clock::{self, Instant};
use crate::event::{Event, Events};
use crate::llm::{Caps, Llm};

use purse::{Purse, Share};
use running::Running;

/// What the processes of an exploration share.
#[derive(Debug, Clone, Copy)]
pub struct Staffing {
    pub producers: usize,
    /// Of all together.
    pub caps: Caps,
    pub deadline: Option<Instant>,
    /// How long an assignment may take; a process that takes longer hangs.
    pub patience: Duration,
}

type Launch = dyn Fn(usize) -> io::Result<Launched> + Send + Sync;

pub struct Processes {
    launch: Box<Launch>,
    staffing: Staffing,
    purse: Purse,
    seats: Vec<Mutex<Seat>>,
    /// Marks of wordings in the order of their coming.
    said: PlainMutex<Vec<u64>>,
    events: Events,
    own_work: Mutex<()>,
}

#[derive(Default)]
struct Seat {
    running: Option<Running>,
    n_started: u32,
}

/// How often a process is started again for one assignment, and the pause before the first time; each further one is twice as long.
const MOST_RESTARTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Wordings that a new process hears of: the latest. The owner knows them all.
const MOST_SAID: usize = 200_000;

impl Processes {
    /// `launch` makes the command of a producer, counted from 1.
    pub fn new(
        staffing: Staffing,
        events: Events,
        launch: impl Fn(usize) -> io::Result<Launched> + Send + Sync + 'static,
    ) -> Self {
        Self {
            launch: Box::new(launch),
            purse: Purse::new(staffing.caps, staffing.producers),
            seats: (0..staffing.producers).map(|_| Mutex::default()).collect(),
            said: PlainMutex::default(),
            staffing,
            events,
            own_work: Mutex::default(),
        }
    }

    /// Wordings that nobody needs to bring again.
    pub fn remember(&self, marks: impl IntoIterator<Item = u64>) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).extend(marks);
    }

    /// Work of the owner itself that spends from the same budget.
    pub(super) async fn within_share<T>(&self, llm: &Llm, work: impl Future<Output = T>) -> T {
        let _one_at_a_time = self.own_work.lock().await;
        let base = llm.spending().into();
        let mut share = self.purse.share();
        llm.allow(share.caps(base));
        let done = work.await;
        share.note(base, llm.spending().into());
        done
    }

    pub(super) async fn produce(&self, assignment: &Assignment) -> Batch {
        let mut seat = self.seats[assignment.producer - 1].lock().await;
        let mut share = self.purse.share();
        let mut restarts = 0;
        loop {
            match self.asked(&mut seat, assignment, &mut share).await {
                Ok(mut batch) => {
                    let over = batch.error.as_mut().filter(|error| error.cause == Cause::Budget);
                    match over {
                        Some(_) if !share.is_all => share = self.purse.everything(share).await,
                        Some(error) => {
                            error.message = self.purse.used_up();
                            return with_lost(batch, &share);
                        }
                        None => return with_lost(batch, &share),
                    }
                }
                Err(why) => {
                    share.process_ended();
                    let given_up = restarts == MOST_RESTARTS;
                    self.events.say(Event::ExploreProducerLost {
                        producer: assignment.producer,
                        why: why.clone(),
                        restarts,
                        given_up,
                    });
                    if given_up {
                        return with_lost(lost(assignment, &why), &share);
                    }
                    clock::sleep(FIRST_PAUSE * 2_u32.pow(restarts)).await;
                    restarts += 1;
                }
            }
        }
    }

    /// Ends every process, and waits until they are gone.
    pub(super) async fn dismiss(&self) {
        let mut ending = Vec::new();
        for seat in &self.seats {
            ending.extend(seat.lock().await.running.take());
        }
        ending.iter_mut().for_each(Running::dismiss);
        futures::future::join_all(ending.into_iter().map(Running::end)).await;
    }

    /// One try with the process of the seat, a new one if there is none; or how it ended.
    async fn asked(&self, seat: &mut Seat, assignment: &Assignment, share: &mut Share) -> Result<Batch, String> {
        if seat.running.is_none() {
            seat.running = Some(self.started(assignment.producer, seat.n_started)?);
            seat.n_started += 1;
        }
        let Some(running) = seat.running.as_mut() else {
            return Err("it is gone".to_owned());
        };
        let base = running.spent;
        let ask = Ask {
            assignment: assignment.clone(),
            caps: share.caps(base),
            deadline_millis: self.staffing.deadline.map(|deadline| {
                let left = deadline.saturating_duration_since(clock::now());
                u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
            }),
            said: self.unheard(running),
        };
        running.say(serde_json::to_string(&ask).map_err(|error| error.to_string())?);
        let answered = timeout(self.staffing.patience, async {
            loop {
                match running.told().await? {
                    Told::Event(event) => self.events.say(event),
                    Told::Spending(spending) => {
                        running.spent = spending.into();
                        share.note(base, running.spent);
                    }
                    Told::Batch(batch) if batch.assignment == assignment.id => return Some(batch),
                    Told::Batch(_) => {}
                }
            }
        });
        let why = match answered.await {
            Ok(Some(batch)) => return Ok(batch),
            Ok(None) => None,
            Err(_) => Some(format!("no batch within {} s", self.staffing.patience.as_secs())),
        };
        let ended = match (seat.running.take(), &why) {
            (Some(running), None) => running.end().await,
            // One that hangs is not waited for.
            (hanging, _) => {
                drop(hanging);
                String::new()
            }
        };
        Err(why.unwrap_or(ended))
    }

    fn started(&self, producer: usize, restarts: u32) -> Result<Running, String> {
        let started = (self.launch)(producer).and_then(Running::start);
        let running = started.map_err(|error| format!("could not start: {error}"))?;
        self.events.say(Event::ExploreProducerStarted {
            producer,
            pid: running.id(),
            restarts,
        });
        Ok(running)
    }

    /// What the process was not told yet.
    fn unheard(&self, running: &mut Running) -> Vec<u64> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let from = running.n_heard.max(said.len().saturating_sub(MOST_SAID));
        running.n_heard = said.len();
        said[from..].to_vec()
    }
}

/// What processes spent that ended without a batch is paid for as well.
fn with_lost(mut batch: Batch, share: &Share) -> Batch {
    let (cost_usd, tokens) = share.lost();
    batch.cost_usd = batch.cost_usd.map(|cost| cost + cost_usd);
    batch.input_tokens += tokens;
    batch
}

fn lost(assignment: &Assignment, why: &str) -> Batch {
    Batch {
        assignment: assignment.id,
        model: assignment.model.clone(),
        cost_usd: Some(0.0),
        error: Some(BatchError {
            message: format!(
                "the process of producer {} ended {} times: {why}",
                assignment.producer,
                MOST_RESTARTS + 1
            ),
            cause: Cause::Lost,
        }),
        ..Batch::default()
    }
}
