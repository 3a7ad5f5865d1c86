//! Who uses the app.

use super::random::Random;

/// The country that loses users.
pub(super) const DROPPED: &str = "DE";

const COUNTRIES: [(&str, u64); 10] = [
    ("US", 25),
    ("GB", 14),
    (DROPPED, 14),
    ("FR", 11),
    ("BR", 9),
    ("IN", 8),
    ("ES", 7),
    ("CA", 5),
    ("JP", 4),
    ("NL", 3),
];
const PLATFORMS: [(&str, u64); 3] = [("android", 42), ("ios", 35), ("web", 23)];
const CHANNELS: [(&str, u64); 5] = [
    ("organic", 38),
    ("paid_search", 24),
    ("social", 18),
    ("email", 12),
    ("referral", 8),
];

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) country: &'static str,
    pub(super) platform: &'static str,
    pub(super) channel: &'static str,
    /// Goes for good when the country drops.
    pub(super) leaves: bool,
}

impl Person {
    pub(super) fn new(random: &mut Random) -> Self {
        let country = random.one_of(&COUNTRIES).unwrap_or("US");
        Self {
            country,
            platform: random.one_of(&PLATFORMS).unwrap_or("web"),
            channel: random.one_of(&CHANNELS).unwrap_or("organic"),
            leaves: country == DROPPED && random.below(100) < 45,
        }
    }
}
