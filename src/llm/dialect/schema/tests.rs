use super::*;

fn sample() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "title": {"type": "string", "minLength": 1, "format": "idn-email"},
            "kind": {"const": "x"},
            "note": {"type": ["string", "null"], "description": "why"},
            "items": {"type": "array", "minItems": 1, "items": {
                "type": "object", "properties": {"n": {"type": "number", "minimum": 0}}, "required": ["n"]}}
        },
        "required": ["title", "kind", "items"]
    })
}

#[test]
fn openai_strict() {
    let compiled = compile(&sample(), Rules::OpenAi);
    assert!(compiled.strict);
    assert_eq!(
        compiled.schema,
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "title": {"type": "string"},
                "kind": {"const": "x"},
                "note": {"type": ["string", "null"], "description": "why"},
                "items": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false,
                    "properties": {"n": {"type": "number"}}, "required": ["n"]}}
            },
            "required": ["items", "kind", "note", "title"]
        })
    );
}

#[test]
fn optional_keys_become_nullable_for_openai() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"enum": ["x"]}}});
    assert_eq!(
        compile(&schema, Rules::OpenAi).schema["properties"],
        json!({"a": {"type": ["string", "null"]}, "b": {"anyOf": [{"enum": ["x"]}, {"type": "null"}]}})
    );
}

#[test]
fn anthropic_has_no_type_lists_and_no_ranges() {
    let schema = compile(&sample(), Rules::Anthropic).schema;
    assert_eq!(schema["required"], json!(["title", "kind", "items"]));
    assert_eq!(
        schema["properties"]["note"],
        json!({"description": "why", "anyOf": [{"type": "string"}, {"type": "null"}]})
    );
    assert_eq!(
        schema["properties"]["items"]["items"]["properties"]["n"],
        json!({"type": "number"})
    );
    assert_eq!(schema["additionalProperties"], json!(false));
}

#[test]
fn gemini_has_no_const_and_no_closed_objects() {
    let schema = compile(&sample(), Rules::Gemini).schema;
    assert!(!schema.to_string().contains("additionalProperties"));
    assert!(schema.get("$schema").is_none());
    assert_eq!(schema["properties"]["kind"], json!({"enum": ["x"]}));
    assert_eq!(schema["properties"]["items"]["minItems"], json!(1));
}

#[test]
fn free_keys_are_not_strict() {
    let schema = json!({"type": "object", "additionalProperties": {"type": "number", "minimum": 0}});
    let compiled = compile(&schema, Rules::OpenAi);
    assert!(!compiled.strict);
    assert_eq!(
        compiled.schema,
        json!({"type": "object", "additionalProperties": {"type": "number"}})
    );
}
/// Every schema that the program ships.
fn shipped() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut open = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".schema.json") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.display().to_string(), serde_json::from_str(&text).unwrap()));
            }
        }
    }
    assert!(found.len() >= 2, "the schemas were not found");
    found
}

/// Every schema inside a schema, itself first.
fn nodes(schema: &Value) -> Vec<&Map<String, Value>> {
    let Some(fields) = schema.as_object() else {
        return Vec::new();
    };
    let mut all = vec![fields];
    for (keyword, value) in fields {
        match keyword.as_str() {
            "properties" | "$defs" | "definitions" => {
                all.extend(value.as_object().into_iter().flat_map(Map::values).flat_map(nodes));
            }
            "items" | "additionalProperties" => all.extend(nodes(value)),
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => {
                all.extend(value.as_array().into_iter().flatten().flat_map(nodes));
            }
            _ => {}
        }
    }
    all
}

