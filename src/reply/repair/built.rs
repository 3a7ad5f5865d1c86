//! What an object, array, set, tuple or call is once it is closed.

use std::collections::{HashMap, HashSet};

use super::{Fix, Frame, Opener, Parser};
use crate::reply::json::Json;

impl Parser<'_> {
    /// Its value.
    pub(super) fn built(&mut self, mut frame: Frame) -> Json {
        match frame.opener {
            Opener::Brace | Opener::Implied if frame.items.is_empty() => {
                self.without_duplicates(&mut frame);
                Json::Object(frame.members)
            }
            Opener::Brace | Opener::Implied => self.built_from_loose(frame),
            Opener::Bracket => Json::Array(frame.items),
            Opener::Paren => {
                self.repairs.note(Fix::Tuple, frame.start);
                if frame.items.len() == 1 && !frame.after_comma {
                    return frame.items.remove(0);
                }
                Json::Array(frame.items)
            }
            Opener::Call => {
                self.repairs.note(Fix::Call, frame.start);
                match frame.items.len() {
                    0 => Json::Array(Vec::new()),
                    1 => frame.items.remove(0),
                    // `datetime(2024, 1, 31)`: which of them counts is not ours to say.
                    _ => Json::String(self.window(frame.start, self.at - frame.start).trim_end().to_owned()),
                }
            }
            Opener::Nothing => Json::Null,
        }
    }

    /// Braces around what has no key: a set, a doubled brace, or keys without values.
    fn built_from_loose(&mut self, mut frame: Frame) -> Json {
        let doubled = frame.items.len() == 1 && matches!(frame.items[0], Json::Object(_));
        if frame.members.is_empty() && !doubled {
            self.repairs.note(Fix::Set, frame.start);
            return Json::Array(frame.items);
        }
        self.repairs.note(Fix::ExtraBracket, frame.start);
        let mut members = Vec::new();
        for item in frame.items.drain(..) {
            match item {
                Json::Object(inner) => members.extend(inner),
                Json::String(key) => members.push((key, Json::Null)),
                _ => {}
            }
        }
        members.append(&mut frame.members);
        frame.members = members;
        self.without_duplicates(&mut frame);
        Json::Object(frame.members)
    }

    /// The last value of a key counts, at the place of the first.
    fn without_duplicates(&mut self, frame: &mut Frame) {
        const FEW: usize = 12;
        let members = &mut frame.members;
        let duplicated = if members.len() <= FEW {
            (1..members.len()).any(|index| members[..index].iter().any(|(key, _)| *key == members[index].0))
        } else {
            let mut keys = HashSet::with_capacity(members.len());
            !members.iter().all(|(key, _)| keys.insert(key.as_str()))
        };
        if !duplicated {
            return;
        }
        self.repairs.note(Fix::DuplicateKey, frame.start);
        let mut places: HashMap<String, usize> = HashMap::with_capacity(members.len());
        let mut unique: Vec<(String, Json)> = Vec::with_capacity(members.len());
        for (key, value) in std::mem::take(members) {
            match places.get(&key) {
                Some(&place) => unique[place].1 = value,
                None => {
                    places.insert(key.clone(), unique.len());
                    unique.push((key, value));
                }
            }
        }
        *members = unique;
    }
}
