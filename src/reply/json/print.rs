//! JSON text of a value: valid, lossless, and read back as the same value.

use std::fmt;

use super::Json;
use crate::reply::repair::starts_with_drive;

impl fmt::Display for Json {
    /// On one line; `{:#}` indents by two spaces.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        write(self, &mut out, formatter.alternate().then_some(0));
        formatter.write_str(&out)
    }
}

/// `indent` is the depth of a pretty print.
fn write(value: &Json, out: &mut String, indent: Option<usize>) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => out.push_str(&number.text()),
        Json::String(text) => quote(text, out),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(members) if members.is_empty() => out.push_str("{}"),
        Json::Array(items) => {
            out.push('[');
            let inner = indent.map(|depth| depth + 1);
            for (index, item) in items.iter().enumerate() {
                separate(out, index, inner);
                write(item, out, inner);
            }
            line(out, indent);
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            let inner = indent.map(|depth| depth + 1);
            for (index, (name, member)) in members.iter().enumerate() {
                separate(out, index, inner);
                quote(name, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(member, out, inner);
            }
            line(out, indent);
            out.push('}');
        }
    }
}

fn separate(out: &mut String, index: usize, indent: Option<usize>) {
    if index > 0 {
        out.push(',');
    }
    line(out, indent);
}

fn line(out: &mut String, indent: Option<usize>) {
    if let Some(depth) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn quote(text: &str, out: &mut String) {
    let start = out.len();
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if (control as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    if starts_with_drive(&out[start + 1..]) {
        // `A:\nx\ty` would be read back as a path, `A:\u000ax\ty` cannot be.
        let control = text.as_bytes()[2];
        out.replace_range(start + 3..start + 5, &format!("\\u{control:04x}"));
    }
    out.push('"');
}
