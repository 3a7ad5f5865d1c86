//! From sources to a dataset: read, map, compute both windows, say what was left out.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use tokio::task::JoinHandle;

use crate::event::{Event, Events};

use super::engine::{day_from_number, number_of_day};
use super::facts::{self, Facts};
use super::intake::{self, Request, Taken};
use super::means::Means;
use super::memory::Memory;
use super::metrics::Days;
use super::roles::names::Role;
use super::source::{Access, Raw};
use super::{
    DataError, Dataset, Definitions, Mapped, MemoryLimit, QueryEngine, Segmentation, Source, Summary, Tables, Totals,
    Window, gate, metrics,
};

/// What to read and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Files, directories or globs, as given.
    pub sources: Vec<String>,
    pub window: Window,
    /// `role=column-or-expression` pairs.
    pub map: Vec<(String, String)>,
    /// The mapping of an earlier run, which `map` overrules.
    pub mapping: Vec<Mapped>,
    pub max_bad_rows: u64,
    /// An IANA name.
    pub timezone: String,
    /// For sources that ask who we are.
    pub access: Access,
    /// A folder of SQL files that replace metric definitions of the same name.
    pub metrics: Option<PathBuf>,
    /// When the run takes place: what is dated later has not happened yet.
    pub now: jiff::Timestamp,
    /// What tables and queries may take together; what does not fit goes to disk.
    pub memory: MemoryLimit,
    /// Where queries are answered.
    pub engine: QueryEngine,
}

/// What `doctor` shows about a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    pub mapping: Vec<Mapped>,
    pub files: Vec<String>,
    pub columns: Vec<String>,
    pub rows: u64,
    pub bad_rows: u64,
    pub users: u64,
    pub first_day: Date,
    pub last_day: Date,
    pub notes: Vec<String>,
}

/// Reads the sources and computes every table, total and segment of the window and of the one before.
pub async fn compute(options: &Options, events: &Events) -> Result<Dataset, DataError> {
    let timezone = known_timezone(&options.timezone)?;
    let definitions = Definitions::of(options.metrics.as_deref()).await?;
    let own = definitions.clone();
    let memory = Memory::new(options.memory)?;
    let cluster = options.engine.reach(&memory).await?;
    let means = Means {
        memory: &memory,
        cluster: cluster.as_ref(),
    };
    let computed = computed(options, events, &timezone, definitions, means).await;
    computed.map_err(|error| own.blame(error).within(options.memory))
}

async fn computed(
    options: &Options,
    events: &Events,
    timezone: &str,
    definitions: Definitions,
    means: Means<'_>,
) -> Result<Dataset, DataError> {
    let Opened {
        facts,
        mut summary,
        source,
    } = open(&Request::of(options), timezone, definitions, means).await?;
    summary.notes.extend(facts.definitions.notes());
    say_roles(events, &facts);
    let window = options.window;
    let has_rows = |window: Window| {
        let (start, end) = (number_of_day(window.start), number_of_day(window.end));
        facts.days.iter().any(|day| start <= day.number && day.number <= end)
    };
    if !has_rows(window) {
        return Err(DataError::NoRows {
            window,
            covers: facts.covers,
        });
    }
    let previous_window = window.previous().filter(|previous| facts.covers.0 <= previous.start);
    if previous_window.is_none() {
        summary
            .notes
            .push(format!("no full previous period: the data start on {}", facts.covers.0));
    }
    if window.start < facts.covers.0 || window.end > facts.covers.1 {
        summary.notes.push(format!(
            "the data cover {} to {}, not the whole window",
            facts.covers.0, facts.covers.1
        ));
    }
    let facts = Arc::new(facts);
    metrics::prepare(&facts, window, previous_window).await?;
    let (days, days_before) = Days::of(window, previous_window);
    let before = days_before.map(|days| tokio::spawn(period(Arc::clone(&facts), days)));
    let segmentation = tokio::spawn(segmentation(Arc::clone(&facts), window, previous_window));
    let current = period(Arc::clone(&facts), days).await;
    let before = match before {
        Some(task) => Some(joined(task).await?),
        None => None,
    };
    let segmentation = joined(segmentation).await?;
    let (current, totals, without_user) = current?;
    let (previous, previous_totals) = match before {
        Some((tables, totals, _)) => (Some(tables), Some(totals)),
        None => (None, None),
    };
    summary.rows_used = totals.rows.unwrap_or(0);
    summary.rows_without_user = without_user;
    summary.totals = totals;
    summary.previous_totals = previous_totals;
    summary.columns = facts.profile.of(window, previous_window);
    let days = number_of_day(window.start)..=number_of_day(window.end);
    let twice = facts.twice.as_ref();
    summary.duplicate_rows = twice.map(|twice| twice.range(days).map(|(_, n_rows)| n_rows).sum());
    if facts.roles.has(Role::Country) {
        summary.distinct_countries = Some(n_countries(&facts, window).await?);
    }
    summary.empty_days = empty_days(&facts, window);
    summary.partial_last_day = partial_last_day(&facts, window);
    let times = gate::Times {
        window,
        previous: previous_window,
        today: today(options.now, timezone),
    };
    summary.gate = gate::judge(&facts, &summary, times).await?;
    let faults = summary
        .gate
        .faults()
        .map(|check| format!("data gate: {}: {}", check.ruling.word(), check.text));
    for message in summary.notes.iter().cloned().chain(faults) {
        events.say(Event::Warning { message });
    }
    let mut dataset = Dataset {
        window,
        previous_window,
        current,
        previous,
        summary,
        segmentation,
        mapping: facts.roles.mapping(),
        queries: facts.queries(),
        source,
    };
    if facts.engine.is_elsewhere() {
        events.say(Event::DataQueried {
            engine: options.engine.to_string(),
            queries: facts.engine.asked().len() as u64,
        });
    }
    gate::apply(&mut dataset);
    Ok(dataset)
}

