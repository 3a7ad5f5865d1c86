//! Evidence that was read, found again by its text: many claims speak of the same evidence.

use std::collections::HashMap;
use std::ops::Range;

use crate::evidence::Evidence;
use crate::reply::lexicon::Lexicon;

use super::evidence;
use super::tape::Tape;

/// Evidence with the text that it was read from.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) text: String,
    pub(super) evidence: Evidence,
    pub(super) lexicon: Lexicon,
}

#[derive(Debug, Default)]
pub(super) struct Library {
    known: Vec<Known>,
    by_sample: HashMap<u64, Vec<usize>>,
    /// Of all their texts.
    bytes: usize,
}

/// More text than this is not remembered at once; what was read from it is some five times as large.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What is looked at before two texts are compared: evidence of one run begins alike and differs later.
const SAMPLES: [Range<usize>; 3] = [0..96, 600..664, 1500..1564];

impl Library {
    /// The place of the evidence that a text begins with.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let mut alike = samples(text).filter_map(|sample| self.by_sample.get(&sample)).flatten();
        alike.find(|place| text.starts_with(&self.known[**place].text)).copied()
    }

    pub(super) fn at(&self, place: usize) -> &Known {
        &self.known[place]
    }

    pub(super) fn learn(&mut self, tape: &Tape<'_>) -> Result<usize, String> {
        if !tape.root().is_object() {
            return Err("`evidence` is no object".to_owned());
        }
        let evidence = evidence::read(tape.root())?;
        let text = tape.text().to_owned();
        if self.bytes + text.len() > MAX_BYTES {
            *self = Self::default();
        }
        self.bytes += text.len();
        let place = self.known.len();
        // Under the last sample that lies within it: what follows it on a line is not its own.
        if let Some(sample) = samples(&text).last() {
            self.by_sample.entry(sample).or_default().push(place);
        }
        self.known.push(Known {
            text,
            lexicon: Lexicon::of(&evidence),
            evidence,
        });
        Ok(place)
    }
}

/// What the samples of a text come to, each with those before it: letters by eights, as far as they go.
fn samples(text: &str) -> impl Iterator<Item = u64> {
    let mut all = 0;
    let within = SAMPLES.into_iter().map_while(move |sample| text.as_bytes().get(sample));
    within.map(move |sample| {
        for eight in sample.as_chunks::<8>().0 {
            all = (all ^ u64::from_le_bytes(*eight))
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(23);
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evidence(n_metrics: usize, value: f64) -> String {
        let metric = |index: usize| {
            let name = format!("metric_{index}");
            json!({"id": format!("M{index}"), "name": name, "label": name, "value": 1, "unit": "%", "period": "current"})
        };
        let mut metrics: Vec<_> = (1..=n_metrics).map(metric).collect();
        metrics[n_metrics - 1]["value"] = json!(value);
        let period = json!({"start": "2025-03-01", "end": "2025-03-31"});
        json!({"currency": "USD", "metrics": metrics, "period": period, "tables": []}).to_string()
    }

    #[test]
    fn evidence_of_any_length_is_found_again_whatever_follows_it() {
        let mut library = Library::default();
        for n_metrics in [1, 5, 9, 30] {
            for value in [1.0, 2.0] {
                let text = evidence(n_metrics, value);
                let line = format!("{text}, \"text\": \"{}\"}}", "x".repeat(2000));
                assert!(library.find(&line).is_none(), "{line}");
                let tape = Tape::of(&line).expect("JSON");
                let place = library.learn(&tape).expect("evidence");
                assert_eq!(library.find(&line), Some(place), "it was learnt");
                let known = library.at(place);
                assert_eq!(known.text, text);
                let metrics = &known.evidence.tables[0];
                let last = metrics.rows.last().expect("a metric");
                assert_eq!(metrics.at(last, "current").and_then(|at| at.exact()), Some(value));
            }
        }
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let mut library = Library::default();
        for value in 0..300 {
            let text = evidence(400, f64::from(value));
            library.learn(&Tape::of(&text).expect("JSON")).expect("evidence");
            assert!(library.bytes <= MAX_BYTES && library.find(&text).is_some());
        }
        assert!(library.known.len() < 300);
    }
}
