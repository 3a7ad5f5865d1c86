//! Which part of asking for a stream a host says it does not know.

use crate::llm::error_body::ErrorBody;
use crate::llm::fault::Feature;

/// For errors that refuse a parameter. `stream` alone is also a part of `upstream`.
pub(super) fn refused(error: &ErrorBody<'_>) -> Option<Feature> {
    let names = |name: &str| error.param == name || error.words.contains(name);
    if names("stream_options") || names("include_usage") {
        return Some(Feature::StreamUsage);
    }
    let said = [
        "streaming",
        "to stream",
        "'stream'",
        "\"stream\"",
        "`stream`",
        "stream:",
    ];
    let before = |at: usize| error.words[..at].chars().next_back();
    let stream = said.iter().any(|phrase| {
        let mut places = error.words.match_indices(phrase);
        places.any(|(at, _)| !before(at).is_some_and(char::is_alphanumeric))
    });
    (stream || error.param == "stream").then_some(Feature::Streaming)
}
