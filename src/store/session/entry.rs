//! What a session log holds, in the shape that JSON lines and exports show.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::store::CallRecord;

/// Free facts about a session or an interaction, as JSON.
pub type Metadata = Map<String, Value>;

/// Which command a session belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Council,
    Ask,
    Refine,
    Scan,
    Explore,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Council, Self::Ask, Self::Refine, Self::Scan, Self::Explore];

    pub fn word(self) -> &'static str {
        match self {
            Self::Council => "council",
            Self::Ask => "ask",
            Self::Refine => "refine",
            Self::Scan => "scan",
            Self::Explore => "explore",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// How far a session is. One whose process was killed stays active: it can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Completed,
    Failed,
}

impl Status {
    pub const ALL: [Self; 3] = [Self::Active, Self::Completed, Self::Failed];

    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// A session without what happened in it. Times are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub id: String,
    pub kind: Kind,
    pub status: Status,
    pub created: String,
    pub updated: String,
    pub metadata: Metadata,
}

/// What an interaction was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Prompt,
    Review,
    Refinement,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Prompt, Self::Review, Self::Refinement];

    pub fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Review => "review",
            Self::Refinement => "refinement",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// One question to a model and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interaction {
    /// Orders interactions and reviews of a session; given by the log.
    #[serde(default)]
    pub sequence: u64,
    #[serde(rename = "type")]
    pub purpose: Purpose,
    pub stage: String,
    pub role: String,
    /// The words of the reply; kept only with `Detail::Texts`.
    #[serde(default)]
    pub content: Option<String>,
    #[serde(default)]
    pub created: String,
    /// Model, tokens, cost, latency, what went wrong.
    pub metadata: Metadata,
}

/// One judgement of one text, 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    #[serde(default)]
    pub sequence: u64,
    pub stage: String,
    pub judge: String,
    pub of: String,
    pub score: f64,
    /// Kept only with `Detail::Texts`, as are the suggestions.
    #[serde(default)]
    pub feedback: Option<String>,
    #[serde(default)]
    pub suggestions: Vec<String>,
    #[serde(default)]
    pub created: String,
}

/// One call with its time: request and response in one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub created: String,
    #[serde(flatten)]
    pub call: CallRecord,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub head: Head,
    /// Calls that were sent to a provider.
    pub calls: u64,
    /// US dollars; none when the cost of one call is unknown.
    pub cost_usd: Option<f64>,
}

/// Everything about one session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Transcript {
    #[serde(flatten)]
    pub head: Head,
    pub interactions: Vec<Interaction>,
    pub reviews: Vec<Review>,
    pub calls: Vec<Call>,
    /// Replies that a resumed run takes instead of asking.
    pub kept_steps: usize,
}

impl Transcript {
    pub fn summary(&self) -> Summary {
        let sent = self.calls.iter().filter(|call| !call.call.cached);
        Summary {
            head: self.head.clone(),
            calls: sent.clone().count() as u64,
            cost_usd: sent.map(|call| call.call.cost_usd).sum::<Option<f64>>(),
        }
    }
}
