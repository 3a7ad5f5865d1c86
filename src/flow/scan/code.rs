//! Languages, tests, complexity and unfinished work: one pass over the sources.

use std::collections::BTreeMap;

use crate::insight::project::{
    Complexity, LanguageLines, LongFile, LongFunction, MarkerPlace, Markers, Nesting, Tests,
};

use super::functions::{self, Function};
use super::language::marker_words;
use super::lines::{self, Kind};
use super::tree::{SourceFile, file_name};

/// Lines of code above which a file is long.
const LONG_FILE: u64 = 500;
/// Lines above which a function is long.
const LONG_FUNCTION: u64 = 60;
const MOST_LONG: usize = 10;
const MOST_MARKERS: usize = 50;

#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) languages: Vec<LanguageLines>,
    pub(super) tests: Tests,
    pub(super) complexity: Complexity,
    pub(super) markers: Markers,
    /// Functions with a comment of their own, of those that are no tests.
    pub(super) documented: Option<f64>,
}

/// What the functions add up to.
#[derive(Default)]
struct Sums {
    functions: u64,
    lines: u64,
    branches: u64,
    documented: u64,
    test_functions: u64,
}

pub(super) fn code(sources: &[SourceFile]) -> Code {
    let mut code = Code::default();
    let mut languages: BTreeMap<&str, LanguageLines> = BTreeMap::new();
    let mut sums = Sums::default();
    for source in sources {
        let Some(language) = source.language else { continue };
        let kinds = lines::kinds(&source.text, language);
        let count = |kind: Kind| kinds.iter().filter(|found| **found == kind).count() as u64;
        let n_code = count(Kind::Code);
        let row = languages.entry(&language.name).or_insert_with(|| LanguageLines {
            name: language.name.clone(),
            kind: language.kind.clone(),
            ..LanguageLines::default()
        });
        row.files += 1;
        row.code += n_code;
        row.comment += count(Kind::Comment);
        row.blank += count(Kind::Blank);
        markers(source, &kinds, &mut code.markers);
        if !language.is_code() {
            continue;
        }
        let is_test_file = is_test_path(&source.name);
        if is_test_file {
            code.tests.files += 1;
            code.tests.lines += n_code;
        }
        if n_code > LONG_FILE {
            code.complexity.n_long_files += 1;
            code.complexity.long_files.push(LongFile {
                file: source.name.clone(),
                lines: n_code,
            });
        }
        let found = functions::functions(&source.text, &kinds, language);
        let n_tests = test_count(source, &found, is_test_file);
        sums.test_functions += n_tests;
        for function in found.iter().filter(|function| !is_test_file && !function.is_test) {
            sums.add(function);
            note(&mut code.complexity, source, function);
        }
    }
    finish(&mut code, &sums);
    code.languages = languages.into_values().collect();
    code.languages
        .sort_by(|left, right| rank(right).cmp(&rank(left)).then(left.name.cmp(&right.name)));
    code.tests.frameworks = frameworks(sources);
    code
}

/// Code before markup, data and prose, then by lines.
fn rank(language: &LanguageLines) -> (bool, u64) {
    (language.kind == "code", language.code)
}

impl Sums {
    fn add(&mut self, function: &Function) {
        self.functions += 1;
        self.lines += function.lines;
        self.branches += function.branches;
        self.documented += u64::from(function.documented);
    }
}

fn note(complexity: &mut Complexity, source: &SourceFile, function: &Function) {
    if function.lines > LONG_FUNCTION {
        complexity.n_long_functions += 1;
        complexity.long_functions.push(LongFunction {
            file: source.name.clone(),
            line: function.line,
            name: function.name.clone(),
            lines: function.lines,
        });
    }
    let deepest = complexity.deepest_nesting.as_ref().map_or(0, |nesting| nesting.depth);
    if function.depth > deepest {
        complexity.deepest_nesting = Some(Nesting {
            file: source.name.clone(),
            line: function.line,
            depth: function.depth,
        });
    }
}

fn finish(code: &mut Code, sums: &Sums) {
    let per_function = |sum: u64| (sums.functions > 0).then(|| round(sum as f64 / sums.functions as f64));
    code.complexity.functions = sums.functions;
    code.complexity.mean_function_lines = per_function(sums.lines);
    code.complexity.branches_per_function = per_function(sums.branches);
    code.tests.functions = sums.test_functions;
    code.tests.per_function = per_function(sums.test_functions);
    code.documented = per_function(sums.documented);
    let complexity = &mut code.complexity;
    complexity.long_files.sort_by_key(|file| std::cmp::Reverse(file.lines));
    complexity.long_files.truncate(MOST_LONG);
    complexity
        .long_functions
        .sort_by_key(|function| std::cmp::Reverse(function.lines));
    complexity.long_functions.truncate(MOST_LONG);
}

pub(super) fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Tests that stand outside functions (`it("…")`) are counted by line.
fn test_count(source: &SourceFile, found: &[Function], is_test_file: bool) -> u64 {
    let in_functions = found.iter().filter(|function| function.is_test).count() as u64;
    let Some(test) = source.language.and_then(|language| language.test.as_ref()) else {
        return 0;
    };
    if in_functions == 0 && is_test_file {
        source.text.lines().filter(|line| test.is_match(line)).count() as u64
    } else {
        in_functions
    }
}

