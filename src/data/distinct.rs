//! One pass over a column: nulls, distinct values, a sample. Numbers are counted as numbers; only what is kept becomes text.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};

use super::DataError;
use super::functions::is_null_word;

/// How statistics programs write an empty cell.
pub(super) const NOT_AVAILABLE: &str = "NA";

/// What the pass found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Counted {
    pub(super) nulls: u64,
    pub(super) distinct: u64,
    /// Filled cells that say `NA`.
    pub(super) not_available: u64,
    /// Every so many filled values, as text.
    pub(super) sample: Vec<String>,
    /// All distinct values, sorted, when they are few.
    pub(super) values: Option<Vec<String>>,
}

/// Counts up to `most` distinct values, samples each `step`-th one, and keeps the values where they are at most `kept`.
pub(super) fn count(
    arrays: impl Iterator<Item = Result<ArrayRef, DataError>>,
    step: u64,
    most: usize,
    kept: usize,
) -> Result<Counted, DataError> {
    let mut pass = Pass {
        step,
        most,
        kept,
        n_filled: 0,
        seen: HashSet::default(),
        values: HashMap::default(),
        counted: Counted::default(),
    };
    for array in arrays {
        pass.array(&array?)?;
    }
    let mut counted = pass.counted;
    counted.distinct = pass.seen.len() as u64;
    if pass.seen.len() <= kept {
        let mut values: Vec<String> = pass.values.into_values().collect();
        values.sort_unstable();
        counted.values = Some(values);
    }
    Ok(counted)
}

struct Pass {
    step: u64,
    most: usize,
    kept: usize,
    n_filled: u64,
    /// Millions of texts would fill the memory: what tells them apart stands for them.
    seen: HashSet<u64, BuildHasherDefault<Mixing>>,
    /// The texts themselves, as long as they are few.
    values: HashMap<u64, String, BuildHasherDefault<Mixing>>,
    counted: Counted,
}

impl Pass {
    fn array(&mut self, array: &ArrayRef) -> Result<(), DataError> {
        match array.as_any_dictionary_opt() {
            Some(coded) => {
                let keys = coded.normalized_keys().into_iter();
                match array.nulls() {
                    None => self.cells(coded.values(), keys.map(Some)),
                    Some(nulls) => {
                        let keys = keys.zip(nulls.iter());
                        self.cells(coded.values(), keys.map(|(key, is_filled)| is_filled.then_some(key)))
                    }
                }
            }
            None => self.cells(array, (0..array.len()).map(Some)),
        }
    }

    /// Cells by their places in a list of values.
    fn cells(&mut self, values: &ArrayRef, places: impl Iterator<Item = Option<usize>>) -> Result<(), DataError> {
        let (values, marks) = marks(values)?;
        let is_text = *values.data_type() == DataType::Utf8;
        let not_available = mark(NOT_AVAILABLE);
        let mut met = vec![false; marks.len()];
        for place in places {
            let Some((place, mark)) = place.and_then(|place| Some((place, marks[place]?))) else {
                self.counted.nulls += 1;
                continue;
            };
            self.counted.not_available += u64::from(is_text && mark == not_available);
            if self.n_filled.is_multiple_of(self.step) {
                self.counted.sample.push(text_at(&values, place)?);
            }
            self.n_filled += 1;
            if !met[place] && self.seen.len() < self.most && self.seen.insert(mark) && self.seen.len() <= self.kept {
                self.values.insert(mark, text_at(&values, place)?);
            }
            met[place] = true;
        }
        Ok(())
    }
}

/// What tells each value from all others of its column; none for a value that says nothing. With it the values, as text unless numbers.
fn marks(array: &ArrayRef) -> Result<(ArrayRef, Vec<Option<u64>>), DataError> {
    macro_rules! numbers {
        ($kind:ty, $bits:expr) => {
            numbers::<$kind>(array, $bits)
        };
    }
    let marks = match array.data_type() {
        DataType::Null => vec![None; array.len()],
        DataType::Int8 => numbers!(Int8Type, |value| Some(u64::from(value.cast_unsigned()))),
        DataType::Int16 => numbers!(Int16Type, |value| Some(u64::from(value.cast_unsigned()))),
        DataType::Int32 => numbers!(Int32Type, |value| Some(u64::from(value.cast_unsigned()))),
        DataType::Int64 => numbers!(Int64Type, |value| Some(value.cast_unsigned())),
        DataType::UInt8 => numbers!(UInt8Type, |value| Some(u64::from(value))),
        DataType::UInt16 => numbers!(UInt16Type, |value| Some(u64::from(value))),
        DataType::UInt32 => numbers!(UInt32Type, |value| Some(u64::from(value))),
        DataType::UInt64 => numbers!(UInt64Type, Some),
        // What is no number is no value.
        DataType::Float32 => numbers!(Float32Type, |value| (!value.is_nan())
            .then(|| u64::from(value.to_bits()))),
        DataType::Float64 => numbers!(Float64Type, |value| (!value.is_nan()).then(|| value.to_bits())),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => numbers!(TimestampSecondType, |value| Some(value.cast_unsigned())),
            TimeUnit::Millisecond => numbers!(TimestampMillisecondType, |value| Some(value.cast_unsigned())),
            TimeUnit::Microsecond => numbers!(TimestampMicrosecondType, |value| Some(value.cast_unsigned())),
            TimeUnit::Nanosecond => numbers!(TimestampNanosecondType, |value| Some(value.cast_unsigned())),
        },
        _ => {
            let texts = cast(array, &DataType::Utf8)?;
            let says = |text: Option<&str>| text.filter(|text| !is_null_word(text)).map(mark);
            let marks = texts.as_string::<i32>().iter().map(says).collect();
            return Ok((texts, marks));
        }
    };
    Ok((ArrayRef::clone(array), marks))
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef, bits: impl Fn(T::Native) -> Option<u64>) -> Vec<Option<u64>> {
    let values = array.as_primitive::<T>().iter();
    values.map(|value| value.and_then(&bits)).collect()
}

