//! Functions by their first line, and what can be said of each without a syntax tree: length, depth, branches, a comment of
//! its own. Approximations: a function whose head spans lines is found when its first line matches; braces and words in
//! strings of several lines are counted as code.

use std::sync::LazyLock;

use regex::Regex;

use super::language::{Blocks, Language};
use super::lines::Kind;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// Of its first line, from 1.
    pub(super) line: u32,
    /// Head and body, comments and blank lines included.
    pub(super) lines: u64,
    /// Blocks inside its body.
    pub(super) depth: u64,
    pub(super) branches: u64,
    pub(super) documented: bool,
    pub(super) is_test: bool,
}

/// More lines than any function has; ends the search for a brace that never closes.
const LONGEST: usize = 5_000;

/// The functions of a file. Those inside others are listed too, and count for both.
pub(super) fn functions(text: &str, kinds: &[Kind], language: &Language) -> Vec<Function> {
    let Some(pattern) = &language.function else {
        return Vec::new();
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if kinds.get(index) != Some(&Kind::Code) || !pattern.is_match(line) {
            continue;
        }
        let Some(name) = name(pattern, line) else { continue };
        let Some((end, depth)) = body(&lines, kinds, index, language) else {
            continue;
        };
        let branches = (index..=end)
            .filter(|at| kinds.get(*at) == Some(&Kind::Code))
            .map(|at| BRANCH.find_iter(lines[at]).count() as u64)
            .sum();
        found.push(Function {
            name,
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            lines: (end - index + 1) as u64,
            depth,
            branches,
            documented: documented(&lines, index, language),
            is_test: is_test(&lines, index, language),
        });
    }
    found
}

/// One for each way through: conditions, loops, cases, handlers and the operators that join conditions.
static BRANCH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:if|elif|elsif|unless|for|foreach|while|until|case|when|catch|except|rescue)\b|&&|\|\||=>\s*\{|\?\s",
    )
    .expect("a constant pattern")
});

/// Words that look like a call with a body.
const NO_NAMES: [&str; 12] = [
    "if", "for", "while", "switch", "catch", "return", "function", "else", "match", "foreach", "using", "lock",
];

fn name(pattern: &Regex, line: &str) -> Option<String> {
    let captures = pattern.captures(line)?;
    let name = ["name", "arrow", "method"]
        .iter()
        .find_map(|group| captures.name(group))?;
    let name = name.as_str();
    (!NO_NAMES.contains(&name)).then(|| name.to_owned())
}

/// The index of the last line and the depth of the blocks inside; none for a declaration without a body.
fn body(lines: &[&str], kinds: &[Kind], start: usize, language: &Language) -> Option<(usize, u64)> {
    match language.blocks {
        Blocks::Braces => braces(lines, kinds, start, language),
        Blocks::Indentation | Blocks::Words => Some(indented(lines, kinds, start, language.blocks)),
        Blocks::None => None,
    }
}

fn braces(lines: &[&str], kinds: &[Kind], start: usize, language: &Language) -> Option<(usize, u64)> {
    let mut depth: u64 = 0;
    let mut deepest: u64 = 0;
    for (index, line) in lines.iter().enumerate().skip(start).take(LONGEST) {
        if kinds.get(index) != Some(&Kind::Code) {
            continue;
        }
        let mut string: Option<char> = None;
        let mut before = ' ';
        for letter in line.chars() {
            match (string, letter) {
                (Some(quote), _) if letter == quote && before != '\\' => string = None,
                (Some(_), _) => {}
                (None, _) if language.quotes.contains(&letter) => string = Some(letter),
                (None, '{') => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                (None, '}') if depth <= 1 && deepest > 0 => return Some((index, deepest - 1)),
                (None, '}') => depth = depth.saturating_sub(1),
                (None, ';') if deepest == 0 => return (index > start || line.contains('=')).then_some((index, 0)),
                (None, '/') if before == '/' => break,
                _ => {}
            }
            before = if before == '\\' && letter == '\\' { ' ' } else { letter };
        }
    }
    None
}

fn indented(lines: &[&str], kinds: &[Kind], start: usize, blocks: Blocks) -> (usize, u64) {
    let outer = indent(lines[start]);
    let mut end = start;
    let mut levels: Vec<usize> = Vec::new();
    let mut deepest = 0;
    for (index, line) in lines.iter().enumerate().skip(start + 1).take(LONGEST) {
        if kinds.get(index) != Some(&Kind::Code) {
            continue;
        }
        let depth = indent(line);
        if depth <= outer {
            // The end of the head (`) -> str:`) or of the body (`end`) stands where the function began.
            let trimmed = line.trim_start();
            if trimmed.starts_with(')') && end == start {
                continue;
            }
            if blocks == Blocks::Words && trimmed.starts_with("end") {
                end = index;
            }
            break;
        }
        while levels.last().is_some_and(|level| *level > depth) {
            levels.pop();
        }
        if levels.last() != Some(&depth) {
            levels.push(depth);
        }
        deepest = deepest.max(levels.len());
        end = index;
    }
    (end, deepest.saturating_sub(1) as u64)
}