/// Objects inside objects, references followed.
fn depth(schema: &Value, root: &Value) -> usize {
    let Some(fields) = schema.as_object() else {
        return 0;
    };
    if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
        return depth(root.pointer(reference.trim_start_matches('#')).unwrap(), root);
    }
    let below = |value: &Value| depth(value, root);
    let properties = fields.get("properties").and_then(Value::as_object);
    let deepest = properties.into_iter().flat_map(Map::values).map(below).max();
    let listed = ["anyOf", "allOf", "oneOf"]
        .iter()
        .filter_map(|name| fields.get(*name)?.as_array())
        .flatten();
    let inside = fields
        .get("items")
        .into_iter()
        .chain(listed)
        .map(below)
        .max()
        .unwrap_or(0);
    inside.max(deepest.map_or(0, |deepest| deepest + 1))
}

fn keywords_are_among(compiled: &Compiled, allowed: &[&str], name: &str) {
    for node in nodes(&compiled.schema) {
        for keyword in node.keys() {
            assert!(allowed.contains(&keyword.as_str()), "{name}: `{keyword}`");
        }
        if node.contains_key("$ref") && !allowed.contains(&"beside $ref") {
            assert_eq!(node.len(), 1, "{name}: something stands beside a $ref");
        }
    }
}

const EVERYWHERE: [&str; 11] = [
    "type",
    "description",
    "title",
    "enum",
    "required",
    "$ref",
    "items",
    "anyOf",
    "properties",
    "$defs",
    "definitions",
];

/// Supported schemas: closed objects, all keys required, a root object that is no union, at most 5,000 properties, 10 levels and
/// 1,000 values of enumerations; no `allOf`, `not`, `if`.
#[test]
fn shipped_schemas_are_strict_for_openai() {
    for (name, schema) in shipped() {
        let compiled = compile(&schema, Rules::OpenAi);
        assert!(compiled.strict, "{name}");
        keywords_are_among(
            &compiled,
            &[&EVERYWHERE[..], &["const", "additionalProperties"]].concat(),
            &name,
        );
        let (mut n_properties, mut n_values) = (0, 0);
        for node in nodes(&compiled.schema) {
            n_values += node.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
            let Some(properties) = node.get("properties").and_then(Value::as_object) else {
                continue;
            };
            n_properties += properties.len();
            assert_eq!(node["additionalProperties"], json!(false), "{name}");
            let required = node["required"].as_array().unwrap();
            assert_eq!(required.len(), properties.len(), "{name}: every key is required");
        }
        assert!(
            n_properties <= 5_000 && n_values <= 1_000 && depth(&compiled.schema, &compiled.schema) <= 10,
            "{name}"
        );
        assert_eq!(compiled.schema["type"], "object", "{name}");
        assert!(compiled.schema.get("anyOf").is_none(), "{name}");
    }
}

/// Structured outputs: closed objects, no numeric, length or size limits, no recursion; at most 24 optional keys and 16 unions.
#[test]
fn shipped_schemas_are_native_for_anthropic() {
    for (name, schema) in shipped() {
        let compiled = compile(&schema, Rules::Anthropic);
        assert!(compiled.strict, "{name}");
        let allowed = [
            &EVERYWHERE[..],
            &[
                "const",
                "allOf",
                "format",
                "minItems",
                "additionalProperties",
                "beside $ref",
            ],
        ]
        .concat();
        keywords_are_among(&compiled, &allowed, &name);
        let (mut n_unions, mut n_optional) = (0, 0);
        for node in nodes(&compiled.schema) {
            assert!(
                !node.get("type").is_some_and(Value::is_array),
                "{name}: a list of types"
            );
            n_unions += usize::from(node.contains_key("anyOf"));
            if let Some(properties) = node.get("properties").and_then(Value::as_object) {
                assert_eq!(node["additionalProperties"], json!(false), "{name}");
                n_optional += properties.len() - node["required"].as_array().map_or(0, Vec::len);
            }
        }
        assert!(
            n_unions <= 16 && n_optional <= 24,
            "{name}: {n_unions} unions, {n_optional} optional keys"
        );
        assert!(depth(&compiled.schema, &compiled.schema) < 10, "{name}: no recursion");
    }
}