async fn segmentation(facts: Arc<Facts>, window: Window, previous: Option<Window>) -> Result<Segmentation, DataError> {
    metrics::segmentation(&facts, window, previous).await
}

async fn joined<T>(task: JoinHandle<Result<T, DataError>>) -> Result<T, DataError> {
    task.await.map_err(|error| DataError::Engine(error.to_string()))?
}

/// The tables and totals of one window, and how many of its rows name no user. Two windows are computed on two cores.
async fn period(facts: Arc<Facts>, days: Days) -> Result<(Tables, Totals, u64), DataError> {
    let tables = metrics::tables(&facts, &days).await?;
    let (totals, without_user) = metrics::totals(&facts, days.window(), &tables).await?;
    Ok((tables, totals, without_user))
}

/// Reads the sources and says what each column is taken for.
pub async fn inspect(request: &Request<'_>, timezone: &str) -> Result<Inspection, DataError> {
    let timezone = known_timezone(timezone)?;
    let memory = Memory::new(request.memory)?;
    let cluster = request.engine.reach(&memory).await?;
    let means = Means {
        memory: &memory,
        cluster: cluster.as_ref(),
    };
    let opened = open(request, &timezone, Definitions::default(), means).await;
    let Opened { facts, summary, source } = opened.map_err(|error| error.within(request.memory))?;
    Ok(Inspection {
        mapping: facts.roles.mapping(),
        files: source.files,
        columns: facts.profile.names(),
        rows: summary.rows_read,
        bad_rows: summary.bad_rows,
        users: facts.users,
        first_day: facts.covers.0,
        last_day: facts.covers.1,
        notes: summary.notes,
    })
}

struct Opened {
    facts: Facts,
    summary: Summary,
    source: Source,
}

async fn open(
    request: &Request<'_>,
    timezone: &str,
    definitions: Definitions,
    means: Means<'_>,
) -> Result<Opened, DataError> {
    let Taken { raw, columns, roles } = intake::take(request, means.memory).await?;
    let source = Source {
        kind: "data".to_owned(),
        files: raw.files.clone(),
        fingerprint: raw.fingerprint.clone(),
    };
    let mut summary = summary_of(&raw, timezone);
    summary.currency = roles.currency.clone();
    summary.notes.extend(roles.notes.clone());
    let (facts, notes) = facts::build(raw, columns, roles, timezone, definitions, means).await?;
    summary.notes.extend(notes);
    summary.rows_without_time = facts.rows_without_time;
    summary.first_day = Some(facts.covers.0);
    summary.last_day = Some(facts.covers.1);
    Ok(Opened { facts, summary, source })
}

fn summary_of(raw: &Raw, timezone: &str) -> Summary {
    let mut notes = raw.notes.clone();
    if raw.bad_rows > 0 {
        notes.push(format!(
            "{} rows could not be read and were skipped, the first at {}",
            raw.bad_rows, raw.bad_row_places[0]
        ));
    }
    Summary {
        rows_read: raw.n_rows(),
        bad_rows: raw.bad_rows,
        bad_row_places: raw.bad_row_places.clone(),
        timezone: timezone.to_owned(),
        notes,
        ..Summary::default()
    }
}

fn known_timezone(name: &str) -> Result<String, DataError> {
    if matches!(name.to_uppercase().as_str(), "UTC" | "Z" | "ETC/UTC" | "GMT") {
        return Ok("UTC".to_owned());
    }
    jiff::tz::TimeZone::get(name).map_err(|_| DataError::UnknownTimezone(name.to_owned()))?;
    Ok(name.to_owned())
}

