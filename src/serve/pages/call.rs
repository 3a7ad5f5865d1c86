//! One role of a run: what it was asked, what came back, what was read from it, and the evidence it stood on.

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::api::{Asked, asked};
use super::super::runs::millis_between;
use super::super::{Problem, Shared};

pub(in crate::serve) async fn call(
    State(server): State<Shared>,
    Path((id, role)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let Asked {
        run,
        mut lane,
        mut calls,
        evidence,
    } = asked(&server, id, role).await?;
    for attempt in lane["attempts"].as_array_mut().into_iter().flatten() {
        let moment = |key: &str| attempt[key].as_str().unwrap_or_default().to_owned();
        attempt["millis"] = json!(millis_between(&moment("began"), &moment("ended")));
    }
    for call in &mut calls {
        let lines = marked(&call["reading"]["value"], &call["reading"]["faults"]);
        call["value"] = json!(lines);
    }
    let roles: Vec<&str> = run.fold.lanes.iter().map(|lane| lane.role.as_str()).collect();
    let place = roles.iter().position(|role| lane["role"] == *role);
    let next_to = |step: fn(usize) -> Option<usize>| place.and_then(step).and_then(|place| roles.get(place));
    let values = json!({
        "page": "runs", "run": run.summary(), "lane": lane, "calls": calls, "evidence": evidence,
        "before": next_to(|place| place.checked_sub(1)), "after": next_to(|place| place.checked_add(1)),
    });
    server.pages.render("call.html", values)
}

/// The lines of a value, those of a fault with what is wrong there.
fn marked(value: &Value, faults: &Value) -> Vec<Value> {
    if value.is_null() {
        return Vec::new();
    }
    let faults: Vec<(&str, &str)> = faults
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|fault| Some((fault["at"].as_str()?, fault["message"].as_str()?)))
        .collect();
    let mut lines = Vec::new();
    write(value, String::new(), "", &faults, 0, "", &mut lines);
    lines
}

fn write(
    value: &Value,
    at: String,
    name: &str,
    faults: &[(&str, &str)],
    depth: usize,
    end: &str,
    lines: &mut Vec<Value>,
) {
    let fault = faults
        .iter()
        .find(|(place, _)| same_place(place, &at))
        .map(|(_, why)| *why);
    let mut line = |text: String| lines.push(json!({"text": format!("{}{text}", "  ".repeat(depth)), "fault": fault}));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            line(format!("{name}{{"));
            for (index, (key, field)) in fields.iter().enumerate() {
                let comma = if index + 1 < fields.len() { "," } else { "" };
                let label = format!("{}: ", Value::from(key.as_str()));
                write(field, format!("{at}/{key}"), &label, faults, depth + 1, comma, lines);
            }
            lines.push(json!({"text": format!("{}}}{end}", "  ".repeat(depth))}));
        }
        Value::Array(items) if !items.is_empty() => {
            line(format!("{name}["));
            for (index, item) in items.iter().enumerate() {
                let comma = if index + 1 < items.len() { "," } else { "" };
                write(item, format!("{at}/{index}"), "", faults, depth + 1, comma, lines);
            }
            lines.push(json!({"text": format!("{}]{end}", "  ".repeat(depth))}));
        }
        plain => line(format!("{name}{plain}{end}")),
    }
}

/// A fault's place as a JSON pointer or with dots and brackets, against a pointer.
fn same_place(place: &str, at: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        let parts = text.split(['/', '.', '[', ']']);
        parts
            .filter(|part| !part.is_empty() && *part != "$")
            .map(str::to_owned)
            .collect()
    };
    parts(place) == parts(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_fault_is_marked() {
        let value = json!({"findings": [{"title": "a"}, {"title": 7}], "empty": []});
        let faults = json!([{"at": "$.findings[1].title", "message": "is no text"}]);
        let lines = marked(&value, &faults);
        let text: Vec<&str> = lines.iter().map(|line| line["text"].as_str().unwrap()).collect();
        assert_eq!(text.join("\n"), serde_json::to_string_pretty(&value).unwrap());
        let marked: Vec<&Value> = lines.iter().filter(|line| line["fault"].is_string()).collect();
        assert_eq!(marked, [&json!({"text": "      \"title\": 7", "fault": "is no text"})]);
        assert!(same_place("/findings/1/title", "/findings/1/title") && same_place("", ""));
    }
}
