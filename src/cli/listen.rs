//! One thread hears all events: the journal keeps them, the terminal shows them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;

use crate::clock;
use crate::config;
use crate::event::{Event, Events};
use crate::rundir::RunDir;

use super::args::CommonArguments;
use super::exit::{Failure, unwritable};
use super::log;
use super::progress::{Progress, Style};

/// Owns the listening thread; `finish` waits until everything said is written.
pub(super) struct Listeners {
    sender: mpsc::Sender<Heard>,
    thread: JoinHandle<()>,
}

enum Heard {
    Event(Box<Event>),
    /// Whoever still holds an `Events` handle after this speaks to nobody.
    End,
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    time: String,
    #[serde(flatten)]
    event: &'a Event,
}

/// How long no event may come before the plain progress says what is still running.
const HEARTBEAT: Duration = Duration::from_secs(30);

impl Listeners {
    /// The log, the journal and the display of a command that has a run directory; its warnings are the first events.
    ///
    /// # Errors
    /// A log or a journal that cannot be created.
    pub(super) fn of_run(
        run: &RunDir,
        settings: &config::Run,
        common: &CommonArguments,
        warnings: impl IntoIterator<Item = String>,
    ) -> Result<(Self, Events), Failure> {
        let redactor = settings.models.options.redactor();
        log::start(&run.log(), settings.log.as_deref(), common.verbose, redactor)
            .map_err(|error| unwritable(&run.log(), &error))?;
        let style = Style::choose(common.quiet, common.no_progress);
        let (listeners, events) = Self::start(Some(&run.events()), Progress::new(style, common.verbose))
            .map_err(|error| unwritable(&run.events(), &error))?;
        for message in warnings {
            events.say(Event::Warning { message });
        }
        Ok((listeners, events))
    }

    /// Listens with a journal (an earlier run's is replaced) and a progress display.
    ///
    /// # Errors
    /// A journal that cannot be created.
    pub(super) fn start(journal: Option<&Path>, mut progress: Progress) -> std::io::Result<(Self, Events)> {
        let mut journal = journal.map(File::create).transpose()?.map(BufWriter::new);
        let (sender, receiver) = mpsc::channel::<Heard>();
        let thread = std::thread::Builder::new().name("events".to_owned()).spawn(move || {
            let mut seq = 0;
            loop {
                match receiver.recv_timeout(HEARTBEAT) {
                    Ok(Heard::Event(event)) => {
                        if !event.is_passing() {
                            seq += 1;
                            write(&mut journal, seq, &event);
                        }
                        progress.show(&event);
                    }
                    Err(RecvTimeoutError::Timeout) => progress.heartbeat(),
                    Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            progress.finish();
        })?;
        let speaker = sender.clone();
        let events = Events::new(move |event| {
            let _the_run_is_over = speaker.send(Heard::Event(Box::new(event)));
        });
        Ok((Self { sender, thread }, events))
    }

    /// Waits until everything said so far is written and shown.
    pub(super) fn finish(self) {
        let _the_thread_is_gone = self.sender.send(Heard::End);
        let _a_crashed_listener_loses_only_talk = self.thread.join();
    }
}

fn write(journal: &mut Option<BufWriter<File>>, seq: u64, event: &Event) {
    let Some(file) = journal else { return };
    let line = Line {
        seq,
        time: clock::wall().to_string(),
        event,
    };
    let written = serde_json::to_writer(&mut *file, &line)
        .map_err(std::io::Error::from)
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.flush());
    if let Err(error) = written {
        tracing::warn!(?error, "could not write events.jsonl; going on without it");
        *journal = None;
    }
}
