//! What hosts say nearly always, read without a tree of values: a chat completion with one answer, and a chunk of a stream that
//! holds text alone. Whatever does not look exactly like that is left to the general reading; both come to the same.

use std::borrow::Cow;

use serde::Deserialize;

use super::write::is_plain;
use crate::llm::types::Usage;

/// One whole chat completion.
pub(super) struct Completion {
    pub text: String,
    pub finish: Option<String>,
    pub model: Option<String>,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
}

/// None: it is something else, or says more than this.
pub(super) fn completion(body: &str) -> Option<Completion> {
    let Reply {
        choices, model, usage, ..
    } = serde_json::from_str(body).ok()?;
    let [choice] = choices;
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    Some(Completion {
        text: choice.message.content.into_owned(),
        finish: choice.finish_reason.and_then(filled),
        model: model.and_then(filled),
        cost_usd: usage.as_ref().and_then(|counts| counts.cost),
        usage: usage.unwrap_or_default().usage(),
    })
}

/// Every field that the general reading looks at; one of type `()` must be absent or null.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    choices: [Choice<'a>; 1],
    model: Option<String>,
    usage: Option<Counts>,
    #[serde(rename = "error")]
    _error: Option<()>,
    #[serde(rename = "type")]
    _type: Option<()>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Message<'a>,
    finish_reason: Option<String>,
    #[serde(rename = "error")]
    _error: Option<()>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
    #[serde(rename = "refusal")]
    _refusal: Option<()>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_cache_hit_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    cost: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl Counts {
    fn usage(self) -> Usage {
        let prompt = self.prompt_tokens_details.unwrap_or_default();
        Usage {
            input_tokens: self.prompt_tokens,
            cached_input_tokens: prompt.cached_tokens.max(self.prompt_cache_hit_tokens),
            cache_write_tokens: prompt.cache_write_tokens,
            output_tokens: self.completion_tokens,
            reasoning_tokens: self.completion_tokens_details.unwrap_or_default().reasoning_tokens,
            estimated: false,
        }
    }
}

/// The text of a chunk, and the model where the chunk names it.
#[derive(Debug, PartialEq)]
pub(super) struct Text<'a> {
    pub text: Cow<'a, str>,
    pub model: Option<Cow<'a, str>>,
}

/// One text chunk of chat completions.
pub(super) fn chat_text(data: &str) -> Option<Text<'_>> {
    let chunk: TextChunk<'_> = serde_json::from_str(data).ok()?;
    let [choice] = chunk.choices;
    if !matches!(choice.index, None | Some(0)) || chunk.object.is_some_and(|object| object == "error") {
        return None;
    }
    Some(Text {
        text: choice.delta.content,
        model: chunk.model.filter(|model| !model.is_empty()),
    })
}

#[derive(Deserialize)]
struct TextChunk<'a> {
    #[serde(borrow)]
    object: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    choices: [TextChoice<'a>; 1],
    #[serde(rename = "usage")]
    _usage: Option<()>,
    #[serde(rename = "x_groq")]
    _x_groq: Option<()>,
    #[serde(rename = "error")]
    _error: Option<()>,
    #[serde(rename = "type")]
    _type: Option<()>,
}

#[derive(Deserialize)]
struct TextChoice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    delta: TextDelta<'a>,
    #[serde(rename = "message")]
    _message: Option<()>,
    #[serde(rename = "finish_reason")]
    _finish_reason: Option<()>,
    #[serde(rename = "error")]
    _error: Option<()>,
}

#[derive(Deserialize)]
struct TextDelta<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
    #[serde(rename = "refusal")]
    _refusal: Option<()>,
    #[serde(rename = "reasoning_content")]
    _reasoning_content: Option<()>,
    #[serde(rename = "reasoning")]
    _reasoning: Option<()>,
}

