//! Opening: the file's mode, WAL, the schema and its versions, and what to do with a damaged file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::Trouble;
use crate::clock;

const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// `quick_check` reads the whole file: only a small one is checked at every start; rows carry checksums anyway.
const CHECKED_SIZE: u64 = 32 * 1024 * 1024;

/// Each entry takes the schema from its index to the next version.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        run_hash TEXT NOT NULL,
        started TEXT NOT NULL,
        finished TEXT,
        status TEXT NOT NULL
    );
    CREATE INDEX runs_by_hash ON runs (run_hash);
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY,
        run_hash TEXT NOT NULL,
        created TEXT NOT NULL,
        role TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        system TEXT,
        prompt TEXT
    );
    CREATE INDEX requests_by_run ON requests (run_hash);
    CREATE TABLE responses (
        request_id INTEGER PRIMARY KEY REFERENCES requests (id),
        status TEXT NOT NULL,
        http_status INTEGER,
        error TEXT,
        attempts INTEGER NOT NULL,
        millis INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        cached_input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost_usd REAL,
        cached INTEGER NOT NULL,
        reply TEXT
    );
    CREATE TABLE cache (
        key TEXT PRIMARY KEY,
        created TEXT NOT NULL,
        value TEXT NOT NULL,
        checksum TEXT NOT NULL
    ) WITHOUT ROWID;
",
    "
    CREATE TABLE breakers (
        key TEXT PRIMARY KEY,
        provider TEXT NOT NULL,
        model TEXT,
        base_url TEXT NOT NULL,
        class TEXT NOT NULL,
        code TEXT,
        http_status INTEGER,
        reason TEXT NOT NULL,
        since_millis INTEGER NOT NULL,
        until_millis INTEGER NOT NULL,
        reset_millis INTEGER,
        failures INTEGER NOT NULL
    ) WITHOUT ROWID;
",
    "
    CREATE TABLE cache_aside (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        created,
        value,
        checksum
    );
    CREATE INDEX cache_by_age ON cache (created);
",
    super::session::MIGRATION,
];

#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("cannot open {path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("cannot open {path}: {error}")]
    Database { path: PathBuf, error: rusqlite::Error },
    #[error("{path} was written by a newer version of this program")]
    Newer { path: PathBuf },
}

/// A connection that writes; `schema` takes the file from each version to the next. A damaged file is renamed, and a new one takes its place.
pub(super) fn open(path: &Path, schema: &[&str], trouble: &Trouble) -> Result<Connection, OpenError> {
    match try_open(path, schema) {
        Err(OpenError::Database { error, .. }) if is_damaged(&error) => {
            let aside = put_aside(path).map_err(|error| OpenError::File {
                path: path.to_owned(),
                error,
            })?;
            trouble.warn(format!(
                "{} was damaged ({error}); it is kept as {} and a new one was begun",
                path.display(),
                aside.display()
            ));
            try_open(path, schema)
        }
        other => other,
    }
}

/// A second connection that only reads: WAL lets it read while the other writes.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let database = |error| OpenError::Database {
        path: path.to_owned(),
        error,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(database)?;
    connection.busy_timeout(BUSY_LIMIT).map_err(database)?;
    connection.pragma_update(None, "query_only", true).map_err(database)?;
    Ok(connection)
}

fn try_open(path: &Path, schema: &[&str]) -> Result<Connection, OpenError> {
    let database = |error| OpenError::Database {
        path: path.to_owned(),
        error,
    };
    create(path).map_err(|error| OpenError::File {
        path: path.to_owned(),
        error,
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(database)?;
    connection.busy_timeout(BUSY_LIMIT).map_err(database)?;
    write_ahead(&connection).map_err(database)?;
    connection
        .pragma_update(None, "synchronous", "NORMAL")
        .map_err(database)?;
    if fs::metadata(path).is_ok_and(|file| file.len() <= CHECKED_SIZE) {
        let verdict: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(database)?;
        if verdict != "ok" {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            return Err(database(rusqlite::Error::SqliteFailure(code, Some(verdict))));
        }
    }
    match migrate(&mut connection, schema).map_err(database)? {
        true => Ok(connection),
        false => Err(OpenError::Newer { path: path.to_owned() }),
    }
}

/// The file may hold prompts: nobody else reads it, from its first moment on. SQLite gives its side files the same mode.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    if fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink()) {
        return Err(std::io::Error::other("it is a symbolic link"));
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Two processes that switch at once: one is told "locked" in spite of the busy timeout.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let start = clock::now();
    loop {
        let switched = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get::<_, String>(0));
        match switched {
            Ok(_) => return Ok(()),
            Err(error) if is_busy(&error) && start.elapsed() < BUSY_LIMIT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error),
        }
    }
}

/// False if the file is newer than this program.
fn migrate(connection: &mut Connection, schema: &[&str]) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let Some(missing) = schema.get(version as usize..) else {
        return Ok(false);
    };
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", schema.len() as u32)?;
    transaction.commit()?;
    Ok(true)
}

fn put_aside(path: &Path) -> std::io::Result<PathBuf> {
    let stamp = clock::wall().strftime("%Y%m%dT%H%M%S%.3f").to_string();
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for side in ["-wal", "-shm"] {
        let _ = fs::rename(with(side), with(&format!(".corrupt-{stamp}{side}")));
    }
    let aside = with(&format!(".corrupt-{stamp}"));
    fs::rename(path, &aside)?;
    Ok(aside)
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
