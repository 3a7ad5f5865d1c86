//! Rows that a tracker sent twice. Never heard of days.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use datafusion::arrow::array::{AsArray, BooleanArray, BooleanBufferBuilder};
use datafusion::arrow::datatypes::Int64Type;

use super::DataError;
use super::distinct::Mixing;
use super::held::Held;
use super::moment::{self, DayOrder};
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;

/// True where two equal rows cannot be two events: each has an id of its own, or a time to parts of a second.
///
/// Lines of an order and clicks with whole seconds may truly happen twice: they count twice.
pub(crate) fn count_once(columns: &[Column], roles: &Roles) -> bool {
    if roles.has(Role::EventId) {
        return true;
    }
    let Some(time) = roles.found.get(&Role::Time).filter(|_| roles.has(Role::Event)) else {
        return false;
    };
    let Some(column) = columns.iter().find(|column| time.columns == [column.name.clone()]) else {
        return false;
    };
    let times = column
        .sample
        .iter()
        .filter_map(|text| moment::parse(text, DayOrder::MonthFirst));
    let (n_fine, n_times) = times.fold((0, 0), |(n_fine, n_times), moment| {
        (n_fine + u32::from(moment.micros % 1_000_000 != 0), n_times + 1)
    });
    n_fine * 2 > n_times
}

/// So many rows are looked at at once: what is remembered of them fits any budget.
const ROWS_AT_ONCE: u64 = 1 << 22;

/// True for every row that was there before, chunk by chunk, by what stands for all its cells.
pub(crate) fn repeated(held: &Held, hashes: usize) -> Result<Vec<BooleanArray>, DataError> {
    let n_passes = held.n_rows().div_ceil(ROWS_AT_ONCE).max(1);
    let mut repeated: Vec<BooleanBufferBuilder> = (0..held.n_chunks())
        .map(|chunk| {
            let mut flags = BooleanBufferBuilder::new(held.n_rows_of(chunk));
            flags.append_n(held.n_rows_of(chunk), false);
            flags
        })
        .collect();
    for pass in 0..n_passes {
        let mut seen: HashSet<u64, BuildHasherDefault<Mixing>> = HashSet::default();
        for (chunk, flags) in repeated.iter_mut().enumerate() {
            let hashes = held.cells(chunk, hashes)?;
            for (row, hash) in hashes.as_primitive::<Int64Type>().iter().enumerate() {
                let Some(hash) = hash.map(i64::cast_unsigned) else {
                    continue;
                };
                // The high half decides, so that the sets see even low halves.
                let is_due = u128::from(hash) * u128::from(n_passes) >> 64 == u128::from(pass);
                if is_due && !seen.insert(hash) {
                    flags.set_bit(row, true);
                }
            }
        }
    }
    let flags = repeated.iter_mut();
    Ok(flags.map(|flags| BooleanArray::new(flags.finish(), None)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{Int64Array, RecordBatch};

    use super::super::held::{Holder, Places};
    use super::super::memory::{Memory, MemoryLimit, Rows};
    use super::*;

    #[test]
    fn rows_that_were_there_before_are_known_in_every_chunk() {
        let memory = Memory::new(MemoryLimit::default()).unwrap();
        let mut holder = Holder::new(&Places::new(&memory, Rows::Source));
        for hashes in [vec![5, -7, 5], vec![8, 5, -7, 9]] {
            let hashes: Arc<Int64Array> = Arc::new(Int64Array::from(hashes));
            holder
                .append(&RecordBatch::try_from_iter([("hash", hashes as _)]).unwrap())
                .unwrap();
        }
        let flags = repeated(&holder.finish(), 0).unwrap();
        let shown: Vec<Vec<bool>> = flags.iter().map(|flags| flags.values().iter().collect()).collect();
        assert_eq!(shown, [vec![false, false, true], vec![false, true, true, false]]);
    }
}
