//! Tables whose rows belong to one user each: when first seen, visits, sessions, events met. Never heard of windows.
//!
//! Users are dealt into parts, and all these tables are made of one part after the other, one on each core: what a query
//! remembers stays small, whatever the number of users.

use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};

use super::engine::Engine;
use super::held::Held;
use super::ids;
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;
use super::{DataError, Definitions, Query};

/// About so many rows fit the caches of a processor while they are grouped.
const ROWS_PER_PART: u64 = 600_000;
/// Fewer rows are made into tables sooner than they are dealt.
const LEAST_ROWS: u64 = 200_000;
/// Definitions that look at one user at a time, as they are built in.
const OF_USERS: [Query; 8] = [
    Query::Events,
    Query::FirstSeen,
    Query::Visits,
    Query::UserDays,
    Query::SessionDays,
    Query::Sessions,
    Query::Reach,
    Query::Purchases,
];

/// Keeps the result of `sql` as table `events`, in parts where that helps.
pub(crate) async fn keep_events(
    engine: &Engine,
    definitions: &Definitions,
    sql: &str,
    n_rows: u64,
) -> Result<(), DataError> {
    match n_parts(engine, definitions, n_rows) {
        1 => engine.keep("events", sql).await,
        n_parts => engine.keep_dealt("events", "dated", sql, "user_id", n_parts).await,
    }
}

/// Keeps the tables that `events` gives.
#[tracing::instrument(name = "data.per_user", level = "debug", skip_all)]
pub(crate) async fn keep_tables(
    engine: &Arc<Engine>,
    definitions: &Definitions,
    roles: &Roles,
    n_rows: u64,
) -> Result<(), DataError> {
    let tables = tables(definitions, roles);
    let n_parts = n_parts(engine, definitions, n_rows);
    if n_parts == 1 {
        return keep_few(engine, is_own(definitions), tables).await;
    }
    let tables: Arc<[(&str, String)]> = tables.into();
    let events = engine.held("events")?;
    let parts = (0..n_parts).map(|part| {
        let (engine, events, tables) = (engine.beside(), Arc::new(events.part(part)), Arc::clone(&tables));
        async move {
            let made = tokio::spawn(of_part(engine, events, tables));
            made.await.map_err(|error| DataError::Engine(error.to_string()))?
        }
    });
    let parts: Vec<Vec<Arc<Held>>> = futures::stream::iter(parts)
        .buffered(engine.n_partitions())
        .try_collect()
        .await?;
    for (position, (name, _)) in tables.iter().enumerate() {
        let parts: Vec<Arc<Held>> = parts.iter().map(|part| Arc::clone(&part[position])).collect();
        let schema = Arc::clone(parts[0].schema());
        engine.register(name, Arc::new(Held::joined(parts, schema)))?;
    }
    Ok(())
}

/// Keeps tables of few rows. As they are built in, those about sessions and the others need nothing of each other, and those
/// about visits and about events met need no more than when a user was first seen.
async fn keep_few(engine: &Arc<Engine>, is_own: bool, tables: Vec<(&'static str, String)>) -> Result<(), DataError> {
    let chain = |tables: Vec<(&'static str, String)>| {
        let engine = Arc::clone(engine);
        async move {
            for (name, sql) in tables {
                engine.keep(name, &sql).await?;
            }
            Ok(())
        }
        .boxed()
    };
    if is_own {
        return chain(tables).await;
    }
    let of = |names: &[&str]| {
        let chosen = tables.iter().filter(|(name, _)| names.contains(name));
        chain(chosen.cloned().collect())
    };
    let sessions = engine.start(of(&["session_days", "sessions"])).await;
    of(&["first_seen"]).await?;
    engine.all([of(&["visits", "user_days"]), of(&["reach"])]).await?;
    sessions.done().await
}

fn is_own(definitions: &Definitions) -> bool {
    OF_USERS.iter().any(|query| definitions.path(*query).is_some())
}

/// Whose ids are numbers in `events` and in all that is made of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numbered {
    /// By the order of the ids; `user_ids` tells which number stands for which.
    pub(crate) users: bool,
    /// In no order.
    pub(crate) sessions: bool,
}

/// Puts numbers in the place of the ids of users and sessions, where that helps and nothing but built-in definitions reads them.
pub(crate) async fn number_ids(
    engine: &Engine,
    definitions: &Definitions,
    columns: &[Column],
    roles: &Roles,
    n_rows: u64,
) -> Result<Numbered, DataError> {
    let mut numbered = Numbered::default();
    if n_parts(engine, definitions, n_rows) == 1 || !definitions.are_built_in() {
        return Ok(numbered);
    }
    if let Some(session) = roles.found.get(&Role::Session) {
        let text = format!("text_of({})", session.sql);
        engine.tell_apart("dated", &text, "__session").await?;
        numbered.sessions = true;
    }
    if let Some(user) = roles.found.get(&Role::User) {
        let mut of_user = columns.iter().filter(|column| user.columns.contains(&column.name));
        if of_user.all(|column| column.distinct <= ids::MOST_RANKED) {
            let text = format!("text_of({})", user.sql);
            engine.rank("dated", &text, "__user", "user_ids").await?;
            numbered.users = true;
        }
    }
    Ok(numbered)
}

/// A definition of the user's own may look at all users at once.
fn n_parts(engine: &Engine, definitions: &Definitions, n_rows: u64) -> usize {
    if is_own(definitions) || engine.is_elsewhere() || n_rows < LEAST_ROWS {
        return 1;
    }
    let n_parts = usize::try_from(n_rows / ROWS_PER_PART).unwrap_or(usize::MAX);
    n_parts.max(engine.n_partitions())
}

async fn of_part(
    engine: Engine,
    events: Arc<Held>,
    tables: Arc<[(&str, String)]>,
) -> Result<Vec<Arc<Held>>, DataError> {
    engine.register("events", events)?;
    let mut made = Vec::with_capacity(tables.len());
    for (name, sql) in tables.iter() {
        engine.keep(name, sql).await?;
        made.push(engine.held(name)?);
    }
    Ok(made)
}

/// The tables with their queries, each made of those before it.
fn tables(definitions: &Definitions, roles: &Roles) -> Vec<(&'static str, String)> {
    let mut queries = vec![Query::FirstSeen, Query::Visits, Query::UserDays];
    if roles.has(Role::Session) {
        queries.extend([Query::SessionDays, Query::Sessions]);
    }
    let mut tables: Vec<(&str, String)> = queries
        .into_iter()
        .map(|query| (query.name(), definitions.sql(query).to_owned()))
        .collect();
    tables.extend(reach(definitions, roles).map(|sql| ("reach", sql)));
    tables
}

/// When each user first met each stage.
fn reach(definitions: &Definitions, roles: &Roles) -> Option<String> {
    if roles.has(Role::Event) {
        return Some(definitions.sql(Query::Reach).to_owned());
    }
    // Without an order number, all payments of a day are one purchase.
    let purchase = if roles.has(Role::Order) {
        "order_id"
    } else {
        "CAST(day AS VARCHAR)"
    };
    let sql = definitions.sql(Query::Purchases).replace("{purchase}", purchase);
    roles.has(Role::Revenue).then_some(sql)
}
