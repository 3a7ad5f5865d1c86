//! HTML and SVG being written. Every element is closed and every text escaped, because there is no other way to write one.

use std::fmt::{self, Display, Write as _};

use super::parts::is_invisible;

/// Names are ours, values may be anybody's.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

#[derive(Debug, Default)]
pub(super) struct Markup {
    text: String,
}

impl Markup {
    /// An element with what `inside` writes.
    pub(super) fn node(&mut self, name: &'static str, attributes: Attributes<'_>, inside: impl FnOnce(&mut Self)) {
        self.open(name, attributes);
        self.text.push('>');
        inside(self);
        let _ = write!(self.text, "</{name}>");
        if !INLINE.contains(&name) {
            self.text.push('\n');
        }
    }

    /// An element with a text.
    pub(super) fn words(&mut self, name: &'static str, attributes: Attributes<'_>, text: impl Display) {
        self.node(name, attributes, |inside| inside.text(text));
    }

    /// An element without content.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.open(name, attributes);
        self.text.push_str("/>");
        if !INLINE.contains(&name) {
            self.text.push('\n');
        }
    }

    pub(super) fn text(&mut self, text: impl Display) {
        let _ = write!(Escaped(&mut self.text), "{text}");
    }

    /// Our own style sheet and doctype, which are no text.
    pub(super) fn verbatim(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        let _ = write!(self.text, "<{name}");
        for (attribute, value) in attributes {
            let _ = write!(self.text, " {attribute}=\"");
            let _ = write!(Escaped(&mut self.text), "{value}");
            self.text.push('"');
        }
    }
}

/// A line end after one of these would be a blank in the sentence.
const INLINE: [&str; 9] = ["a", "abbr", "b", "code", "em", "span", "strong", "text", "tspan"];

struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(letter),
                _ if letter.is_control() || is_invisible(letter) => {}
                _ => self.0.push(letter),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let mut page = Markup::default();
        let hostile = "\"><script>alert('x')</script>&amp;\u{202E}\u{0}";
        page.node("p", &[("title", &hostile)], |p| p.text(hostile));
        let escaped = "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;";
        assert_eq!(page.finish(), format!("<p title=\"{escaped}\">{escaped}</p>\n"));
    }

    #[test]
    fn elements_close_in_order() {
        let mut page = Markup::default();
        page.node("ul", &[], |list| {
            list.node("li", &[], |item| {
                item.words("b", &[], 1);
                item.leaf("br", &[]);
            });
        });
        assert_eq!(page.finish(), "<ul><li><b>1</b><br/>\n</li>\n</ul>\n");
    }
}
