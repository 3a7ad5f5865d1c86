//! What each column of the raw table holds: nulls, distinct values, a sample. Never heard of roles.

use std::collections::HashSet;

use datafusion::arrow::array::{AsArray, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;

use super::DataError;
use super::functions::is_null_word;
use super::moment::{self, DayOrder, Slashed, Zone};
use super::money::{self, Comma};
use super::roles::names;
use super::source::Raw;

const SAMPLE_ROWS: u64 = 5_000;
/// Beyond this many distinct values the exact number no longer matters.
const COUNTED_DISTINCT: usize = 2_000_000;
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

pub(crate) fn columns(raw: &Raw) -> Result<Vec<Column>, DataError> {
    (0..raw.schema.fields().len())
        .map(|position| column(raw, position))
        .collect()
}

fn column(raw: &Raw, position: usize) -> Result<Column, DataError> {
    let field = raw.schema.field(position);
    let rows = raw.n_rows();
    let texts: Vec<StringArray> = raw
        .batches
        .iter()
        .map(|batch| {
            Ok(cast(batch.column(position), &DataType::Utf8)?
                .as_string::<i32>()
                .clone())
        })
        .collect::<Result<_, DataError>>()?;
    let step = (rows / SAMPLE_ROWS).max(1);
    let mut distinct: HashSet<&str> = HashSet::new();
    let mut sample = Vec::new();
    let (mut nulls, mut n_seen) = (0, 0);
    for text in texts.iter().flatten() {
        let Some(text) = text.filter(|text| !is_null_word(text)) else {
            nulls += 1;
            continue;
        };
        if n_seen % step == 0 {
            sample.push(text.to_owned());
        }
        n_seen += 1;
        if distinct.len() < COUNTED_DISTINCT {
            distinct.insert(text);
        }
    }
    let bare = names::bare(field.name());
    let values = (distinct.len() <= KEPT_VALUES).then(|| {
        let mut values: Vec<String> = distinct.iter().map(|&text| text.to_owned()).collect();
        values.sort_unstable();
        values
    });
    let comma = if sample.iter().any(|text| money::proves_decimal_comma(text)) {
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
        nulls,
        distinct: distinct.len() as u64,
        sample,
        values,
        comma,
    })
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
    for batch in &raw.batches {
        let array = batch
            .column_by_name(&column.name)
            .ok_or_else(|| DataError::Engine(format!("column {} is gone", column.name)))?;
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
