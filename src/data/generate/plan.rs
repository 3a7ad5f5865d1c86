//! What a sample is to hold.

/// How large the product is and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Users on a usual Monday.
    pub daily_users: f64,
    /// People, prices and purchases come by chance instead of in exact shares, and the product does not grow.
    pub by_chance: bool,
    /// One day without most of its users.
    pub outage: bool,
    /// One day with many more purchases.
    pub spike: bool,
    /// A country loses almost half of its users on the first day of the window.
    pub drop: bool,
    /// From the first day of the window on, more of the new users come through one platform.
    pub growth: bool,
    /// The users of one week hardly come back.
    pub bad_week: bool,
    /// From one day on, a column is often empty.
    pub nulls: bool,
}

impl Plan {
    /// The sample that `insights demo` shows.
    pub const DEMO: Self = Self {
        by_chance: false,
        outage: true,
        spike: true,
        drop: true,
        ..Self::NOTHING
    };
    /// Chance alone.
    pub const NOTHING: Self = Self {
        daily_users: 120.0,
        by_chance: true,
        outage: false,
        spike: false,
        drop: false,
        growth: false,
        bad_week: false,
        nulls: false,
    };
    /// All that can happen, among chance.
    pub const EVERYTHING: Self = Self {
        outage: true,
        spike: true,
        drop: true,
        growth: true,
        bad_week: true,
        nulls: true,
        ..Self::NOTHING
    };

    /// With so many users on a usual Monday.
    #[must_use]
    pub const fn sized(self, daily_users: f64) -> Self {
        Self { daily_users, ..self }
    }
}
