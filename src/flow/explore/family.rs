//! The families of prompts: six ways of looking at a topic. Their words stand in `prompts/explore/`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    Concrete,
    Creative,
    Technical,
    Functional,
    Structural,
    Contextual,
}

impl Family {
    pub const ALL: [Self; 6] = [
        Self::Concrete,
        Self::Creative,
        Self::Technical,
        Self::Functional,
        Self::Structural,
        Self::Contextual,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Concrete => "concrete",
            Self::Creative => "creative",
            Self::Technical => "technical",
            Self::Functional => "functional",
            Self::Structural => "structural",
            Self::Contextual => "contextual",
        }
    }
}
