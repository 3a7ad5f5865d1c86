//! Why a statement did not pass, in a form that a person and a model can act on.

use serde::Serialize;

use crate::insight::Verdict;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// `bad_ref`, `type`, `assert`, `number`, `unit`, `name`, `measure`, `word`, `period`, `date`, `rank`, `empty`.
    pub code: &'static str,
    pub verdict: Verdict,
    pub message: String,
}

impl Reason {
    pub(super) fn unsupported(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            verdict: Verdict::Unsupported,
            message: message.into(),
        }
    }

    pub(super) fn contradicted(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            verdict: Verdict::Contradicted,
            message: message.into(),
        }
    }
}
