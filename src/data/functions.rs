//! Three SQL functions that read cells by role: `text_of`, `local_micros`, `amount_of`, and `day_of` for calendar days.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::event_names::Kind;
use super::moment::{self, DayOrder, Moment, Zone};
use super::money::{self, Comma};

const DAY_MICROS: i64 = 86_400_000_000;
pub(crate) const AMOUNT: DataType = DataType::Decimal128(24, money::SCALE);

/// True for the words that mean "no value" in a role column.
pub(crate) fn is_null_word(text: &str) -> bool {
    let any = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    // Once a cell: most are told by their length.
    match text.len() {
        0 => true,
        2 => any(&["\\n"]),
        3 => any(&["nan", "n/a"]),
        4 => any(&["null", "none"]),
        9 => any(&["(not set)", "undefined"]),
        _ => false,
    }
}

/// All functions, for one report time zone and one time column.
pub(crate) fn all(timezone: &str, order: DayOrder) -> Vec<ScalarUDF> {
    let reads = [
        Reads::Text,
        Reads::LocalMicros {
            timezone: timezone.to_owned(),
            order,
        },
        Reads::Amount(Comma::Thousands),
        Reads::Amount(Comma::Decimal),
        Reads::Day,
        Reads::PlainId,
    ];
    reads.into_iter().map(|reads| Function::of(reads).into()).collect()
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Function {
    reads: Reads,
    signature: Signature,
}

impl Function {
    pub(crate) fn of(reads: Reads) -> Self {
        Self {
            reads,
            signature: Signature::any(1, Volatility::Immutable),
        }
    }

    #[cfg(feature = "ballista")]
    pub(crate) fn reads(&self) -> &Reads {
        &self.reads
    }
}

/// What a function reads, with all that it depends on: what another process must know to make it again.
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Reads {
    Text,
    /// Wall-clock time in the report's time zone, as microseconds since 1970 there.
    LocalMicros {
        timezone: String,
        order: DayOrder,
    },
    Amount(Comma),
    /// Days since 1970-01-01 of local microseconds.
    Day,
    /// An id without what people and programs add to it by mistake.
    PlainId,
    /// The kind of revenue of an event.
    Kind(Kinds),
}

/// Kinds of revenue by the names of events; any other event is of the last kind.
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Kinds {
    pub(crate) of: BTreeMap<String, Kind>,
    pub(crate) other: Kind,
}

/// `kind_of` an event's name: as a chain of comparisons in SQL it would cost more than reading the row.
pub(crate) fn kind_of(kinds: Kinds) -> ScalarUDF {
    Function::of(Reads::Kind(kinds)).into()
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.reads {
            Reads::Text => "text_of",
            Reads::LocalMicros { .. } => "local_micros",
            Reads::Amount(Comma::Thousands) => "amount_of",
            Reads::Amount(Comma::Decimal) => "amount_with_comma",
            Reads::Day => "day_of",
            Reads::PlainId => "plain_id",
            Reads::Kind(_) => "kind_of",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Texts that come as codes stay codes.
    fn return_type(&self, given: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(match self.reads {
            Reads::Text | Reads::Kind(_) => match given {
                [DataType::Dictionary(key, _)] => DataType::Dictionary(key.clone(), Box::new(DataType::Utf8)),
                _ => DataType::Utf8,
            },
            Reads::PlainId => DataType::Utf8,
            Reads::LocalMicros { .. } | Reads::Day => DataType::Int64,
            Reads::Amount(_) => AMOUNT,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [array] = arrays.as_slice() else {
            return Err(DataFusionError::Plan(format!("{} takes one column", self.name())));
        };
        Ok(ColumnarValue::Array(match &self.reads {
            Reads::Text => texts(array)?,
            Reads::LocalMicros { timezone, order } => local_micros(array, timezone, *order)?,
            Reads::Amount(comma) => amounts(array, *comma)?,
            Reads::Day => days(array)?,
            Reads::PlainId => plain_ids(array)?,
            Reads::Kind(kinds) => kinds.read(array)?,
        }))
    }
}

fn texts(array: &ArrayRef) -> Result<ArrayRef, DataFusionError> {
    if let Some(coded) = array.as_any_dictionary_opt() {
        return Ok(coded.with_values(texts(coded.values())?));
    }
    let array = cast(array, &DataType::Utf8)?;
    let texts = array.as_string::<i32>();
    if texts.iter().flatten().any(is_null_word) {
        let kept: StringArray = texts
            .iter()
            .map(|text| text.filter(|text| !is_null_word(text)))
            .collect();
        return Ok(Arc::new(kept));
    }
    Ok(array)
}

impl Kinds {
    fn read(&self, events: &ArrayRef) -> Result<ArrayRef, DataFusionError> {
        if let Some(coded) = events.as_any_dictionary_opt() {
            // A row without an event has a kind, and no code that could stand for it.
            return match events.logical_null_count() {
                0 => Ok(coded.with_values(self.read(coded.values())?)),
                _ => Ok(cast(&self.read(&cast(events, &DataType::Utf8)?)?, events.data_type())?),
            };
        }
        let events = cast(events, &DataType::Utf8)?;
        let kind = |event: Option<&str>| event.and_then(|event| self.of.get(event)).unwrap_or(&self.other);
        let kinds = events
            .as_string::<i32>()
            .iter()
            .map(|event| Some(kind(event).segment()));
        Ok(Arc::new(kinds.collect::<StringArray>()))
    }
}

fn plain_ids(array: &ArrayRef) -> Result<ArrayRef, DataFusionError> {
    let array = cast(array, &DataType::Utf8)?;
    let plain: StringArray = array.as_string::<i32>().iter().map(|text| text.map(plain_id)).collect();
    Ok(Arc::new(plain))
}

/// Letters and digits in lower case, without the `.0` of a number that was read as a float.
fn plain_id(text: &str) -> String {
    let text = text.trim();
    let whole = text
        .strip_suffix(".0")
        .filter(|whole| whole.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or(text);
    let is_stray = |letter: &char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '"' | '\'' | '`' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    whole
        .chars()
        .filter(|letter| !is_stray(letter))
        .flat_map(char::to_lowercase)
        .collect()
}

fn days(array: &ArrayRef) -> Result<ArrayRef, DataFusionError> {
    let micros = cast(array, &DataType::Int64)?;
    let days: Int64Array = micros
        .as_primitive::<Int64Type>()
        .unary(|micros| micros.div_euclid(DAY_MICROS));
    Ok(Arc::new(days))
}

fn local_micros(array: &ArrayRef, timezone: &str, order: DayOrder) -> Result<ArrayRef, DataFusionError> {
    let zone = match timezone {
        "UTC" => None,
        name => Some(TimeZone::get(name).map_err(|error| DataFusionError::External(Box::new(error)))?),
    };
    let local = |moment: Moment| match (&zone, moment.zone) {
        (None, _) | (_, Zone::DayOnly) => Some(moment.micros),
        (Some(zone), _) => {
            let at = jiff::Timestamp::from_microsecond(moment.micros).ok()?;
            Some(moment.micros + i64::from(zone.to_offset(at).seconds()) * 1_000_000)
        }
    };
    let local: Int64Array = moments(array, order)?
        .into_iter()
        .map(|moment| moment.and_then(&local))
        .collect();
    Ok(Arc::new(local))
}

/// The times of a column of any type.
pub(crate) fn moments(array: &ArrayRef, order: DayOrder) -> Result<Vec<Option<Moment>>, DataFusionError> {
    let known = |micros: i64, zone: Zone| Moment {
        micros,
        zone,
        slashed: None,
    };
    Ok(match array.data_type() {
        DataType::Timestamp(_, zone) => {
            let zone = if zone.is_some() { Zone::Given } else { Zone::Missing };
            let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            micros
                .as_primitive::<TimestampMicrosecondType>()
                .iter()
                .map(|micros| Some(known(micros?, zone)))
                .collect()
        }
        DataType::Date32 | DataType::Date64 => {
            let days = cast(array, &DataType::Date32)?;
            let days = cast(&days, &DataType::Int32)?;
            let days = cast(&days, &DataType::Int64)?;
            days.as_primitive::<Int64Type>()
                .iter()
                .map(|day| Some(known(day? * DAY_MICROS, Zone::DayOnly)))
                .collect()
        }
        kind if kind.is_integer() => {
            let values = cast(array, &DataType::Int64)?;
            values
                .as_primitive::<Int64Type>()
                .iter()
                .map(|value| moment::from_integer(value?))
                .collect()
        }
        kind if kind.is_floating() => {
            let values = cast(array, &DataType::Float64)?;
            values
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| moment::parse(&format!("{:.6}", value?), order))
                .collect()
        }
        _ => {
            let texts = cast(array, &DataType::Utf8)?;
            texts
                .as_string::<i32>()
                .iter()
                .map(|text| moment::parse(text?, order))
                .collect()
        }
    })
}

pub(crate) fn amounts(array: &ArrayRef, comma: Comma) -> Result<ArrayRef, DataFusionError> {
    let amounts: Decimal128Array = match array.data_type() {
        DataType::Decimal128(..) | DataType::Decimal256(..) | DataType::Decimal32(..) | DataType::Decimal64(..) => {
            return Ok(cast(array, &AMOUNT)?);
        }
        kind if kind.is_integer() => {
            let values = cast(array, &DataType::Int64)?;
            values
                .as_primitive::<Int64Type>()
                .iter()
                .map(|value| Some(i128::from(value?) * 1_000_000))
                .collect()
        }
        kind if kind.is_floating() => {
            let values = cast(array, &DataType::Float64)?;
            values
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| money::from_float(value?))
                .collect()
        }
        _ => {
            let texts = cast(array, &DataType::Utf8)?;
            texts
                .as_string::<i32>()
                .iter()
                .map(|text| money::parse(text?, comma))
                .collect()
        }
    };
    Ok(Arc::new(amounts.with_precision_and_scale(24, money::SCALE)?))
}

/// An amount of a result column, in millionths.
pub(crate) fn amount_at(array: &ArrayRef, row: usize) -> Option<i128> {
    let DataType::Decimal128(_, scale) = array.data_type() else {
        return None;
    };
    if array.is_null(row) {
        return None;
    }
    let value = array.as_primitive::<Decimal128Type>().value(row);
    let shift = i32::from(money::SCALE) - i32::from(*scale);
    Some(if shift >= 0 {
        value * 10_i128.pow(shift.unsigned_abs())
    } else {
        value / 10_i128.pow(shift.unsigned_abs())
    })
}
