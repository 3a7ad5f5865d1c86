//! Which facts may be cited: ids, units, the exact and the shown value, baselines, significance. Does not word anything.

mod basis;
mod build;
pub mod charts;
mod gate;
mod kpis;
mod own;
mod pipe;
mod sections;
pub mod show;
mod table;

mod cohorts;
mod daily;
mod geographic;
mod quality;
mod revenue;
mod segments;

mod activity;
mod channels;
mod drivers;
mod entities;
mod inside;
mod journey;
mod lifetime;
mod origins;
mod payments;
mod prices;
mod rfm;
mod shifts;
mod steps;
mod totals;
mod unusual;
mod unusual_cohorts;
mod versions;
mod weekly_cohorts;

mod context;
mod draft;
mod measure;
mod mix;
mod series;

mod anomalies;
mod change;
mod rank;
mod scatter;
mod significance;
mod statistics;
mod trends;

#[cfg(test)]
mod tests;

pub use build::{Analysis, Options, build};
pub use gate::{Caveat, Verdict, verdicts};
pub use kpis::{CHANGED_Z, Kpi, kpis};
pub use own::{NoSuchTables, merged, own};
pub use pipe::{pipe, pipe_table, tokens};
pub use significance::LEAST_SUPPORT;
pub use table::*;
