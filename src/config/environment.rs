//! The process environment and one explicit `.env` file as a map of values with their origin. Never changes the process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Bad;

/// Where a value came from; the order is the precedence, strongest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Flag,
    Environment,
    EnvFile(PathBuf),
    ConfigFile(PathBuf),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Environment => formatter.write_str("environment"),
            Self::EnvFile(path) | Self::ConfigFile(path) => write!(formatter, "{}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A value and where it came from. `Debug` hides the value: it may be a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    pub value: String,
    pub origin: Origin,
}

impl fmt::Debug for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Setting({})", self.origin)
    }
}

/// All variables of one run.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, Setting>,
    /// Names whose value is no UTF-8.
    unreadable: Vec<String>,
    /// What a careful person would want to know about the files.
    pub warnings: Vec<String>,
}

impl Environment {
    /// The variables of the process, over those of `env_file` (or of `./.env` when it exists; never of a parent folder).
    ///
    /// # Errors
    /// An explicit file that is not there, or a line that cannot be read (named by number, never by content).
    pub fn load(
        process: impl Iterator<Item = (OsString, OsString)>,
        env_file: Option<&Path>,
        folder: &Path,
    ) -> Result<Self, Bad> {
        let mut environment = Self::default();
        let implicit = folder.join(".env");
        match env_file {
            Some(path) => environment.read_file(path)?,
            None if implicit.is_file() => environment.read_file(&implicit)?,
            None => {}
        }
        for (name, value) in process {
            let Some(name) = name.to_str().map(str::to_owned) else {
                continue;
            };
            match value.into_string() {
                Ok(value) => environment.set(name, value, Origin::Environment),
                Err(_) => environment.unreadable.push(name),
            }
        }
        Ok(environment)
    }

    /// A map for tests.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            environment.set((*name).to_owned(), (*value).to_owned(), Origin::Environment);
        }
        environment
    }

    /// The value of a variable; an empty one counts as unset.
    ///
    /// # Errors
    /// A value that is no UTF-8: the variable is named, its bytes are not shown.
    pub fn get(&self, name: &str) -> Result<Option<&Setting>, Bad> {
        if self.unreadable.iter().any(|unreadable| unreadable == name) {
            return Err(Bad::new(
                format!("the variable {name} is not valid UTF-8"),
                format!("set {name} again, or unset it"),
            ));
        }
        Ok(self.values.get(name).filter(|setting| !setting.value.trim().is_empty()))
    }

    /// Names of all set variables, for finding `NAME_BASE_URL`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    fn set(&mut self, name: String, value: String, origin: Origin) {
        if !value.is_empty() {
            self.values.insert(name, Setting { value, origin });
        }
    }

    fn read_file(&mut self, path: &Path) -> Result<(), Bad> {
        let bytes = std::fs::read(path).map_err(|error| {
            Bad::new(
                format!("could not read the environment file `{}`: {error}", path.display()),
                "give the path of a readable file to `--env-file`",
            )
        })?;
        self.warn_about_mode(path);
        self.warn_about_dollars(path, &bytes);
        for (name, value) in parse(path, &bytes)? {
            self.set(name, value, Origin::EnvFile(path.to_owned()));
        }
        Ok(())
    }

    #[cfg(unix)]
    fn warn_about_mode(&mut self, path: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
        if mode & 0o022 != 0 {
            self.warnings.push(format!(
                "`{}` can be changed by others: run `chmod 600 {}`",
                path.display(),
                path.display()
            ));
        }
    }

    #[cfg(not(unix))]
    fn warn_about_mode(&mut self, _path: &Path) {}

    /// dotenvy expands `$name` inside unquoted and double-quoted values, which silently cuts keys.
    fn warn_about_dollars(&mut self, path: &Path, bytes: &[u8]) {
        for (index, line) in String::from_utf8_lossy(bytes).lines().enumerate() {
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            let secret = ["KEY", "TOKEN", "SECRET"]
                .iter()
                .any(|word| name.trim().ends_with(word));
            if secret && value.contains('$') && !value.trim_start().starts_with('\'') {
                self.warnings.push(format!(
                    "line {} of `{}`: a `$` in {} is taken as a variable: put the value in single quotes",
                    index + 1,
                    path.display(),
                    name.trim()
                ));
            }
        }
    }
}

/// The only use of `dotenvy`: it parses the bytes of one explicit file.
fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<(String, String)>, Bad> {
    let mut pairs = Vec::new();
    for pair in dotenvy::from_read_iter(bytes) {
        pairs.push(pair.map_err(|error| {
            let line = match &error {
                dotenvy::Error::LineParse(line, _) => line_number(bytes, line),
                _ => None,
            };
            let place = line.map_or_else(|| "a line".to_owned(), |number| format!("line {number}"));
            Bad::new(
                format!("could not read {place} of `{}`", path.display()),
                "write `NAME=value`, and put values with spaces, quotes or `$` in single quotes",
            )
        })?);
    }
    Ok(pairs)
}

fn line_number(bytes: &[u8], line: &str) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .position(|candidate| candidate.trim() == line.trim())
        .map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, process: &[(&str, &str)]) -> Result<Environment, Bad> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join(".env"), file).expect("a file");
        let process: Vec<_> = process
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect();
        Environment::load(process.into_iter(), None, folder.path())
    }

    #[test]
    fn the_process_wins_over_the_file() {
        let environment = load("A=file\nB=file\n", &[("A", "process")]).expect("two variables");
        let value = |name: &str| {
            environment
                .get(name)
                .expect("utf-8")
                .map(|setting| setting.value.clone())
        };
        assert_eq!(value("A").as_deref(), Some("process"));
        assert_eq!(value("B").as_deref(), Some("file"));
        assert_eq!(value("C"), None);
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_never_shown() {
        let error = load("A=1\nKEY=sk-live-123\"\n", &[]).expect_err("an open quote");
        assert!(error.message.contains("line 2"), "{error}");
        assert!(!format!("{error:?}").contains("sk-live"), "{error:?}");
    }

    #[test]
    fn a_dollar_in_a_key_is_warned_about() {
        let environment = load("OPENAI_API_KEY=sk-ab$cd\n", &[]).expect("one variable");
        assert_eq!(environment.warnings.len(), 1);
        assert!(!environment.warnings[0].contains("sk-ab"));
    }
}
