//! The attributes that a reply lists: the JSON that was asked for, a bare array, or the items of a list in prose.

use serde_json::Value;

use super::dedup::cleaned;
use crate::reply;

/// Cleaned attributes in the order of the reply, or what is wrong with it.
///
/// # Errors
/// A reply that lists nothing, or whose JSON has no end.
pub(super) fn listed(text: &str, schema: &Value) -> Result<Vec<String>, String> {
    let items = match reply::read(text, schema) {
        Ok(picked) if picked.extracted.truncated => return Err("the JSON of the reply has no end".to_owned()),
        Ok(picked) => strings(picked.extracted.value.into()),
        Err(_) => Vec::new(),
    };
    let items = match items.is_empty() {
        true => text.lines().filter_map(item).map(str::to_owned).collect(),
        false => items,
    };
    let attributes: Vec<String> = items.iter().filter_map(|item| cleaned(item)).collect();
    match attributes.is_empty() {
        true => Err("the reply lists no attributes".to_owned()),
        false => Ok(attributes),
    }
}

fn strings(value: Value) -> Vec<String> {
    let list = match value {
        Value::Object(mut fields) => fields.remove("attributes").unwrap_or_default(),
        other => other,
    };
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// `- item`, `• item`, `3. item` or `3) item`.
fn item(line: &str) -> Option<&str> {
    let line = line.trim();
    let bullet = ["- ", "* ", "+ ", "• ", "– "]
        .iter()
        .find_map(|bullet| line.strip_prefix(bullet));
    bullet.or_else(|| {
        let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let numbered = (rest.len() < line.len()).then_some(rest)?;
        numbered.strip_prefix(". ").or_else(|| numbered.strip_prefix(") "))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(text: &str) -> String {
        let schema = json!({"type": "object", "required": ["attributes"], "properties": {"attributes": {"type": "array", "items": {"type": "string"}}}});
        listed(text, &schema).map_or_else(|why| why, |attributes| attributes.join("|"))
    }

    #[test]
    fn json_or_a_list_in_prose() {
        for (text, expected) in [
            (
                r#"{"attributes": ["soft glass", " Hard  Light. "]}"#,
                "soft glass|Hard Light",
            ),
            ("Sure!\n```json\n{\"attributes\": [\"a b\"]}\n```", "a b"),
            (r#"["soft glass", "hard light"]"#, "soft glass|hard light"),
            (
                "Here they are:\n1. **soft glass**\n2) hard light\n\n- warm tone\nThat is all.",
                "soft glass|hard light|warm tone",
            ),
            ("I cannot do that.", "the reply lists no attributes"),
            (r#"{"attributes": []}"#, "the reply lists no attributes"),
            (r#"{"attributes": ["soft", "har"#, "the JSON of the reply has no end"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