/// Columns of white space; a tab is four.
fn indent(line: &str) -> usize {
    line.chars()
        .take_while(|letter| letter.is_whitespace())
        .map(|letter| if letter == '\t' { 4 } else { 1 })
        .sum()
}

/// A comment right above, attributes and decorators between them, or a string as the first line of a Python body.
fn documented(lines: &[&str], index: usize, language: &Language) -> bool {
    if language.document.is_empty() {
        let next = lines[index + 1..].iter().map(|line| line.trim()).take(12);
        let mut body = next.skip_while(|line| line.is_empty() || line.starts_with(')') || line.ends_with(','));
        return body.next().is_some_and(|line| {
            ["\"\"\"", "'''", "r\"\"\"", "\""]
                .iter()
                .any(|mark| line.starts_with(mark))
        });
    }
    let above = lines[..index].iter().rev().map(|line| line.trim());
    let mut above = above.skip_while(|line| {
        let attribute = line.starts_with("#[") && !line.starts_with("#[doc");
        attribute || line.starts_with('@') && !language.document.iter().any(|mark| line.starts_with(mark.as_str()))
    });
    above.next().is_some_and(|line| {
        language
            .document
            .iter()
            .any(|mark| line.starts_with(mark.as_str()) || mark == "*/" && line.ends_with("*/"))
    })
}

/// The line itself, or one of the two above (`#[test]`, `@Test`), begins a test.
fn is_test(lines: &[&str], index: usize, language: &Language) -> bool {
    let Some(test) = &language.test else { return false };
    let above = lines[..index].iter().rev().take(3).take_while(|line| {
        let line = line.trim_start();
        line.starts_with(['#', '@', '['])
    });
    std::iter::once(&lines[index])
        .chain(above)
        .any(|line| test.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::scan::lines;

    fn read(path: &str, text: &str) -> Vec<(String, u64, u64, u64, bool, bool)> {
        let language = Language::of(path).expect("a known language");
        functions(text, &lines::kinds(text, language), language)
            .into_iter()
            .map(|found| {
                (
                    found.name,
                    found.lines,
                    found.depth,
                    found.branches,
                    found.documented,
                    found.is_test,
                )
            })
            .collect()
    }

    fn row(
        name: &str,
        lines: u64,
        depth: u64,
        branches: u64,
        documented: bool,
        is_test: bool,
    ) -> (String, u64, u64, u64, bool, bool) {
        (name.to_owned(), lines, depth, branches, documented, is_test)
    }

    #[test]
    fn rust_functions() {
        let text = "/// Doc.\n#[must_use]\npub async fn a(\n    x: u8,\n) -> u8 {\n    if x > 1 && x < 5 {\n        for _ in 0..x { g(\"}\"); }\n    }\n    x\n}\n\n#[test]\nfn b() {}\ntrait T { }\n";
        assert_eq!(
            read("a.rs", text),
            [row("a", 8, 2, 3, true, false), row("b", 1, 0, 0, false, true)]
        );
    }

    #[test]
    fn python_functions() {
        let text = "class A:\n    def a(self, x):\n        \"\"\"Doc.\"\"\"\n        if x:\n            while x:\n                x -= 1\n        return x\n\n    # end\n\ndef test_b():\n    assert True\nprint(1)\n";
        assert_eq!(
            read("a.py", text),
            [row("a", 6, 2, 2, true, false), row("test_b", 2, 0, 0, false, true)]
        );
    }

    #[test]
    fn javascript_functions() {
        let text = "function a() {\n  return 1;\n}\nconst b = async (x) => {\n  if (x) {\n    return 2;\n  }\n};\nclass C {\n  m(x) {\n    switch (x) { case 1: break; }\n  }\n}\nif (x) {\n}\n";
        let found = read("a.js", text);
        let names: Vec<&str> = found.iter().map(|found| found.0.as_str()).collect();
        assert_eq!(names, ["a", "b", "m"]);
        assert_eq!(found[1], row("b", 5, 1, 2, false, false));
    }

    #[test]
    fn ruby_and_go_functions() {
        assert_eq!(
            read("a.rb", "# Doc\ndef a?(x)\n  return 1 if x\nend\n\ndef b\nend\n"),
            [row("a?", 3, 0, 1, true, false), row("b", 2, 0, 0, false, false)]
        );
        assert_eq!(
            read(
                "a_test.go",
                "// TestA is.\nfunc TestA(t *testing.T) {\n\tif true {\n\t}\n}\n"
            ),
            [row("TestA", 4, 1, 1, true, true)]
        );
    }
}
