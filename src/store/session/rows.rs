//! Sessions in the store's database: tables `sessions`, `interactions`, `reviews`, `steps`, and the session of each request.

use std::sync::PoisonError;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde_json::Value;

use super::entry::{Call, Head, Interaction, Kind, Purpose, Review, Status, Summary, Transcript};
use crate::store::writer::signed;
use crate::store::{CallRecord, Store};

/// Takes the schema to the version that knows sessions.
pub(in crate::store) const MIGRATION: &str = "
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        created TEXT NOT NULL,
        updated TEXT NOT NULL,
        metadata TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE interactions (
        id INTEGER PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        sequence INTEGER NOT NULL,
        type TEXT NOT NULL,
        stage TEXT NOT NULL,
        role TEXT NOT NULL,
        content TEXT,
        created TEXT NOT NULL,
        metadata TEXT NOT NULL
    );
    CREATE INDEX interactions_by_session ON interactions (session_id);
    CREATE TABLE reviews (
        id INTEGER PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        sequence INTEGER NOT NULL,
        stage TEXT NOT NULL,
        judge TEXT NOT NULL,
        reviewed TEXT NOT NULL,
        score REAL NOT NULL,
        feedback TEXT,
        suggestions TEXT NOT NULL,
        created TEXT NOT NULL
    );
    CREATE INDEX reviews_by_session ON reviews (session_id);
    CREATE TABLE steps (
        id INTEGER PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        step TEXT NOT NULL,
        reply TEXT NOT NULL,
        created TEXT NOT NULL
    );
    CREATE INDEX steps_by_session ON steps (session_id);
    ALTER TABLE requests ADD COLUMN session_id TEXT;
    ALTER TABLE requests ADD COLUMN type TEXT NOT NULL DEFAULT '';
    ALTER TABLE requests ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
    CREATE INDEX requests_by_session ON requests (session_id);
";

/// One thing that happens to a session.
#[derive(Debug)]
pub(in crate::store) enum Change {
    Begun(Head),
    Status(Status),
    Interaction(Interaction),
    Review(Review),
    Step { step: String, reply: Value },
    StepsForgotten,
}

pub(in crate::store) fn apply(
    transaction: &Transaction<'_>,
    session: &str,
    at: &str,
    change: &Change,
) -> rusqlite::Result<()> {
    match change {
        Change::Begun(head) => {
            transaction.execute(
                "INSERT INTO sessions (id, kind, status, created, updated, metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    head.id,
                    head.kind.word(),
                    head.status.word(),
                    head.created,
                    head.updated,
                    Value::Object(head.metadata.clone()).to_string()
                ],
            )?;
        }
        Change::Status(status) => {
            transaction.execute(
                "UPDATE sessions SET status = ?2 WHERE id = ?1",
                params![session, status.word()],
            )?;
        }
        Change::Interaction(interaction) => {
            transaction.execute(
                "INSERT INTO interactions (session_id, sequence, type, stage, role, content, created, metadata)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    session,
                    signed(interaction.sequence),
                    interaction.purpose.word(),
                    interaction.stage,
                    interaction.role,
                    interaction.content,
                    interaction.created,
                    Value::Object(interaction.metadata.clone()).to_string()
                ],
            )?;
        }
        Change::Review(review) => {
            transaction.execute(
                "INSERT INTO reviews (session_id, sequence, stage, judge, reviewed, score, feedback, suggestions, created)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    session,
                    signed(review.sequence),
                    review.stage,
                    review.judge,
                    review.of,
                    review.score,
                    review.feedback,
                    Value::from(review.suggestions.clone()).to_string(),
                    review.created
                ],
            )?;
        }
        Change::Step { step, reply } => {
            transaction.execute(
                "INSERT INTO steps (session_id, step, reply, created) VALUES (?1, ?2, ?3, ?4)",
                params![session, step, reply.to_string(), at],
            )?;
        }
        Change::StepsForgotten => {
            transaction.execute("DELETE FROM steps WHERE session_id = ?1", [session])?;
        }
    }
    touch(transaction, session, at)
}

fn touch(transaction: &Transaction<'_>, session: &str, at: &str) -> rusqlite::Result<()> {
    transaction
        .execute("UPDATE sessions SET updated = ?2 WHERE id = ?1", [session, at])
        .map(drop)
}

