//! The pieces of a streamed reply, put together to the body that the host would have sent whole, so that a stream is judged
//! by the same rules as any other reply. Each dialect knows its own pieces.

use serde_json::{Map, Value, json};

use super::ending::{BLANK_RUN, blank_run};
use super::quick::{self, Frame, Text};
use super::{Dialect, Fault, Kind, Usage, anthropic, at, estimate_tokens, gemini, openai};
use crate::llm::sse::{SseEvent, SseParser};
use crate::llm::types::Class;

/// A single event is a few kilobytes; this is the cap of a whole reply.
const LARGEST_EVENT: usize = 8 * 1024 * 1024;

/// How far a stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::llm) enum Stage {
    /// No token yet, of the answer or of reasoning.
    Waiting,
    Producing,
    /// The terminal event came: the reply is whole, its usage may still follow.
    Ended,
    /// The dialect's last event came.
    Closed,
    /// An error, or nothing that could become a reply.
    Failed,
}

/// A streamed reply under way.
#[derive(Debug)]
pub(in crate::llm) struct Assembly {
    parser: SseParser,
    /// How much of the stray text was looked at.
    stray_seen: usize,
    said: Said,
}

/// What the events came to so far.
#[derive(Debug)]
struct Said {
    dialect: Dialect,
    pieces: Pieces,
    frame: Frame,
    any_event: bool,
    /// White space at the end of the text so far, in bytes.
    blanks: usize,
    over: Option<Over>,
}

/// What the events said so far, in no dialect.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// The host began a reply at all.
    pub begun: bool,
    pub text: String,
    pub refusal: String,
    /// Thoughts are counted, never kept.
    pub reasoning_bytes: usize,
    pub finish: Option<String>,
    pub model: Option<String>,
    pub usage: Map<String, Value>,
    pub feedback: Option<Value>,
    /// The dialect's terminal event came.
    pub ended: bool,
    /// The dialect's last event came.
    pub closed: bool,
}

/// What a whole stream came to.
#[derive(Debug)]
pub(super) enum Finished {
    /// What the host would have sent whole, an error included.
    Body(Value),
    /// A chat completion.
    Chat(Pieces),
}

#[derive(Debug)]
enum Over {
    Closed,
    Error(Value),
    /// An event is no JSON; cut off in its middle, or nonsense.
    Unreadable {
        cut: bool,
    },
    Blank,
    TooLarge,
}

impl Assembly {
    pub(in crate::llm) fn new(dialect: Dialect) -> Self {
        Self {
            parser: SseParser::new(LARGEST_EVENT),
            stray_seen: 0,
            said: Said {
                dialect,
                pieces: Pieces::default(),
                frame: Frame::default(),
                any_event: false,
                blanks: 0,
                over: None,
            },
        }
    }

    pub(in crate::llm) fn push(&mut self, bytes: &[u8]) {
        if self.said.over.is_some() {
            return;
        }
        let said = &mut self.said;
        if self.parser.push(bytes, |event| said.event(event)).is_err() {
            said.over = Some(Over::TooLarge);
        }
        self.look_at_stray();
    }

    pub(in crate::llm) fn stage(&self) -> Stage {
        match () {
            () if matches!(self.said.over, Some(Over::Closed)) => Stage::Closed,
            () if self.said.over.is_some() => Stage::Failed,
            () if self.said.pieces.ended => Stage::Ended,
            () if self.produced() > 0 => Stage::Producing,
            () => Stage::Waiting,
        }
    }

    pub(in crate::llm) fn has_usage(&self) -> bool {
        !self.said.pieces.usage.is_empty()
    }

    /// Bytes of answer and reasoning so far: grows with every token.
    pub(in crate::llm) fn produced(&self) -> usize {
        self.said.pieces.text.len() + self.said.pieces.refusal.len() + self.said.pieces.reasoning_bytes
    }

    /// What the host counted, or an estimate of what it has produced.
    pub(in crate::llm) fn usage(&self) -> Usage {
        let mut usage = match self.said.dialect {
            Dialect::OpenAi | Dialect::Embeddings => openai::counted(&Value::Object(self.said.pieces.usage.clone())),
            Dialect::Anthropic => anthropic::usage(&json!({"usage": self.said.pieces.usage})),
            Dialect::Gemini => gemini::usage(&json!({"usageMetadata": self.said.pieces.usage})),
        };
        // The count at the start of a message is not the one at its end.
        let produced = estimate_tokens(self.produced());
        if !self.said.pieces.ended && usage.output_tokens < produced {
            usage.output_tokens = produced;
            usage.estimated = true;
        }
        usage
    }

    /// The stream is over: what it came to, or why that is nothing. Partial text is never a reply.
    pub(super) fn finish(mut self) -> Result<Finished, Fault> {
        if self.said.over.is_none() {
            let said = &mut self.said;
            if self.parser.finish(|event| said.event(event)).is_err() {
                said.over = Some(Over::TooLarge);
            }
        }
        let usage = self.usage();
        let transient = |message: &str, code: &str| Fault::new(Class::Transient, message).code(code).usage(usage);
        let cut = transient("the stream ended before the reply was whole", "cut_off");
        match self.said.over {
            Some(Over::Error(body)) => return Ok(Finished::Body(body)),
            Some(Over::Blank) => return Err(blank_run(usage)),
            Some(Over::TooLarge) => {
                return Err(Fault::new(Class::Permanent, "an event of the stream is too large")
                    .kind(Kind::Declined)
                    .code("reply_too_large")
                    .usage(usage));
            }
            Some(Over::Unreadable { cut: true }) => return Err(cut),
            Some(Over::Unreadable { cut: false }) => {
                return Err(transient("the stream holds an event that is not JSON", "not_json").kind(Kind::Once));
            }
            // `[DONE]` is a terminal event of chat completions only.
            Some(Over::Closed) if self.said.pieces.ended || self.said.dialect == Dialect::OpenAi => {}
            Some(Over::Closed) => return Err(cut),
            None => {
                if let Some(body) =
                    whole_json(self.parser.stray()).filter(|body| !self.said.any_event || is_error(body))
                {
                    return Ok(Finished::Body(body));
                }
                if !self.said.pieces.ended {
                    return Err(cut);
                }
            }
        }
        Ok(match self.said.dialect {
            Dialect::OpenAi | Dialect::Embeddings => Finished::Chat(self.said.pieces),
            Dialect::Anthropic => Finished::Body(anthropic::whole(self.said.pieces)),
            Dialect::Gemini => Finished::Body(gemini::whole(self.said.pieces)),
        })
    }