#[test]
fn shipped_schemas_are_native_for_gemini() {
    for (name, schema) in shipped() {
        let compiled = compile(&schema, Rules::Gemini);
        let allowed = [
            &EVERYWHERE[..],
            &[
                "format",
                "minItems",
                "maxItems",
                "minimum",
                "maximum",
                "prefixItems",
                "oneOf",
            ],
        ]
        .concat();
        keywords_are_among(&compiled, &allowed, &name);
        let values = nodes(&compiled.schema)
            .into_iter()
            .filter_map(|node| node.get("enum")?.as_array())
            .flatten();
        assert!(
            values.into_iter().all(|value| value.is_string() || value.is_number()),
            "{name}"
        );
    }
}

/// Where the schema goes in words, and where natively: the whole table of vendors, over all shipped schemas.
#[test]
fn every_vendor_is_told_every_shipped_schema() {
    use crate::llm::dialect::Adjustments;
    use crate::llm::types::{Request, Schema};
    use crate::llm::vendor::{StructuredOutput, Vendor};
    for (name, schema) in shipped() {
        let keys: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        let request = Request {
            role: "geographic".into(),
            system: "be brief".into(),
            prompt: "tables".into(),
            schema: Some(Schema {
                name: "reply".into(),
                value: schema,
            }),
            max_output_tokens: 100,
            temperature: None,
        };
        for vendor in Vendor::all() {
            let http = vendor.dialect.encode(&vendor, "m", &request, &Adjustments::default());
            let body: Value = serde_json::from_slice(&http.body).unwrap();
            let native = [
                "/response_format/json_schema/schema",
                "/output_config/format/schema",
                "/generationConfig/responseJsonSchema",
            ]
            .iter()
            .find_map(|place| body.pointer(place));
            match vendor.structured_output {
                StructuredOutput::Schema => {
                    let properties = native.unwrap()["properties"].as_object().unwrap();
                    assert!(
                        keys.iter().all(|key| properties.contains_key(key)),
                        "{} {name}",
                        vendor.name
                    );
                }
                _ => {
                    assert!(native.is_none(), "{} {name}", vendor.name);
                    let said = body["messages"][0]["content"].as_str().unwrap();
                    assert!(keys.iter().all(|key| said.contains(key)), "{} {name}", vendor.name);
                }
            }
        }
    }
}

#[test]
fn what_stands_beside_a_reference_goes_where_it_must() {
    let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/a", "description": "why"}}, "required": ["a"],
        "$defs": {"a": {"type": "string", "format": "date", "minLength": 2}}});
    for (rules, beside, format) in [
        (Rules::OpenAi, false, false),
        (Rules::Anthropic, true, true),
        (Rules::Gemini, false, true),
    ] {
        let compiled = compile(&schema, rules).schema;
        assert_eq!(
            compiled["properties"]["a"].get("description").is_some(),
            beside,
            "{rules:?}"
        );
        assert_eq!(compiled["$defs"]["a"].get("format").is_some(), format, "{rules:?}");
        assert!(compiled["$defs"]["a"].get("minLength").is_none());
    }
}

#[test]
fn a_shape_that_cannot_be_said_is_not_strict() {
    let schema = json!({"type": "object", "properties": {"a": {"allOf": [{"type": "string"}]}}, "required": ["a"]});
    assert!(!compile(&schema, Rules::OpenAi).strict);
    assert!(compile(&schema, Rules::Anthropic).strict);
}

#[test]
fn lists_of_at_least_one_can_be_said_to_anthropic() {
    let schema = |least: u64| json!({"type": "array", "minItems": least, "items": {"type": "string"}});
    for (least, kept) in [(0, true), (1, true), (2, false)] {
        assert_eq!(
            compile(&schema(least), Rules::Anthropic)
                .schema
                .get("minItems")
                .is_some(),
            kept
        );
    }
}