/// A request and its response.
pub(in crate::store) fn insert_call(
    transaction: &Transaction<'_>,
    run_hash: &str,
    session: Option<&str>,
    at: &str,
    call: &CallRecord,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO requests (run_hash, session_id, created, role, type, provider, model, parameters, system, prompt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            run_hash,
            session,
            at,
            call.role,
            call.kind,
            call.provider,
            call.model,
            call.parameters.to_string(),
            call.system,
            call.prompt
        ],
    )?;
    transaction.execute(
        "INSERT INTO responses (request_id, status, http_status, error, attempts, millis, input_tokens,
                                cached_input_tokens, output_tokens, cost_usd, cached, reply)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            transaction.last_insert_rowid(),
            call.status,
            call.http_status,
            call.error,
            call.attempts,
            signed(call.millis),
            signed(call.input_tokens),
            signed(call.cached_input_tokens),
            signed(call.output_tokens),
            call.cost_usd,
            call.cached,
            call.reply,
        ],
    )?;
    session.map_or(Ok(()), |session| touch(transaction, session, at))
}

/// Every session with its calls; nothing from a store that is off.
pub(super) fn summaries(store: &Store) -> Vec<Summary> {
    let sql = "
        SELECT s.id, s.kind, s.status, s.created, s.updated, s.metadata,
               count(r.id) FILTER (WHERE p.cached = 0),
               CASE WHEN count(r.id) FILTER (WHERE p.cached = 0 AND p.cost_usd IS NULL) = 0
                    THEN coalesce(sum(p.cost_usd) FILTER (WHERE p.cached = 0), 0.0) END
        FROM sessions s
        LEFT JOIN requests r ON r.session_id = s.id
        LEFT JOIN responses p ON p.request_id = r.id
        GROUP BY s.id";
    let read = |connection: &Connection| {
        let mut query = connection.prepare(sql)?;
        let rows = query.query_map([], |row| {
            let calls: i64 = row.get(6)?;
            Ok(head(row)?.map(|head| (head, calls, row.get(7))))
        })?;
        let mut all = Vec::new();
        for row in rows {
            if let Some((head, calls, cost_usd)) = row? {
                all.push(Summary {
                    head,
                    calls: unsigned(calls),
                    cost_usd: cost_usd?,
                });
            }
        }
        Ok(all)
    };
    ask(store, read).unwrap_or_default()
}

pub(super) fn transcript(store: &Store, id: &str) -> Option<Transcript> {
    ask(store, |connection| {
        let sql = "SELECT id, kind, status, created, updated, metadata FROM sessions WHERE id = ?1";
        let found = connection.query_row(sql, [id], head).optional()?.flatten();
        let Some(head) = found else {
            return Ok(None);
        };
        Ok(Some(Transcript {
            head,
            interactions: interactions(connection, id)?,
            reviews: reviews(connection, id)?,
            calls: calls(connection, id)?,
            kept_steps: connection.query_row("SELECT count(*) FROM steps WHERE session_id = ?1", [id], |row| {
                row.get::<_, i64>(0)
            })? as usize,
        }))
    })
    .flatten()
}

