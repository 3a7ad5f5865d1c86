//! The ledger's tables and the transactions on them. Time comes in through `Rows::now`, so tests can make it jump.
//!
//! A row whose time lies in the future was written before the clock was set back: it is as good as gone. A process that
//! was killed leaves grants and tickets that simply age out.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{Answer, Ask, InUse, Known, LearnedLimit, in_use};
use crate::store::window::{Amounts, NoRoom, Rates, Window};

/// Each entry takes the schema from its index to the next version.
pub(super) const SCHEMA: [&str; 1] = ["
    CREATE TABLE grants (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        model TEXT NOT NULL,
        at INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL
    );
    CREATE INDEX grants_by_key ON grants (key, at);
    CREATE TABLE tickets (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        model TEXT NOT NULL,
        model_is_full INTEGER NOT NULL,
        since INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL
    );
    CREATE INDEX tickets_by_key ON tickets (key, id);
    CREATE TABLE pauses (
        key TEXT NOT NULL,
        model TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (key, model)
    ) WITHOUT ROWID;
    CREATE TABLE learned (
        key TEXT NOT NULL,
        model TEXT NOT NULL,
        at INTEGER NOT NULL,
        requests INTEGER,
        input_tokens INTEGER,
        output_tokens INTEGER,
        tokens INTEGER,
        PRIMARY KEY (key, model)
    ) WITHOUT ROWID;
"];

/// Clocks of one machine agree; a step back of less than this is no jump.
pub(super) const CLOCK_SLACK: i64 = 1_000;
/// A pause is believed at most this long: a wrong reset must not shut a key out for days.
pub(super) const LONGEST_PAUSE: i64 = 3_600_000;
/// Whoever waits longer than this goes before those who came later; below it, processes may overtake each other.
const PATIENCE: i64 = 250;
/// A ticket whose owner did not come back so long after it wanted to is nobody's.
const TICKET_GRACE: i64 = 2_000;
/// Those who wait look again at least this often.
pub(super) const LOOK_AGAIN: i64 = 1_000;
/// While an older ticket is about to be served.
const NEXT_IN_LINE: i64 = 20;

pub(super) struct Rows {
    pub connection: Connection,
    /// Milliseconds since 1970.
    pub now: fn() -> i64,
}

impl Rows {
    /// Room in every window, or how long there is none: one transaction, so no two processes take the same room.
    pub(super) fn reserve(&mut self, ask: &Ask) -> rusqlite::Result<Answer> {
        let transaction = begin(&mut self.connection)?;
        // Read after the lock is held: a grant must not be older than the wait for it.
        let now = (self.now)();
        transaction
            .prepare_cached("DELETE FROM grants WHERE key = ?1 AND (at <= ?2 OR at > ?3)")?
            .execute(params![ask.key, now - ask.window_millis, now + CLOCK_SLACK])?;
        let answer = match paused(&transaction, &ask.key, &ask.model, now)? {
            Some(millis) => Answer::Paused { millis },
            None => match no_room(&transaction, ask, ask.need, now)? {
                (None, _) => match older(&transaction, ask, now)? {
                    Some(first) => {
                        let (theirs, _) = no_room(&transaction, ask, first, now)?;
                        let millis = theirs.map_or(NEXT_IN_LINE, |wait| wait.millis.max(NEXT_IN_LINE));
                        line_up(&transaction, ask, millis, false, now)?
                    }
                    None => grant(&transaction, ask, now)?,
                },
                (Some(wait), model_is_full) => {
                    let answer = line_up(&transaction, ask, wait.millis, model_is_full, now)?;
                    match answer {
                        Answer::Wait { millis, ticket, .. } => Answer::Wait {
                            millis,
                            ticket,
                            because: Some(wait.dimension),
                        },
                        other => other,
                    }
                }
            },
        };
        transaction.commit()?;
        Ok(answer)
    }

    /// What was really used; more than was reserved counts from now on.
    pub(super) fn settle(&mut self, grant: i64, ask: &Ask, used: Amounts) -> rusqlite::Result<()> {
        let transaction = begin(&mut self.connection)?;
        let now = (self.now)();
        let kept = ask.need.at_most(used);
        transaction
            .prepare_cached("UPDATE grants SET requests = ?2, input_tokens = ?3, output_tokens = ?4 WHERE id = ?1")?
            .execute(params![
                grant,
                signed(kept.requests),
                signed(kept.input_tokens),
                signed(kept.output_tokens)
            ])?;
        let more = used.minus(ask.need);
        if !more.is_zero() {
            insert_grant(&transaction, &ask.key, &ask.model, now, more)?;
        }
        transaction.commit()
    }

    /// A grant that nobody made use of.
    pub(super) fn release(&mut self, grant: i64) -> rusqlite::Result<()> {
        self.one("DELETE FROM grants WHERE id = ?1", params![grant])
    }

    /// What was sent before anybody knew of a limit; ages in milliseconds.
    pub(super) fn add(&mut self, key: &str, model: &str, log: &[(i64, Amounts)]) -> rusqlite::Result<()> {
        let transaction = begin(&mut self.connection)?;
        let now = (self.now)();
        for (age, amounts) in log {
            insert_grant(&transaction, key, model, now - age, *amounts)?;
        }
        transaction.commit()
    }

    pub(super) fn leave(&mut self, ticket: i64) -> rusqlite::Result<()> {
        self.one("DELETE FROM tickets WHERE id = ?1", params![ticket])
    }

    /// A shorter pause never shortens a longer one.
    pub(super) fn pause(&mut self, key: &str, model: &str, millis: i64) -> rusqlite::Result<()> {
        let now = (self.now)();
        self.one(
            "INSERT INTO pauses (key, model, since, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key, model) DO UPDATE SET
                 until = CASE WHEN pauses.since > ?3 + 1000 THEN ?4 ELSE max(pauses.until, ?4) END, since = ?3",
            params![key, model, now, now + millis.min(LONGEST_PAUSE)],
        )
    }

    pub(super) fn learn(&mut self, key: &str, model: &str, rates: &Rates) -> rusqlite::Result<()> {
        let now = (self.now)();
        if rates.is_empty() {
            return self.one("DELETE FROM learned WHERE key = ?1 AND model = ?2", params![key, model]);
        }
        self.one(
            "INSERT OR REPLACE INTO learned (key, model, at, requests, input_tokens, output_tokens, tokens)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                key,
                model,
                now,
                rates.requests.map(signed),
                rates.input_tokens.map(signed),
                rates.output_tokens.map(signed),
                rates.tokens.map(signed)
            ],
        )
    }

    pub(super) fn known(&mut self, key: &str, model: &str) -> rusqlite::Result<Known> {
        let now = (self.now)();
        let learned = self
            .connection
            .prepare_cached(
                "SELECT key, model, at, requests, input_tokens, output_tokens, tokens FROM learned
                 WHERE key = ?1 AND model = ?2",
            )?
            .query_row(params![key, model], |row| learned(row, now))
            .optional()?;
        Ok(Known {
            learned,
            paused_millis: paused(&self.connection, key, model, now)?,
        })
    }

    pub(super) fn learned(&mut self) -> rusqlite::Result<Vec<LearnedLimit>> {
        let now = (self.now)();
        self.connection
            .prepare(
                "SELECT key, model, at, requests, input_tokens, output_tokens, tokens FROM learned ORDER BY key, model",
            )?
            .query_map([], |row| learned(row, now))?
            .collect()
    }

    pub(super) fn in_use(&mut self) -> rusqlite::Result<Vec<InUse>> {
        in_use::read(&self.connection, (self.now)())
    }

    fn one(&mut self, statement: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
        let transaction = begin(&mut self.connection)?;
        transaction.prepare_cached(statement)?.execute(values)?;
        transaction.commit()
    }
}

