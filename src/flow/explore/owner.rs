//! The owner: one task that holds everything known, gives the producers their assignments and decides when it is enough.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::book::Book;
use super::crew::Crew;
use super::dedup::mark;
use super::journal::Entry;
use super::meaning::Meant;
use super::optimizer::{Optimizer, Outcome};
use super::producer::{Assignment, Batch, BatchError, Cause};
use super::settings::{Ending, Settings, Stop};
use crate::clock::{self, Instant};
use crate::event::{Event, Events};

/// A finished exploration.
#[derive(Debug)]
pub struct Ended {
    pub ending: Ending,
    pub unique: u64,
    /// The bytes of metadata.json.
    pub metadata: Vec<u8>,
}

/// Known attributes that a prompt shows.
const SHOWN: usize = 60;
/// Between two events of progress.
const TELL: Duration = Duration::from_millis(500);
/// Between two versions of the JSON files, and how many times longer than the writing itself.
const WRITE: Duration = Duration::from_secs(10);
const REST: u32 = 20;
/// Batches of each producer over which the share of new ones is taken.
const WINDOW: usize = 2;

/// Explores until it is enough. The JSON files are written in every case.
///
/// # Errors
/// A file that cannot be written.
pub async fn explore(
    settings: &Settings,
    book: Book,
    optimizer: Optimizer,
    crew: &Crew,
    stop: &Stop,
    events: &Events,
) -> io::Result<Ended> {
    let mut owner = Owner {
        settings,
        optimizer,
        events,
        crew,
        begun: clock::now(),
        earlier_millis: book.totals.elapsed_millis,
        next_id: book.totals.last_batch + 1,
        book,
        open: HashMap::new(),
        recent: VecDeque::new(),
        failures: 0,
        n_lost: 0,
        owed: Meant::default(),
        ending: None,
        told: None,
    };
    owner.tell_start();
    owner.recall_meanings().await?;
    let span = tracing::debug_span!("explore", topic = settings.topic, producers = settings.producers);
    owner.run(stop).instrument(span).await
}

struct Owner<'a> {
    settings: &'a Settings,
    optimizer: Optimizer,
    events: &'a Events,
    crew: &'a Crew,
    book: Book,
    begun: Instant,
    /// Spent by earlier processes.
    earlier_millis: u64,
    next_id: u64,
    /// Assignments under way.
    open: HashMap<u64, Assignment>,
    /// Received and unique of the last batches.
    recent: VecDeque<(u64, u64)>,
    /// Without a usable list between them.
    failures: usize,
    /// What meanings of earlier attributes took; the next batch pays for them.
    owed: Meant,
    /// Producers that were given up.
    n_lost: usize,
    ending: Option<Ending>,
    told: Option<Instant>,
}

/// What a producer's task brings.
enum Arrived {
    Batch(Batch),
    /// The same with the meanings of what its words do not say.
    Meant(Box<Batch>, Meant),
}

