//! Breakers that are open, kept from run to run: a row is an open one, no row a closed one.

use rusqlite::{Connection, Row, Transaction, params};

/// Who is not asked any more, since when and why.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BreakerRecord {
    /// Names the breaker; holds a fingerprint of the key, never the key.
    pub key: String,
    pub provider: String,
    /// None concerns every model behind the key.
    pub model: Option<String>,
    pub base_url: String,
    /// The class of the error that opened it.
    pub class: String,
    pub code: Option<String>,
    pub http_status: Option<u16>,
    pub reason: String,
    /// Milliseconds since 1970, as are the next two.
    pub since_millis: i64,
    pub until_millis: i64,
    /// Only when the server itself said when it goes on.
    pub reset_millis: Option<i64>,
    /// How often it failed in a row.
    pub failures: u32,
}

const COLUMNS: &str = "key, provider, model, base_url, class, code, http_status, reason, since_millis, until_millis,
     reset_millis, failures";

pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<BreakerRecord>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM breakers ORDER BY key"))?;
    query.query_map([], read)?.collect()
}

pub(super) fn keep(transaction: &Transaction<'_>, breaker: &BreakerRecord) -> rusqlite::Result<()> {
    transaction.execute(
        &format!(
            "INSERT OR REPLACE INTO breakers ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        ),
        params![
            breaker.key,
            breaker.provider,
            breaker.model,
            breaker.base_url,
            breaker.class,
            breaker.code,
            breaker.http_status,
            breaker.reason,
            breaker.since_millis,
            breaker.until_millis,
            breaker.reset_millis,
            breaker.failures,
        ],
    )?;
    Ok(())
}

pub(super) fn forget(transaction: &Transaction<'_>, key: &str) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM breakers WHERE key = ?1", [key])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<BreakerRecord> {
    Ok(BreakerRecord {
        key: row.get(0)?,
        provider: row.get(1)?,
        model: row.get(2)?,
        base_url: row.get(3)?,
        class: row.get(4)?,
        code: row.get(5)?,
        http_status: row.get(6)?,
        reason: row.get(7)?,
        since_millis: row.get(8)?,
        until_millis: row.get(9)?,
        reset_millis: row.get(10)?,
        failures: row.get(11)?,
    })
}
