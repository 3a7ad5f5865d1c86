//! A request's body straight into bytes. A prompt is thousands of characters of which few need escaping: eight are looked at together,
//! where `serde_json` looks at each, and there is no tree of values that would hold the prompt once more.

use serde::Serialize;

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

    /// What is JSON already.
    pub(super) fn json(&mut self, name: &str, json: &str) {
        self.name(name);
        self.bytes.extend_from_slice(json.as_bytes());
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

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    for eight in eights {
        match to_escape(u64::from_le_bytes(*eight)) {
            0 => out.extend_from_slice(eight),
            _ => eight.iter().for_each(|byte| write_byte(out, *byte)),
        }
    }
    rest.iter().for_each(|byte| write_byte(out, *byte));
    out.push(b'"');
}

fn write_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        b'\x08' => out.extend_from_slice(b"\\b"),
        b'\x0C' => out.extend_from_slice(b"\\f"),
        byte if byte < 0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        byte => out.push(byte),
    }
}

/// The highest bit of each of eight bytes that needs an escape. A byte is looked at without its highest bit, so that no sum carries
/// into the next one: below 0x20, or equal to a sign, is what adding does not lift to the highest bit.
fn to_escape(eight: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const EACH: u64 = 0x0101_0101_0101_0101;
    let is_lifted = |bytes: u64, by: u64| ((bytes & LOW) + EACH * by) | bytes;
    let differs_from = |sign: u8| is_lifted(eight ^ (EACH * u64::from(sign)), 0x7f);
    let is_no_control = is_lifted(eight, 0x80 - 0x20);
    !(differs_from(b'"') & differs_from(b'\\') & is_no_control) & !LOW
}

/// Whether a text stands in JSON as it is.
pub(super) fn is_plain(text: &str) -> bool {
    let needs_escape = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    // All bytes, many at a time, where `Iterator::any` looks at one after the other.
    !text.bytes().fold(false, |found, byte| found | needs_escape(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// An object of one text, by its name and its value.
    fn written(name: &str, text: &str) -> Vec<u8> {
        Object::bytes_of(0, |body| body.text(name, text))
    }

    fn by_serde_json(name: &str, text: &str) -> Vec<u8> {
        json!({ name: text }).to_string().into_bytes()
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
            body.json("schema", &json!({"type": "object"}).to_string());
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
                let text = format!("{}{character}z", "é1".repeat(before));
                assert_eq!(written("k", &text), by_serde_json("k", &text));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_does(text in "(?s).{0,200}|[\u{0}-\u{7f}]{0,60}") {
            prop_assert_eq!(written(&text, &text), by_serde_json(&text, &text));
        }
    }
}
