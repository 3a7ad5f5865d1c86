//! Schemas as they are sent. A process asks for a handful of schemas thousands of times: each is compiled and written once.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{Rules, compile};

/// A schema as JSON text in the way of one provider.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) json: String,
    /// Whether the provider can enforce it.
    pub(crate) strict: bool,
}

struct Known {
    schema: Value,
    rules: Rules,
    written: Arc<Written>,
}

/// More schemas than a run has roles and models; when it is full, it begins anew.
const MOST_KNOWN: usize = 64;

static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

pub(in crate::llm::dialect) fn written(schema: &Value, rules: Rules) -> Arc<Written> {
    let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().find(|known| known.rules == rules && known.schema == *schema) {
        return Arc::clone(&known.written);
    }
    let compiled = compile(schema, rules);
    let written = Arc::new(Written {
        json: compiled.schema.to_string(),
        strict: compiled.strict,
    });
    if all.len() == MOST_KNOWN {
        all.clear();
    }
    all.push(Known {
        schema: schema.clone(),
        rules,
        written: Arc::clone(&written),
    });
    written
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_is_what_would_be_compiled_also_when_there_were_more_than_it_holds() {
        for _ in 0..2 {
            for n_items in 0..2 * MOST_KNOWN {
                let schema = json!({"type": "object", "properties": {"list": {"type": "array", "minItems": n_items}}});
                for rules in [Rules::OpenAi, Rules::Anthropic, Rules::Gemini] {
                    let compiled = compile(&schema, rules);
                    let (first, second) = (written(&schema, rules), written(&schema, rules));
                    assert_eq!(first.json, compiled.schema.to_string());
                    assert_eq!((first.strict, &first), (compiled.strict, &second));
                }
            }
        }
    }
}
