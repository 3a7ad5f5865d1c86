//! A request's body straight into bytes. A prompt is thousands of characters of which few need escaping: they are searched for,
//! where `serde_json` looks at each, and there is no tree of values that would hold the prompt once more.

use memchr::memchr3_iter;
use serde::Serialize;
use serde_json::Value;

/// One JSON object under way. The caller names each key once.
pub(super) struct Object {
    bytes: Vec<u8>,
}

impl Object {
    /// `fill` writes the members; `size` is about how many bytes they take.
    pub(super) fn bytes_of(size: usize, fill: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut object = Self {
            bytes: Vec::with_capacity(size),
        };
        object.braced(fill);
        object.bytes
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        write_text(&mut self.bytes, text);
    }

    /// Anything that is always valid JSON: a number, a flag, a value.
    pub(super) fn value(&mut self, name: &str, value: impl Serialize) {
        self.name(name);
        serde_json::to_writer(&mut self.bytes, &value).expect("a plain value can be written");
    }

    /// A value that may hold long texts.
    pub(super) fn tree(&mut self, name: &str, value: &Value) {
        self.name(name);
        write_value(&mut self.bytes, value);
    }

    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braced(fill);
    }

    /// A list of objects, one for each item.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) {
        self.name(name);
        self.bytes.push(b'[');
        for item in items {
            self.separate();
            self.braced(|object| fill(object, item));
        }
        self.bytes.push(b']');
    }

    fn braced(&mut self, fill: impl FnOnce(&mut Self)) {
        self.bytes.push(b'{');
        fill(self);
        self.bytes.push(b'}');
    }

    fn name(&mut self, name: &str) {
        self.separate();
        write_text(&mut self.bytes, name);
        self.bytes.push(b':');
    }

    fn separate(&mut self) {
        if !matches!(self.bytes.last(), None | Some(b'{' | b'[')) {
            self.bytes.push(b',');
        }
    }
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_value(out, item);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (place, (name, member)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_text(out, name);
                out.push(b':');
                write_value(out, member);
            }
            out.push(b'}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            serde_json::to_writer(out, value).expect("a plain value can be written");
        }
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut escape = |at: usize| {
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match bytes[at] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\x08' => out.extend_from_slice(b"\\b"),
            b'\x0C' => out.extend_from_slice(b"\\f"),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    };
    let rare_control = |byte: &u8| *byte < 0x20 && *byte != b'\n';
    if any(bytes, rare_control) {
        let places = bytes.iter().enumerate().filter(|(_, byte)| needs_escape(byte));
        places.for_each(|(at, _)| escape(at));
    } else {
        memchr3_iter(b'"', b'\\', b'\n', bytes).for_each(&mut escape);
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// Whether a text stands in JSON as it is.
pub(super) fn is_plain(text: &str) -> bool {
    !any(text.as_bytes(), needs_escape)
}

fn needs_escape(byte: &u8) -> bool {
    *byte < 0x20 || *byte == b'"' || *byte == b'\\'
}

/// Looks at all bytes, many at a time, where `Iterator::any` looks at one after the other.
fn any(bytes: &[u8], is: impl Fn(&u8) -> bool) -> bool {
    bytes.iter().fold(false, |found, byte| found | is(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write_value(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_object_is_written_as_its_parts_say() {
        let bytes = Object::bytes_of(0, |body| {
            body.text("model", "m");
            body.objects("messages", ["a\nb", "\"c\""], |message, text| {
                message.text("content", text)
            });
            body.objects("none", [""; 0], |message, text| message.text("content", text));
            body.object("empty", |_| {});
            body.object("limits", |limits| {
                limits.value("max", 7);
                limits.value("heat", 0.5);
            });
            body.tree("schema", &json!({"type": "object"}));
        });
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{"model":"m","messages":[{"content":"a\nb"},{"content":"\"c\""}],"none":[],"empty":{},"limits":{"max":7,"heat":0.5},"schema":{"type":"object"}}"#
        );
    }

    #[test]
    fn every_character_is_written_as_serde_json_does() {
        for character in (0..0x3000u32).filter_map(char::from_u32) {
            for before in 0..10 {
                let value = json!({"k": [format!("{}{character}z", "é1".repeat(before)), null, true, -1.5e300]});
                assert_eq!(written(&value), value.to_string());
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_does(text in "(?s).{0,200}|[\u{0}-\u{7f}]{0,60}") {
            let value = json!({text.clone(): text});
            prop_assert_eq!(written(&value), value.to_string());
        }
    }
}
