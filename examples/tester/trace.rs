//! What processes traced: spans and events, read from JSON lines.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) spans: Vec<Span>,
    pub(crate) events: Vec<Event>,
    /// Lines that are neither.
    pub(crate) broken: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) pid: u32,
    begun: jiff::Timestamp,
    millis: f64,
    pub(crate) fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    pub(crate) pid: u32,
    level: String,
    pub(crate) fields: Map<String, Value>,
}

impl Trace {
    pub(crate) fn read(text: &str) -> Self {
        let mut trace = Self::default();
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_default();
            let taken = match value["kind"].as_str() {
                Some("span") => serde_json::from_value(value).map(|span| trace.spans.push(span)).is_ok(),
                Some("event") => serde_json::from_value(value)
                    .map(|event| trace.events.push(event))
                    .is_ok(),
                _ => false,
            };
            if !taken {
                trace.broken.push(line.to_owned());
            }
        }
        trace
    }

    pub(crate) fn spans(&self, name: &str) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.name == name).collect()
    }

    pub(crate) fn events(&self, name: &str) -> Vec<&Event> {
        self.events.iter().filter(|event| event.name == name).collect()
    }

    /// How many spans there are of each name.
    pub(crate) fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for span in &self.spans {
            *counts.entry(span.name.as_str()).or_default() += 1;
        }
        counts
    }

    /// The process ids of a command, in the order of their start.
    pub(crate) fn processes(&self, command: &str) -> Vec<u32> {
        let started = self.events("process started");
        let ours = started.iter().filter(|event| event.fields["command"] == command);
        ours.map(|event| event.pid).collect()
    }

    pub(crate) fn sum(&self, name: &str, field: &str) -> u64 {
        self.spans(name).iter().map(|span| span.number(field)).sum()
    }

    /// The values of a number field over all spans of a name, sorted.
    pub(crate) fn numbers(&self, name: &str, field: &str) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.spans(name).iter().map(|span| span.number(field)).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Files that were written or begun.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        let written = self.events.iter().filter(|event| event.name.starts_with("file "));
        let paths = written.filter_map(|event| event.fields["path"].as_str());
        paths
            .map(|path| path.rsplit('/').next().unwrap_or(path).to_owned())
            .collect()
    }

    /// Spans that failed, warnings and errors, in a few words each.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let failed = self.spans.iter().filter(|span| span.fields.contains_key("failure"));
        let failed = failed.map(|span| format!("{}: {}", span.name, span.fields["failure"]));
        let loud = self
            .events
            .iter()
            .filter(|event| ["WARN", "ERROR"].contains(&event.level.as_str()));
        failed.chain(loud.map(|event| event.name.clone())).collect()
    }

    /// Spans of a name whose parent is no span of the other name.
    pub(crate) fn outside(&self, name: &str, parent: &str) -> usize {
        let parents: BTreeSet<&str> = self.spans(parent).iter().map(|span| span.id.as_str()).collect();
        let inside = |span: &&&Span| span.parent.as_deref().is_some_and(|id| parents.contains(id));
        self.spans(name).iter().filter(|span| !inside(span)).count()
    }

    /// The most spans of a name that were open at once.
    pub(crate) fn side_by_side(&self, name: &str) -> usize {
        let mut edges: Vec<(f64, i32)> = Vec::new();
        for span in self.spans(name) {
            edges.push((span.begun(), 1));
            edges.push((span.ended(), -1));
        }
        edges.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        let mut open = 0;
        let open_then = edges.iter().map(|(_, step)| {
            open += step;
            open
        });
        usize::try_from(open_then.max().unwrap_or_default()).unwrap_or_default()
    }
}

impl Span {
    /// Milliseconds since 1970.
    pub(crate) fn begun(&self) -> f64 {
        self.begun.as_nanosecond() as f64 / 1e6
    }

    pub(crate) fn ended(&self) -> f64 {
        self.begun() + self.millis
    }

    pub(crate) fn number(&self, field: &str) -> u64 {
        self.fields.get(field).and_then(Value::as_u64).unwrap_or_default()
    }
}
