//! What can go wrong between a file name and a table of facts, each with the next step.

use std::path::PathBuf;

use datafusion::error::DataFusionError;
use jiff::civil::Date;

use super::{MemoryLimit, Window};

#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("no such data file: `{0}`")]
    NoSuchFile(String),
    #[error("`{given}` holds files of several kinds: {kinds}")]
    MixedKinds { given: String, kinds: String },
    #[error("cannot read {}: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("cannot read {place}: {why}")]
    Unreachable { place: String, why: String },
    #[error("{0} is a database and cannot be read together with other sources")]
    DatabaseAmongFiles(String),
    #[error("cannot use {place}: {why}")]
    BadDatabaseUrl { place: String, why: String },
    #[error("no rows in {0}")]
    Empty(String),
    #[error("no user column among {}", columns.join(", "))]
    NoUserColumn { columns: Vec<String> },
    #[error("no time column among {}", columns.join(", "))]
    NoTimeColumn { columns: Vec<String> },
    #[error("column `{column}` is the time, but {unparsable} of {rows} values cannot be read as one, e.g. `{example}`")]
    TimeUnreadable {
        column: String,
        unparsable: u64,
        rows: u64,
        example: String,
    },
    #[error("{role} could be {}", quoted(candidates))]
    Ambiguous { role: String, candidates: Vec<String> },
    #[error("cannot use `{given}`: {why}")]
    BadMap {
        given: String,
        why: String,
        columns: Vec<String>,
    },
    #[error("cannot use the mapping {}: {why}", path.display())]
    BadMapping { path: PathBuf, why: String },
    #[error("{bad_rows} unreadable rows, more than the {allowed} allowed; the first at {}", places.join(", "))]
    TooManyBadRows {
        bad_rows: u64,
        allowed: u64,
        places: Vec<String>,
    },
    #[error("no rows between {} and {}; the data cover {} to {}", window.start, window.end, covers.0, covers.1)]
    NoRows { window: Window, covers: (Date, Date) },
    #[error("unknown time zone `{0}`")]
    UnknownTimezone(String),
    #[error("the run directory has no tables under {}", .0.display())]
    NoTables(PathBuf),
    #[error("no definition or table is called `{0}`")]
    NoSuchDefinition(String),
    #[error("cannot use the metric definition {}: {why}", path.display())]
    BadDefinition { path: PathBuf, why: String, hint: String },
    #[error("the memory limit of {limit} is too small for these data: {why}")]
    MemoryLimit { limit: MemoryLimit, why: String },
    #[error("cannot set rows aside in {}: {why}", folder.display())]
    Scratch { folder: PathBuf, why: String },
    #[error("the query engine failed: {0}")]
    Engine(String),
    #[error("`{0}` is no query engine")]
    UnknownEngine(String),
    #[error("this program was built without Apache Ballista")]
    NoBallista,
    #[error("no Ballista scheduler at {scheduler}: {why}")]
    NoScheduler { scheduler: String, why: String },
    #[error("the Ballista scheduler at {0} has no executors")]
    NoExecutors(String),
    #[error("the Ballista cluster of {scheduler} failed: {why}")]
    Cluster { scheduler: String, why: String },
    #[error("the executors of {scheduler} cannot use tables in {}: {why}", folder.display())]
    ClusterFolder {
        scheduler: String,
        folder: PathBuf,
        why: String,
    },
    #[error("cannot use {} for tables that a cluster reads: {why}", folder.display())]
    EngineDir { folder: PathBuf, why: String },
    #[error("cannot use {} for parts of results: {why}", folder.display())]
    WorkDir { folder: PathBuf, why: String },
    #[error("nobody can reach {0}, which means all addresses of this machine")]
    NoHost(String),
    #[error("cannot run at {bind}: {why}")]
    Node { bind: String, why: String },
    #[error("cannot write {}: {why}", path.display())]
    Write { path: PathBuf, why: String },
}

impl DataError {
    /// The same error, knowing the limit that was in force.
    pub(super) fn within(self, limit: MemoryLimit) -> Self {
        match self {
            Self::MemoryLimit { why, .. } => Self::MemoryLimit { limit, why },
            other => other,
        }
    }

