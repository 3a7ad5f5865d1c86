//! Reasoning in front of the answer. What a model thought is not what it said.

/// Pairs of marks around a thought.
const THOUGHTS: [(&str, &str); 9] = [
    ("<think", "</think>"),
    ("<thinking", "</thinking>"),
    ("<thought", "</thought>"),
    ("<thoughts", "</thoughts>"),
    ("<reasoning", "</reasoning>"),
    ("<reflection", "</reflection>"),
    ("<scratchpad", "</scratchpad>"),
    ("◁think", "◁/think▷"),
    ("[think", "[/think]"),
];

/// What ends a thought whose beginning some servers swallow; the answer follows.
const ENDS: [&str; 3] = ["<|channel|>final", "<|message|>final", "<|end_of_thought|>"];

/// The length of a thought that begins `text`; all of it when it is never closed.
pub(super) fn length(text: &str) -> Option<usize> {
    THOUGHTS.iter().find_map(|(open, close)| {
        let behind = strip(text, open)?;
        if !behind.starts_with(['>', ' ', ']', '▷']) {
            return None;
        }
        Some(find(text, close).map_or(text.len(), |end| end + close.len()))
    })
}

/// The length of a mark that ends a thought.
pub(super) fn end(text: &str) -> Option<usize> {
    THOUGHTS
        .iter()
        .map(|(_, close)| *close)
        .chain(ENDS)
        .find(|close| strip(text, close).is_some())
        .map(str::len)
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn find(text: &str, close: &str) -> Option<usize> {
    let first = char::from(close.as_bytes()[0]);
    if !first.is_ascii() {
        return text.find(close);
    }
    text.match_indices(first)
        .map(|(at, _)| at)
        .find(|at| strip(&text[*at..], close).is_some())
}
