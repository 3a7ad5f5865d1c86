//! The ways in which a claim can be false.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Number,
    TenTimes,
    Unit,
    Entity,
    Date,
    Count,
    Derived,
    PercentOrPoints,
    Fabricated,
    Direction,
    Place,
    SwappedRows,
    StalePeriod,
    Column,
}

impl Class {
    pub(crate) const ALL: [Self; 14] = [
        Self::Number,
        Self::TenTimes,
        Self::Unit,
        Self::Entity,
        Self::Date,
        Self::Count,
        Self::Derived,
        Self::PercentOrPoints,
        Self::Fabricated,
        Self::Direction,
        Self::Place,
        Self::SwappedRows,
        Self::StalePeriod,
        Self::Column,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "wrong number",
            Self::TenTimes => "10x",
            Self::Unit => "unit",
            Self::Entity => "entity",
            Self::Date => "date",
            Self::Count => "count",
            Self::Derived => "derived value",
            Self::PercentOrPoints => "% versus pp",
            Self::Fabricated => "fabricated",
            Self::Direction => "direction",
            Self::Place => "rank",
            Self::SwappedRows => "swapped rows",
            Self::StalePeriod => "stale period",
            Self::Column => "column",
        }
    }
}

impl Class {
    /// Whether the false words are marked, for only some styles say them.
    pub(crate) fn is_marked(self) -> bool {
        matches!(self, Self::Number | Self::TenTimes | Self::Unit | Self::Direction)
    }
}
