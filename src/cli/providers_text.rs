//! The overview of providers as a table of at most 100 columns, and under it what does not fit into a cell.

use crate::llm::{Price, StructuredOutput};

use super::providers::{Learned, Model, Overview, Provider};

const WIDTH: usize = 100;
const NAME: usize = 33;

pub(super) fn text(overview: &Overview) -> String {
    let mut lines = vec![row([
        "model",
        "state",
        "context",
        "output",
        "USD in/out",
        "ok",
        "median",
        "breaker",
    ])];
    for provider in &overview.providers {
        for model in &provider.models {
            lines.push(model_row(provider, model));
        }
    }
    lines.push(String::new());
    for provider in &overview.providers {
        lines.extend(notes(provider));
    }
    lines.push(format!(
        "context and output in tokens; prices per million tokens, as of {}; - is not known",
        overview.prices_updated
    ));
    if !overview.checked {
        lines.push("nobody was asked; `insights providers --check` asks each provider, at no cost".to_owned());
    }
    format!("{}\n", lines.join("\n"))
}

fn row(cells: [&str; 8]) -> String {
    let [model, state, context, output, price, ok, median, breaker] = cells;
    let line =
        format!("{model:<NAME$} {state:<13} {context:>7} {output:>6} {price:>12} {ok:>5} {median:>7}  {breaker}");
    line.trim_end().to_owned()
}

fn model_row(provider: &Provider, model: &Model) -> String {
    let name = cut(&format!("{}:{}", provider.name, model.name), NAME);
    let state = match model.available {
        Some(true) => "available",
        Some(false) => "NOT AVAILABLE",
        None => "not checked",
    };
    let capabilities = &model.capabilities;
    let history = model.history.as_ref();
    let rate = history.and_then(|history| history.success_rate);
    let median = history.and_then(|history| history.p50_millis);
    row([
        &name,
        state,
        &tokens(capabilities.context_window),
        &tokens(capabilities.max_output),
        &price(capabilities.price),
        &rate.map_or_else(unknown, |rate| format!("{:.0} %", rate * 100.0)),
        &median.map_or_else(unknown, |millis| format!("{:.1} s", millis as f64 / 1000.0)),
        model.breaker.state,
    ])
}

fn notes(provider: &Provider) -> Vec<String> {
    let key = match &provider.key_source {
        Some(source) => format!("key from {source}"),
        None => "no key".to_owned(),
    };
    let mut facts = vec![provider.base_url.clone(), key];
    facts.extend(provider.latency_millis.map(|millis| format!("answered in {millis} ms")));
    facts.extend(
        provider
            .models_listed
            .map(|n_models| format!("{n_models} models listed")),
    );
    facts.extend(provider.credit.and_then(|credit| {
        let left = credit.remaining_usd.map(|left| format!("{left:.2} USD left"));
        left.or_else(|| credit.free_tier.filter(|free| *free).map(|_| "free tier".to_owned()))
    }));
    facts.extend(
        provider
            .requests_per_minute
            .map(|limit| format!("{limit} requests a minute")),
    );
    facts.extend(provider.learned_limits.iter().map(learned));
    let mut lines = wrapped(&provider.name, &facts.join(" · "));
    if let Some(reason) = &provider.reason {
        lines.extend(wrapped("", &format!("not available: {reason}")));
    }
    for model in &provider.models {
        lines.extend(wrapped("", &model_note(provider, model)));
    }
    lines
}

fn learned(limit: &Learned) -> String {
    let counts = [
        (limit.requests, "requests"),
        (limit.tokens, "tokens"),
        (limit.input_tokens, "input tokens"),
        (limit.output_tokens, "output tokens"),
    ];
    let said = counts
        .iter()
        .filter_map(|(count, what)| Some(format!("{} {what}", tokens(Some((*count)?)))));
    let said: Vec<String> = said.collect();
    let hours = limit.age_seconds / 3_600;
    format!("{} {} a minute, learned {hours} h ago", limit.model, said.join(", "))
        .trim_start()
        .to_owned()
}

