//! What the mock writes, reviews and compares. Each of its texts carries its edition, so that a loop of reviews gets better and ends:
//! editions 1, 2, 3 … score 0.55, 0.7, 0.85 …, at most 0.95.

use serde_json::{Value, json};

use crate::llm::Request;

const MARK: &str = "Mock edition ";

/// The text of a writer in a loop (`write`, `refine`, `refine.MODEL`), one edition more than the last that the prompt holds; none for
/// everybody else, a critic for example.
pub(super) fn text(request: &Request) -> Option<String> {
    let mut parts = request.role.split('.');
    let writes = matches!(parts.next(), Some("write" | "refine")) && parts.next() != Some("critique");
    writes.then(|| edition_of(&request.prompt))
}

fn edition_of(prompt: &str) -> String {
    let edition = last_edition(prompt) + 1;
    let subject = subject(prompt);
    let mut text = format!(
        "{MARK}{edition}: {subject}\n\nThis text stands in for a model's answer; a real provider writes it from the same prompt."
    );
    if edition > 1 {
        text.push_str(" It was rewritten with what the reviews found.");
    }
    text
}

pub(super) fn review(prompt: &str) -> Value {
    let edition = last_edition(prompt);
    let score = score(edition);
    let suggestions: &[&str] = if score < 0.8 { &["Name one concrete case."] } else { &[] };
    json!({
        "score": score,
        "feedback": match score < 0.8 {
            true => format!("Edition {edition} does the task and stays general."),
            false => format!("Edition {edition} does what was asked."),
        },
        "suggestions": suggestions,
    })
}

/// The higher edition is better, whichever place it has.
pub(super) fn comparison(prompt: &str) -> Value {
    let editions = editions(prompt);
    let better = match editions.as_slice() {
        [.., first, second] if first > second => "first",
        [.., first, second] if first < second => "second",
        _ => "tie",
    };
    json!({"better": better, "reason": "The lower edition is the more general one."})
}

/// Without an edition the text is somebody else's, and the mock has no taste.
fn score(edition: u64) -> f64 {
    match edition {
        0 => 0.55,
        edition => ((40 + 15 * edition.min(4)) as f64 / 100.0).min(0.95),
    }
}

fn last_edition(prompt: &str) -> u64 {
    editions(prompt).last().copied().unwrap_or_default()
}

fn editions(prompt: &str) -> Vec<u64> {
    let parts = prompt.split(MARK).skip(1);
    let digits = parts.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits.filter_map(|digits| digits.parse().ok()).collect()
}

/// The beginning of the first fenced part, on one line.
fn subject(prompt: &str) -> String {
    let lines: Vec<&str> = prompt.lines().map(str::trim).collect();
    let fenced = lines
        .iter()
        .position(|line| line.starts_with("DATA-"))
        .map_or(0, |index| index + 1);
    let line = lines
        .iter()
        .skip(fenced)
        .find(|line| !line.is_empty())
        .copied()
        .unwrap_or("a text");
    line.chars().filter(|letter| !letter.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_count_up_and_their_scores_with_them() {
        let first = edition_of("write\nDATA-1\nabout cats\nDATA-1");
        assert!(first.starts_with("Mock edition 1: about cats\n"), "{first}");
        let second = edition_of(&format!("improve\nDATA-1\nabout cats\nDATA-1\n{first}"));
        assert!(second.starts_with("Mock edition 2: about cats\n"), "{second}");
        let scores: Vec<f64> = (1..7)
            .map(|edition| review(&format!("{MARK}{edition}: x"))["score"].as_f64().unwrap())
            .collect();
        assert_eq!(scores, [0.55, 0.7, 0.85, 0.95, 0.95, 0.95]);
        let better =
            |first: u64, second: u64| comparison(&format!("{MARK}{first}: x\n{MARK}{second}: y"))["better"].clone();
        assert_eq!([better(1, 2), better(2, 1), better(2, 2)], ["second", "first", "tie"]);
    }
}
