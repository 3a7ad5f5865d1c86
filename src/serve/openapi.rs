//! The OpenAPI description, made from the table of routes.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::Problem;
use super::api::answer;
use super::routes::{ROUTES, Route};

pub(super) async fn description() -> Result<Response, Problem> {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    Ok(answer(&json!({
        "openapi": "3.1.0",
        "info": {"title": "insights", "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs of `insights`: what they do now, what they did, what they cost."},
        "security": [{"cookie": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "insights_…"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "schemas": {
                "Problem": {"type": "object", "required": ["error", "hint"],
                    "properties": {"error": {"type": "string"}, "hint": {"type": "string"}}},
                "Start": {"oneOf": [{"$ref": "#/components/schemas/Council"}, {"$ref": "#/components/schemas/Explore"}]},
                "Council": body("council", &["run_hash", "date_start", "date_end"], &["data", "map", "timezone", "provider",
                    "model", "routing_strategy", "routing_config"], &["max_cost"], &[]),
                "Explore": body("explore", &["topic"], &["provider", "model", "routing_strategy", "routing_config", "optimizer",
                    "dedup", "earlier"], &["producers", "iterations", "request_size", "max_cost", "target", "stop_below"], &["processes"]),
                "Stop": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            },
        },
    })))
}

fn body(kind: &str, required: &[&str], texts: &[&str], numbers: &[&str], flags: &[&str]) -> Value {
    let mut properties = Map::new();
    properties.insert("kind".to_owned(), json!({"const": kind}));
    for name in required.iter().chain(texts) {
        properties.insert((*name).to_owned(), json!({"type": "string"}));
    }
    for (names, kind) in [(numbers, "number"), (flags, "boolean")] {
        for name in names {
            properties.insert((*name).to_owned(), json!({"type": kind}));
        }
    }
    let required: Vec<&str> = std::iter::once("kind").chain(required.iter().copied()).collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    for (index, status) in route.statuses.iter().chain(&[401, 403, 421]).enumerate() {
        let response = match index {
            0 => json!({"description": route.summary, "content": {route.gives.content_type(): {}}}),
            _ => json!({"description": "refused",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}),
        };
        responses.insert(status.to_string(), response);
    }
    let names = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> = names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut operation = json!({"summary": route.summary, "parameters": parameters, "responses": responses});
    let schema = match route.path {
        "/api/start" => "Start",
        "/api/stop" => "Stop",
        _ => return operation,
    };
    operation["requestBody"] = json!({"required": true,
        "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}}});
    operation
}
