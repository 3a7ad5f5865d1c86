//! The only place that writes to stdout and stderr. A closed pipe is no error.

use std::io::{self, IsTerminal as _, Write as _};

/// Writes a result to stdout and flushes it.
///
/// # Errors
/// Anything but a closed pipe, a full disk for example.
pub(super) fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    forgive(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Writes a part of a result to stdout and flushes it; false when nobody reads any more.
///
/// # Errors
/// Anything but a closed pipe.
pub(super) fn part(text: &str) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        done => done.map(|()| true),
    }
}

/// Writes a line of talk to stderr; nobody can be told when that fails.
pub(super) fn talk(line: &str) {
    let mut stderr = io::stderr().lock();
    let _nobody_to_tell = writeln!(stderr, "{}", safe(line));
}

pub(super) fn warn(message: &str) {
    talk(&format!("warning: {message}"));
}

/// Control, bidirectional and zero-width characters of foreign text never reach a terminal; line ends of ours do.
pub(super) fn safe(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\t' => letter,
            _ if letter.is_control() => '\u{FFFD}',
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
            _ => letter,
        })
        .collect()
}

/// How wide stdout is, and whether it shows weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) width: usize,
    styled: bool,
}

impl Page {
    /// Where nobody tells how wide the page is.
    const WIDTH: usize = 120;

    /// The terminal behind stdout; plain and of a usual width where there is none.
    pub(super) fn of_stdout() -> Self {
        let quiet =
            std::env::var_os("NO_COLOR").is_some() || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let told = std::env::var("COLUMNS").ok().and_then(|width| width.parse().ok());
        Self {
            width: told.unwrap_or(Self::WIDTH).max(40),
            styled: io::stdout().is_terminal() && !quiet,
        }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.style("1", text)
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.style("2", text)
    }

    fn style(&self, code: &str, text: &str) -> String {
        if self.styled {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A person watches stderr.
pub(super) fn is_terminal() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !dumb
}

fn forgive(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
