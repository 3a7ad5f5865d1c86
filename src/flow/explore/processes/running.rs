//! One process of a producer: its pipes, and its end.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::sync::mpsc;

use super::message::Told;
use super::purse::Spent;
use crate::clock;

/// A command that becomes the process of a producer, and the first line that it reads.
pub struct Launched {
    pub command: Command,
    pub hello: String,
}

/// How long a process may take to end once its input has ended.
const FAREWELL: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub(super) struct Running {
    process: Child,
    /// Written by a thread, so that a process that does not read holds nobody up. Dropped, its input ends.
    asks: Option<blocking::Sender<String>>,
    told: mpsc::UnboundedReceiver<Told>,
    pub(super) spent: Spent,
    /// How many wordings it was told of.
    pub(super) n_heard: usize,
}

impl Running {
    /// # Errors
    /// A process or a thread that cannot be started.
    pub(super) fn start(launched: Launched) -> io::Result<Self> {
        let mut command = launched.command;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C in a terminal goes to the owner alone, who ends the others by the end of their input.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn()?;
        let (asks, to_write) = blocking::channel::<String>();
        let (tell, told) = mpsc::unbounded_channel();
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let mut running = Self {
            process,
            asks: Some(asks),
            told,
            spent: Spent::default(),
            n_heard: 0,
        };
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        thread("asks").spawn(move || {
            let Some(mut stdin) = stdin else { return };
            for line in to_write {
                if stdin.write_all(line.as_bytes()).is_err() {
                    break;
                }
            }
        })?;
        thread("told").spawn(move || {
            let Some(stdout) = stdout else { return };
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(said) = serde_json::from_str(&line) else { break };
                if tell.send(said).is_err() {
                    break;
                }
            }
        })?;
        running.say(launched.hello);
        Ok(running)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// A line to the process; one that is gone is noticed when nothing comes back.
    pub(super) fn say(&mut self, mut line: String) {
        line.push('\n');
        if let Some(asks) = &self.asks {
            let _it_is_gone = asks.send(line);
        }
    }

    /// What it says next; None when it says nothing any more.
    pub(super) async fn told(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// Ends its input, so that it ends by itself.
    pub(super) fn dismiss(&mut self) {
        self.asks = None;
    }

    /// Waits a little for its end, then kills it; says how it ended.
    pub(super) async fn end(mut self) -> String {
        self.dismiss();
        let begun = clock::now();
        while begun.elapsed() < FAREWELL {
            match self.process.try_wait() {
                Ok(Some(status)) => return status.to_string(),
                Ok(None) => clock::sleep(LOOK_AGAIN).await,
                Err(error) => return error.to_string(),
            }
        }
        "it did not end by itself and was killed".to_owned()
    }
}

impl Drop for Running {
    /// Nobody is left behind.
    fn drop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(Some(_))) {
            let _it_has_just_ended = self.process.kill();
            let _it_has_just_ended = self.process.wait();
        }
    }
}
