//! The compact tables in memory that all metrics are computed from: events, first days, visits. Knows roles; never heard of windows.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use jiff::civil::Date;
use tokio::sync::OnceCell;

use super::countries::Spellings;
use super::counts::Counts;
use super::coverage::{DayRows, covers};
use super::engine::{Engine, Row, literal, quoted};
use super::event_names::{self, Kind};
use super::functions::{self, Kinds};
use super::gate::MixedTotals;
use super::held::{Held, Places};
use super::means::Means;
use super::memory::{Memory, Rows};
use super::per_user::{Events, Numbered};
use super::privacy::{self, Masker};
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;
use super::source::{ROW, Raw};
use super::{DataError, Definitions, Query, Ran, copies, per_user, quality};

const MOST_DIMENSIONS: usize = 6;
const MOST_DIMENSION_VALUES: u64 = 20;

/// A source that is ready for questions.
pub(crate) struct Facts {
    pub(crate) engine: Arc<Engine>,
    pub(crate) definitions: Definitions,
    pub(crate) roles: Roles,
    /// Source columns to split users by, with their column in `events`.
    pub(crate) dimensions: Vec<(String, String)>,
    /// Rows and the last local time of every day, in order; far-away stray days included.
    pub(crate) days: Vec<DayRows>,
    /// The first and the last day of the data without strays.
    pub(crate) covers: (Date, Date),
    pub(crate) users: u64,
    pub(crate) rows_without_time: u64,
    pub(crate) profile: quality::Profile,
    pub(crate) has_kinds: bool,
    pub(crate) numbered: Numbered,
    /// Rows that stand there a second time, by day, whether they count or not; none where nobody knows.
    pub(crate) twice: Option<BTreeMap<i64, u64>>,
    /// Whether they count like all others.
    pub(crate) copies_count: bool,
    pub(crate) mixed_totals: Vec<MixedTotals>,
    /// The event names as users meet them, and the users who ever met each; asked for once.
    pub(crate) event_order: OnceCell<Vec<(String, u64)>>,
    masker: Masker,
}

impl Facts {
    /// The queries asked so far, as they may be shown.
    pub(crate) fn queries(&self) -> Vec<Ran> {
        let mut queries = self.definitions.ran(self.engine.asked());
        for query in &mut queries {
            query.sql = self.masker.shown(&query.sql);
        }
        queries
    }
}

pub(crate) async fn build(
    raw: Raw,
    columns: Vec<Column>,
    roles: Roles,
    timezone: &str,
    definitions: Definitions,
    means: Means<'_>,
) -> Result<(Facts, Vec<String>), DataError> {
    let n_rows = raw.n_rows();
    let order = roles.time_order.unwrap_or_default();
    let engine = Arc::new(Engine::on(means.cluster, timezone, order, n_rows, means.memory)?);
    let mut notes = Vec::new();
    let once = copies::count_once(&columns, &roles);
    engine.bring("raw", marked(raw.held, once, means.memory).await?).await?;
    date(&engine, &roles, &definitions).await?;
    engine.forget("raw")?;
    let numbered = per_user::number_ids(&engine, &definitions, &columns, &roles, n_rows).await?;
    let counts = Counts {
        engine: Arc::clone(&engine),
        columns: columns.clone(),
        roles: roles.clone(),
        definitions: definitions.clone(),
        n_rows,
    };
    let counted = engine.start(counts.counted()).await;
    let masker = masker(&columns, &roles);
    let dimensions = dimensions(&columns, &roles, &masker);
    let labels = Labels {
        masker: &masker,
        engine: &engine,
        columns: &columns,
    };
    let events = async {
        let (events, joined) =
            events_sql(definitions.sql(Query::Events), numbered, &roles, &dimensions, &labels).await?;
        per_user::keep_events(&engine, &definitions, &events, n_rows).await?;
        definitions.check_events(&engine).await?;
        Ok::<_, DataError>(joined)
    };
    // What is wrong with the rows explains what is wrong with the table made of them.
    let (events, counted) = (events.await, counted.done().await?);
    counted.say(&mut notes);
    notes.extend(events?);
    engine.forget("dated")?;
    per_user::keep_tables(&engine, &definitions, &roles, n_rows).await?;
    let (has_kinds, users, days) = known(&engine, &definitions).await?;
    let covers = covers(&days, &mut notes)?;
    let facts = Facts {
        engine,
        definitions,
        roles,
        dimensions,
        days,
        covers,
        users,
        rows_without_time: counted.rows_without_time,
        profile: counted.profile,
        has_kinds,
        numbered,
        twice: counted.twice,
        copies_count: !once,
        mixed_totals: counted.mixed_totals,
        event_order: OnceCell::new(),
        masker,
    };
    Ok((facts, notes))
}

