//! The table of languages, read once. The rows are data in `languages.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

/// How a function's body ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Blocks {
    Braces,
    Indentation,
    /// `end`, which stands no deeper than the line that opened the body.
    Words,
    #[default]
    None,
}

#[derive(Debug)]
pub(super) struct Language {
    pub(super) name: String,
    /// `code`, `markup`, `data` or `prose`.
    pub(super) kind: String,
    pub(super) line_comments: Vec<String>,
    pub(super) block_comments: Vec<(String, String)>,
    pub(super) quotes: Vec<char>,
    pub(super) blocks: Blocks,
    pub(super) function: Option<Regex>,
    pub(super) test: Option<Regex>,
    pub(super) document: Vec<String>,
}

impl Language {
    /// The language of a file by its name; none for what is not in the table.
    pub(super) fn of(path: &str) -> Option<&'static Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let table = &*TABLE;
        let by_name = table.filenames.get(name).or_else(|| {
            // `Dockerfile.dev`, but not `Makefile.md`.
            let (stem, _) = name.split_once('.')?;
            (stem == "Dockerfile" || stem == "Containerfile").then(|| table.filenames.get(stem))?
        });
        let found = by_name.or_else(|| {
            let (_, extension) = name.rsplit_once('.')?;
            table.extensions.get(extension.to_ascii_lowercase().as_str())
        })?;
        table.languages.get(*found)
    }

    pub(super) fn is_code(&self) -> bool {
        self.kind == "code"
    }
}

/// Words that mark unfinished work.
pub(super) fn marker_words() -> &'static [String] {
    &TABLE.markers
}

struct Table {
    languages: Vec<Language>,
    extensions: HashMap<String, usize>,
    filenames: HashMap<String, usize>,
    markers: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    language: Vec<Row>,
    markers: Markers,
}

#[derive(Deserialize)]
struct Markers {
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    extensions: Vec<String>,
    #[serde(default)]
    filenames: Vec<String>,
    #[serde(default = "code")]
    kind: String,
    #[serde(default)]
    line: Vec<String>,
    #[serde(default)]
    block: Vec<(String, String)>,
    #[serde(default)]
    quotes: String,
    #[serde(default)]
    blocks: Blocks,
    function: Option<String>,
    test: Option<String>,
    #[serde(default)]
    document: Vec<String>,
}

fn code() -> String {
    "code".to_owned()
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("languages.toml")).expect("the table of languages is tested");
    let pattern = |text: String| Regex::new(&text).expect("the patterns of the table are tested");
    let mut table = Table {
        languages: Vec::new(),
        extensions: HashMap::new(),
        filenames: HashMap::new(),
        markers: file.markers.words,
    };
    for row in file.language {
        let index = table.languages.len();
        table
            .extensions
            .extend(row.extensions.into_iter().map(|name| (name, index)));
        table
            .filenames
            .extend(row.filenames.into_iter().map(|name| (name, index)));
        table.languages.push(Language {
            name: row.name,
            kind: row.kind,
            line_comments: row.line,
            block_comments: row.block,
            quotes: row.quotes.chars().collect(),
            blocks: row.blocks,
            function: row.function.map(pattern),
            test: row.test.map(pattern),
            document: row.document,
        });
    }
    table
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_name() {
        for (path, name) in [
            ("src/main.rs", Some("Rust")),
            ("a/Dockerfile", Some("Dockerfile")),
            ("a/Dockerfile.dev", Some("Dockerfile")),
            ("Gemfile", Some("Ruby")),
            ("x/UPPER.PY", Some("Python")),
            ("CMakeLists.txt", Some("CMake")),
            ("notes.txt", Some("Text")),
            ("Makefile.md", Some("Markdown")),
            ("noextension", None),
        ] {
            assert_eq!(
                Language::of(path).map(|language| language.name.as_str()),
                name,
                "{path}"
            );
        }
    }

    #[test]
    fn at_least_twenty_five_languages_have_code() {
        let n_code = TABLE.languages.iter().filter(|language| language.is_code()).count();
        assert!(n_code >= 25, "{n_code}");
        assert!(
            TABLE
                .languages
                .iter()
                .filter(|language| language.function.is_some())
                .count()
                >= 25
        );
    }
}
