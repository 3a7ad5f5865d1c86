//! Columns in a small form that gives the same values back: codes into a list of values where values repeat, nothing where there are none.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher as _};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, NullArray, PrimitiveArray, UInt32Array, new_null_array,
};
use datafusion::arrow::buffer::{Buffer, NullBuffer};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, DataType, Int32Type, UInt8Type, UInt16Type,
};

use super::super::DataError;
use super::super::distinct::Mixing;

/// So many rows show whether a column repeats its values.
const PROBE: usize = 2_048;

/// Codes of values of a type, wide enough for every chunk.
pub(super) fn codes_of(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt16), Box::new(values))
}

/// The small form of at most 65,536 cells.
pub(super) fn packed(array: &ArrayRef) -> Result<ArrayRef, DataError> {
    if array.logical_null_count() == array.len() {
        return Ok(Arc::new(NullArray::new(array.len())));
    }
    let coded = match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            codes(array, |row| texts.value(row))
        }
        DataType::Dictionary(key, _) if **key == DataType::Int32 => return recoded(array),
        kind => match kind.primitive_width() {
            Some(16) => {
                let bytes = primitive_bytes(array, 16);
                codes(array, |row| word::<16>(&bytes[row * 16..]))
            }
            Some(8) => {
                let bytes = primitive_bytes(array, 8);
                codes(array, |row| word::<8>(&bytes[row * 8..]))
            }
            _ => None,
        },
    };
    match coded {
        Some((codes, firsts)) => {
            let values = take(array, &UInt32Array::from(firsts), None)?;
            dictionary(codes, array.nulls().cloned(), values)
        }
        None => {
            // What built the column may have left room for as much again.
            let mut array = Arc::clone(array);
            array.shrink_to_fit();
            Ok(array)
        }
    }
}

/// The cells of a small form as the type that they have outside.
pub(super) fn unpacked(array: &ArrayRef, kind: &DataType) -> Result<ArrayRef, DataError> {
    if array.data_type() == kind {
        return Ok(Arc::clone(array));
    }
    Ok(match array.data_type() {
        DataType::Null => new_null_array(kind, array.len()),
        DataType::Dictionary(..) if !matches!(kind, DataType::Dictionary(..)) => {
            let coded = array.as_any_dictionary();
            let values = if coded.values().data_type() == kind {
                Arc::clone(coded.values())
            } else {
                cast(coded.values(), kind)?
            };
            take(&values, coded.keys(), None)?
        }
        _ => cast(array, kind)?,
    })
}

/// The bytes of the values of a primitive column.
fn primitive_bytes(array: &ArrayRef, width: usize) -> Buffer {
    let data = array.to_data();
    data.buffers()[0].slice_with_length(data.offset() * width, array.len() * width)
}

fn word<const WIDTH: usize>(bytes: &[u8]) -> [u8; WIDTH] {
    let mut word = [0; WIDTH];
    word.copy_from_slice(&bytes[..WIDTH]);
    word
}

/// A code for each row, and the row where each code was first met; none where codes would not be smaller.
fn codes<T: Copy + Eq + Hash>(array: &ArrayRef, cell: impl Fn(usize) -> T) -> Option<(Vec<u16>, Vec<u32>)> {
    let n_rows = array.len();
    let mut known: HashMap<T, u16, BuildHasherDefault<Mixing>> = HashMap::default();
    let mut codes = vec![0; n_rows];
    let mut firsts = Vec::new();
    let mut last: Option<(T, u16)> = None;
    let nulls = array.nulls();
    for (row, code) in codes.iter_mut().enumerate() {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            continue;
        }
        let value = cell(row);
        *code = match last {
            Some((same, code)) if same == value => code,
            _ => *known.entry(value).or_insert_with(|| {
                firsts.push(row as u32);
                (firsts.len() - 1) as u16
            }),
        };
        last = Some((value, *code));
        let n_seen = row + 1;
        if (n_seen == PROBE || n_seen == n_rows) && firsts.len() * 2 > n_seen {
            return None;
        }
    }
    Some((codes, firsts))
}

fn dictionary(codes: Vec<u16>, nulls: Option<NullBuffer>, values: ArrayRef) -> Result<ArrayRef, DataError> {
    fn of<K: ArrowDictionaryKeyType>(
        codes: impl Iterator<Item = K::Native>,
        nulls: Option<NullBuffer>,
        values: ArrayRef,
    ) -> Result<ArrayRef, DataError> {
        let keys = PrimitiveArray::<K>::new(codes.collect(), nulls);
        Ok(Arc::new(DictionaryArray::<K>::try_new(keys, values)?))
    }
    if values.len() <= 256 {
        of::<UInt8Type>(codes.into_iter().map(|code| code as u8), nulls, values)
    } else {
        of::<UInt16Type>(codes.into_iter(), nulls, values)
    }
}