/// Whether kinds of revenue are told apart, all users, and all days.
async fn known(engine: &Arc<Engine>, definitions: &Definitions) -> Result<(bool, u64, Vec<DayRows>), DataError> {
    let told = "SELECT count(*) AS n FROM visits WHERE revenue <> 0 AND kind NOT IN ('all', 'other')";
    let coverage = definitions.sql(Query::Coverage).to_owned();
    let beside = Arc::clone(engine);
    let days = async move {
        let read = |row: &Row| DayRows {
            number: row.integer("day").unwrap_or(0),
            rows: row.count("n_rows"),
            last_micros: row.integer("last_at").unwrap_or(0),
        };
        beside.rows(&coverage, read).await
    };
    let days = engine.start(days).await;
    let has_kinds = engine.row(told, |row| row.count("n") > 0).await?;
    let users = "SELECT count(*) AS users FROM first_seen";
    let users = engine.row(users, |row| row.count("users")).await?;
    Ok((has_kinds, users, days.done().await?))
}

/// The raw rows with two marks: a row that was there before, and whether it counts no second time for that.
#[tracing::instrument(name = "data.marked", level = "debug", skip_all)]
async fn marked(held: Arc<Held>, once: bool, memory: &Memory) -> Result<Arc<Held>, DataError> {
    let places = Places::new(memory, Rows::Source);
    let marking = tokio::task::spawn_blocking(move || {
        let twice = copies::repeated(&held, held.schema().index_of(ROW)?)?;
        let pieces = twice.into_iter().map(|twice| {
            let never = BooleanArray::from(vec![false; twice.len()]);
            let copy = if once { twice.clone() } else { never };
            places.place(&[Arc::new(copy), Arc::new(twice)])
        });
        let fields = ["__copy", "__twice"].map(|name| Field::new(name, DataType::Boolean, true));
        let schema = Schema::new(fields.to_vec());
        Ok(Arc::new(
            held.widened(schema, pieces.collect::<Result<_, DataError>>()?),
        ))
    });
    marking.await.map_err(|error| DataError::Engine(error.to_string()))?
}

/// Makes the table `dated` of `raw`. The built-in definition only adds columns, so that nothing else is copied.
async fn date(engine: &Engine, roles: &Roles, definitions: &Definitions) -> Result<(), DataError> {
    let time = roles.found.get(&Role::Time);
    let time = time.ok_or_else(|| DataError::Engine("no time role".to_owned()))?;
    let sql = definitions.sql(Query::Dated).replace("{time}", &time.sql);
    if definitions.path(Query::Dated).is_some() {
        return engine.keep("dated", &sql).await;
    }
    engine.widen("raw", "dated", "\"__at\", \"__day\"", &sql).await
}

/// Columns whose values are shown, as the engine reads them: with nothing personal left.
struct Labels<'source> {
    masker: &'source Masker,
    engine: &'source Engine,
    columns: &'source [Column],
}

impl Labels<'_> {
    async fn sql(&self, sql: &str) -> Result<String, DataError> {
        Ok(self.masker.sql(sql, &self.values(sql).await?))
    }

    /// Countries by one spelling each, and what was joined for that.
    async fn countries(&self, sql: &str, shown: &str) -> Result<(String, Option<String>), DataError> {
        let values = self.values(sql).await?;
        let labels: Vec<String> = values.iter().map(|value| self.masker.label(value)).collect();
        let spellings = Spellings::of(&labels);
        let renamed = |label: &str| spellings.shown(label).to_owned();
        Ok((self.masker.renamed_sql(sql, &values, renamed), spellings.note(shown)))
    }

    async fn values(&self, sql: &str) -> Result<Vec<String>, DataError> {
        let column = self.columns.iter().find(|column| quoted(&column.name) == sql);
        if let Some(values) = column.and_then(|column| column.values.clone()) {
            return Ok(values);
        }
        let distinct = format!("SELECT DISTINCT text_of({sql}) AS label FROM dated");
        let values = self.engine.rows(&distinct, |row| row.text("label")).await?;
        Ok(values.into_iter().flatten().collect())
    }
}

fn masker(columns: &[Column], roles: &Roles) -> Masker {
    let names = roles
        .found
        .get(&Role::User)
        .map(|found| found.columns.as_slice())
        .unwrap_or_default();
    Masker::of_ids(columns.iter().filter(|column| names.contains(&column.name)))
}

