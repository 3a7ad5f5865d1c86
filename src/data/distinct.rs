//! One pass over a column: nulls, distinct values, a sample. Numbers are counted as numbers; only what is kept becomes text.

use std::collections::HashMap;
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

/// What the pass found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Counted {
    pub(super) nulls: u64,
    pub(super) distinct: u64,
    /// Every so many filled values, as text.
    pub(super) sample: Vec<String>,
    /// All distinct values, sorted, when they are few.
    pub(super) values: Option<Vec<String>>,
}

/// Counts up to `most` distinct values, samples each `step`-th one, and keeps the values where they are at most `kept`.
pub(super) fn count(arrays: &[&ArrayRef], step: u64, most: usize, kept: usize) -> Result<Counted, DataError> {
    let pass = Pass { step, most, kept };
    macro_rules! numbers {
        ($kind:ty, $bits:expr) => {
            pass.numbers::<$kind>(arrays, $bits)
        };
    }
    let Some(first) = arrays.first() else {
        return Ok(Counted::default());
    };
    match first.data_type() {
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
        _ => pass.texts(arrays),
    }
}

struct Pass {
    step: u64,
    most: usize,
    kept: usize,
}

/// Distinct values, each with the place where it was first seen.
type Seen<T> = HashMap<T, (usize, usize), BuildHasherDefault<Mixing>>;

impl Pass {
    fn numbers<T: ArrowPrimitiveType>(
        &self,
        arrays: &[&ArrayRef],
        bits: impl Fn(T::Native) -> Option<u64>,
    ) -> Result<Counted, DataError> {
        let mut seen: Seen<u64> = Seen::default();
        let mut counted = Counted::default();
        let mut sampled = Vec::new();
        let mut n_seen = 0;
        let mut last = None;
        for (which, array) in arrays.iter().enumerate() {
            for (row, value) in array.as_primitive::<T>().iter().enumerate() {
                let Some(value) = value.and_then(&bits) else {
                    counted.nulls += 1;
                    continue;
                };
                if n_seen % self.step == 0 {
                    sampled.push((which, row));
                }
                n_seen += 1;
                if last != Some(value) && seen.len() < self.most {
                    seen.entry(value).or_insert((which, row));
                    last = Some(value);
                }
            }
        }
        counted.distinct = seen.len() as u64;
        counted.sample = sampled
            .into_iter()
            .map(|place| text_at(arrays, place))
            .collect::<Result<_, _>>()?;
        if seen.len() <= self.kept {
            let values = seen.into_values().map(|place| text_at(arrays, place));
            counted.values = Some(sorted(values.collect::<Result<_, _>>()?));
        }
        Ok(counted)
    }

    fn texts(&self, arrays: &[&ArrayRef]) -> Result<Counted, DataError> {
        let texts: Vec<ArrayRef> = arrays
            .iter()
            .map(|array| cast(array, &DataType::Utf8))
            .collect::<Result<_, _>>()?;
        let mut seen: Seen<&str> = Seen::default();
        let mut counted = Counted::default();
        let mut n_seen = 0;
        let mut last = "";
        for text in texts.iter().flat_map(|array| array.as_string::<i32>()) {
            let Some(text) = text.filter(|text| !is_null_word(text)) else {
                counted.nulls += 1;
                continue;
            };
            if n_seen % self.step == 0 {
                counted.sample.push(text.to_owned());
            }
            n_seen += 1;
            if text != last && seen.len() < self.most {
                seen.entry(text).or_insert((0, 0));
                last = text;
            }
        }
        counted.distinct = seen.len() as u64;
        if seen.len() <= self.kept {
            counted.values = Some(sorted(seen.into_keys().map(str::to_owned).collect()));
        }
        Ok(counted)
    }
}

fn sorted(mut values: Vec<String>) -> Vec<String> {
    values.sort_unstable();
    values
}

fn text_at(arrays: &[&ArrayRef], (which, row): (usize, usize)) -> Result<String, DataError> {
    let text = cast(&arrays[which].slice(row, 1), &DataType::Utf8)?;
    Ok(text.as_string::<i32>().value(0).to_owned())
}

/// Multiplies and folds: enough to spread the values of one column, and several times faster than a hash that resists attack.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Mixing(u64);

impl Mixing {
    pub(super) fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        self.add(bytes.len() as u64 + 1);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word) ^ 0xa076_1d64_78bd_642f);
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
        let arrays: Vec<&ArrayRef> = arrays.iter().collect();
        count(&arrays, step, most, kept).unwrap()
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
            sample: ["7", "-1", "12"].map(str::to_owned).to_vec(),
            values: Some(["-1", "12", "7"].map(str::to_owned).to_vec()),
        };
        assert_eq!(counted(numbers, 2, 100, 100), expected);
        assert_eq!(counted(texts, 2, 100, 100), expected);
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