/// The calendar day of a moment; the zone is one that was found before.
fn today(now: jiff::Timestamp, timezone: &str) -> Date {
    let zone = jiff::tz::TimeZone::get(timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    now.to_zoned(zone).date()
}

fn say_roles(events: &Events, facts: &Facts) {
    for mapped in facts.roles.mapping() {
        events.say(Event::DataMapped {
            role: mapped.role,
            column: mapped.column,
            reason: mapped.reason,
        });
    }
}

async fn n_countries(facts: &Facts, window: Window) -> Result<u64, DataError> {
    let (start, end) = (number_of_day(window.start), number_of_day(window.end));
    let sql = format!("SELECT count(DISTINCT country) AS n FROM visits WHERE day BETWEEN {start} AND {end}");
    facts.engine.row(&sql, |row| row.count("n")).await
}

fn empty_days(facts: &Facts, window: Window) -> Vec<Date> {
    let filled: std::collections::BTreeSet<i64> = facts.days.iter().map(|day| day.number).collect();
    (number_of_day(window.start)..=number_of_day(window.end))
        .filter(|number| !filled.contains(number))
        .filter_map(day_from_number)
        .collect()
}

/// The last day of the data when its last row comes clearly earlier than on the four weeks before.
fn partial_last_day(facts: &Facts, window: Window) -> Option<Date> {
    const HOUR: i64 = 3_600_000_000;
    let last = number_of_day(facts.covers.1);
    let time_of_day = |micros: i64| micros.rem_euclid(24 * HOUR);
    let ended = time_of_day(facts.days.iter().find(|day| day.number == last)?.last_micros);
    let mut usual: Vec<i64> = facts
        .days
        .iter()
        .filter(|day| (last - 28..last).contains(&day.number))
        .map(|day| time_of_day(day.last_micros))
        .collect();
    usual.sort_unstable();
    let median = *usual.get(usual.len().checked_sub(1)? / 2)?;
    (ended < 23 * HOUR && ended + HOUR < median && window.contains(facts.covers.1)).then_some(facts.covers.1)
}

#[cfg(test)]
mod tests {
    use super::super::Query;
    use super::super::generate::{Plan, sample_of};
    use super::*;

    const GIGA: u64 = 1_000_000_000;

    /// A sample computed with so many bytes for rows and for queries.
    fn with(rows: u64, queries: u64) -> Result<Dataset, DataError> {
        by(rows, queries, &Definitions::default())
    }

    fn by(rows: u64, queries: u64, definitions: &Definitions) -> Result<Dataset, DataError> {
        let sample = sample_of(5, &Plan::EVERYTHING.sized(40.0));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.csv");
        std::fs::write(&path, &sample.csv).unwrap();
        let options = Options {
            sources: vec![path.display().to_string()],
            window: sample.window,
            map: Vec::new(),
            mapping: Vec::new(),
            max_bad_rows: 0,
            timezone: "UTC".to_owned(),
            access: Access::default(),
            metrics: None,
            memory: MemoryLimit::default(),
            engine: QueryEngine::Local,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        let memory = Memory::of(options.memory, rows, queries)?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let events = Events::silent();
        let means = Means {
            memory: &memory,
            cluster: None,
        };
        let computed = computed(&options, &events, "UTC", definitions.clone(), means);
        let mut dataset = runtime.block_on(computed)?;
        dataset.source.files.clear();
        Ok(dataset)
    }

    #[test]
    fn what_is_asked_for_at_once_is_what_each_window_gives_alone() {
        let folder = tempfile::tempdir().unwrap();
        for query in Query::ALL.iter().copied() {
            let path = folder.path().join(format!("{}.sql", query.name()));
            std::fs::write(path, Definitions::default().sql(query)).unwrap();
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        // Definitions of the user's own are asked one after the other, for each window by itself.
        let own = runtime.block_on(Definitions::of(Some(folder.path()))).unwrap();
        let (own, built_in) = (by(GIGA, GIGA, &own).unwrap(), with(GIGA, GIGA).unwrap());
        assert!(own.queries.len() > built_in.queries.len(), "{}", own.queries.len());
        assert!(built_in.previous.is_some());
        assert_eq!(own.current, built_in.current);
        assert_eq!(own.previous, built_in.previous);
        assert_eq!(own.segmentation, built_in.segmentation);
        assert_eq!(own.summary.totals, built_in.summary.totals);
    }

    #[test]
    fn rows_on_disk_give_what_rows_in_memory_give() {
        let in_memory = with(GIGA, GIGA).unwrap();
        assert!(in_memory.summary.rows_used > 1_000);
        assert_eq!(with(0, GIGA).unwrap(), in_memory);
    }

    #[test]
    fn queries_without_memory_end_with_the_flag_that_gives_them_more() {
        let error = with(GIGA, 1_000).unwrap_err();
        assert!(matches!(error, DataError::MemoryLimit { .. }), "{error}");
        assert!(error.hint().contains("--memory-limit"), "{}", error.hint());
    }
}