async fn events_sql(
    definition: &str,
    numbered: Numbered,
    roles: &Roles,
    dimensions: &[(String, String)],
    labels: &Labels<'_>,
) -> Result<(Events, Option<String>), DataError> {
    let columns = labels.columns;
    let mut sql = Events {
        asked: with_ids(definition, numbered, roles),
        told: with_ids(definition, Numbered::default(), roles),
    };
    let mut note = None;
    for role in [Role::Event, Role::Country, Role::Platform, Role::Channel] {
        let text = match roles.found.get(&role) {
            Some(found) if role == Role::Country => {
                let (text, joined) = labels.countries(&found.sql, &found.shown).await?;
                note = joined;
                text
            }
            Some(found) => labels.sql(&found.sql).await?,
            None => "CAST(NULL AS VARCHAR)".to_owned(),
        };
        sql.fill(role.name(), &text);
    }
    for role in [Role::Revenue, Role::EngagementScore] {
        let amount = roles.found.get(&role).map_or("NULL", |found| found.sql.as_str());
        sql.fill(role.name(), amount);
    }
    let kind = if roles.has(Role::Revenue) {
        kinds(columns, roles)
    } else {
        None
    };
    let kind = match kind {
        Some(kinds) => {
            labels.engine.teach(functions::kind_of(kinds));
            "kind_of(event)"
        }
        None => "'all'",
    };
    let own: Vec<_> = dimensions
        .iter()
        .filter(|(_, name)| name.starts_with("dimension_"))
        .collect();
    let taken: String = own.iter().map(|(_, name)| format!(", {name}")).collect();
    let mut read = String::new();
    for (column, name) in own {
        let label = labels.sql(&quoted(column)).await?;
        read.push_str(&format!(", {label} AS {name}"));
    }
    sql.fill("kind", kind);
    sql.fill("converts", &converts(columns, roles));
    sql.fill("dimensions", &taken);
    sql.fill("dimension_columns", &read);
    Ok((sql, note))
}

fn with_ids(definition: &str, numbered: Numbered, roles: &Roles) -> String {
    let mut sql = definition.to_owned();
    for role in [Role::User, Role::Session, Role::Order] {
        let id = match (role, roles.found.get(&role)) {
            (Role::User, _) if numbered.users => "\"__user\"".to_owned(),
            (Role::Session, _) if numbered.sessions => "\"__session\"".to_owned(),
            (_, Some(found)) => format!("text_of({})", found.sql),
            (_, None) => "CAST(NULL AS VARCHAR)".to_owned(),
        };
        sql = sql.replace(&format!("{{{}}}", role.name()), &id);
    }
    sql
}

fn event_names<'columns>(columns: &'columns [Column], roles: &Roles) -> &'columns [String] {
    let name = roles.found.get(&Role::Event).and_then(|found| found.columns.first());
    let column = columns.iter().find(|column| Some(&column.name) == name);
    column.and_then(|column| column.values.as_deref()).unwrap_or_default()
}

/// The kind of revenue by event name; none when no event name tells.
fn kinds(columns: &[Column], roles: &Roles) -> Option<Kinds> {
    let told = event_names(columns, roles)
        .iter()
        .map(|name| (name.clone(), event_names::kind(name)))
        .filter(|(_, kind)| *kind != Kind::Other);
    let of: BTreeMap<String, Kind> = told.collect();
    (!of.is_empty()).then_some(Kinds { of, other: Kind::Other })
}

fn converts(columns: &[Column], roles: &Roles) -> String {
    let list: Vec<String> = event_names(columns, roles)
        .iter()
        .filter(|name| event_names::is_conversion(name))
        .map(|name| literal(name))
        .collect();
    let by_revenue = "coalesce(revenue > 0, false)".to_owned();
    if list.is_empty() {
        by_revenue
    } else {
        format!("{by_revenue} OR coalesce(event IN ({}), false)", list.join(", "))
    }
}

/// Platform, channel and other text columns with a handful of values.
fn dimensions(columns: &[Column], roles: &Roles, masker: &Masker) -> Vec<(String, String)> {
    let column_of = |role: Role| {
        let found = roles.found.get(&role)?;
        columns.iter().find(|column| found.columns == [column.name.clone()])
    };
    let mut chosen: Vec<(String, String)> = [(Role::Platform, "platform"), (Role::Channel, "channel")]
        .into_iter()
        .filter_map(|(role, name)| Some((column_of(role)?.name.clone(), name.to_owned())))
        .collect();
    let users = column_of(Role::User).map_or(u64::MAX, |column| column.distinct);
    let others = columns.iter().filter(|column| {
        column.is_text()
            && !privacy::names_persons(&column.bare)
            // As many values as users: whatever it is called, it tells them apart.
            && column.distinct.saturating_mul(10) < users.saturating_mul(9)
            && roles.of_column(&column.name).is_none()
            && (2..=MOST_DIMENSION_VALUES).contains(&column.distinct)
            && column.distinct_share() < 0.2
            && column.numeric_share() < 0.5
            && column.time_share() < 0.5
            && !column.values.iter().flatten().all(|value| is_month(value))
            && masker.may_show(column)
    });
    for column in others {
        if chosen.len() == MOST_DIMENSIONS {
            break;
        }
        let name = format!("dimension_{}", chosen.len());
        chosen.push((column.name.clone(), name));
    }
    chosen
}

/// `2024-01`: a date in disguise.
fn is_month(value: &str) -> bool {
    value.len() == 7
        && value.chars().enumerate().all(|(position, letter)| {
            if position == 4 {
                letter == '-'
            } else {
                letter.is_ascii_digit()
            }
        })
}
