//! From "why it stopped" and the text to an answer or a fault: the same rules for all providers.

use super::{Decoded, Fault, Finish, Kind, Usage};
use crate::llm::types::Class;

/// Why the model stopped, before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Stop,
    /// The host does not say.
    Unsaid,
    Length,
    ContextFull,
    Refusal,
    Filtered(String),
    /// Stopped by a chance of this one text (it recited, or nobody says why): another try may pass.
    Unlucky(String),
    /// Asks for a tool that nobody offered.
    Tools,
    /// The host broke off.
    Broken(String),
    Unknown(String),
}

/// Whitespace to the token cap: seen with JSON modes that never close the object.
pub(super) const BLANK_RUN: usize = 1_000;

pub(super) fn conclude(
    ending: Ending,
    text: String,
    usage: Usage,
    answered_model: Option<String>,
) -> Result<Decoded, Fault> {
    let output = |code: &str, message: String| Fault::new(Class::Output, message).code(code).usage(usage);
    let finish = match ending {
        Ending::Stop => Finish::Stop,
        Ending::Unsaid => Finish::Other("unsaid".to_owned()),
        Ending::Length => {
            let thought = usage.reasoning_tokens;
            let message = match text.trim().is_empty() && thought > 0 {
                true => format!("reasoning used the whole token limit ({thought} tokens) and left no answer"),
                false => format!(
                    "the reply was cut off by the token limit after {} tokens",
                    usage.output_tokens
                ),
            };
            return Err(output("truncated", message));
        }
        Ending::ContextFull => {
            let message = "the model's context window was full before the reply ended";
            return Err(Fault::new(Class::Permanent, message)
                .code("context_too_long")
                .kind(Kind::ContextTooLong)
                .usage(usage));
        }
        Ending::Refusal => {
            return Err(output("refusal", "the model refused to answer".to_owned()).kind(Kind::Declined));
        }
        Ending::Filtered(reason) => {
            let message = format!("the provider stopped the reply ({reason})");
            return Err(output("content_filter", message).kind(Kind::Declined));
        }
        Ending::Unlucky(reason) => {
            let message = format!("the reply was stopped ({reason})");
            return Err(output("stopped", message).kind(Kind::Once));
        }
        Ending::Tools => {
            let message = "the model asked for a tool instead of answering";
            return Err(output("tool_use", message.to_owned()).kind(Kind::Once));
        }
        Ending::Broken(reason) => {
            return Err(
                Fault::new(Class::Transient, format!("the host broke off the reply ({reason})"))
                    .code(reason)
                    .usage(usage),
            );
        }
        Ending::Unknown(reason) => {
            tracing::warn!(reason = reason.as_str(), "a finish reason that is not known here");
            let message = format!("the reply ended for an unknown reason ({reason})");
            return Err(output("unknown_finish", message).kind(Kind::Once));
        }
    };
    let start = text.len() - without_thoughts(&text).len();
    let text = match start {
        0 => text,
        // What is left is the end of it.
        start => text[start..].to_owned(),
    };
    if has_blank_run(text.as_bytes()) {
        return Err(blank_run(usage));
    }
    if text.trim().is_empty() {
        return Err(match usage.reasoning_tokens {
            0 => output("empty", "the reply is empty".to_owned()).kind(Kind::Empty),
            // Whatever the host calls it, the tokens went into thoughts: a larger limit helps, the same one does not.
            thought => output(
                "truncated",
                format!("reasoning took {thought} tokens and left no answer"),
            ),
        });
    }
    Ok(Decoded {
        text,
        finish,
        usage,
        answered_model,
        cost_usd: None,
        first_token: None,
    })
}

/// The same as a reply that the token limit cut off: nothing but a larger or shorter question helps.
pub(super) fn blank_run(usage: Usage) -> Fault {
    Fault::new(Class::Output, "the reply is a run of white space")
        .code("truncated")
        .usage(usage)
}

/// Inline reasoning is not the answer: leading `<think>…</think>` blocks go, and an unclosed one leaves nothing.
fn without_thoughts(text: &str) -> &str {
    let mut rest = text.trim_start();
    if !rest.contains('<') {
        return rest;
    }
    // Some chat templates swallow the opening tag.
    if !rest.contains("<think>")
        && let Some((_, answer)) = rest.split_once("</think>")
    {
        return answer.trim_start();
    }
    for (open, close) in [("<think>", "</think>"), ("<thinking>", "</thinking>")] {
        while let Some(thought) = rest.strip_prefix(open) {
            rest = thought.split_once(close).map_or("", |(_, answer)| answer.trim_start());
        }
    }
    rest
}

/// Whether more than `BLANK_RUN` bytes of white space follow each other. Such a run covers a multiple of that length, so only
/// the bytes there are looked at, and their neighbours where one of them is blank.
fn has_blank_run(text: &[u8]) -> bool {
    let is_blank = u8::is_ascii_whitespace;
    (0..text.len()).step_by(BLANK_RUN).any(|at| {
        let (before, after) = text.split_at(at);
        let n_after = after
            .iter()
            .take(BLANK_RUN + 1)
            .take_while(|byte| is_blank(byte))
            .count();
        let n_before = before
            .iter()
            .rev()
            .take(BLANK_RUN)
            .take_while(|byte| is_blank(byte))
            .count();
        n_after > 0 && n_before + n_after > BLANK_RUN
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(ending: Ending, text: &str) -> String {
        match conclude(ending, text.to_owned(), Usage::default(), None) {
            Ok(decoded) => format!("ok {}", decoded.text),
            Err(fault) => format!("{:?} {}", fault.class, fault.code.unwrap_or_default()),
        }
    }

    #[test]
    fn endings() {
        for (ending, text, outcome) in [
            (Ending::Stop, "{}", "ok {}"),
            (Ending::Unsaid, "{}", "ok {}"),
            (Ending::Stop, " <think>{\"a\":1}</think>\n{}", "ok {}"),
            (Ending::Stop, "thoughts</think>{}", "ok {}"),
            (Ending::Stop, "<think>{\"a\":1}", "Output empty"),
            (Ending::Stop, "\n ", "Output empty"),
            (Ending::Length, "{\"a\":", "Output truncated"),
            (Ending::ContextFull, "{", "Permanent context_too_long"),
            (Ending::Refusal, "", "Output refusal"),
            (Ending::Filtered("SAFETY".into()), "{}", "Output content_filter"),
            (Ending::Unlucky("RECITATION".into()), "{}", "Output stopped"),
            (Ending::Tools, "", "Output tool_use"),
            (Ending::Broken("error".into()), "{}", "Transient error"),
            (Ending::Unknown("novel".into()), "{}", "Output unknown_finish"),
        ] {
            assert_eq!(read(ending.clone(), text), outcome, "{ending:?} {text}");
        }
        let blanks = format!("{{{}}}", " ".repeat(2_000));
        assert_eq!(read(Ending::Stop, &blanks), "Output truncated");
        for (before, n_blank, found) in [
            (1, 1_000, false),
            (1, 1_001, true),
            (1_999, 1_001, true),
            (777, 1_000, false),
        ] {
            let text = format!("{}{}x", "x".repeat(before), "\n".repeat(n_blank));
            assert_eq!(has_blank_run(text.as_bytes()), found, "{before} {n_blank}");
        }
        let thoughtful = Usage {
            reasoning_tokens: 200,
            ..Usage::default()
        };
        let fault = conclude(Ending::Stop, String::new(), thoughtful, None).unwrap_err();
        assert_eq!(fault.code.as_deref(), Some("truncated"));
    }
}
