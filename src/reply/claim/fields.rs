//! The fields of a JSON object as they are written, each unread: evidence is long, and often the same as before.

use memchr::memchr2;

/// The fields of an object, each with its raw value; none where the text is no object. What a value holds is not looked at, so
/// only what somebody reads is known to be JSON. `known` is the length of an object that was read before, where the rest of the text
/// begins with it: an object ends where it ends, whatever follows.
pub(super) fn fields<'t>(
    text: &'t str,
    mut known: impl FnMut(&'t str) -> Option<usize>,
) -> Option<Vec<(&'t str, &'t str)>> {
    let bytes = text.as_bytes();
    let mut at = skip(bytes, 0);
    (bytes.get(at) == Some(&b'{')).then_some(())?;
    at = skip(bytes, at + 1);
    let mut out = Vec::new();
    if bytes.get(at) == Some(&b'}') {
        return is_end(bytes, at + 1).then_some(out);
    }
    loop {
        let name_end = string_end(bytes, at)?;
        let name = &text[at + 1..name_end - 1];
        at = skip(bytes, name_end);
        (bytes.get(at) == Some(&b':')).then_some(())?;
        at = skip(bytes, at + 1);
        let is_object = bytes.get(at) == Some(&b'{');
        let end = match is_object.then(|| known(&text[at..])).flatten() {
            Some(length) => at + length,
            None => value_end(bytes, at)?,
        };
        out.push((name, &text[at..end]));
        at = skip(bytes, end);
        match bytes.get(at)? {
            b',' => at = skip(bytes, at + 1),
            b'}' => return is_end(bytes, at + 1).then_some(out),
            _ => return None,
        }
    }
}

fn is_end(bytes: &[u8], at: usize) -> bool {
    skip(bytes, at) == bytes.len()
}

fn skip(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    (bytes.get(at) == Some(&b'"')).then_some(())?;
    let mut at = at + 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'{' | b'[' => {
            let (mut at, mut depth) = (at, 0_usize);
            loop {
                match bytes.get(at)? {
                    b'"' => {
                        at = string_end(bytes, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
        }
        _ => {
            let length = bytes[at..]
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace());
            length.filter(|length| *length > 0).map(|length| at + length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_they_hold() {
        let line = r#" {"id": "a\"}", "evidence" : {"x": ["}", {"y": 1}]}, "n": -1.5e3 , "last": null} "#;
        let found = fields(line, |_| None).expect("an object");
        assert_eq!(
            found,
            [
                ("id", r#""a\"}""#),
                ("evidence", r#"{"x": ["}", {"y": 1}]}"#),
                ("n", "-1.5e3"),
                ("last", "null")
            ]
        );
        let evidence = r#"{"x": ["}", {"y": 1}]}"#;
        let again = fields(line, |rest| rest.starts_with(evidence).then_some(evidence.len()));
        assert_eq!(again, Some(found), "what is known is not read again");
        for broken in [
            "",
            "[]",
            "{",
            r#"{"a" 1}"#,
            r#"{"a": 1"#,
            r#"{"a": "b}"#,
            r#"{"a": 1} x"#,
            r#"{"a": }"#,
        ] {
            assert_eq!(fields(broken, |_| None), None, "{broken}");
        }
    }
}