/// By the conventions of the ecosystems: folders and endings.
pub(super) fn is_test_path(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut folders = lower.split('/').rev().skip(1);
    if folders.any(|folder| {
        matches!(
            folder,
            "test" | "tests" | "__tests__" | "spec" | "specs" | "e2e" | "testing"
        )
    }) {
        return true;
    }
    let name = file_name(path);
    let lower = name.to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let lower_stem = stem.to_ascii_lowercase();
    lower.starts_with("test_")
        || lower == "tests.rs"
        || lower == "conftest.py"
        || ["_test", "_spec", "_tests", ".test", ".spec", "-test", "-spec"]
            .iter()
            .any(|end| lower_stem.ends_with(end))
        || ["Test", "Tests", "Spec"]
            .iter()
            .any(|end| stem.ends_with(end) && stem.len() > end.len())
}

/// Marks stand in comments; in prose only where a line begins with one, as a word in a sentence marks nothing.
fn markers(source: &SourceFile, kinds: &[Kind], markers: &mut Markers) {
    let prose = source.language.is_some_and(|language| language.kind == "prose");
    for (index, line) in source.text.lines().enumerate() {
        let Some(word) = marker_words().iter().find(|word| holds_word(line, word)) else {
            continue;
        };
        let start = line.trim_start_matches([' ', '\t', '#', '-', '*', '/', ';', '%', '>', '!', '<']);
        let after_mark = ["//", "#", "/*", "--", ";", "%", "<!--"]
            .iter()
            .any(|mark| line.split_once(mark).is_some_and(|(_, rest)| holds_word(rest, word)));
        let counts = if prose {
            start.starts_with(word.as_str())
        } else {
            kinds.get(index) == Some(&Kind::Comment) || (after_mark && !in_string(line, word))
        };
        if !counts {
            continue;
        }
        markers.total += 1;
        *markers.counts.entry(word.clone()).or_default() += 1;
        if markers.places.len() < MOST_MARKERS {
            markers.places.push(MarkerPlace {
                word: word.clone(),
                file: source.name.clone(),
                line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            });
        }
    }
}

/// An odd number of quotes before the word.
fn in_string(line: &str, word: &str) -> bool {
    let before = line.split(word).next().unwrap_or_default();
    !before.matches('"').count().is_multiple_of(2)
}

/// In capitals and by itself.
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let before = line[..at].chars().next_back().is_some_and(part);
        let after = line[at + word.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}

/// Name of the framework, and what only its users write.
const FRAMEWORKS: [(&str, &str, &str); 14] = [
    ("pytest", "py", "import pytest"),
    ("unittest", "py", "unittest.TestCase"),
    ("jest", "package.json", "\"jest\""),
    ("vitest", "package.json", "\"vitest\""),
    ("mocha", "package.json", "\"mocha\""),
    ("playwright", "package.json", "\"@playwright/test\""),
    ("cypress", "package.json", "\"cypress\""),
    ("cargo test", "rs", "#[test]"),
    ("go test", "go", "*testing.T"),
    ("JUnit", "java", "org.junit"),
    ("RSpec", "rb", "RSpec.describe"),
    ("PHPUnit", "php", "PHPUnit\\"),
    ("xUnit", "cs", "using Xunit"),
    ("ExUnit", "exs", "use ExUnit.Case"),
];

fn frameworks(sources: &[SourceFile]) -> Vec<String> {
    let uses = |ending: &str, words: &str| {
        sources
            .iter()
            .any(|source| source.name.ends_with(ending) && source.text.contains(words))
    };
    FRAMEWORKS
        .iter()
        .filter(|(_, ending, words)| uses(ending, words))
        .map(|(name, ..)| (*name).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_known_by_their_path() {
        for (path, is_test) in [
            ("tests/it/main.rs", true),
            ("src/x/tests.rs", true),
            ("test_app.py", true),
            ("a/app_test.go", true),
            ("src/a.test.ts", true),
            ("src/AppTest.java", true),
            ("src/contest.py", false),
            ("src/latest.rs", false),
            ("src/Test.java", false),
        ] {
            assert_eq!(is_test_path(path), is_test, "{path}");
        }
    }

    #[test]
    fn marks_count_in_comments_only() {
        let word = &marker_words()[0];
        let text =
            format!("// {word}: a\nlet {word}_X = \"{word}\"; // b\nlet y = 1; // {word}\nlet z = \"// {word}\";\n");
        let found = code(&[SourceFile::new("a.rs", text)]).markers;
        let lines: Vec<u32> = found.places.iter().map(|place| place.line).collect();
        assert_eq!(lines, [1, 3]);
        assert_eq!(found.counts.get(word), Some(&2));
    }

    #[test]
    fn tests_are_counted_per_function() {
        let sources = [
            SourceFile::new(
                "src/lib.rs",
                "fn a() {}\nfn b() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n",
            ),
            SourceFile::new(
                "web/a.test.js",
                "describe('x', () => {\n  it('a', () => {\n  });\n  it('b', () => {\n  });\n});\n",
            ),
        ];
        let tests = code(&sources).tests;
        assert_eq!((tests.files, tests.functions, tests.per_function), (1, 3, Some(1.5)));
    }
}