/// Kept replies in the order in which they came.
pub(super) fn steps(store: &Store, id: &str) -> Vec<(String, Value)> {
    let read = |connection: &Connection| {
        let mut query = connection.prepare("SELECT step, reply FROM steps WHERE session_id = ?1 ORDER BY id")?;
        let rows = query.query_map([id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<(String, String)>>>()
    };
    let steps = ask(store, read).unwrap_or_default().into_iter();
    steps
        .filter_map(|(step, reply)| Some((step, serde_json::from_str(&reply).ok()?)))
        .collect()
}

/// Reads after everything said so far is written.
fn ask<T>(store: &Store, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
    if !store.is_on() {
        return None;
    }
    store.flush();
    let reader = store.shared.reader.lock().unwrap_or_else(PoisonError::into_inner);
    read(reader.as_ref()?)
        .inspect_err(|error| tracing::warn!(?error, "cannot read the session log"))
        .ok()
}

/// None for a row that a newer program wrote.
fn head(row: &Row<'_>) -> rusqlite::Result<Option<Head>> {
    let (kind, status): (String, String) = (row.get(1)?, row.get(2)?);
    let (Some(kind), Some(status)) = (Kind::of(&kind), Status::of(&status)) else {
        return Ok(None);
    };
    Ok(Some(Head {
        id: row.get(0)?,
        kind,
        status,
        created: row.get(3)?,
        updated: row.get(4)?,
        metadata: json(&row.get::<_, String>(5)?),
    }))
}

fn interactions(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Interaction>> {
    let mut query = connection.prepare(
        "SELECT sequence, type, stage, role, content, created, metadata FROM interactions WHERE session_id = ?1 ORDER BY sequence",
    )?;
    let rows = query.query_map([id], |row| {
        let purpose = Purpose::of(&row.get::<_, String>(1)?);
        Ok(Interaction {
            sequence: unsigned(row.get(0)?),
            purpose: purpose.unwrap_or(Purpose::Prompt),
            stage: row.get(2)?,
            role: row.get(3)?,
            content: row.get(4)?,
            created: row.get(5)?,
            metadata: json(&row.get::<_, String>(6)?),
        })
    })?;
    rows.collect()
}

fn reviews(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Review>> {
    let mut query = connection.prepare(
        "SELECT sequence, stage, judge, reviewed, score, feedback, suggestions, created FROM reviews
         WHERE session_id = ?1 ORDER BY sequence",
    )?;
    let rows = query.query_map([id], |row| {
        Ok(Review {
            sequence: unsigned(row.get(0)?),
            stage: row.get(1)?,
            judge: row.get(2)?,
            of: row.get(3)?,
            score: row.get(4)?,
            feedback: row.get(5)?,
            suggestions: json(&row.get::<_, String>(6)?),
            created: row.get(7)?,
        })
    })?;
    rows.collect()
}

const CALLS: &str = "
    SELECT r.created, r.role, r.type, r.provider, r.model, r.parameters, r.system, r.prompt, p.status, p.http_status, p.error,
           p.attempts, p.millis, p.input_tokens, p.cached_input_tokens, p.output_tokens, p.cost_usd, p.cached, p.reply
    FROM requests r JOIN responses p ON p.request_id = r.id";

/// The latest calls of a run, at most.
const LATEST_CALLS: u32 = 200;

/// Oldest first, at most the latest `LATEST_CALLS`.
pub(in crate::store) fn calls_of_run(
    connection: &Connection,
    run_hash: &str,
    role: Option<&str>,
    since: &str,
) -> rusqlite::Result<Vec<Call>> {
    let mut query = connection.prepare_cached(&format!(
        "{CALLS} WHERE r.run_hash = ?1 AND (?2 IS NULL OR r.role = ?2) AND r.created >= ?3 ORDER BY r.id DESC LIMIT ?4"
    ))?;
    let rows = query.query_map(params![run_hash, role, since, LATEST_CALLS], call)?;
    let mut calls = rows.collect::<rusqlite::Result<Vec<Call>>>()?;
    calls.reverse();
    Ok(calls)
}

fn calls(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Call>> {
    let mut query = connection.prepare(&format!("{CALLS} WHERE r.session_id = ?1 ORDER BY r.id"))?;
    query.query_map([id], call)?.collect()
}

fn call(row: &Row<'_>) -> rusqlite::Result<Call> {
    Ok(Call {
        created: row.get(0)?,
        call: CallRecord {
            role: row.get(1)?,
            kind: row.get(2)?,
            provider: row.get(3)?,
            model: row.get(4)?,
            parameters: json(&row.get::<_, String>(5)?),
            system: row.get(6)?,
            prompt: row.get(7)?,
            status: row.get(8)?,
            http_status: row.get(9)?,
            error: row.get(10)?,
            attempts: row.get(11)?,
            millis: unsigned(row.get(12)?),
            input_tokens: unsigned(row.get(13)?),
            cached_input_tokens: unsigned(row.get(14)?),
            output_tokens: unsigned(row.get(15)?),
            cost_usd: row.get(16)?,
            cached: row.get(17)?,
            reply: row.get(18)?,
        },
    })
}

fn json<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
