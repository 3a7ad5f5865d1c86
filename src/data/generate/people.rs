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
/// The platform that grows.
pub(super) const GROWN: &str = "web";
const PLATFORMS: [(&str, u64); 3] = [("android", 42), ("ios", 35), (GROWN, 23)];
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
    /// How often the person comes, 1 to 8: most seldom, a few almost daily.
    pub(super) keen: u64,
}

const KEEN: [(u64, u64); 4] = [(1, 50), (2, 28), (4, 15), (8, 7)];

impl Person {
    /// Drawn by chance alone, as people come in life.
    pub(super) fn by_chance(random: &mut Random) -> Self {
        let country = random.one_of(&COUNTRIES).unwrap_or(DROPPED);
        Self {
            country,
            platform: random.one_of(&PLATFORMS).unwrap_or("web"),
            channel: random.one_of(&CHANNELS).unwrap_or("organic"),
            leaves: country == DROPPED && random.below(100) < 45,
            keen: random.one_of(&KEEN).unwrap_or(1),
        }
    }
}

/// Draws people so that any hundred in a row have exactly the shares of the countries.
pub(super) struct Crowd {
    n_drawn: u64,
    n_in_dropped: u64,
}

impl Crowd {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            n_drawn: random.below(100),
            n_in_dropped: 0,
        }
    }

    pub(super) fn draw(&mut self, random: &mut Random) -> Person {
        // 61 shares no factor with 100, so its multiples visit every percent once.
        let mut place = self.n_drawn * 61 % 100;
        self.n_drawn += 1;
        let mut country = DROPPED;
        for (name, weight) in COUNTRIES {
            if place < weight {
                country = name;
                break;
            }
            place -= weight;
        }
        let leaves = country == DROPPED && self.n_in_dropped * 45 % 100 < 45;
        self.n_in_dropped += u64::from(country == DROPPED);
        Person {
            country,
            platform: random.one_of(&PLATFORMS).unwrap_or("web"),
            channel: random.one_of(&CHANNELS).unwrap_or("organic"),
            leaves,
            keen: 8,
        }
    }
}
