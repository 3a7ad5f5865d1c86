//! How each model did lately, from the recorded calls: success rate, latency, last error, and whether its breaker is open.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::breakers::{self, BreakerRecord};

/// Calls of one model that count; older ones are history.
const RECENT_CALLS: usize = 200;
/// Rows read at most, over all models.
const READ_CALLS: i64 = 5_000;

/// One `provider:model` over its recent calls; kept replies do not count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelHealth {
    pub provider: String,
    pub model: String,
    pub calls: u64,
    pub succeeded: u64,
    /// Milliseconds of the calls that succeeded, with all their retries and waits; None without any.
    pub mean_millis: Option<f64>,
    pub p50_millis: Option<u64>,
    pub p95_millis: Option<u64>,
    pub last_error: Option<LastError>,
    /// Open breakers of this model, or of its provider's key. Empty is closed.
    pub breakers: Vec<BreakerRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// RFC 3339.
    pub at: String,
    /// The class of the error.
    pub status: String,
    pub http_status: Option<u16>,
    pub message: String,
}

impl ModelHealth {
    /// Between 0 and 1; None before the first call.
    pub fn success_rate(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.succeeded as f64 / self.calls as f64)
    }
}

/// Sorted by provider and model; a model with an open breaker and no recorded call is in it too.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<ModelHealth>> {
    let mut models: BTreeMap<(String, String), (ModelHealth, Vec<u64>)> = BTreeMap::new();
    let mut query = connection.prepare_cached(
        "SELECT requests.provider, requests.model, requests.created, responses.status, responses.http_status,
                responses.error, responses.millis
         FROM requests JOIN responses ON responses.request_id = requests.id
         WHERE responses.cached = 0 AND requests.provider <> ''
         ORDER BY requests.id DESC LIMIT ?1",
    )?;
    let mut rows = query.query([READ_CALLS])?;
    while let Some(row) = rows.next()? {
        let name: (String, String) = (row.get(0)?, row.get(1)?);
        let (health, millis) = models.entry(name).or_default();
        if health.calls as usize >= RECENT_CALLS {
            continue;
        }
        health.calls += 1;
        let status: String = row.get(3)?;
        if status == "ok" {
            health.succeeded += 1;
            millis.push(u64::try_from(row.get::<_, i64>(6)?).unwrap_or(0));
        } else if health.last_error.is_none() {
            health.last_error = Some(LastError {
                at: row.get(2)?,
                status,
                http_status: row.get(4)?,
                message: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
            });
        }
    }
    let open = breakers::all(connection)?;
    for breaker in &open {
        if let Some(model) = &breaker.model {
            models.entry((breaker.provider.clone(), model.clone())).or_default();
        }
    }
    Ok(models
        .into_iter()
        .map(|((provider, model), (mut health, mut millis))| {
            millis.sort_unstable();
            health.mean_millis = (!millis.is_empty()).then(|| millis.iter().sum::<u64>() as f64 / millis.len() as f64);
            health.p50_millis = percentile(&millis, 50);
            health.p95_millis = percentile(&millis, 95);
            let concerns = |breaker: &&BreakerRecord| {
                breaker.provider == provider && breaker.model.as_ref().is_none_or(|name| *name == model)
            };
            health.breakers = open.iter().filter(concerns).cloned().collect();
            health.provider = provider;
            health.model = model;
            health
        })
        .collect())
}

/// Nearest rank: the smallest value that at least `percent` of all do not exceed.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 50), Some(50));
        assert_eq!(percentile(&hundred, 95), Some(95));
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[1, 9], 50), Some(1));
        assert_eq!(percentile(&[], 50), None);
    }
}
