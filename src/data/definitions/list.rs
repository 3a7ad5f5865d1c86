//! All definitions by name, and the tables that each of them feeds.

use super::super::DataError;

macro_rules! queries {
    ($($query:ident $name:literal [$($table:literal),*];)*) => {
        /// One definition: the name of its file without `.sql`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Query {
            $($query),*
        }

        impl Query {
            /// In the order in which they are computed.
            pub const ALL: &'static [Self] = &[$(Self::$query),*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$query => $name),*
                }
            }

            /// The text that is in force unless a file replaces it.
            pub fn built_in(self) -> &'static str {
                match self {
                    $(Self::$query => include_str!(concat!("../sql/", $name, ".sql"))),*
                }
            }

            /// Tables of the run directory and of the evidence whose numbers come from it.
            pub fn feeds(self) -> &'static [&'static str] {
                match self {
                    $(Self::$query => &[$($table),*]),*
                }
            }
        }
    };
}

queries! {
    Dated "dated" [];
    Copies "copies" [];
    Events "events" [];
    FirstSeen "first_seen" [];
    Visits "visits" [];
    UserDays "user_days" [];
    SessionDays "session_days" [];
    Sessions "sessions" [];
    Coverage "coverage" ["Q4"];
    Reach "reach" [];
    Purchases "purchases" [];
    Tiers "tiers" [];
    Activity "activity" ["D7"];
    Totals "totals" ["D1", "R1", "R2"];
    Daily "daily" ["dau_by_date", "engagement_by_date", "revenue_by_date", "D1", "D2", "D3", "D5", "D6", "Q3", "R1", "R5"];
    SessionTime "session_time" ["engagement_by_date", "D1"];
    Scores "scores" ["engagement_by_date"];
    Kinds "kinds" ["revenue_by_date", "revenue_by_type", "revenue_by_country", "R3"];
    ByGroup "by_group" ["dau_by_country", "revenue_by_country", "new_logins_by_country", "new_logins_by_channel", "revenue_by_type", "G1", "G4", "G5", "D4", "S9"];
    GroupUsers "group_users" ["G1", "D1", "R1"];
    InsideCountries "inside_countries" ["G3"];
    Dimension "dimension" ["S2", "S3", "S4", "S5", "S10", "D4"];
    TierDays "tier_days" ["revenue_segments_daily", "S1", "R6"];
    TierSizes "tier_sizes" ["S1", "R6"];
    Concentration "concentration" ["S8", "R4"];
    Cohorts "cohorts" ["dau_by_cohort_date", "revenue_by_cohort_date", "C1", "C2", "C3"];
    CohortWeeks "cohort_weeks" ["C3", "C6"];
    Origins "origins" ["C4"];
    LifetimeValues "lifetime_values" ["C5", "R8"];
    Rfm "rfm" ["S11"];
    PriceBands "price_bands" ["R9"];
    Payments "payments" ["D3", "R5"];
    CohortSessions "cohort_sessions" ["engagement_by_cohort_date"];
    CohortScores "cohort_scores" ["engagement_by_cohort_date"];
    EventOrder "event_order" ["user_journey_cohort", "S7", "R7"];
    Journeys "journeys" ["user_journey_cohort", "S6"];
    EventCounts "event_counts" ["S7", "R7"];
}

impl Query {
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|query| query.name() == name)
    }

    /// The definitions behind a name: one of the definition's own, of a table of the run directory, or of a table of the evidence.
    ///
    /// # Errors
    /// Nothing has that name.
    pub fn behind(name: &str) -> Result<Vec<Self>, DataError> {
        if let Some(query) = Self::named(name.trim_end_matches(".sql")) {
            return Ok(vec![query]);
        }
        let table = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".csv");
        let feeding: Vec<Self> = Self::ALL
            .iter()
            .copied()
            .filter(|query| query.feeds().iter().any(|fed| fed.eq_ignore_ascii_case(table)))
            .collect();
        if feeding.is_empty() {
            return Err(DataError::NoSuchDefinition(name.to_owned()));
        }
        Ok(feeding)
    }

    /// The comment on top of a definition's text, as one sentence or more.
    pub fn definition(sql: &str) -> String {
        let lines = sql.lines().map_while(|line| line.trim().strip_prefix("--"));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    }

    /// Whether its text is planned against tables that always have the same columns; the others read the columns of the source.
    pub(crate) fn reads_facts(self) -> bool {
        !matches!(self, Self::Dated | Self::Copies | Self::Events)
    }

    /// Whether its result is kept as a table of the same name.
    pub(crate) fn is_kept(self) -> bool {
        matches!(
            self,
            Self::FirstSeen
                | Self::Visits
                | Self::UserDays
                | Self::SessionDays
                | Self::Sessions
                | Self::Reach
                | Self::Tiers
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_says_what_it_defines_and_is_found_by_its_tables() {
        let mut files: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/data/sql"))
            .expect("the folder of definitions")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut named: Vec<String> = Query::ALL.iter().map(|query| format!("{}.sql", query.name())).collect();
        named.sort();
        assert_eq!(files, named);
        for query in Query::ALL {
            let definition = Query::definition(query.built_in());
            assert!(definition.len() > 20, "{}: {definition:?}", query.name());
            assert_eq!(Query::behind(query.name()).expect("its own name"), [*query]);
        }
        let daily = Query::behind("daily/dau_by_date.csv").expect("a table of the run directory");
        assert_eq!(daily, [Query::Daily]);
        let tiers = Query::behind("r6").expect("a table of the evidence");
        assert_eq!(tiers, [Query::TierDays, Query::TierSizes]);
        assert!(Query::behind("weather").is_err());
    }
}
