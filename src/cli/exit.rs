//! Exit codes, and errors as they are shown: what failed, its cause, the next step.

use std::fmt;
use std::process::ExitCode;

/// The promise to cron and CI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    Complete = 0,
    NoReport = 1,
    Usage = 2,
    Degraded = 3,
    NoRows = 4,
    Gate = 5,
    TryLater = 75,
    Interrupted = 130,
    Terminated = 143,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// A failure on its way to the user.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) cause: Option<String>,
    pub(super) hint: Option<String>,
}

impl Failure {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            cause: None,
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.message)?;
        if let Some(cause) = &self.cause {
            write!(formatter, "\n  cause: {cause}")?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<crate::config::Bad> for Failure {
    fn from(bad: crate::config::Bad) -> Self {
        Self::new(Code::Usage, bad.message).hint(bad.hint)
    }
}

impl From<crate::rundir::RunDirError> for Failure {
    fn from(error: crate::rundir::RunDirError) -> Self {
        let code = match error {
            crate::rundir::RunDirError::Locked { .. } => Code::TryLater,
            _ => Code::Usage,
        };
        Self::new(code, error.to_string()).hint(error.hint())
    }
}

impl From<crate::prompt::PromptError> for Failure {
    fn from(error: crate::prompt::PromptError) -> Self {
        Self::new(Code::Usage, error.to_string()).hint(error.hint())
    }
}

impl From<crate::data::DataError> for Failure {
    fn from(error: crate::data::DataError) -> Self {
        let code = match error {
            crate::data::DataError::NoRows { .. } => Code::NoRows,
            _ => Code::Usage,
        };
        Self::new(code, error.to_string()).hint(error.hint())
    }
}

impl From<crate::store::session::NotFound> for Failure {
    fn from(error: crate::store::session::NotFound) -> Self {
        Self::new(Code::Usage, error.to_string()).hint(error.hint())
    }
}

/// A file of the run could not be written.
pub(super) fn unwritable(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::NoReport, format!("could not write `{}`: {error}", path.display()))
        .hint("free some space or choose another place with `--run-logs DIR`; files of an earlier run are as they were")
}
