//! Numbers in the place of ids: what is only told apart, joined and put into order is so several times as fast. Never heard of queries.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;

use super::DataError;
use super::distinct::{Mixing, mark};

/// Beyond so many, the texts themselves would fill the memory.
pub(super) const MOST_RANKED: u64 = 1_000_000;

/// The texts of a column, numbered as they are met.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashMap<Box<str>, u32, BuildHasherDefault<Mixing>>,
}

/// Some cells of the column with the numbers of their texts.
#[derive(Debug)]
pub(super) struct Numbered {
    cells: ArrayRef,
    numbers: Vec<Option<u32>>,
}

impl Texts {
    pub(super) fn number(&mut self, cells: ArrayRef) -> Result<Numbered, DataError> {
        let texts = texts(&cells)?;
        let numbers = texts.as_string::<i32>().iter();
        let numbers = numbers.map(|text| text.map(|text| self.number_of(text))).collect();
        Ok(Numbered { cells, numbers })
    }

    fn number_of(&mut self, text: &str) -> u32 {
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let number = self.known.len() as u32;
        self.known.insert(text.into(), number);
        number
    }
}

/// The places of texts in the order of all of them.
#[derive(Debug)]
pub(super) struct Ranks {
    /// For each reader, by the number of the text.
    places: Vec<Vec<i64>>,
    /// All texts in order.
    pub(super) texts: Vec<Box<str>>,
}

impl Ranks {
    /// Of the texts that several readers met, each in a part of the column.
    pub(super) fn of(readers: Vec<Texts>) -> Self {
        let mut places: Vec<Vec<i64>> = readers.iter().map(|texts| vec![0; texts.known.len()]).collect();
        let met = readers.into_iter().enumerate();
        let mut all: Vec<(Box<str>, usize, u32)> = met
            .flat_map(|(reader, texts)| {
                texts
                    .known
                    .into_iter()
                    .map(move |(text, number)| (text, reader, number))
            })
            .collect();
        all.sort_unstable();
        let mut texts: Vec<Box<str>> = Vec::new();
        for (text, reader, number) in all {
            if texts.last() != Some(&text) {
                texts.push(text);
            }
            places[reader][number as usize] = texts.len() as i64 - 1;
        }
        Self { places, texts }
    }

    /// The cells with the place of each text instead.
    pub(super) fn rank(&self, reader: usize, numbered: &Numbered) -> ArrayRef {
        let places = &self.places[reader];
        let ranks = numbered.numbers.iter();
        let ranks: Int64Array = ranks
            .map(|number| number.map(|number| places[number as usize]))
            .collect();
        with_values(&numbered.cells, Arc::new(ranks))
    }
}

/// The cells with sixty-four bits instead of each text: enough to tell apart, and in no order.
pub(super) fn told_apart(cells: &ArrayRef) -> Result<ArrayRef, DataError> {
    let texts = texts(cells)?;
    let bits = texts.as_string::<i32>().iter();
    let bits: Int64Array = bits.map(|text| text.map(|text| mark(text).cast_signed())).collect();
    Ok(with_values(cells, Arc::new(bits)))
}

/// The texts of the cells, or of their codes.
fn texts(cells: &ArrayRef) -> Result<ArrayRef, DataError> {
    let values = cells.as_any_dictionary_opt().map_or(cells, |coded| coded.values());
    Ok(cast(values, &DataType::Utf8)?)
}

fn with_values(cells: &ArrayRef, values: ArrayRef) -> ArrayRef {
    match cells.as_any_dictionary_opt() {
        Some(coded) => coded.with_values(values),
        None => values,
    }
}

/// Which `id` each `number` stands for.
pub(super) fn table(texts: &[Box<str>]) -> Result<RecordBatch, DataError> {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..texts.len() as i64));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("number", numbers, true),
        ("id", texts, true),
    ])?)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::DictionaryArray;
    use datafusion::arrow::datatypes::{Int64Type, UInt16Type};

    use super::*;

    #[test]
    fn numbers_have_the_order_of_their_texts_whoever_met_them() {
        let first: DictionaryArray<UInt16Type> = [Some("u9"), None, Some("u10"), Some("u9")].into_iter().collect();
        let second = StringArray::from(vec![Some("u1"), Some("u9"), None]);
        let mut readers = [Texts::default(), Texts::default()];
        let first = readers[0].number(Arc::new(first)).unwrap();
        let second = readers[1].number(Arc::new(second)).unwrap();
        let ranks = Ranks::of(readers.into());
        assert_eq!(
            ranks.texts.iter().map(|text| &**text).collect::<Vec<_>>(),
            ["u1", "u10", "u9"]
        );
        let read = |cells: ArrayRef| {
            let plain = cast(&cells, &DataType::Int64).unwrap();
            plain.as_primitive::<Int64Type>().iter().collect::<Vec<_>>()
        };
        assert_eq!(read(ranks.rank(0, &first)), [Some(2), None, Some(1), Some(2)]);
        assert_eq!(read(ranks.rank(1, &second)), [Some(0), Some(2), None]);
    }

    #[test]
    fn a_text_has_the_same_bits_in_codes_and_alone() {
        let coded: ArrayRef = Arc::new(
            [Some("s1"), None, Some("s2")]
                .into_iter()
                .collect::<DictionaryArray<UInt16Type>>(),
        );
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("s1"), None, Some("s2")]));
        let coded = cast(&told_apart(&coded).unwrap(), &DataType::Int64).unwrap();
        assert_eq!(&coded, &told_apart(&plain).unwrap());
        assert_ne!(
            coded.as_primitive::<Int64Type>().value(0),
            coded.as_primitive::<Int64Type>().value(2)
        );
    }
}
