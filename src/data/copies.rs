//! Rows that a tracker sent twice. Never heard of days.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use datafusion::arrow::array::{AsArray, BooleanArray};
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

/// True for every row that was there before, chunk by chunk, by what stands for all its cells.
///
/// A filter of a few bits a row tells first which rows may have been there before; only those are remembered.
pub(crate) fn repeated(held: &Held, hashes: usize) -> Result<Vec<BooleanArray>, DataError> {
    let n_shares = match held.n_rows() {
        few if few < LEAST_SHARED => 1,
        _ => std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
    };
    let found = std::thread::scope(|scope| {
        let share = |share| move || Share { share, n_shares }.repeated(held, hashes);
        let threads: Vec<_> = (0..n_shares).map(|number| scope.spawn(share(number))).collect();
        let found = threads.into_iter().map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        found.collect::<Result<Vec<_>, DataError>>()
    })?;
    let mut repeated: Vec<Vec<bool>> = (0..held.n_chunks())
        .map(|chunk| vec![false; held.n_rows_of(chunk)])
        .collect();
    for (chunk, row) in found.into_iter().flatten() {
        repeated[chunk][row] = true;
    }
    Ok(repeated.into_iter().map(BooleanArray::from).collect())
}

/// Fewer rows are looked at sooner than threads begin.
const LEAST_SHARED: u64 = 200_000;

type Hashes = HashSet<u64, BuildHasherDefault<Mixing>>;

/// What one thread looks at: the hashes that leave this remainder.
#[derive(Debug, Clone, Copy)]
struct Share {
    share: u64,
    n_shares: u64,
}

impl Share {
    /// The chunk and the row of each of its hashes that was there before.
    fn repeated(self, held: &Held, hashes: usize) -> Result<Vec<(usize, usize)>, DataError> {
        let mut filter = Filter::of(held.n_rows() / self.n_shares);
        let mut doubtful: Hashes = HashSet::default();
        self.each(held, hashes, |_, _, hash| {
            if !filter.is_new(hash) {
                doubtful.insert(hash);
            }
        })?;
        let mut repeated = Vec::new();
        let mut seen: Hashes = HashSet::default();
        if !doubtful.is_empty() {
            self.each(held, hashes, |chunk, row, hash| {
                if doubtful.contains(&hash) && !seen.insert(hash) {
                    repeated.push((chunk, row));
                }
            })?;
        }
        Ok(repeated)
    }

    fn each(self, held: &Held, hashes: usize, mut look: impl FnMut(usize, usize, u64)) -> Result<(), DataError> {
        for chunk in 0..held.n_chunks() {
            let hashes = held.cells(chunk, hashes)?;
            for (row, hash) in hashes.as_primitive::<Int64Type>().iter().enumerate() {
                if let Some(hash) = hash.map(i64::cast_unsigned)
                    && (hash >> 32) % self.n_shares == self.share
                {
                    look(chunk, row, hash);
                }
            }
        }
        Ok(())
    }
}

/// Knows most new hashes for certain: each sets three bits of one word, and a word is shared by six rows or fewer.
struct Filter(Vec<u64>);

impl Filter {
    fn of(n_rows: u64) -> Self {
        Self(vec![0; usize::try_from(n_rows / 6 + 1).unwrap_or(usize::MAX)])
    }

    /// True when the hash was not there before; at times false for a new one.
    fn is_new(&mut self, hash: u64) -> bool {
        let word = (u128::from(hash) * self.0.len() as u128) >> 64;
        let word = &mut self.0[word as usize];
        let bits = [0, 6, 12]
            .iter()
            .fold(0, |bits, shift| bits | (1 << ((hash >> shift) & 63)));
        let is_new = *word & bits != bits;
        *word |= bits;
        is_new
    }
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

    #[test]
    fn hardly_a_new_row_is_doubtful() {
        let mut filter = Filter::of(60_000);
        let hash = |row: u64| {
            let mut mixing = Mixing::begin(row);
            mixing.add(7);
            std::hash::Hasher::finish(&mixing)
        };
        let n_new = (0..60_000).filter(|row| filter.is_new(hash(*row))).count();
        assert!(n_new > 57_000, "{n_new}");
        assert!((0..60_000).all(|row| !filter.is_new(hash(row))));
    }
}
