//! Which facts may be cited: ids, units, the exact and the shown value, baselines, significance. Does not word anything.

mod table;

pub use table::*;
