//! What is known, and whether an attribute is new: by its normal form, then by its words, then (where wanted) by its meaning.
//!
//! The first form seen is kept; every other one is listed as merged into it. Compact: ten million attributes fit into two gigabytes.

mod bloom;
mod exact;
mod hash;
mod minhash;
mod normal;
mod semantic;
mod texts;

pub use bloom::{Bloom, mark};
pub use normal::{Normal, cleaned};
pub use semantic::Vector;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use exact::Keys;
use minhash::{Alike, Signature};
use semantic::Meanings;
use texts::Texts;

/// Which likenesses are merged; equal normal forms always are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Options {
    /// The share of common words from which on two attributes are one.
    pub near: Option<f64>,
    /// The cosine of two meanings from which on they are one.
    pub semantic: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            near: Some(0.8),
            semantic: None,
        }
    }
}

/// Why a form belongs to a known attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Exact,
    Near,
    Semantic,
}

/// What became of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Its number: attributes are numbered from 0.
    New(u32),
    Known {
        number: u32,
        how: How,
        /// Nobody wrote it like this before.
        first_so_written: bool,
    },
}

/// Popular attributes that are kept at hand.
const MOST_POPULAR: usize = 128;

/// Every attribute so far, with all its forms.
#[derive(Debug)]
pub struct Known {
    options: Options,
    keys: Keys,
    texts: Texts,
    alike: Option<Alike>,
    meanings: Meanings,
    /// Normal forms that were merged for their likeness, so that nobody compares them twice.
    aliases: HashMap<u128, (u32, How), hash::Hashed>,
    forms: Texts,
    form_of: Vec<(u32, How)>,
    written: HashSet<u64, hash::Hashed>,
    /// How often each was said again, up to 255.
    repeats: Vec<u8>,
    popular: Vec<u32>,
    /// No popular one was said again less often.
    popular_from: u8,
    desk: Desk,
}

/// Memory that is used again for each form.
#[derive(Debug, Default)]
struct Desk {
    normal: Normal,
    words: Vec<u32>,
    signature: Signature,
    candidates: Vec<u32>,
}

impl Known {
    pub fn new(options: Options) -> Self {
        Self {
            keys: Keys::default(),
            texts: Texts::default(),
            alike: options.near.map(Alike::new),
            meanings: Meanings::default(),
            aliases: HashMap::default(),
            forms: Texts::default(),
            form_of: Vec::new(),
            written: HashSet::default(),
            repeats: Vec::new(),
            popular: Vec::new(),
            popular_from: 0,
            desk: Desk::default(),
            options,
        }
    }

    /// Takes a cleaned form in. `vector` is its meaning, where it was asked for.
    pub fn accept(&mut self, form: &str, vector: Option<&Vector>) -> Decision {
        self.desk.normal.set(form);
        let key = hash::wide(self.desk.normal.text());
        if let Some(number) = self.keys.find(key) {
            return self.known(number, How::Exact, form);
        }
        if let Some((number, how)) = self.aliases.get(&key).copied() {
            return self.known(number, how, form);
        }
        if let Some(number) = self.near() {
            return self.merged(key, number, How::Near, form);
        }
        let nearest = vector.zip(self.options.semantic);
        if let Some(number) = nearest.and_then(|(vector, threshold)| self.meanings.nearest(vector, threshold)) {
            return self.merged(key, number, How::Semantic, form);
        }
        let number = self.added(key, form);
        if let (Some(vector), Some(_)) = (vector, self.options.semantic) {
            self.meanings.insert(number, vector);
        }
        Decision::New(number)
    }

    /// Whether the words alone say that a form is known.
    pub fn has_words_of(&mut self, form: &str) -> bool {
        self.desk.normal.set(form);
        let key = hash::wide(self.desk.normal.text());
        self.keys.find(key).is_some() || self.aliases.contains_key(&key) || self.near().is_some()
    }

