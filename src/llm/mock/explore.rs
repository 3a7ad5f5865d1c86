//! The mock as a producer of an exploration: phrases of a small vocabulary, the common ones far more often than the others, in
//! wordings that differ; so that there are repeats, near repeats, and ever fewer new ones.

use serde_json::{Value, json};

const QUALITIES: [&str; 24] = [
    "smooth",
    "brittle",
    "warm",
    "hollow",
    "layered",
    "quiet",
    "portable",
    "seasonal",
    "costly",
    "modular",
    "transparent",
    "heavy",
    "flexible",
    "regional",
    "fragrant",
    "symmetrical",
    "durable",
    "hidden",
    "adjustable",
    "ancient",
    "public",
    "elastic",
    "precise",
    "shared",
];
const SUBJECTS: [&str; 24] = [
    "surface",
    "edge",
    "joint",
    "frame",
    "grip",
    "colour",
    "sound",
    "origin",
    "price",
    "limit",
    "load",
    "pattern",
    "supply",
    "story",
    "repair",
    "shape",
    "ritual",
    "texture",
    "storage",
    "rhythm",
    "tolerance",
    "audience",
    "cycle",
    "weight",
];
const SIDES: [&str; 4] = ["in daily use", "under stress", "over time", "at first sight"];

/// As many attributes as the prompt asks for; None where it is no such prompt.
pub(super) fn attributes(prompt: &str) -> Option<Value> {
    let count = prompt
        .strip_prefix("Task: list ")?
        .split(' ')
        .next()?
        .parse::<usize>()
        .ok()?;
    let mut random = Random {
        state: prompt.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }),
    };
    let attributes: Vec<String> = (0..count.min(1000)).map(|_| phrase(&mut random)).collect();
    Some(json!({"attributes": attributes}))
}

fn phrase(random: &mut Random) -> String {
    let quality = QUALITIES[random.skewed(QUALITIES.len())];
    let subject = SUBJECTS[random.skewed(SUBJECTS.len())];
    let phrase = match random.skewed(8) {
        side @ 0..4 => format!("{quality} {subject} {}", SIDES[side]),
        _ => format!("{quality} {subject}"),
    };
    match random.skewed(40) {
        30 => format!("The {phrase}"),
        31 => phrase.to_uppercase(),
        32 => format!("{phrase}s"),
        33 => phrase.replacen(' ', "-", 1),
        _ => phrase,
    }
}

/// A linear congruential generator; its high bits are random enough for a mock.
struct Random {
    state: u64,
}

impl Random {
    fn draw(&mut self) -> f64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Small numbers more often than large ones.
    fn skewed(&mut self, below: usize) -> usize {
        ((self.draw().powf(1.5) * below as f64) as usize).min(below - 1)
    }
}
