//! Who reads the data: the six fixed analysts, and those that a user's pattern adds.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A specialist of a council; the six fixed ones in reading order, then the added ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Analyst {
    DailyMetrics,
    UserSegmentation,
    Geographic,
    CohortRetention,
    RevenueOptimization,
    DataQuality,
    /// Named by a pattern, not by the program: no section objects of its own, everything else alike.
    Own(&'static OwnAnalyst),
}

/// The name of an added analyst.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnAnalyst {
    key: String,
    title: String,
}

/// Added analysts live as long as the process: a pattern names a handful, once.
static OWN: Mutex<Vec<&'static OwnAnalyst>> = Mutex::new(Vec::new());

impl Analyst {
    /// The six that every council has.
    pub const ALL: [Self; 6] = [
        Self::DailyMetrics,
        Self::UserSegmentation,
        Self::Geographic,
        Self::CohortRetention,
        Self::RevenueOptimization,
        Self::DataQuality,
    ];

    /// The analyst with this key: a fixed one, or one that is added under it. An empty title is made from the key.
    pub fn named(key: &str, title: &str) -> Self {
        if let Some(fixed) = Self::from_key(key) {
            return fixed;
        }
        let title = if title.is_empty() {
            titled(key)
        } else {
            title.to_owned()
        };
        let wanted = OwnAnalyst {
            key: key.to_owned(),
            title,
        };
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = own.iter().find(|known| ***known == wanted) {
            return Self::Own(known);
        }
        let added: &'static OwnAnalyst = Box::leak(Box::new(wanted));
        own.push(added);
        Self::Own(added)
    }

    /// One of the six.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|analyst| analyst.key() == key)
    }

    /// The key used in files, prompts, flags and events.
    pub fn key(self) -> &'static str {
        match self {
            Self::DailyMetrics => "daily_metrics",
            Self::UserSegmentation => "user_segmentation",
            Self::Geographic => "geographic",
            Self::CohortRetention => "cohort_retention",
            Self::RevenueOptimization => "revenue_optimization",
            Self::DataQuality => "data_quality",
            Self::Own(own) => &own.key,
        }
    }

    /// The heading a reader sees.
    pub fn title(self) -> &'static str {
        match self {
            Self::DailyMetrics => "Daily metrics",
            Self::UserSegmentation => "User segmentation",
            Self::Geographic => "Geography",
            Self::CohortRetention => "Cohorts and retention",
            Self::RevenueOptimization => "Revenue",
            Self::DataQuality => "Data quality",
            Self::Own(own) => &own.title,
        }
    }
}

/// `store_ratings`: `Store ratings`.
fn titled(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl fmt::Display for Analyst {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key())
    }
}

impl Serialize for Analyst {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for Analyst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        Ok(Self::named(&key, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_added_analyst_is_one_value_however_often_it_is_named() {
        let ratings = Analyst::named("store_ratings", "");
        assert_eq!(ratings.title(), "Store ratings");
        assert_eq!(ratings, Analyst::named("store_ratings", "Store ratings"));
        assert!(ratings > Analyst::DataQuality);
        assert_eq!(Analyst::named("geographic", "Anything"), Analyst::Geographic);
        let text = serde_json::to_string(&ratings).expect("a key");
        assert_eq!(text, "\"store_ratings\"");
        assert_eq!(serde_json::from_str::<Analyst>(&text).expect("an analyst"), ratings);
    }
}