/// A deferred transaction that turns into a write fails at once, whatever the busy timeout.
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Milliseconds that this key or model still rests.
fn paused(connection: &Connection, key: &str, model: &str, now: i64) -> rusqlite::Result<Option<i64>> {
    let until: Option<i64> = connection
        .prepare_cached(
            "SELECT max(until) FROM pauses
             WHERE key = ?1 AND model IN ('', ?2) AND until > ?3 AND until <= ?4 AND since <= ?5",
        )?
        .query_row(
            params![key, model, now, now + LONGEST_PAUSE, now + CLOCK_SLACK],
            |row| row.get(0),
        )?;
    Ok(until.map(|until| until - now))
}

/// How long the key or the model has no room for `need`, and whether it is the model that has none.
fn no_room(
    transaction: &Transaction<'_>,
    ask: &Ask,
    need: Amounts,
    now: i64,
) -> rusqlite::Result<(Option<NoRoom>, bool)> {
    let of_key = scope(transaction, ask, need, None, &ask.key_rates, now)?;
    let of_model = scope(transaction, ask, need, Some(&ask.model), &ask.model_rates, now)?;
    let model_is_full = of_key.is_none();
    let longer = [of_key, of_model].into_iter().flatten().max_by_key(|wait| wait.millis);
    Ok((longer, model_is_full))
}