impl Owner<'_> {
    /// Every known attribute gets its meaning before new ones are compared with it.
    async fn recall_meanings(&mut self) -> io::Result<()> {
        let Some(embedder) = self
            .crew
            .embedder
            .as_ref()
            .filter(|_| self.settings.dedup.semantic.is_some())
        else {
            return Ok(());
        };
        let model = embedder.target.to_string();
        let mut kept = self.book.kept_meanings(&model);
        let missing = (0..).zip(&kept).filter(|(_, vector)| vector.is_none());
        let missing: Vec<u32> = missing.map(|(number, _)| number).collect();
        let texts = missing.iter().map(|number| self.book.known.text(*number).to_owned());
        let mut meant = embedder.meanings(texts.collect()).await;
        for number in missing {
            kept[number as usize] = meant.vectors.remove(self.book.known.text(number));
        }
        self.tell_missing(&meant);
        self.owed = meant;
        self.book.begin_meanings(&model, &kept)
    }

    async fn run(mut self, stop: &Stop) -> io::Result<Ended> {
        let mut asked: JoinSet<Arrived> = JoinSet::new();
        for producer in 1..=self.settings.producers {
            self.give(producer, &mut asked);
        }
        let mut rewritten = clock::now();
        let mut pause = WRITE;
        while !self.open.is_empty() {
            let due = rewritten + pause;
            tokio::select! {
                biased;
                () = stop.wait() => {
                    self.ending = Some(Ending::Stopped);
                    break;
                }
                () = until(self.settings.deadline) => {
                    self.ending = Some(Ending::Deadline);
                    break;
                }
                Some(arrived) = asked.join_next() => {
                    let arrived = arrived.map_err(io::Error::other)?;
                    if let Some(producer) = self.arrived(arrived, &mut asked)? {
                        self.give(producer, &mut asked);
                    }
                }
                () = tokio::time::sleep_until(due) => {
                    let writing = clock::now();
                    self.write("running", None)?;
                    rewritten = clock::now();
                    pause = WRITE.max(writing.elapsed() * REST);
                }
            }
        }
        // Replies under way are not waited for after a stop; else there are none left.
        asked.shutdown().await;
        self.crew.producers.dismiss().await;
        self.finish()
    }

    /// The producer's next assignment, unless it is enough.
    fn give(&mut self, producer: usize, asked: &mut JoinSet<Arrived>) {
        let iteration = self.book.totals.reached.get(&producer).copied().unwrap_or_default() + 1;
        let over = self.settings.iterations.is_some_and(|most| iteration > most);
        if over || self.ending.is_some() {
            return;
        }
        let choice = self.optimizer.choose(producer, iteration);
        self.events.say(Event::ExploreChoice {
            producer,
            iteration,
            model: choice.model.clone(),
            family: choice.family.word().to_owned(),
            why: choice.why,
        });
        let assignment = Assignment {
            id: self.next_id,
            producer,
            iteration,
            family: choice.family,
            model: choice.model,
            request_size: self.settings.request_size,
            topic: self.settings.topic.clone(),
            known: self.sample(),
            n_known: self.book.known.len() as u64,
        };
        self.next_id += 1;
        self.open.insert(assignment.id, assignment.clone());
        let producers = self.crew.producers.clone();
        asked.spawn(async move { Arrived::Batch(producers.produce(&assignment).await) }.in_current_span());
    }

    /// What models say most often, then what came last.
    fn sample(&self) -> Vec<String> {
        let known = &self.book.known;
        let mut numbers: Vec<u32> = known.popular();
        numbers.truncate(SHOWN / 2);
        let latest = (0..known.len() as u32).rev();
        for number in latest.take(SHOWN) {
            if numbers.len() < SHOWN && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
            .into_iter()
            .map(|number| known.text(number).to_owned())
            .collect()
    }

    /// A batch whose words do not say enough waits for its meanings.
    fn arrived(&mut self, arrived: Arrived, asked: &mut JoinSet<Arrived>) -> io::Result<Option<usize>> {
        let batch = match arrived {
            Arrived::Meant(batch, meant) => return self.settle(*batch, meant),
            Arrived::Batch(batch) => batch,
        };
        if let Some(embedder) = self.crew.embedder.clone() {
            let known = &mut self.book.known;
            let mut texts: Vec<String> = batch.attributes.clone();
            texts.retain(|form| !known.has_words_of(form));
            texts.dedup();
            if !texts.is_empty() {
                let meant = async move { Arrived::Meant(Box::new(batch), embedder.meanings(texts).await) };
                asked.spawn(meant.in_current_span());
                return Ok(None);
            }
        }
        self.settle(batch, Meant::default())
    }

    /// Takes a batch in, once; returns who is free for another.
    fn settle(&mut self, batch: Batch, mut meant: Meant) -> io::Result<Option<usize>> {
        let Some(assignment) = self.open.remove(&batch.assignment) else {
            return Ok(None);
        };
        self.optimizer.ended(assignment.family, assignment.model.as_deref());
        let error = batch.error.clone();
        let is_lost = error.as_ref().is_some_and(|error| error.cause == Cause::Lost);
        self.tell_missing(&meant);
        meant.pay_for(&std::mem::take(&mut self.owed));
        let entry = self.book.take(&assignment, batch, &meant, self.elapsed_millis())?;
        self.remember_wordings(&entry);
        self.settings.session.interaction(entry.interaction());
        self.optimizer
            .learn(entry.family, entry.model.as_deref(), outcome(&entry));
        self.tell_batch(&entry);
        self.judge(&entry, error);
        self.tell_progress(false);
        Ok(Some(assignment.producer).filter(|_| !is_lost))
    }

    fn remember_wordings(&self, entry: &Entry) {
        let merged = entry.merged.iter().map(|(form, ..)| form);
        self.crew
            .producers
            .remember(entry.new.iter().chain(merged).map(|form| mark(form)));
    }

    /// Is it enough? What is under way still comes in: it is paid for.
    fn judge(&mut self, entry: &Entry, error: Option<BatchError>) {
        match error {
            Some(error) if error.cause == Cause::Budget => {
                self.ending.get_or_insert(Ending::Budget(error.message));
                return;
            }
            Some(error) => {
                self.failures += 1;
                self.n_lost += usize::from(error.cause == Cause::Lost);
                let nobody_is_left = self.n_lost == self.settings.producers;
                if nobody_is_left || self.failures >= (2 * self.settings.producers).max(3) {
                    self.ending.get_or_insert(Ending::Failing {
                        message: error.message,
                        for_now: error.cause == Cause::ForNow,
                    });
                }
                return;
            }
            None => self.failures = 0,
        }
        self.recent.push_back((entry.received, entry.new.len() as u64));
        if self.recent.len() > self.window() {
            self.recent.pop_front();
        }
        let unique = self.book.known.len() as u64;
        if self.settings.target.is_some_and(|target| unique >= target) {
            self.ending.get_or_insert(Ending::Target);
        }
        if let (Some(least), Some(share)) = (self.settings.stop_below, self.recent_yield())
            && share < least
        {
            let batches = self.recent.len();
            let message = format!(
                "of the last {batches} batches {:.1} % was new, less than {:.1} %",
                share * 100.0,
                least * 100.0
            );
            self.ending.get_or_insert(Ending::Diminishing(message));
        }
    }

    fn window(&self) -> usize {
        (self.settings.producers * WINDOW).max(3)
    }

    fn recent_yield(&self) -> Option<f64> {
        let (received, unique) = self
            .recent
            .iter()
            .fold((0, 0), |(r, u), (received, unique)| (r + received, u + unique));
        (self.recent.len() >= self.window() && received > 0).then(|| unique as f64 / received as f64)
    }

    fn elapsed_millis(&self) -> u64 {
        self.earlier_millis + clock::millis_since(self.begun)
    }

    fn write(&self, status: &str, ended: Option<(&str, &str)>) -> io::Result<Vec<u8>> {
        self.book
            .write(&self.settings.shown(), status, ended, self.elapsed_millis())
    }

    fn finish(mut self) -> io::Result<Ended> {
        let ending = self.ending.take().unwrap_or(Ending::Iterations);
        let detail = ending.detail();
        let status = match ending {
            Ending::Stopped => "interrupted",
            Ending::Failing { .. } => "degraded",
            _ => "complete",
        };
        let metadata = self.write(status, Some((ending.word(), &detail)))?;
        self.tell_progress(true);
        let elapsed = self.elapsed_millis();
        self.events.say(Event::ExploreFinished {
            why: ending.word().to_owned(),
            detail,
            unique: self.book.known.len() as u64,
            received: self.book.totals.all.received,
            batches: self.book.totals.all.batches,
            millis: elapsed,
            uam: self.book.totals.uam(elapsed),
            cost_usd: self.book.totals.all.cost_usd,
            output: self.book.folder().display().to_string(),
        });
        Ok(Ended {
            ending,
            unique: self.book.known.len() as u64,
            metadata,
        })
    }

    fn tell_missing(&self, meant: &Meant) {
        if let Some(why) = &meant.failed {
            self.events.say(Event::Warning {
                message: format!("meanings were not compared, only words: {why}"),
            });
        }
    }

    fn tell_start(&self) {
        self.events.say(Event::ExploreStarted {
            topic: self.settings.topic.clone(),
            output: self.book.folder().display().to_string(),
            producers: self.settings.producers,
            models: self.settings.models.clone(),
            optimizer: self.settings.optimizer.word().to_owned(),
            iterations: self.settings.iterations,
            target: self.settings.target,
            max_cost_usd: self.settings.max_cost_usd,
            unique: self.book.known.len() as u64,
            received: self.book.totals.all.received,
        });
    }

    fn tell_batch(&self, entry: &Entry) {
        self.events.say(Event::ExploreBatch {
            producer: entry.producer,
            iteration: entry.iteration,
            model: entry.model.clone(),
            family: entry.family.word().to_owned(),
            received: entry.received,
            unique: entry.new.len() as u64,
            repeated: entry.repeated,
            near: entry.near,
            total: self.book.known.len() as u64,
            millis: entry.millis,
            cost_usd: entry.cost_usd,
            error: entry.error.clone(),
        });
    }

    fn tell_progress(&mut self, last: bool) {
        if !last && self.told.is_some_and(|told| told.elapsed() < TELL) {
            return;
        }
        self.told = Some(clock::now());
        let elapsed = self.elapsed_millis();
        let totals = &self.book.totals;
        self.events.say(Event::ExploreProgress {
            unique: self.book.known.len() as u64,
            received: totals.all.received,
            batches: totals.all.batches,
            millis: elapsed,
            uam: totals.uam(elapsed),
            cost_usd: totals.all.cost_usd,
            recent_yield: self.recent_yield(),
            iterations: totals.latest(),
        });
    }
}

/// What the optimizer learns from a batch; kept ones cost nothing and say nothing of time.
pub fn outcome(entry: &Entry) -> Outcome {
    Outcome {
        unique: entry.new.len() as u64,
        cost_usd: entry.cost_usd,
        millis: entry.millis,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
