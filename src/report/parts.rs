//! Small pieces of Markdown: escaping and tables.

/// Text that is not ours, as one line of plain Markdown: nothing in it becomes a link, a tag, code, a table cell or a heading.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            _ if letter.is_control() || is_invisible(letter) => {}
            _ => escaped.push(letter),
        }
    }
    if escaped.starts_with(['#', '-', '+', '=']) {
        escaped.insert(0, '\\');
    }
    escaped
}

/// Bidirectional controls and zero-width characters, which can make text read as something else.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A table; cells are escaped already. `right` says which columns hold numbers.
pub(super) fn table(head: &[String], right: &[bool], rows: &[Vec<String>]) -> String {
    let rule = right.iter().map(|right| if *right { "---:" } else { "---" }.to_owned());
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head);
    text.push_str(&line(&rule.collect::<Vec<_>>()));
    for row in rows {
        text.push_str(&line(row));
    }
    text
}

/// A leading sign is no list item inside a line.
pub(super) fn plain_number(shown: &str) -> String {
    shown.strip_prefix('\\').unwrap_or(shown).replace('|', "")
}

pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        assert_eq!(plain("<script>a|b</script>"), "&lt;script&gt;a\\|b&lt;/script&gt;");
        assert_eq!(plain("![x](http://evil)"), "!\\[x\\](http://evil)");
        assert_eq!(plain("# no heading\n\u{202E}x\u{1b}[1m"), "\\# no heading x\\[1m");
    }
}