    /// Gemini breaks an error over several lines that are no fields, sometimes inside a list.
    fn look_at_stray(&mut self) {
        let stray = self.parser.stray();
        if self.said.over.is_some() || stray.len() == self.stray_seen {
            return;
        }
        self.stray_seen = stray.len();
        if let Some(body) = whole_json(stray).filter(is_error) {
            self.said.over = Some(Over::Error(body));
        }
    }
}

impl Said {
    fn event(&mut self, event: SseEvent<'_>) {
        let data = event.data.trim();
        if self.over.is_some() || data.is_empty() || event.name == "ping" {
            return;
        }
        self.any_event = true;
        if data == "[DONE]" {
            // Some hosts say nothing else at the end.
            self.over = Some(Over::Closed);
            return;
        }
        let before = self.pieces.text.len();
        if self.is_text(event.name, data) {
            self.count_blanks(before);
            return;
        }
        let piece: Value = match serde_json::from_str(data) {
            Ok(Value::Array(mut list)) if list.len() == 1 => list.remove(0),
            Ok(piece) => piece,
            Err(_) if event.name == "error" => json!({"error": {"message": data}}),
            Err(error) => {
                // What breaks after the terminal event takes nothing from the reply.
                self.over = Some(match self.pieces.ended {
                    true => Over::Closed,
                    false => Over::Unreadable { cut: error.is_eof() },
                });
                return;
            }
        };
        if let Some(body) = error_of(event.name, &piece) {
            self.over = Some(Over::Error(body));
            return;
        }
        match self.dialect {
            Dialect::OpenAi | Dialect::Embeddings => openai::add(&mut self.pieces, &piece),
            Dialect::Anthropic => anthropic::add(&mut self.pieces, &piece),
            Dialect::Gemini => gemini::add(&mut self.pieces, &piece),
        }
        self.count_blanks(before);
        if self.pieces.closed && self.over.is_none() {
            self.over = Some(Over::Closed);
        }
    }

    /// Takes a chunk that holds text alone, many times as fast as any other is read; false leaves it to the general reading.
    fn is_text(&mut self, event_name: &str, data: &str) -> bool {
        let read: fn(&str) -> Option<Text<'_>> = match (self.dialect, event_name) {
            (Dialect::OpenAi, "") => quick::chat_text,
            (Dialect::Anthropic, "content_block_delta") => quick::message_text,
            _ => return false,
        };
        if let Some(text) = self.frame.text(data) {
            self.pieces.text.push_str(&text);
            return true;
        }
        let Some(Text { text, model }) = read(data) else {
            return false;
        };
        self.frame.learn(data, &text);
        self.pieces.begun |= self.dialect == Dialect::OpenAi;
        self.pieces.add_model(model.as_deref());
        self.pieces.text.push_str(&text);
        true
    }

    /// A run of white space to the token limit is found long before that.
    fn count_blanks(&mut self, from: usize) {
        let new = self.pieces.text.as_bytes().get(from..).unwrap_or_default();
        let at_end = new.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.blanks = match at_end == new.len() {
            true => self.blanks + at_end,
            false => at_end,
        };
        if self.blanks > BLANK_RUN {
            self.over = Some(Over::Blank);
        }
    }
}

impl Pieces {
    /// Counts grow during a stream: the last one that is said holds.
    pub(super) fn add_usage(&mut self, usage: Option<&Value>) {
        for (name, count) in usage.and_then(Value::as_object).into_iter().flatten() {
            if !count.is_null() {
                self.usage.insert(name.clone(), count.clone());
            }
        }
    }

    pub(super) fn add_model(&mut self, model: Option<&str>) {
        if self.model.is_none() {
            self.model = model.map(str::to_owned);
        }
    }
}

fn error_of(event_name: &str, piece: &Value) -> Option<Value> {
    if is_error(piece) {
        return Some(piece.clone());
    }
    let choice_error = at(piece, "/choices/0/error").filter(|error| !error.is_null());
    if let Some(error) = choice_error {
        return Some(json!({"error": error}));
    }
    // vLLM and SGLang say it without a wrapper.
    let bare = event_name == "error" || piece.get("object").and_then(Value::as_str) == Some("error");
    bare.then(|| json!({"error": piece}))
}

fn is_error(body: &Value) -> bool {
    body.get("error").is_some_and(|error| !error.is_null()) || body.get("type") == Some(&Value::from("error"))
}

/// The value of text that is one whole JSON object, alone or in a list.
fn whole_json(text: &[u8]) -> Option<Value> {
    let text = text.trim_ascii();
    if !text.ends_with(b"}") && !text.ends_with(b"]") {
        return None;
    }
    match serde_json::from_slice(text).ok()? {
        Value::Array(mut list) if list.len() == 1 => Some(list.remove(0)),
        body @ Value::Object(_) => Some(body),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
