//! Tables whose rows belong to one user each: when first seen, visits, sessions, events met. Never heard of windows.
//!
//! Users are dealt into parts, and all these tables are made of one part after the other, one on each core: what a query
//! remembers stays small, whatever the number of users.

use std::sync::Arc;

use futures::FutureExt as _;

use super::engine::{Dealt, Engine, some_at_once};
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

/// The query for the table `events`.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) asked: String,
    /// The same with the ids themselves, for the record of the run: what numbers stand in their place changes nothing.
    pub(crate) told: String,
}

impl Events {
    /// Puts a text in the place of a name in curly brackets.
    pub(crate) fn fill(&mut self, name: &str, text: &str) {
        let place = format!("{{{name}}}");
        self.asked = self.asked.replace(&place, text);
        self.told = self.told.replace(&place, text);
    }
}

/// Keeps the table `events`, in parts where that helps.
pub(crate) async fn keep_events(
    engine: &Engine,
    definitions: &Definitions,
    sql: &Events,
    n_rows: u64,
) -> Result<(), DataError> {
    match n_parts(engine, definitions, n_rows) {
        1 => engine.keep("events", &sql.asked).await,
        n_parts => {
            engine.note(&sql.told);
            let dealt = Dealt { by: "user_id", n_parts };
            engine.keep_dealt("events", "dated", &sql.asked, dealt).await
        }
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
    let tables: Arc<[Made]> = tables.into();
    let events = engine.held("events")?;
    let parts = (0..n_parts).map(|part| {
        let (engine, events, tables) = (Arc::clone(engine), Arc::clone(&events), Arc::clone(&tables));
        async move { of_part(&engine.beside(), events.part(part), &tables).await }
    });
    let parts = some_at_once(parts.collect(), engine.n_partitions()).await?;
    for (position, table) in tables.iter().enumerate() {
        let parts: Vec<Arc<Held>> = parts.iter().map(|part| Arc::clone(&part[position])).collect();
        let schema = Arc::clone(parts[0].schema());
        engine.register(table.name, Arc::new(Held::joined(parts, schema)))?;
    }
    Ok(())
}

/// Keeps tables of few rows: those that need nothing of each other side by side, as far as they are built in.
async fn keep_few(engine: &Arc<Engine>, is_own: bool, tables: Vec<Made>) -> Result<(), DataError> {
    let chain = |tables: Vec<Made>| {
        let engine = Arc::clone(engine);
        async move {
            for table in tables {
                engine.keep(table.name, &table.sql).await?;
            }
            Ok(())
        }
        .boxed()
    };
    if is_own {
        return chain(tables).await;
    }
    let about = |about: About| chain(tables.iter().filter(|table| table.about == about).cloned().collect());
    let sessions = engine.start(about(About::Sessions)).await;
    about(About::FirstSeen).await?;
    engine.all([about(About::Visits), about(About::Events)]).await?;
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

async fn of_part(engine: &Engine, events: Held, tables: &[Made]) -> Result<Vec<Arc<Held>>, DataError> {
    engine.register("events", Arc::new(events))?;
    let mut made = Vec::with_capacity(tables.len());
    for table in tables {
        engine.keep(table.name, &table.sql).await?;
        made.push(engine.held(table.name)?);
    }
    Ok(made)
}

/// A table that is made of `events`.
#[derive(Debug, Clone)]
struct Made {
    name: &'static str,
    sql: String,
    about: About,
}

/// What a table is made of, as it is built in: sessions and when users were first seen of `events` alone, the others of both;
/// and each of those before it about the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    FirstSeen,
    Visits,
    Sessions,
    Events,
}

/// The tables with their queries, each made of those before it.
fn tables(definitions: &Definitions, roles: &Roles) -> Vec<Made> {
    let made = |query: Query, about: About| Made {
        name: query.name(),
        sql: definitions.sql(query).to_owned(),
        about,
    };
    let mut tables = vec![
        made(Query::FirstSeen, About::FirstSeen),
        made(Query::Visits, About::Visits),
        made(Query::UserDays, About::Visits),
    ];
    if roles.has(Role::Session) {
        tables.push(made(Query::SessionDays, About::Sessions));
        tables.push(made(Query::Sessions, About::Sessions));
    }
    tables.extend(reach(definitions, roles).map(|sql| Made {
        name: "reach",
        sql,
        about: About::Events,
    }));
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
