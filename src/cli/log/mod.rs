//! What developers read: logs/run.log and, where wanted, a trace. Keys and control characters are taken out of every line.

mod trace;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, reload};

use crate::config;
use crate::llm::Redactor;
use trace::Trace;

/// The log of this process, once it has begun.
static LOG: OnceLock<Log> = OnceLock::new();

struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    writer: Writer,
}

/// From here on the process traces what it does, where that is wanted; its log has no file yet and keeps nothing.
///
/// # Errors
/// A trace that cannot be written.
pub(super) fn begin() -> io::Result<()> {
    let (filter, handle) = reload::Layer::new(EnvFilter::new("off"));
    let writer = Writer::default();
    let trace = match std::env::var_os(config::TRACE).filter(|path| !path.is_empty()) {
        None => None,
        Some(path) => {
            let ours = Targets::new().with_target("insights", LevelFilter::TRACE);
            Some(Trace::open(Path::new(&path), writer.secrets.clone())?.with_filter(ours))
        }
    };
    let text = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer.clone())
        .with_filter(filter);
    let begun = tracing_subscriber::registry().with(text).with(trace).try_init();
    if begun.is_ok() {
        let _there_was_none = LOG.set(Log { filter: handle, writer });
    }
    Ok(())
}

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
    let Some(log) = LOG.get() else { return Ok(()) };
    let mut kept = log.writer.file.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.is_none() {
        *kept = Some(file);
        drop(kept);
        log.writer.secrets.know(redactor);
        log.filter.reload(filter).map_err(io::Error::other)?;
    }
    Ok(())
}

/// What must not be in any line; known once the settings are.
#[derive(Clone, Default)]
struct Secrets {
    redactor: Arc<RwLock<Redactor>>,
}

impl Secrets {
    fn know(&self, redactor: Redactor) {
        *self.redactor.write().unwrap_or_else(PoisonError::into_inner) = redactor;
    }

    fn redact(&self, text: &str) -> String {
        self.redactor
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .redact(text)
    }
}

#[derive(Clone, Default)]
struct Writer {
    file: Arc<Mutex<Option<File>>>,
    secrets: Secrets,
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
            .secrets
            .redact(body)
            .chars()
            .map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter })
            .collect();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.as_mut() {
            file.write_all(clean.as_bytes())?;
            file.write_all(end.as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.as_mut().map_or(Ok(()), Write::flush)
    }
}