/// What tells a text from all others.
pub(super) fn mark(text: &str) -> u64 {
    let mut mixing = Mixing::default();
    mixing.add_bytes(text.as_bytes());
    mixing.finish()
}

fn text_at(values: &ArrayRef, place: usize) -> Result<String, DataError> {
    let text = cast(&values.slice(place, 1), &DataType::Utf8)?;
    Ok(text.as_string::<i32>().value(0).to_owned())
}

/// Multiplies and folds: enough to spread the values of one column, and several times faster than a hash that resists attack.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Mixing(u64);

impl Mixing {
    /// Equal values give other results with another salt.
    pub(super) fn begin(salt: u64) -> Self {
        Self(salt)
    }

    pub(super) fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        self.add(bytes.len() as u64 + 1);
        self.add_words(bytes);
    }

    /// Bytes whose number is known from elsewhere.
    pub(super) fn add_words(&mut self, bytes: &[u8]) {
        const SALT: u64 = 0xa076_1d64_78bd_642f;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word) ^ SALT);
        }
        if !rest.is_empty() {
            let word = rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
            self.add(word ^ SALT);
        }
    }
}

impl Hasher for Mixing {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.add_bytes(bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte) ^ 0xe703_7ed1_a0b4_28db);
    }

    fn write_u64(&mut self, word: u64) {
        self.add(word ^ 0x8ebc_6af0_9c88_c6e3);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;
    use std::sync::Arc;

    use datafusion::arrow::array::{Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    fn counted(arrays: Vec<ArrayRef>, step: u64, most: usize, kept: usize) -> Counted {
        count(arrays.into_iter().map(Ok), step, most, kept).unwrap()
    }

    #[test]
    fn numbers_and_texts_are_counted_alike() {
        let numbers: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(7), None, Some(7), Some(-1)])),
            Arc::new(Int64Array::from(vec![Some(7), Some(12)])),
        ];
        let texts: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("7"), Some("n/a"), Some("7"), Some("-1")])),
            Arc::new(StringArray::from(vec![Some("7"), Some("12")])),
        ];
        let expected = Counted {
            nulls: 1,
            distinct: 3,
            not_available: 0,
            sample: ["7", "-1", "12"].map(str::to_owned).to_vec(),
            values: Some(["-1", "12", "7"].map(str::to_owned).to_vec()),
        };
        assert_eq!(counted(numbers, 2, 100, 100), expected);
        assert_eq!(counted(texts.clone(), 2, 100, 100), expected);
        let codes = DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8));
        let coded = texts.iter().map(|texts| cast(texts, &codes).unwrap()).collect();
        assert_eq!(counted(coded, 2, 100, 100), expected);
    }

    #[test]
    fn cells_that_say_na_are_counted() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["NA", "DE", "NA"]));
        assert_eq!(counted(vec![texts], 1, 100, 100).not_available, 2);
    }

    #[test]
    fn no_number_is_null_and_times_are_texts_when_kept() {
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.5, f64::NAN, 1.5]));
        let found = counted(vec![floats], 1, 100, 100);
        assert_eq!((found.nulls, found.distinct, found.sample[0].as_str()), (1, 1, "1.5"));
        let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0, 1_000_000]));
        assert_eq!(
            counted(vec![times], 1, 100, 100).values.unwrap(),
            ["1970-01-01T00:00:00", "1970-01-01T00:00:01"]
        );
    }

    #[test]
    fn counting_ends_where_the_number_no_longer_matters() {
        let many: ArrayRef = Arc::new(Int64Array::from((0..1_000).collect::<Vec<i64>>()));
        let found = counted(vec![many], 1_000, 300, 100);
        assert_eq!((found.distinct, found.values), (300, None));
    }

    #[test]
    fn neighbours_do_not_collide() {
        let hash = |value: u64| {
            let mut mixing = Mixing::default();
            value.hash(&mut mixing);
            mixing.finish()
        };
        let hashes: std::collections::HashSet<u64> = (0..100_000).map(hash).collect();
        assert_eq!(hashes.len(), 100_000);
        // Tables of values look at the lowest and at the highest bits.
        let low: std::collections::HashSet<u64> = (0..4_096).map(|value| hash(value * 1_000_000) % 65_536).collect();
        assert!(low.len() > 3_500, "{}", low.len());
    }
}
