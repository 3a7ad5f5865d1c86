//! `INSIGHTS_TRACE=FILE`: what this process does, span by span and event by event, a line of JSON each, for tests and tools.
//!
//! ```text
//! {"kind":"span","name":"llm.call","id":"4711-3","parent":"4711-1","pid":4711,"begun":"…","millis":12.3,"fields":{…}}
//! {"kind":"event","name":"file written","parent":"4711-2","pid":4711,"time":"…","level":"DEBUG","fields":{…}}
//! ```
//!
//! A span is written when it ends, behind everything inside it; an event at once. Lines are appended, one write each, so that several
//! processes can share a file. No prompt and no reply is in a span; keys are taken out of every text.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::Secrets;
use crate::clock::{self, Instant};

pub(super) struct Trace {
    file: File,
    secrets: Secrets,
    last: AtomicU64,
}

/// A span that has not ended yet.
struct Open {
    id: String,
    begun: Instant,
    stamp: String,
    fields: Map<String, Value>,
}

struct Fields<'a> {
    secrets: &'a Secrets,
    fields: &'a mut Map<String, Value>,
}

impl Trace {
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn open(path: &Path, secrets: Secrets) -> io::Result<Self> {
        Ok(Self {
            file: File::options().create(true).append(true).open(path)?,
            secrets,
            last: AtomicU64::new(0),
        })
    }

    fn write(&self, line: &Value) {
        let _nobody_to_tell = (&self.file).write_all(format!("{line}\n").as_bytes());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Trace {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Map::new();
        attributes.record(&mut Fields {
            secrets: &self.secrets,
            fields: &mut fields,
        });
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        span.extensions_mut().insert(Open {
            id: format!("{}-{number}", std::process::id()),
            begun: clock::now(),
            stamp: clock::wall().to_string(),
            fields,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            values.record(&mut Fields {
                secrets: &self.secrets,
                fields: &mut open.fields,
            });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        event.record(&mut Fields {
            secrets: &self.secrets,
            fields: &mut fields,
        });
        let name = fields
            .remove("message")
            .unwrap_or_else(|| json!(event.metadata().name()));
        self.write(&json!({
            "kind": "event",
            "name": name,
            "parent": context.event_span(event).and_then(|span| id_of(&span)),
            "pid": std::process::id(),
            "time": clock::wall().to_string(),
            "level": event.metadata().level().as_str(),
            "fields": fields,
        }));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let parent = span.parent().and_then(|parent| id_of(&parent));
        let Some(open) = span.extensions_mut().remove::<Open>() else {
            return;
        };
        self.write(&json!({
            "kind": "span",
            "name": span.name(),
            "id": open.id,
            "parent": parent,
            "pid": std::process::id(),
            "begun": open.stamp,
            "millis": open.begun.elapsed().as_secs_f64() * 1000.0,
            "fields": open.fields,
        }));
    }
}

fn id_of<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> Option<String> {
    span.extensions().get::<Open>().map(|open| open.id.clone())
}

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: Value) {
        self.fields.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(self.secrets.redact(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, json!(self.secrets.redact(&format!("{value:?}"))));
    }
}