fn scope(
    transaction: &Transaction<'_>,
    ask: &Ask,
    need: Amounts,
    model: Option<&str>,
    rates: &Rates,
    now: i64,
) -> rusqlite::Result<Option<NoRoom>> {
    if rates.is_empty() {
        return Ok(None);
    }
    let used = transaction
        .prepare_cached(
            "SELECT total(requests), total(input_tokens), total(output_tokens) FROM grants
             WHERE key = ?1 AND at > ?2 AND (?3 IS NULL OR model = ?3)",
        )?
        .query_row(params![ask.key, now - ask.window_millis, model], |row| {
            let whole = |index| row.get(index).map(|number: f64| number as u64);
            Ok(Amounts {
                requests: whole(0)?,
                input_tokens: whole(1)?,
                output_tokens: whole(2)?,
            })
        })?;
    if rates.exceeded(used, need).is_none() {
        return Ok(None);
    }
    let mut window = Window::new(ask.window_millis);
    let mut query = transaction.prepare_cached(
        "SELECT at, requests, input_tokens, output_tokens FROM grants
         WHERE key = ?1 AND at > ?2 AND (?3 IS NULL OR model = ?3) ORDER BY at",
    )?;
    let mut rows = query.query(params![ask.key, now - ask.window_millis, model])?;
    while let Some(row) = rows.next()? {
        let at: i64 = row.get(0)?;
        window.take(amounts(row, 1)?, at);
    }
    Ok(window.no_room(need, rates, now))
}

/// What the first in line wants, if somebody has waited so long that nobody may pass.
fn older(transaction: &Transaction<'_>, ask: &Ask, now: i64) -> rusqlite::Result<Option<Amounts>> {
    transaction
        .prepare_cached(
            "SELECT requests, input_tokens, output_tokens FROM tickets
             WHERE key = ?1 AND id < ?2 AND (model = ?3 OR model_is_full = 0)
               AND since <= ?4 AND expires > ?5 AND expires <= ?6
             ORDER BY id LIMIT 1",
        )?
        .query_row(
            params![
                ask.key,
                ask.ticket.unwrap_or(i64::MAX),
                ask.model,
                now - PATIENCE,
                now,
                now + LOOK_AGAIN + TICKET_GRACE + CLOCK_SLACK
            ],
            |row| amounts(row, 0),
        )
        .optional()
}

/// Takes a ticket, or says that the one already taken is still wanted.
fn line_up(
    transaction: &Transaction<'_>,
    ask: &Ask,
    millis: i64,
    model_is_full: bool,
    now: i64,
) -> rusqlite::Result<Answer> {
    let expires = now + millis.min(LOOK_AGAIN) + TICKET_GRACE;
    let known = match ask.ticket {
        Some(ticket) => transaction
            .prepare_cached("UPDATE tickets SET expires = ?2, model_is_full = ?3 WHERE id = ?1")?
            .execute(params![ticket, expires, model_is_full])?,
        None => 0,
    };
    let ticket = match (ask.ticket, known) {
        (Some(ticket), 1) => ticket,
        _ => {
            transaction.execute("DELETE FROM tickets WHERE expires <= ?1", [now])?;
            transaction
                .prepare_cached(
                    "INSERT INTO tickets (key, model, model_is_full, since, expires, requests, input_tokens, output_tokens)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    ask.key,
                    ask.model,
                    model_is_full,
                    now,
                    expires,
                    signed(ask.need.requests),
                    signed(ask.need.input_tokens),
                    signed(ask.need.output_tokens)
                ])?;
            transaction.last_insert_rowid()
        }
    };
    Ok(Answer::Wait {
        millis,
        ticket,
        because: None,
    })
}

fn grant(transaction: &Transaction<'_>, ask: &Ask, now: i64) -> rusqlite::Result<Answer> {
    let grant = insert_grant(transaction, &ask.key, &ask.model, now, ask.need)?;
    if let Some(ticket) = ask.ticket {
        transaction
            .prepare_cached("DELETE FROM tickets WHERE id = ?1")?
            .execute([ticket])?;
    }
    Ok(Answer::Granted { grant })
}

fn insert_grant(
    transaction: &Transaction<'_>,
    key: &str,
    model: &str,
    at: i64,
    amounts: Amounts,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO grants (key, model, at, requests, input_tokens, output_tokens) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key,
            model,
            at,
            signed(amounts.requests),
            signed(amounts.input_tokens),
            signed(amounts.output_tokens)
        ])?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn amounts(row: &Row<'_>, first: usize) -> rusqlite::Result<Amounts> {
    Ok(Amounts {
        requests: unsigned(row.get(first)?),
        input_tokens: unsigned(row.get(first + 1)?),
        output_tokens: unsigned(row.get(first + 2)?),
    })
}

pub(super) fn learned(row: &Row<'_>, now: i64) -> rusqlite::Result<LearnedLimit> {
    let at: i64 = row.get(2)?;
    let limit = |index| row.get::<_, Option<i64>>(index).map(|limit| limit.map(unsigned));
    Ok(LearnedLimit {
        key: row.get(0)?,
        model: row.get(1)?,
        at_millis: at,
        // A negative age is a clock that was set back: nobody knows how old it is.
        age_millis: u64::try_from(now - at).unwrap_or(u64::MAX),
        rates: Rates {
            requests: limit(3)?,
            input_tokens: limit(4)?,
            output_tokens: limit(5)?,
            tokens: limit(6)?,
        },
    })
}

/// SQLite's integers are signed.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
