//! What was asked over all runs in this database, summed up by model and role: money, tokens, latencies, kept replies.

use rusqlite::Connection;

/// The upper ends of the latency counts, in seconds; what took longer is only in `asked`.
pub const LATENCY_BUCKETS: [f64; 12] = [
    0.04, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 327.68,
];

/// The calls of one role to one model that ended in one way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    pub provider: String,
    pub model: String,
    pub role: String,
    /// `ok`, or the class of the error.
    pub status: String,
    /// Calls that went to the provider.
    pub asked: u64,
    /// Calls that a kept reply answered.
    pub kept: u64,
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub output_tokens: u64,
    /// US dollars of the calls whose price is known.
    pub cost_usd: f64,
    /// Calls whose price is not known.
    pub unpriced: u64,
    /// Milliseconds of all `asked`.
    pub millis: u64,
    /// How many of `asked` took no longer than each of `LATENCY_BUCKETS`.
    pub within: [u64; LATENCY_BUCKETS.len()],
}

pub(super) fn read(connection: &Connection, since: &str) -> rusqlite::Result<Vec<Usage>> {
    let within: String = LATENCY_BUCKETS
        .iter()
        .map(|seconds| format!(", total(p.cached = 0 AND p.millis <= {})", (seconds * 1000.0).round()))
        .collect();
    let mut query = connection.prepare_cached(&format!(
        "SELECT r.provider, r.model, r.role, p.status, total(p.cached = 0), total(p.cached <> 0),
                total(CASE WHEN p.cached = 0 THEN p.input_tokens END),
                total(CASE WHEN p.cached = 0 THEN p.cached_input_tokens END),
                total(CASE WHEN p.cached = 0 THEN p.output_tokens END),
                total(CASE WHEN p.cached = 0 THEN p.cost_usd END),
                total(p.cached = 0 AND p.cost_usd IS NULL),
                total(CASE WHEN p.cached = 0 THEN p.millis END){within}
         FROM requests r JOIN responses p ON p.request_id = r.id
         WHERE r.created >= ?1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    ))?;
    let rows = query.query_map([since], |row| {
        let whole = |index| row.get(index).map(|number: f64| number as u64);
        let mut within = [0; LATENCY_BUCKETS.len()];
        for (index, count) in within.iter_mut().enumerate() {
            *count = whole(12 + index)?;
        }
        Ok(Usage {
            provider: row.get(0)?,
            model: row.get(1)?,
            role: row.get(2)?,
            status: row.get(3)?,
            asked: whole(4)?,
            kept: whole(5)?,
            input_tokens: whole(6)?,
            cached_input_tokens: whole(7)?,
            output_tokens: whole(8)?,
            cost_usd: row.get(9)?,
            unpriced: whole(10)?,
            millis: whole(11)?,
            within,
        })
    })?;
    rows.collect()
}