    /// Takes up an attribute that an earlier process found: it keeps its number, whatever the options say now.
    pub fn restore(&mut self, form: &str) -> u32 {
        self.desk.normal.set(form);
        let key = hash::wide(self.desk.normal.text());
        self.near();
        self.added(key, form)
    }

    /// Takes up a form that an earlier process merged.
    pub fn restore_merged(&mut self, form: &str, number: u32, how: How) {
        self.desk.normal.set(form);
        let key = hash::wide(self.desk.normal.text());
        if how == How::Exact {
            self.known(number, how, form);
        } else {
            self.merged(key, number, how, form);
        }
    }

    /// The meaning of a restored attribute.
    pub fn restore_meaning(&mut self, number: u32, vector: &Vector) {
        self.meanings.insert(number, vector);
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The form that was seen first.
    pub fn text(&self, number: u32) -> &str {
        self.texts.get(number)
    }

    /// Merged forms in the order of their coming: into which attribute, how, and the form.
    pub fn forms(&self) -> impl Iterator<Item = (u32, How, &str)> {
        let numbered = (0..).zip(&self.form_of);
        numbered.map(|(place, (number, how))| (*number, *how, self.forms.get(place)))
    }

    pub fn n_forms(&self) -> usize {
        self.form_of.len()
    }

    /// Those that are said again most often, the first of them most.
    pub fn popular(&self) -> Vec<u32> {
        let mut popular = self.popular.clone();
        popular.sort_by_key(|number| (std::cmp::Reverse(self.repeats[*number as usize]), *number));
        popular
    }

    /// The form on the desk, compared with those that share enough words. Leaves words and signature on the desk.
    fn near(&mut self) -> Option<u32> {
        let alike = self.alike.as_ref()?;
        let desk = &mut self.desk;
        words(&desk.normal, &mut desk.words);
        // One word alone is like another only when it is the same.
        if desk.words.len() < 2 {
            desk.signature.clear();
            return None;
        }
        alike.sign(&desk.words, &mut desk.signature);
        alike.nearest(&desk.words, &desk.signature, &mut desk.candidates)
    }

    fn added(&mut self, key: u128, form: &str) -> u32 {
        let number = self.keys.insert(key);
        self.texts.push(form);
        self.repeats.push(0);
        if let Some(alike) = &mut self.alike {
            alike.insert(&self.desk.words, &self.desk.signature);
        }
        number
    }

    fn merged(&mut self, key: u128, number: u32, how: How, form: &str) -> Decision {
        self.aliases.insert(key, (number, how));
        self.known(number, how, form)
    }

    fn known(&mut self, number: u32, how: How, form: &str) -> Decision {
        self.count_repeat(number);
        let first_so_written = self.texts.get(number) != form && self.written.insert(mark(form));
        if first_so_written {
            self.forms.push(form);
            self.form_of.push((number, how));
        }
        Decision::Known {
            number,
            how,
            first_so_written,
        }
    }

    fn count_repeat(&mut self, number: u32) {
        let Some(repeats) = self.repeats.get_mut(number as usize) else {
            return;
        };
        *repeats = repeats.saturating_add(1);
        let now = *repeats;
        let is_full = self.popular.len() == MOST_POPULAR;
        if (is_full && now <= self.popular_from) || self.popular.contains(&number) {
            return;
        }
        if !is_full {
            self.popular.push(number);
            return;
        }
        let repeats = &self.repeats;
        let least = self.popular.iter_mut().min_by_key(|number| repeats[**number as usize]);
        if let Some(least) = least {
            self.popular_from = repeats[*least as usize];
            if self.popular_from < now {
                *least = number;
            }
        }
    }
}

/// The words of a form as sorted values, none twice.
fn words(normal: &Normal, words: &mut Vec<u32>) {
    words.clear();
    words.extend(normal.words().map(|word| hash::narrow(word) as u32));
    words.sort_unstable();
    words.dedup();
}

#[cfg(test)]
mod tests;