/// Codes of a whole file as codes of these rows alone.
fn recoded(array: &ArrayRef) -> Result<ArrayRef, DataError> {
    const UNUSED: u16 = u16::MAX;
    let coded = array.as_dictionary::<Int32Type>();
    let mut own = vec![UNUSED; coded.values().len()];
    let mut used: Vec<u32> = Vec::new();
    let codes = coded.keys().iter().map(|key| {
        let Some(key) = key else { return 0 };
        let own = &mut own[key.as_usize()];
        if *own == UNUSED {
            *own = used.len() as u16;
            used.push(key as u32);
        }
        *own
    });
    let codes: Vec<u16> = codes.collect();
    let values = take(coded.values(), &UInt32Array::from(used), None)?;
    dictionary(codes, coded.keys().nulls().cloned(), values)
}

/// What tells the cells of a column apart from others, row by row; 0 for an empty cell. The form does not count.
pub(super) fn cell_hashes(array: &ArrayRef, salt: u64) -> Result<Vec<u64>, DataError> {
    fn cells(array: &ArrayRef, hash: impl Fn(usize) -> u64) -> Vec<u64> {
        let rows = 0..array.len();
        match array.nulls() {
            None => rows.map(hash).collect(),
            Some(nulls) => rows.map(|row| if nulls.is_null(row) { 0 } else { hash(row) }).collect(),
        }
    }
    Ok(match array.data_type() {
        DataType::Null => vec![0; array.len()],
        DataType::Dictionary(..) => {
            let coded = array.as_any_dictionary();
            let of_values = cell_hashes(coded.values(), salt)?;
            let keys = coded.normalized_keys();
            cells(array, |row| of_values[keys[row]])
        }
        kind if kind.is_primitive() => {
            let width = kind.primitive_width().unwrap_or(8);
            let bytes = primitive_bytes(array, width);
            let cell = |row: usize| &bytes[row * width..(row + 1) * width];
            cells(array, |row| hashed(salt, |mixing| mixing.add_words(cell(row))))
        }
        _ => {
            let texts = cast(array, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            cells(array, |row| {
                hashed(salt, |mixing| mixing.add_bytes(texts.value(row).as_bytes()))
            })
        }
    })
}

/// Mixed once more at the end: sums over columns must not see that neighbouring values have neighbouring products.
fn hashed(salt: u64, cell: impl FnOnce(&mut Mixing)) -> u64 {
    let mut mixing = Mixing::begin(salt);
    cell(&mut mixing);
    mixing.add(salt);
    mixing.finish()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Decimal128Array, Int64Array, StringArray};

    use super::*;

    fn small(array: ArrayRef) -> ArrayRef {
        let small = packed(&array).unwrap();
        let back = unpacked(&small, array.data_type()).unwrap();
        assert_eq!(&back, &array);
        assert_eq!(cell_hashes(&small, 7).unwrap(), cell_hashes(&array, 7).unwrap());
        small
    }

    #[test]
    fn every_form_gives_the_same_values_back() {
        let repeated = (0..9_000).map(|row| (row % 7 != 0).then(|| format!("v{}", row % 300)));
        let repeated = small(Arc::new(repeated.collect::<StringArray>()));
        assert!(matches!(repeated.data_type(), DataType::Dictionary(key, _) if **key == DataType::UInt16));
        let few = small(Arc::new(Int64Array::from_iter_values(
            (0..9_000).map(|row| row / 4_000),
        )));
        assert!(matches!(few.data_type(), DataType::Dictionary(key, _) if **key == DataType::UInt8));
        let amounts = (0..9_000).map(|row| (row % 90 == 0).then_some(i128::from(row % 4) * 1_000_000));
        let amounts: ArrayRef = Arc::new(amounts.collect::<Decimal128Array>());
        assert!(small(Arc::clone(&amounts)).get_array_memory_size() * 4 < amounts.get_array_memory_size());
        let ids = small(Arc::new(StringArray::from_iter_values(
            (0..9_000).map(|row| row.to_string()),
        )));
        assert_eq!(ids.data_type(), &DataType::Utf8);
        let nothing = small(new_null_array(&DataType::Utf8, 9_000));
        assert_eq!(nothing.data_type(), &DataType::Null);
    }

    #[test]
    fn codes_of_a_file_become_codes_of_the_rows() {
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(
            (0..1_000).map(|value| format!("v{value}")),
        ));
        let keys = PrimitiveArray::<Int32Type>::from(vec![Some(900), None, Some(3), Some(900)]);
        let file: ArrayRef = Arc::new(DictionaryArray::try_new(keys, values).unwrap());
        let own = packed(&file).unwrap();
        assert_eq!(own.as_any_dictionary().values().len(), 2);
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("v900"), None, Some("v3"), Some("v900")]));
        assert_eq!(&unpacked(&own, &DataType::Utf8).unwrap(), &texts);
        assert_eq!(cell_hashes(&own, 1).unwrap(), cell_hashes(&texts, 1).unwrap());
    }

    #[test]
    fn sums_of_neighbours_do_not_collide() {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..300));
        let (one, other) = (cell_hashes(&numbers, 1).unwrap(), cell_hashes(&numbers, 2).unwrap());
        let mut sums = std::collections::HashSet::new();
        for (a, b) in one.iter().flat_map(|a| other.iter().map(move |b| (a, b))) {
            sums.insert(a.wrapping_add(*b));
        }
        assert_eq!(sums.len(), 90_000);
    }
}