    /// The next step, for the line under the error.
    pub fn hint(&self) -> String {
        match self {
            Self::NoSuchFile(_) => "`--data` takes a file, a directory, a quoted glob such as 'exports/*.csv.gz', or an s3, gs, https or postgres URL".to_owned(),
            Self::MixedKinds { given, .. } => format!("name one kind with a glob, e.g. '{given}/*.parquet'"),
            Self::Unreadable { .. } => {
                "csv, tsv, json lines, parquet and arrow are read, plain or as .gz, .xz, .zst or .bz2".to_owned()
            }
            Self::Unreachable { place, .. } => reaching(place),
            Self::BadDatabaseUrl { .. } => {
                "write `postgres://user@host:5432/database?table=schema.name`, or `?query=SELECT…` URL-encoded; the password may be in PGPASSWORD".to_owned()
            }
            Self::DatabaseAmongFiles(_) => "name it as the only `--data`".to_owned(),
            Self::Empty(_) => "a table needs a header line and at least one row".to_owned(),
            Self::NoUserColumn { .. } => "say which column identifies a user: `--map user=COLUMN`".to_owned(),
            Self::NoTimeColumn { .. } => "say which column holds the time of a row: `--map time=COLUMN`".to_owned(),
            Self::TimeUnreadable { .. } => {
                "name another column with `--map time=COLUMN`; ISO dates and times, d/m/y, m/d/y and epoch numbers are understood".to_owned()
            }
            Self::Ambiguous { role, candidates } => format!(
                "choose one: {}",
                candidates.iter().map(|column| format!("`--map {role}=\"{column}\"`")).collect::<Vec<_>>().join(" or ")
            ),
            Self::BadMap { columns, .. } => format!("the columns are {}", columns.join(", ")),
            Self::BadMapping { .. } => {
                "name the outputs/schema/schema_mapping.json of a run, or a file such as {\"user\": \"CustomerID\"}".to_owned()
            }
            Self::TooManyBadRows { bad_rows, .. } => format!("look at those lines, or accept them with `--max-bad-rows {bad_rows}`"),
            Self::NoRows { covers, .. } => {
                format!("choose a window inside the data, e.g. `--date-start {} --date-end {}`", covers.0, covers.1)
            }
            Self::UnknownTimezone(_) => "use an IANA name such as UTC, Europe/Berlin or America/New_York".to_owned(),
            Self::NoTables(_) => "name the source with `--data FILE|DIR|GLOB`, or let the upstream pipeline write outputs/segments first".to_owned(),
            Self::NoSuchDefinition(_) => "`insights sql` lists all definitions and the tables that they feed".to_owned(),
            Self::BadDefinition { hint, .. } => hint.clone(),
            Self::MemoryLimit { limit, .. } => format!("allow more, for example `--memory-limit {}`", limit.more()),
            Self::Scratch { .. } => {
                "let TMPDIR name a folder with free space, or raise `--memory-limit` until all rows fit".to_owned()
            }
            Self::UnknownEngine(_) => "write `local`, or `ballista://host:port` with the address of a scheduler".to_owned(),
            Self::NoBallista => {
                "build it with Ballista: `cargo install --path . --features ballista`; or leave `--engine` out to use this machine alone".to_owned()
            }
            Self::NoScheduler { .. } => {
                "start one with `insights engine scheduler --bind HOST:PORT`, or leave `--engine` out to use this machine alone".to_owned()
            }
            Self::NoExecutors(scheduler) => format!("start one on each machine: `insights engine executor --scheduler {scheduler} --bind HOST:PORT`"),
            Self::Cluster { .. } => {
                "look into the logs of its scheduler and executors (`--log FILE`); without `--engine` the same run uses this machine alone".to_owned()
            }
            Self::ClusterFolder { .. } => {
                "name a folder that all its machines see under the same path, as the same user, with `--engine-dir DIR`; executors are started with `insights engine executor`".to_owned()
            }
            Self::EngineDir { .. } => {
                "`--engine-dir` takes a folder with free space that this machine and all of the cluster can read and write".to_owned()
            }
            Self::WorkDir { .. } => "`--work-dir` takes a folder with free space that this program can write to".to_owned(),
            Self::NoHost(_) => "say with `--advertise HOST` under which name others come".to_owned(),
            Self::Node { .. } => "choose another address with `--bind HOST:PORT`; an executor takes the next port too".to_owned(),
            Self::Engine(_) => "this looks like a bug here; the same command with RUST_LOG=insights=debug tells more".to_owned(),
            Self::Write { .. } => "check free space and permissions of the run directory".to_owned(),
        }
    }
}

fn reaching(place: &str) -> String {
    let scheme = place.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "s3" | "s3a" => "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION; AWS_ENDPOINT_URL names another server, AWS_SKIP_SIGNATURE=true reads public buckets, AWS_EC2_METADATA_DISABLED=false asks the cloud machine that this runs on",
        "gs" => "check GOOGLE_APPLICATION_CREDENTIALS; GOOGLE_SKIP_SIGNATURE=true reads public buckets",
        "http" => "plain http is read from this machine only: use https, or download the file first",
        "https" => "check the address and that it needs no login; the server must tell the length of what it sends",
        _ => "check host, port, database and user; the password may be in PGPASSWORD",
    }
    .to_owned()
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" or ")
}

impl From<DataFusionError> for DataError {
    fn from(error: DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(why) => Self::MemoryLimit {
                limit: MemoryLimit::default(),
                why: what_was_asked(why),
            },
            DataFusionError::External(ours) => match ours.downcast_ref::<Self>() {
                // What went wrong in a table of ours, on its way through the engine.
                Some(Self::Scratch { folder, why }) => Self::Scratch {
                    folder: folder.clone(),
                    why: why.clone(),
                },
                _ => Self::Engine(error.strip_backtrace()),
            },
            _ => Self::Engine(error.strip_backtrace()),
        }
    }
}

/// The engine's pool says whose reservation could not grow by how much, of how much in all.
fn what_was_asked(why: &str) -> String {
    let asked = why
        .split_once("additional ")
        .and_then(|(_, rest)| rest.split_once(" for "))
        .map(|(size, _)| size);
    match asked {
        Some(size) => format!("a query could not get {size} more"),
        None => "a query did not fit".to_owned(),
    }
}

impl From<datafusion::arrow::error::ArrowError> for DataError {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        Self::Engine(error.to_string())
    }
}
