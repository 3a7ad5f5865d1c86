//! What each key uses just now: a look for people, taken without a transaction, that no call depends on.

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, Row, params};

use super::rows::{CLOCK_SLACK, LONGEST_PAUSE, amounts, learned};
use crate::store::window::{Amounts, Rates};

/// What one key sends to one model, of all processes of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    pub key: String,
    /// Empty for what concerns every model behind the key.
    pub model: String,
    /// Granted in the last minute.
    pub used: Amounts,
    /// Calls that wait for room.
    pub waiting: u64,
    /// Nobody sends for so long.
    pub paused_millis: Option<i64>,
    /// As far as a server told it.
    pub learned: Option<Rates>,
}

const MINUTE: i64 = 60_000;

/// By key and model; one that is neither used nor known is not in it.
pub(super) fn read(connection: &Connection, now: i64) -> rusqlite::Result<Vec<InUse>> {
    let mut places = Places::default();
    places.fill(
        connection,
        "SELECT key, model, sum(requests), sum(input_tokens), sum(output_tokens) FROM grants
         WHERE at > ?1 AND at <= ?2 GROUP BY key, model",
        params![now - MINUTE, now + CLOCK_SLACK],
        |place, row| amounts(row, 2).map(|used| place.used = used),
    )?;
    places.fill(
        connection,
        "SELECT key, model, count(*) FROM tickets WHERE expires > ?1 AND since <= ?2 GROUP BY key, model",
        params![now, now + CLOCK_SLACK],
        |place, row| row.get(2).map(|waiting: i64| place.waiting = waiting.unsigned_abs()),
    )?;
    places.fill(
        connection,
        "SELECT key, model, until - ?1 FROM pauses WHERE until > ?1 AND until <= ?2 AND since <= ?3",
        params![now, now + LONGEST_PAUSE, now + CLOCK_SLACK],
        |place, row| row.get(2).map(|millis| place.paused_millis = Some(millis)),
    )?;
    places.fill(
        connection,
        "SELECT key, model, at, requests, input_tokens, output_tokens, tokens FROM learned",
        params![],
        |place, row| learned(row, now).map(|limit| place.learned = Some(limit.rates)),
    )?;
    Ok(places.0.into_values().collect())
}

#[derive(Default)]
struct Places(BTreeMap<(String, String), InUse>);

impl Places {
    /// Adds what each row says to the place that its first two columns name.
    fn fill(
        &mut self,
        connection: &Connection,
        statement: &str,
        values: impl Params,
        take: impl Fn(&mut InUse, &Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut query = connection.prepare_cached(statement)?;
        let mut rows = query.query(values)?;
        while let Some(row) = rows.next()? {
            let (key, model): (String, String) = (row.get(0)?, row.get(1)?);
            let place = self.0.entry((key.clone(), model.clone())).or_insert_with(|| InUse {
                key,
                model,
                ..InUse::default()
            });
            take(place, row)?;
        }
        Ok(())
    }
}
