//! What each column of the raw table holds: nulls, distinct values, a sample. Never heard of roles.

use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::DataType;

use super::distinct::NOT_AVAILABLE;
use super::moment::{self, DayOrder, Slashed, Zone};
use super::money::{self, Comma};
use super::roles::names;
use super::source::Raw;
use super::{DataError, distinct};

const SAMPLE_ROWS: u64 = 5_000;
/// Beyond this many distinct values the exact number no longer matters.
pub(crate) const COUNTED_DISTINCT: usize = 2_000_000;
const KEPT_VALUES: usize = 2_000;

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The name in comparable form, without the prefixes of trackers.
    pub(crate) bare: String,
    pub(crate) has_prefix: bool,
    pub(crate) data_type: DataType,
    pub(crate) rows: u64,
    pub(crate) nulls: u64,
    pub(crate) distinct: u64,
    /// Non-null values from all over the table, as text.
    pub(crate) sample: Vec<String>,
    /// All distinct values when they are few.
    pub(crate) values: Option<Vec<String>>,
    pub(crate) comma: Comma,
    /// Whether the cells `NA` hold nothing, as statistics programs write it, and not Namibia.
    pub(crate) na_is_null: bool,
}

impl Column {
    pub(crate) fn is_text(&self) -> bool {
        self.data_type == DataType::Utf8
    }

    pub(crate) fn filled(&self) -> u64 {
        self.rows - self.nulls
    }

    pub(crate) fn null_share(&self) -> f64 {
        share(self.nulls, self.rows)
    }

    /// How many filled rows there are per distinct value, as its inverse: 1 for a row id.
    pub(crate) fn distinct_share(&self) -> f64 {
        share(self.distinct, self.filled())
    }

    pub(crate) fn numeric_share(&self) -> f64 {
        if self.data_type.is_numeric() {
            return 1.0;
        }
        self.sampled(|text| money::parse(text, self.comma).is_some())
    }

    pub(crate) fn time_share(&self) -> f64 {
        match self.data_type {
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => 1.0,
            _ => self.sampled(|text| {
                moment::parse(text, DayOrder::MonthFirst)
                    .or_else(|| moment::parse(text, DayOrder::DayFirst))
                    .is_some()
            }),
        }
    }

    pub(crate) fn whole_numbers(&self) -> bool {
        self.data_type.is_integer()
            || (!self.sample.is_empty() && self.sample.iter().all(|text| text.parse::<i64>().is_ok()))
    }

    fn sampled(&self, fits: impl Fn(&str) -> bool) -> f64 {
        share(
            self.sample.iter().filter(|text| fits(text)).count() as u64,
            self.sample.len() as u64,
        )
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// All columns, side by side on the machine's cores.
pub(crate) fn columns(raw: &Raw) -> Result<Vec<Column>, DataError> {
    let places: Vec<usize> = raw.columns().map(|(place, _)| place).collect();
    let n_columns = places.len();
    let n_threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(n_columns);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            if position >= n_columns {
                return done;
            }
            done.push((position, column(raw, places[position])));
        }
    };
    let mut columns = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let done = threads.into_iter().flat_map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        done.collect::<Vec<_>>()
    });
    columns.sort_by_key(|(position, _)| *position);
    columns.into_iter().map(|(_, column)| column).collect()
}

fn column(raw: &Raw, position: usize) -> Result<Column, DataError> {
    let field = raw.held.schema().field(position);
    let rows = raw.n_rows();
    let step = (rows / SAMPLE_ROWS).max(1);
    let mut counted = distinct::count(raw.held.column(position), step, COUNTED_DISTINCT, KEPT_VALUES)?;
    let bare = names::bare(field.name());
    let n_na = counted.not_available;
    let na_is_null = n_na > 0 && !is_a_code(&counted.sample);
    if na_is_null {
        counted.nulls += n_na;
        counted.distinct -= 1;
        counted.sample.retain(|text| text != NOT_AVAILABLE);
        if let Some(values) = &mut counted.values {
            values.retain(|text| text != NOT_AVAILABLE);
        }
    }
    let comma = if counted.sample.iter().any(|text| money::proves_decimal_comma(text)) {
        Comma::Decimal
    } else {
        Comma::Thousands
    };
    Ok(Column {
        has_prefix: bare != names::normal(field.name()),
        bare,
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        rows,
        nulls: counted.nulls,
        distinct: counted.distinct,
        sample: counted.sample,
        values: counted.values,
        comma,
        na_is_null,
    })
}