/// One text delta of messages.
pub(super) fn message_text(data: &str) -> Option<Text<'_>> {
    let event: DeltaEvent<'_> = serde_json::from_str(data).ok()?;
    let is_text = event.kind == "content_block_delta" && event.delta.kind == "text_delta";
    is_text.then_some(Text {
        text: event.delta.text,
        model: None,
    })
}

#[derive(Deserialize)]
struct DeltaEvent<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    delta: Delta<'a>,
    #[serde(rename = "error")]
    _error: Option<()>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(rename = "thinking")]
    _thinking: Option<()>,
}

/// What stood around the text of the last text chunk. Most chunks differ from the one before in their text alone: what is
/// equal up to the opening quote and from the closing one, with one string between them, was understood before.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Up to the opening quote; empty before the first chunk.
    before: String,
    /// From the closing quote.
    after: String,
}

impl Frame {
    /// The text of a chunk in the same frame.
    pub(super) fn text<'a>(&self, data: &'a str) -> Option<Cow<'a, str>> {
        if self.before.is_empty() {
            return None;
        }
        let text = data.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        if is_plain(text) {
            return Some(Cow::Borrowed(text));
        }
        let literal = &data[self.before.len() - 1..self.before.len() + text.len() + 1];
        serde_json::from_str(literal).ok().map(Cow::Owned)
    }

    /// `text` was read from `data`; its place is known where it is a part of it. What had to be decoded lies elsewhere in memory.
    pub(super) fn learn(&mut self, data: &str, text: &str) {
        let start = (text.as_ptr() as usize).wrapping_sub(data.as_ptr() as usize);
        let parts = data.get(..start).zip(data.get(start + text.len()..));
        if let Some((before, after)) = parts.filter(|(before, after)| before.ends_with('"') && after.starts_with('"')) {
            before.clone_into(&mut self.before);
            after.clone_into(&mut self.after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(text: &str) -> String {
        format!(
            r#"{{"id":"c","model":"m","choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}]}}"#
        )
    }

    #[test]
    fn a_frame_gives_what_the_parser_gives() {
        let first = chunk("first");
        let mut frame = Frame::default();
        assert_eq!(frame.text(&first), None, "nothing was learnt yet");
        frame.learn(&first, &chat_text(&first).unwrap().text);
        for text in ["", "x", "é – 100 %", r#"say \"no\" and\n\\"#, r"\u00e9\ud83d\ude00"] {
            let data = chunk(text);
            let expected = chat_text(&data).unwrap().text;
            assert_eq!(frame.text(&data).as_deref(), Some(&*expected), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_the_frame_is_left_to_the_parser() {
        let first = chunk("first");
        let mut frame = Frame::default();
        frame.learn(&first, &chat_text(&first).unwrap().text);
        let again = r#"a"},"finish_reason":null},{"index":1,"delta":{"content":"b"#;
        for (what, data) in [
            ("another key", chunk("x").replace("\"c\"", "\"d\"")),
            ("an end", chunk("x").replace("null", "\"stop\"")),
            ("a quote in the text", chunk(again)),
            ("an escape cut in two", chunk("x\\")),
            ("a line break in the text", chunk("x\ny")),
            ("cut off", chunk("x")[..60].to_owned()),
        ] {
            assert_eq!(frame.text(&data), None, "{what}");
        }
    }

    #[test]
    fn a_text_that_had_to_be_decoded_teaches_no_frame() {
        let mut frame = Frame::default();
        let data = chunk(r"a\nb");
        frame.learn(&data, &chat_text(&data).unwrap().text);
        assert_eq!(frame.text(&data), None);
    }

    #[test]
    fn a_message_delta_is_read_when_it_is_text() {
        let data = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#;
        assert_eq!(message_text(data).unwrap().text, "Hi");
        for other in [
            data.replace("text_delta", "input_json_delta"),
            data.replace("content_block_delta", "message_delta"),
            data.replace("\"index\":0", "\"error\":{}"),
        ] {
            assert_eq!(message_text(&other), None, "{other}");
        }
    }
}
