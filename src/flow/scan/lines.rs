//! Lines of code, comment and blank: one pass that knows comments and one-line strings. Strings over several lines (raw
//! strings, templates) count as code; a comment mark inside them is taken for a comment.

use super::language::Language;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    Comment,
    Blank,
}

/// What each line of a text is. A line with code and a comment is code; the inside of a block comment is comment.
pub(super) fn kinds(text: &str, language: &Language) -> Vec<Kind> {
    let mut open: Option<&str> = None;
    text.lines()
        .map(|line| kind(line.trim(), language, &mut open))
        .collect()
}

fn kind<'a>(line: &str, language: &'a Language, open: &mut Option<&'a str>) -> Kind {
    if line.is_empty() {
        return if open.is_some() { Kind::Comment } else { Kind::Blank };
    }
    if language.kind == "prose" {
        return Kind::Code;
    }
    let mut rest = line;
    let mut code = false;
    loop {
        if let Some(end) = *open {
            let Some(at) = rest.find(end) else { break };
            rest = rest[at + end.len()..].trim_start();
            *open = None;
            continue;
        }
        let Some(first) = rest.chars().next() else { break };
        if let Some((start, end)) = block_start(rest, language, code) {
            *open = Some(end);
            rest = &rest[start..];
        } else if language
            .line_comments
            .iter()
            .any(|mark| rest.starts_with(mark.as_str()))
        {
            break;
        } else if language.quotes.contains(&first) {
            code = true;
            rest = after_string(rest, first);
        } else {
            code |= !first.is_whitespace();
            rest = &rest[first.len_utf8()..];
        }
    }
    if code { Kind::Code } else { Kind::Comment }
}

/// The length of the mark and the mark that ends it. A mark of quotes (a docstring) opens a comment only where a line begins.
fn block_start<'a>(rest: &str, language: &'a Language, code: bool) -> Option<(usize, &'a str)> {
    language
        .block_comments
        .iter()
        .filter(|(start, _)| !(code && start.starts_with(['"', '\''])))
        .find(|(start, _)| rest.starts_with(start.as_str()))
        .map(|(start, end)| (start.len(), end.as_str()))
}

/// What follows a string that begins with `quote`; nothing when it does not end on this line.
fn after_string(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if letter == quote {
            return &text[at + letter.len_utf8()..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> String {
        let language = Language::of(path).expect("a known language");
        let letter = |kind: &Kind| match kind {
            Kind::Code => 'c',
            Kind::Comment => '#',
            Kind::Blank => '_',
        };
        kinds(text, language).iter().map(letter).collect()
    }

    #[test]
    fn lines_are_what_a_reader_says_they_are() {
        for (path, text, kinds) in [
            ("a.rs", "// a\n\nlet x = 1; // b\n/* c\n\nd */ let y;\n", "#_c##c"),
            (
                "a.rs",
                "let glob = \"src/*\";\nlet url = \"http://x\";\nfn f() {}\n",
                "ccc",
            ),
            (
                "a.py",
                "\"\"\"Doc.\n\nMore.\n\"\"\"\nx = \"\"\"y\"\"\"  # z\n# w\n",
                "####c#",
            ),
            ("a.js", "/** a */\nconst a = `//`; /* b */\n", "#c"),
            ("a.html", "<!-- a\n-->\n<p>b</p>\n", "##c"),
            ("a.md", "# Title\n\ntext\n", "c_c"),
            ("a.lua", "--[[ a\nb ]]\nlocal x = 1\n", "##c"),
        ] {
            assert_eq!(read(path, text), kinds, "{text}");
        }
    }
}