/// True where `NA` is one code among others: the other values are as short as it is, and no numbers.
fn is_a_code(sample: &[String]) -> bool {
    let others = sample.iter().filter(|text| *text != NOT_AVAILABLE);
    let is_code = |text: &&String| text.len() <= 3 && text.chars().all(|letter| letter.is_ascii_alphabetic());
    let (n_codes, n_others) = others.fold((0, 0), |(n_codes, n_others), text| {
        (n_codes + u32::from(is_code(&text)), n_others + 1)
    });
    n_codes * 2 > n_others
}

/// How the times of a column are written, over all rows when the sample leaves it open.
pub(crate) struct TimeStyle {
    /// None where every value tells for itself.
    pub(crate) order: Option<DayOrder>,
    pub(crate) notes: Vec<String>,
}

/// `known` is what an earlier decision said of the order.
pub(crate) fn time_style(raw: &Raw, column: &Column, known: Option<DayOrder>) -> Result<TimeStyle, DataError> {
    let mut style = TimeStyle {
        order: None,
        notes: Vec::new(),
    };
    let zones: Vec<Zone> = match column.data_type {
        DataType::Timestamp(_, None) => vec![Zone::Missing],
        DataType::Timestamp(..) => vec![Zone::Given],
        _ => column
            .sample
            .iter()
            .filter_map(|text| moment::parse(text, DayOrder::MonthFirst))
            .map(|moment| moment.zone)
            .collect(),
    };
    let has = |wanted: Zone| zones.contains(&wanted);
    if has(Zone::Missing) {
        style
            .notes
            .push(format!("times in `{}` have no zone and are taken as UTC", column.name));
    }
    if has(Zone::DayOnly) && !has(Zone::Missing) && !has(Zone::Given) {
        style
            .notes
            .push(format!("`{}` holds calendar days without a time of day", column.name));
    }
    let slashed = column
        .sample
        .iter()
        .any(|text| moment::parse(text, DayOrder::MonthFirst).is_some_and(|moment| moment.slashed.is_some()));
    if column.is_text() && slashed {
        style.order = Some(match known {
            Some(order) => order,
            None => slashed_order(raw, column, &mut style.notes)?,
        });
    }
    Ok(style)
}

/// Decides day-first or month-first by any value above 12.
fn slashed_order(raw: &Raw, column: &Column, notes: &mut Vec<String>) -> Result<DayOrder, DataError> {
    let (mut day_first, mut month_first) = (0_u64, 0_u64);
    let place = raw.held.schema().index_of(&column.name)?;
    for chunk in 0..raw.held.n_chunks() {
        let array = raw.held.cells(chunk, place)?;
        for text in array.as_string::<i32>().iter().flatten() {
            match moment::parse(text, DayOrder::MonthFirst)
                .or_else(|| moment::parse(text, DayOrder::DayFirst))
                .and_then(|moment| moment.slashed)
            {
                Some(Slashed::DayFirst) => day_first += 1,
                Some(Slashed::MonthFirst) => month_first += 1,
                _ => {}
            }
        }
    }
    if day_first == 0 && month_first == 0 {
        notes.push(format!(
            "no value of `{}` tells whether its days or its months come first; months are assumed to come first (m/d/y)",
            column.name
        ));
    }
    if day_first > 0 && month_first > 0 {
        notes.push(format!(
            "`{}` mixes d/m/y ({day_first} values) and m/d/y ({month_first} values); undecided ones follow the majority",
            column.name
        ));
    }
    Ok(if day_first > month_first {
        DayOrder::DayFirst
    } else {
        DayOrder::MonthFirst
    })
}
