//! The way in without a source: tables as an earlier run or an upstream pipeline left them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::super::{DataError, Dataset, Mapped, Part, Segmentation, Source, Summary, Tables, Window, privacy};
use super::derive::{self, complete, cut};
use super::layout::{DAYS, Row, TEXTS};
use super::write::{MAPPING, PREVIOUS, SEGMENTATION, SUMMARY};
use super::{cells, foreign};

/// Reads a mapping as a run leaves it in `schema_mapping.json`, or any object from a role to a column.
pub fn read_mapping(path: &Path) -> Result<Vec<Mapped>, DataError> {
    let bad = |why: String| DataError::BadMapping {
        path: path.to_owned(),
        why,
    };
    let text = fs::read(path).map_err(|error| bad(error.to_string()))?;
    let value: Value = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    let mapping = foreign::mapping(&value);
    if mapping.is_empty() {
        return Err(bad("it names no role with its column".to_owned()));
    }
    Ok(mapping)
}

/// Reads the tables below `outputs`; daily tables are cut to the window.
pub fn read(outputs: &Path, window: Window) -> Result<Dataset, DataError> {
    let mut reader = Reader::new(outputs, window);
    let ours = reader.ours();
    let all = reader.tables("segments", ours.as_ref().map(|ours| &ours.absent));
    if reader.source.files.is_empty() {
        return Err(DataError::NoTables(outputs.join("segments")));
    }
    let covers = derive::covers(&all);
    let current = cut(&all, window);
    if let Some(covers) = covers
        && current.dau_by_date.rows().is_empty()
        && current.revenue_by_date.rows().is_empty()
        && current.engagement_by_date.rows().is_empty()
    {
        return Err(DataError::NoRows { window, covers });
    }
    let (previous_window, previous) = match window.previous() {
        Some(before) if covers.is_some_and(|covers| covers.0 <= before.start) => {
            (Some(before), Some(cut(&all, before)))
        }
        Some(before) => {
            let tables = reader.tables(PREVIOUS, ours.as_ref().map(|ours| &ours.previous_absent));
            let whole = derive::covers(&tables).is_some_and(|days| days.0 <= before.start && before.end <= days.1);
            if whole {
                (Some(before), Some(cut(&tables, before)))
            } else {
                (None, None)
            }
        }
        None => (None, None),
    };
    let mut summary = match ours {
        Some(ours) => ours.summary,
        None => Summary {
            timezone: "UTC".to_owned(),
            ..Summary::default()
        },
    };
    summary.notes.append(&mut reader.notes);
    if let Some(covers) = covers
        && previous.is_none()
        && !summary
            .notes
            .iter()
            .any(|note| note.starts_with("no full previous period"))
    {
        summary.notes.push(format!(
            "no full previous period: the daily tables start on {}",
            covers.0
        ));
    }
    complete(&mut summary, covers, window, &current, previous.as_ref());
    let segmentation = reader.segmentation(&mut summary);
    let mapping = reader.mapping();
    reader.source.fingerprint = reader
        .hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(Dataset {
        window,
        previous_window,
        current,
        previous,
        summary,
        segmentation,
        mapping,
        queries: Vec::new(),
        source: reader.source,
    })
}

/// What our own summary of an earlier run says, as far as it holds for this window.
struct Ours {
    summary: Summary,
    absent: Map<String, Value>,
    previous_absent: Map<String, Value>,
}

struct Reader<'caller> {
    outputs: &'caller Path,
    window: Window,
    source: Source,
    hasher: Sha256,
    notes: Vec<String>,
}

impl<'caller> Reader<'caller> {
    fn new(outputs: &'caller Path, window: Window) -> Self {
        Self {
            outputs,
            window,
            source: Source {
                kind: "run_directory".to_owned(),
                ..Source::default()
            },
            hasher: Sha256::new(),
            notes: Vec::new(),
        }
    }

    fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.outputs.join(name)).ok()?).ok()
    }

    fn ours(&mut self) -> Option<Ours> {
        if !self.outputs.join(SUMMARY).exists() {
            return None;
        }
        let parsed = self.json(SUMMARY).and_then(|mut value| {
            let window: Window = serde_json::from_value(value.get("window")?.clone()).ok()?;
            let summary: Summary = serde_json::from_value(value.get_mut("summary")?.take()).ok()?;
            let mut reasons = |name: &str| match value.get_mut(name).map(Value::take) {
                Some(Value::Object(reasons)) => reasons,
                _ => Map::new(),
            };
            Some((
                window,
                Ours {
                    summary,
                    absent: reasons("absent"),
                    previous_absent: reasons("previous_absent"),
                },
            ))
        });
        match parsed {
            Some((window, ours)) if window == self.window => Some(ours),
            Some((window, mut ours)) => {
                // The source is the same, what was counted in it is not.
                self.notes.push(format!(
                    "{SUMMARY} is about {} to {}; its totals are not used",
                    window.start, window.end
                ));
                ours.summary = Summary {
                    first_day: ours.summary.first_day,
                    last_day: ours.summary.last_day,
                    currency: ours.summary.currency,
                    timezone: ours.summary.timezone,
                    rows_read: ours.summary.rows_read,
                    ..Summary::default()
                };
                Some(ours)
            }
            None => {
                self.notes
                    .push(format!("{SUMMARY} is in a form unknown here and was not used"));
                None
            }
        }
    }

    fn segmentation(&self, summary: &mut Summary) -> Segmentation {
        if !self.outputs.join(SEGMENTATION).exists() {
            return Segmentation::default();
        }
        let parsed = self.json(SEGMENTATION).and_then(|mut value| {
            let window: Window = serde_json::from_value(value.get("window")?.clone()).ok()?;
            let segmentation: Segmentation = serde_json::from_value(value.get_mut("segmentation")?.take()).ok()?;
            Some((window, segmentation))
        });
        match parsed {
            Some((window, segmentation)) if window == self.window => segmentation,
            Some((window, _)) => {
                summary.notes.push(format!(
                    "{SEGMENTATION} is about {} to {} and was not used",
                    window.start, window.end
                ));
                Segmentation::default()
            }
            None => {
                summary
                    .notes
                    .push(format!("{SEGMENTATION} is in a form unknown here and was not used"));
                Segmentation::default()
            }
        }
    }

    fn mapping(&self) -> Vec<Mapped> {
        self.json(MAPPING)
            .map(|value| foreign::mapping(&value))
            .unwrap_or_default()
    }

    fn tables(&mut self, directory: &str, reasons: Option<&Map<String, Value>>) -> Tables {
        Tables {
            dau_by_date: self.table(directory, reasons),
            engagement_by_date: self.table(directory, reasons),
            revenue_by_date: self.table(directory, reasons),
            revenue_by_type: self.table(directory, reasons),
            dau_by_country: self.table(directory, reasons),
            revenue_by_country: self.table(directory, reasons),
            new_logins_by_country: self.table(directory, reasons),
            new_logins_by_channel: self.table(directory, reasons),
            dau_by_cohort_date: self.table(directory, reasons),
            engagement_by_cohort_date: self.table(directory, reasons),
            revenue_by_cohort_date: self.table(directory, reasons),
            revenue_segments_daily: self.table_or(directory, reasons, foreign::revenue_segments),
            user_journey_cohort: self.table_or(directory, reasons, foreign::journeys),
        }
    }

    fn table<T: Row>(&mut self, directory: &str, reasons: Option<&Map<String, Value>>) -> Part<T> {
        self.table_or(directory, reasons, |_, _| None)
    }

    /// A table, or the same table summed from a file with one row per user.
    fn table_or<T: Row>(
        &mut self,
        directory: &str,
        reasons: Option<&Map<String, Value>>,
        per_user: impl Fn(&[String], &[u8]) -> Option<Result<Vec<T>, String>>,
    ) -> Part<T> {
        let path = self.outputs.join(directory).join(T::FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let known = reasons.and_then(|reasons| reasons.get(T::FILE)).and_then(Value::as_str);
                return Part::Absent(
                    known.map_or_else(|| format!("{} is not in the run directory", T::FILE), str::to_owned),
                );
            }
            Err(error) => return Part::Absent(format!("{} cannot be read: {error}", T::FILE)),
        };
        self.hasher.update(&bytes);
        self.source
            .files
            .push(PathBuf::from(directory).join(T::FILE).display().to_string());
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let header = match header(text) {
            Ok(header) => header,
            Err(why) => return Part::Absent(format!("{} cannot be read: {why}", T::FILE)),
        };
        let rows = per_user(&header, text).unwrap_or_else(|| rows(&header, text));
        match rows {
            Ok(rows) => Part::Present(rows),
            Err(why) => Part::Absent(format!("{} {why}", T::FILE)),
        }
    }
}

/// Column names in lower case, as they stand otherwise.
fn header(text: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers().map_err(|error| error.to_string())?;
    Ok(header.iter().map(|name| name.trim().to_lowercase()).collect())
}

fn rows<T: Row>(header: &[String], text: &[u8]) -> Result<Vec<T>, String> {
    let has = |column: &str| {
        header
            .iter()
            .any(|name| name == column || renamed(name, T::COLUMNS) == column)
    };
    let missing: Vec<&str> = T::REQUIRED.iter().copied().filter(|column| !has(column)).collect();
    if !missing.is_empty() {
        return Err(format!("has no column {}", missing.join(", ")));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("cannot be read: {error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = header
            .iter()
            .zip(&record)
            .filter_map(|(name, cell)| Some((renamed(name, T::COLUMNS).to_owned(), value(name, cell)?)));
        let row = serde_json::from_value(Value::Object(cells.collect()))
            .map_err(|error| format!("cannot be read in line {line}: {error}"))?;
        rows.push(row);
    }
    Ok(rows)
}

/// Other names that upstream pipelines use for the same column.
fn renamed<'name>(name: &'name str, columns: &[&str]) -> &'name str {
    match name {
        "revenue_type" if columns.contains(&"revenue_segment") => "revenue_segment",
        "channel" if columns.contains(&"acquisition_channel") => "acquisition_channel",
        other => other,
    }
}

/// A cell as JSON: texts as texts, days as days, everything else as a number; empty cells not at all.
fn value(column: &str, cell: &str) -> Option<Value> {
    if TEXTS.contains(&column) {
        return Some(Value::String(privacy::label(cells::unguarded(cell))));
    }
    let cell = cell.trim();
    if cell.is_empty() || super::super::functions::is_null_word(cell) {
        return None;
    }
    if DAYS.contains(&column) {
        return Some(Value::String(cell.get(..10).unwrap_or(cell).to_owned()));
    }
    let number: f64 = cell.parse().ok()?;
    // Pipelines write counts as `12.0` when a column has gaps.
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Some(Value::from(number as i64))
    } else {
        Some(Value::from(number))
    }
}