fn model_note(provider: &Provider, model: &Model) -> String {
    let capabilities = &model.capabilities;
    let mut facts = vec![
        match capabilities.structured_output {
            StructuredOutput::Schema => "replies by JSON Schema",
            StructuredOutput::JsonObject => "replies as JSON, the schema in words",
            StructuredOutput::Instructions => "the schema in words only",
        }
        .to_owned(),
        if capabilities.streaming {
            "streams"
        } else {
            "does not stream"
        }
        .to_owned(),
    ];
    if !model.in_route {
        facts.push("in no route".to_owned());
    }
    if provider.reason.is_none() {
        facts.extend(model.reason.clone());
    }
    if let (Some(reason), Some(until)) = (&model.breaker.reason, &model.breaker.until) {
        facts.push(format!("breaker {} until {until}: {reason}", model.breaker.state));
    }
    if let Some(history) = &model.history {
        facts.push(format!("{} recorded calls", history.calls));
        if let (Some(error), Some(at)) = (&history.last_error, &history.last_error_at) {
            facts.push(format!("last error {at}: {error}"));
        }
    }
    format!("{}: {}", model.name, facts.join(" · "))
}

/// Lines of at most `WIDTH` letters, indented under the first word.
fn wrapped(head: &str, text: &str) -> Vec<String> {
    const INDENT: usize = 12;
    let mut lines = Vec::new();
    let mut line = format!("{head:<INDENT$}");
    let mut length = line.chars().count();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let size = word.chars().count();
        if !is_empty && length + 1 + size > WIDTH {
            lines.push(line.trim_end().to_owned());
            line = " ".repeat(INDENT + 2);
            length = line.len();
            is_empty = true;
        }
        if !is_empty || length > INDENT && !line.ends_with(' ') {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += size;
        is_empty = false;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

fn tokens(number: Option<u64>) -> String {
    match number {
        None => unknown(),
        Some(number) if number >= 1_000_000 => format!("{:.2}M", number as f64 / 1e6),
        Some(number) if number >= 1_000 => format!("{}k", number / 1_000),
        Some(number) => number.to_string(),
    }
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(unknown, |price| format!("{:.2}/{:.2}", price.input, price.output))
}

fn unknown() -> String {
    "-".to_owned()
}

fn cut(text: &str, length: usize) -> String {
    match text.chars().count() > length {
        false => text.to_owned(),
        true => text.chars().take(length - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::providers::{Breaker, History};
    use crate::llm::{Capabilities, Prices, Vendor};

    fn overview() -> Overview {
        let vendor = Vendor::known("openai").expect("a row");
        let model = |name: &str, available| Model {
            name: name.to_owned(),
            in_route: true,
            available,
            reason: None,
            capabilities: Capabilities::of(&vendor, name, &Prices::shipped()),
            breaker: Breaker {
                state: "half_open",
                reason: Some("503: overloaded ".repeat(9)),
                until: Some("2026-11-20T09:00:00Z".to_owned()),
            },
            history: Some(History {
                calls: 12,
                success_rate: Some(11.0 / 12.0),
                mean_millis: Some(2_100.0),
                p50_millis: Some(2_000),
                p95_millis: Some(4_000),
                last_error: Some("503: overloaded".to_owned()),
                last_error_at: Some("2026-11-20T08:00:00Z".to_owned()),
            }),
        };
        Overview {
            checked: false,
            prices_updated: "2026-10-27".to_owned(),
            providers: vec![Provider {
                name: "openai".to_owned(),
                base_url: "https://api.openai.com/v1".to_owned(),
                base_url_source: "default".to_owned(),
                key_source: Some("the environment (OPENAI_API_KEY)".to_owned()),
                available: None,
                reason: None,
                kind: None,
                latency_millis: None,
                models_listed: None,
                credit: None,
                requests_per_minute: None,
                learned_limits: vec![Learned {
                    model: String::new(),
                    requests: Some(500),
                    input_tokens: None,
                    output_tokens: None,
                    tokens: Some(200_000),
                    age_seconds: 7_300,
                }],
                models: vec![
                    model("gpt-5-mini", None),
                    model("a-model-with-a-name-that-nobody-would-type-twice-in-a-row", Some(false)),
                ],
            }],
        }
    }

    #[test]
    fn every_line_fits() {
        let shown = text(&overview());
        for line in shown.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        for said in [
            "gpt-5-mini",
            "400k",
            "128k",
            "0.25/2.00",
            "92 %",
            "2.0 s",
            "open",
            "200k tokens",
            "NOT AVAILABLE",
            "--check",
        ] {
            assert!(shown.contains(said), "no `{said}` in:\n{shown}");
        }
    }
}
