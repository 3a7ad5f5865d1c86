//! logs/run.log: tracing for developers, with keys and control characters taken out of every line.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::llm::Redactor;

/// Starts the log of this process; a second start keeps the first.
///
/// # Errors
/// A file that cannot be created, or a filter that cannot be read.
pub(super) fn start(path: &Path, filter: Option<&str>, verbose: bool, redactor: Redactor) -> io::Result<()> {
    to(File::create(path)?, filter, verbose, redactor)
}

/// The same behind what is in the file already.
///
/// # Errors
/// A file that cannot be written, or a filter that cannot be read.
pub(super) fn go_on(path: &Path, filter: Option<&str>, verbose: bool, redactor: Redactor) -> io::Result<()> {
    let file = File::options().create(true).append(true).open(path)?;
    to(file, filter, verbose, redactor)
}

fn to(file: File, filter: Option<&str>, verbose: bool, redactor: Redactor) -> io::Result<()> {
    let default = if verbose {
        "insights=debug,warn"
    } else {
        "insights=info,warn"
    };
    let filter = EnvFilter::try_new(filter.unwrap_or(default)).map_err(io::Error::other)?;
    let writer = Writer {
        file: Arc::new(Mutex::new(file)),
        redactor,
    };
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(writer)
        .try_init();
    let _an_earlier_log_goes_on = started;
    Ok(())
}

#[derive(Clone)]
struct Writer {
    file: Arc<Mutex<File>>,
    redactor: Redactor,
}

impl<'a> MakeWriter<'a> for Writer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let (body, end) = text.strip_suffix('\n').map_or((text.as_ref(), ""), |body| (body, "\n"));
        let clean: String = self
            .redactor
            .redact(body)
            .chars()
            .map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter })
            .collect();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(clean.as_bytes())?;
        file.write_all(end.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}
