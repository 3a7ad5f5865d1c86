//! Sessions as text, JSON, JSON lines and Markdown.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::store::session::{Interaction, Review, Summary, Transcript};

/// One line a session, newest first.
pub(super) fn table(sessions: &[Summary]) -> String {
    if sessions.is_empty() {
        return String::new();
    }
    let width = sessions
        .iter()
        .map(|one| one.head.id.len())
        .max()
        .unwrap_or_default()
        .max(2);
    let mut text = format!(
        "{:<width$}  {:<8} {:<10} {:<20} {:<20} {:>5} {:>10}  what\n",
        "id", "kind", "status", "created", "updated", "calls", "cost"
    );
    for one in sessions {
        let head = &one.head;
        let _a_string_takes_everything = writeln!(
            text,
            "{:<width$}  {:<8} {:<10} {:<20} {:<20} {:>5} {:>10}  {}",
            head.id,
            head.kind.word(),
            head.status.word(),
            seconds(&head.created),
            seconds(&head.updated),
            one.calls,
            cost(one.cost_usd),
            line(title(&head.metadata), 60),
        );
    }
    text
}

/// For a terminal: every text is indented, so that none of it can look like a line of ours.
pub(super) fn text(transcript: &Transcript) -> String {
    let mut text = String::new();
    for (name, value) in facts(transcript) {
        text.push_str(&format!("{name:<9} {}\n", line(&value, 500)));
    }
    for moment in moments(transcript) {
        match moment {
            Moment::Interaction(one) => {
                text.push_str(&format!(
                    "\n{} {} {}  {}\n",
                    seconds(&one.created),
                    one.purpose.word(),
                    one.role,
                    about(one)
                ));
                indent(&mut text, one.content.as_deref());
            }
            Moment::Review(one) => {
                text.push_str(&format!(
                    "\n{} review of {} by {}: {:.2}\n",
                    seconds(&one.created),
                    one.of,
                    one.judge,
                    one.score
                ));
                indent(&mut text, one.feedback.as_deref());
                for suggestion in &one.suggestions {
                    indent(&mut text, Some(&format!("- {suggestion}")));
                }
            }
        }
    }
    text
}

pub(super) fn json(transcript: &Transcript) -> String {
    let mut value = json!(transcript);
    let summary = transcript.summary();
    value["n_calls"] = json!(summary.calls);
    value["cost_usd"] = json!(summary.cost_usd);
    format!("{value:#}\n")
}

/// One object a line, in the form of the JSON-lines backend.
pub(super) fn lines(transcript: &Transcript) -> String {
    let tagged = |record: &str, value: Value| {
        let mut value = value;
        value["record"] = json!(record);
        value.to_string()
    };
    let mut lines = vec![tagged("session", json!(transcript.head))];
    lines.extend(transcript.calls.iter().map(|call| tagged("call", json!(call))));
    lines.extend(moments(transcript).into_iter().map(|moment| match moment {
        Moment::Interaction(one) => tagged("interaction", json!(one)),
        Moment::Review(one) => tagged("review", json!(one)),
    }));
    lines.join("\n") + "\n"
}

pub(super) fn markdown(transcript: &Transcript) -> String {
    let mut text = format!("# Session {}\n\n", transcript.head.id);
    for (name, value) in facts(transcript).into_iter().skip(1) {
        text.push_str(&format!("- {name}: {}\n", line(&value, 500)));
    }
    for moment in moments(transcript) {
        match moment {
            Moment::Interaction(one) => {
                text.push_str(&format!(
                    "\n## {}: {}\n\n{}, {}\n",
                    one.purpose.word(),
                    one.role,
                    one.created,
                    about(one)
                ));
                fence(&mut text, one.content.as_deref());
            }
            Moment::Review(one) => {
                text.push_str(&format!(
                    "\n## review of {} by {}: {:.2}\n\n{}\n",
                    one.of, one.judge, one.score, one.created
                ));
                fence(&mut text, one.feedback.as_deref());
                let suggestions: Vec<String> = one.suggestions.iter().map(|text| format!("- {text}")).collect();
                fence(&mut text, Some(suggestions.join("\n").as_str()));
            }
        }
    }
    if !transcript.calls.is_empty() {
        text.push_str("\n## requests and responses\n");
    }
    for call in &transcript.calls {
        let record = &call.call;
        text.push_str(&format!(
            "\n### {} to {}:{}\n\n{}, {}, {} attempts, {} ms, {} tokens in, {} out, {}{}\n",
            record.role,
            record.provider,
            record.model,
            call.created,
            record.status,
            record.attempts,
            record.millis,
            record.input_tokens,
            record.output_tokens,
            cost(record.cost_usd),
            if record.cached { ", from the cache" } else { "" },
        ));
        fence(&mut text, record.error.as_deref());
        fence(&mut text, record.system.as_deref());
        fence(&mut text, record.prompt.as_deref());
        fence(&mut text, record.reply.as_deref());
    }
    text
}

