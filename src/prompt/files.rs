//! Where templates, schemas and patterns come from: the user's own patterns, then a prompts folder, then the binary. File by file,
//! the first place that has it wins, so that an update of the program never writes over what a user wrote.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A prompt is text; more is a mistake.
const LARGEST: u64 = 1024 * 1024;

/// Where the files come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// A folder whose files win over the embedded ones.
    pub folder: Option<PathBuf>,
    /// The user's own patterns, one folder each; they win over everything else.
    pub patterns: Option<PathBuf>,
}

/// The place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    BuiltIn,
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => formatter.write_str("built in"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}

/// One file as it was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// The places in order, strongest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    folders: Vec<PathBuf>,
}

impl Files {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            folders: options.patterns.iter().chain(&options.folder).cloned().collect(),
        }
    }

    /// The text behind `pattern/file`, or none.
    ///
    /// # Errors
    /// A file that is there and cannot be read, and a name that leaves its folder.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found>, String> {
        if !is_plain(name) {
            return Err(format!(
                "`{}` is no plain path inside a prompts folder",
                name.escape_debug()
            ));
        }
        for folder in &self.folders {
            let path = folder.join(name);
            if path.is_file() {
                let text = read(&path)?;
                return Ok(Some(Found {
                    text,
                    origin: Origin::File(path),
                }));
            }
        }
        let embedded = EMBEDDED.iter().find(|(known, _)| *known == name);
        Ok(embedded.map(|(_, text)| Found {
            text: (*text).to_owned(),
            origin: Origin::BuiltIn,
        }))
    }

    /// Every pattern by name, with the places that hold it, the winning one first.
    pub(super) fn patterns(&self) -> BTreeMap<String, Vec<Origin>> {
        let mut patterns: BTreeMap<String, Vec<Origin>> = BTreeMap::new();
        for folder in &self.folders {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path().join("pattern.toml")) {
                let name = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
                if let Some(name) = name.filter(|name| is_plain(name))
                    && path.is_file()
                {
                    patterns.entry(name.to_owned()).or_default().push(Origin::File(path));
                }
            }
        }
        for (name, _) in EMBEDDED {
            if let Some(name) = name.strip_suffix("/pattern.toml") {
                patterns.entry(name.to_owned()).or_default().push(Origin::BuiltIn);
            }
        }
        patterns
    }

    /// Every file that a pattern's folder holds in any place, with the place that wins.
    pub(super) fn of_pattern(&self, pattern: &str) -> BTreeMap<String, Origin> {
        let mut files = BTreeMap::new();
        for (name, _) in EMBEDDED {
            if name.split('/').next() == Some(pattern) {
                files.insert((*name).to_owned(), Origin::BuiltIn);
            }
        }
        for folder in self.folders.iter().rev() {
            let entries = std::fs::read_dir(folder.join(pattern)).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()).filter(|path| path.is_file()) {
                if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                    files.insert(format!("{pattern}/{name}"), Origin::File(path.clone()));
                }
            }
        }
        files
    }
}

/// One or two path parts, none of which climbs.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['\\', '\0'])
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

fn read(path: &Path) -> Result<String, String> {
    let unreadable = |error: &dyn fmt::Display| format!("could not read `{}`: {error}", path.display());
    let length = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if length > LARGEST {
        return Err(unreadable(&"it is larger than 1 MiB"));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(&error))
}
