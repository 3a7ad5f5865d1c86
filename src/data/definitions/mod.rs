//! The metric definitions: one SQL file each, which a folder of the user's may replace one by one. Knows no numbers.

mod check;
mod list;
mod ran;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::DataError;
use super::engine::Engine;

pub use list::Query;
pub use ran::Ran;

/// The definitions that are in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definitions {
    replaced: BTreeMap<Query, Replacement>,
}

#[derive(Debug, Clone, PartialEq)]
struct Replacement {
    sql: String,
    path: PathBuf,
}

impl Definitions {
    /// The built-in ones, save those for which the folder holds a file of the same name. Each is planned against tables of the right
    /// columns, so that a mistake is found before a row is read.
    ///
    /// # Errors
    /// The folder cannot be read, a file defines nothing that exists, or its SQL cannot take the place of the built-in one.
    pub async fn of(folder: Option<&Path>) -> Result<Self, DataError> {
        let mut definitions = Self::default();
        let Some(folder) = folder else {
            return Ok(definitions);
        };
        for path in sql_files(folder)? {
            let bad = |why: String, hint: String| DataError::BadDefinition {
                path: path.clone(),
                why,
                hint,
            };
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            let query = Query::named(name.as_deref().unwrap_or_default()).ok_or_else(|| {
                let hint = format!("the names are {}", names().join(", "));
                bad("no metric is defined in a file of this name".to_owned(), hint)
            })?;
            let sql = std::fs::read_to_string(&path).map_err(|error| bad(error.to_string(), READABLE.to_owned()))?;
            let replacement = Replacement { sql, path };
            definitions.replaced.insert(query, replacement);
        }
        check::check(&definitions).await?;
        Ok(definitions)
    }

    /// The text in force, its placeholders still in it.
    pub fn sql(&self, query: Query) -> &str {
        self.replaced
            .get(&query)
            .map_or(query.built_in(), |replacement| &replacement.sql)
    }

    /// The file that replaces the built-in definition.
    pub fn path(&self, query: Query) -> Option<&Path> {
        self.replaced.get(&query).map(|replacement| replacement.path.as_path())
    }

    pub(crate) fn are_built_in(&self) -> bool {
        self.replaced.is_empty()
    }

    /// What a reader of the numbers must know.
    pub(crate) fn notes(&self) -> Option<String> {
        let names: Vec<&str> = self.replaced.keys().map(|query| query.name()).collect();
        (!names.is_empty()).then(|| format!("own metric definitions: {}", names.join(", ")))
    }

    /// An error of the engine is the user's own where a definition is.
    pub(crate) fn blame(&self, error: DataError) -> DataError {
        match (error, self.replaced.values().next()) {
            (DataError::Engine(why), Some(replacement)) => DataError::BadDefinition {
                path: replacement.path.parent().unwrap_or(&replacement.path).to_owned(),
                why,
                hint: "take files out of the folder until the run passes; `insights sql NAME` prints the built-in ones"
                    .to_owned(),
            },
            (error, _) => error,
        }
    }

    /// Whether the table that a user's own definition made has what all others read.
    pub(crate) async fn check_events(&self, engine: &Engine) -> Result<(), DataError> {
        let Some(path) = self.path(Query::Events) else {
            return Ok(());
        };
        check::events(engine).await.map_err(|why| DataError::BadDefinition {
            path: path.to_owned(),
            why,
            hint: "compare with `insights sql events`".to_owned(),
        })
    }
}

const READABLE: &str = "`--metrics` takes a folder of .sql files";

fn names() -> Vec<&'static str> {
    Query::ALL.iter().map(|query| query.name()).collect()
}

/// The SQL files of a folder by name; hidden files and other kinds do not count.
fn sql_files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let unreadable = |error: std::io::Error| DataError::BadDefinition {
        path: folder.to_owned(),
        why: error.to_string(),
        hint: READABLE.to_owned(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_sql = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("sql"));
        if is_sql && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(DataError::BadDefinition {
            path: folder.to_owned(),
            why: "the folder holds no .sql file".to_owned(),
            hint: format!(
                "start from a built-in one: `insights sql {0} > {0}.sql`",
                Query::Daily.name()
            ),
        });
    }
    Ok(files)
}