enum Moment<'a> {
    Interaction(&'a Interaction),
    Review(&'a Review),
}

/// Interactions and reviews in the order in which they happened.
fn moments(transcript: &Transcript) -> Vec<Moment<'_>> {
    let interactions = transcript
        .interactions
        .iter()
        .map(|one| (one.sequence, Moment::Interaction(one)));
    let reviews = transcript.reviews.iter().map(|one| (one.sequence, Moment::Review(one)));
    let mut moments: Vec<(u64, Moment<'_>)> = interactions.chain(reviews).collect();
    moments.sort_by_key(|(sequence, _)| *sequence);
    moments.into_iter().map(|(_, moment)| moment).collect()
}

fn facts(transcript: &Transcript) -> Vec<(&'static str, String)> {
    let head = &transcript.head;
    let summary = transcript.summary();
    let word = |name: &str| {
        let value = head.metadata.get(name);
        value.and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
    };
    let command = head.metadata.get("command").and_then(Value::as_array);
    let command: Vec<&str> = command.into_iter().flatten().filter_map(Value::as_str).collect();
    let facts = [
        ("session", head.id.clone()),
        ("kind", head.kind.word().to_owned()),
        ("status", head.status.word().to_owned()),
        ("what", word("title")),
        ("created", head.created.clone()),
        ("updated", head.updated.clone()),
        ("calls", format!("{}, {}", summary.calls, cost(summary.cost_usd))),
        ("command", format!("insights {}", command.join(" "))),
        ("folder", word("folder")),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Model, tokens, cost, or what went wrong.
fn about(one: &Interaction) -> String {
    let text = |name: &str| one.metadata.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| one.metadata.get(name).and_then(Value::as_u64).unwrap_or_default();
    let is = |name: &str| one.metadata.get(name).and_then(Value::as_bool).unwrap_or(false);
    let model = match (text("provider"), text("model")) {
        (Some(provider), Some(model)) => format!("{provider}:{model}"),
        _ => "no model".to_owned(),
    };
    let mut parts = vec![model];
    if is("resumed") {
        parts.push("kept from an earlier try".to_owned());
    } else {
        let spent = one.metadata.get("cost_usd").and_then(Value::as_f64);
        parts.push(format!(
            "{} → {} tokens",
            number("input_tokens"),
            number("output_tokens")
        ));
        parts.push(cost(spent));
        parts.push(format!("{} ms", number("latency_millis")));
        if is("cached") {
            parts.push("from the cache".to_owned());
        }
    }
    parts.extend(text("error").map(|error| format!("failed: {}", line(&error, 200))));
    parts.join(" · ")
}

fn title(metadata: &crate::store::session::Metadata) -> &str {
    metadata.get("title").and_then(Value::as_str).unwrap_or_default()
}

fn cost(usd: Option<f64>) -> String {
    usd.map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.4}"))
}

/// `2026-11-20T14:25:56Z`: without the fraction.
fn seconds(stamp: &str) -> String {
    match stamp.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => stamp.to_owned(),
    }
}

/// One line of bounded length.
fn line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let whole = words.join(" ");
    if whole.chars().count() <= most {
        return whole;
    }
    let cut: String = whole.chars().take(most.saturating_sub(1)).collect();
    format!("{cut}…")
}

fn indent(text: &mut String, part: Option<&str>) {
    for line in part.unwrap_or_default().lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
}

/// A block that its own text cannot end.
fn fence(text: &mut String, part: Option<&str>) {
    let Some(part) = part.filter(|part| !part.trim().is_empty()) else {
        return;
    };
    let longest = part
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    text.push_str(&format!("\n{fence}\n{}\n{fence}\n", part.trim_end()));
}
