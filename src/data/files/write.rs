//! A dataset as files: every table, the two summaries and the mapping. The caller owns how a file is written.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::{DataError, Dataset, Part, Tables};
use super::cells::guarded;
use super::layout::{Row, TEXTS};

pub(super) const PREVIOUS: &str = "aggregations/previous_period/segments";
pub(super) const SUMMARY: &str = "aggregations/aggregation_summary.json";
pub(super) const SEGMENTATION: &str = "segments/segmentation_summary.json";
pub(super) const MAPPING: &str = "schema/schema_mapping.json";
const QUERIES: &str = "schema/queries.json";

/// What `write` did, and what an earlier run may have left that no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    pub files: Vec<PathBuf>,
    /// Files of tables that do not exist now; the caller removes those that are there.
    pub stale: Vec<PathBuf>,
}

/// Writes all tables below `outputs`; `store` puts one file there whole, creating its directory.
pub fn write(
    dataset: &Dataset,
    outputs: &Path,
    store: &dyn Fn(&Path, &[u8]) -> io::Result<()>,
) -> Result<Written, DataError> {
    let mut writer = Writer {
        outputs,
        store,
        written: Written::default(),
    };
    let absent = writer.tables("segments", &dataset.current)?;
    let nothing = Tables::default();
    let previous_absent = writer.tables(PREVIOUS, dataset.previous.as_ref().unwrap_or(&nothing))?;
    writer.json(MAPPING, &mapping(dataset))?;
    writer.json(QUERIES, &json!(dataset.queries))?;
    writer.json(
        SEGMENTATION,
        &json!({ "schema_version": 1, "window": dataset.window, "segmentation": dataset.segmentation }),
    )?;
    writer.json(
        SUMMARY,
        &json!({
            "schema_version": 1,
            "window": dataset.window,
            "previous_window": dataset.previous_window,
            "source": dataset.source,
            "summary": dataset.summary,
            "absent": absent,
            "previous_absent": previous_absent,
        }),
    )?;
    Ok(writer.written)
}

fn mapping(dataset: &Dataset) -> Value {
    let roles: Map<String, Value> = dataset
        .mapping
        .iter()
        .map(|mapped| {
            let mut told = json!({ "column": mapped.column, "reason": mapped.reason, "checks": mapped.checks });
            if let Some(order) = mapped.day_order {
                told["day_order"] = json!(order);
            }
            (mapped.role.clone(), told)
        })
        .collect();
    Value::Object(roles)
}

struct Writer<'caller> {
    outputs: &'caller Path,
    store: &'caller dyn Fn(&Path, &[u8]) -> io::Result<()>,
    written: Written,
}

impl Writer<'_> {
    /// Writes the tables that exist; the others come back as file and reason.
    fn tables(&mut self, directory: &str, tables: &Tables) -> Result<Map<String, Value>, DataError> {
        let mut absent = Map::new();
        let Tables {
            dau_by_date,
            engagement_by_date,
            revenue_by_date,
            revenue_by_type,
            dau_by_country,
            revenue_by_country,
            new_logins_by_country,
            new_logins_by_channel,
            dau_by_cohort_date,
            engagement_by_cohort_date,
            revenue_by_cohort_date,
            revenue_segments_daily,
            user_journey_cohort,
        } = tables;
        self.table(directory, dau_by_date, &mut absent)?;
        self.table(directory, engagement_by_date, &mut absent)?;
        self.table(directory, revenue_by_date, &mut absent)?;
        self.table(directory, revenue_by_type, &mut absent)?;
        self.table(directory, dau_by_country, &mut absent)?;
        self.table(directory, revenue_by_country, &mut absent)?;
        self.table(directory, new_logins_by_country, &mut absent)?;
        self.table(directory, new_logins_by_channel, &mut absent)?;
        self.table(directory, dau_by_cohort_date, &mut absent)?;
        self.table(directory, engagement_by_cohort_date, &mut absent)?;
        self.table(directory, revenue_by_cohort_date, &mut absent)?;
        self.table(directory, revenue_segments_daily, &mut absent)?;
        self.table(directory, user_journey_cohort, &mut absent)?;
        Ok(absent)
    }

    fn table<T: Row>(
        &mut self,
        directory: &str,
        part: &Part<T>,
        absent: &mut Map<String, Value>,
    ) -> Result<(), DataError> {
        let path = self.outputs.join(directory).join(T::FILE);
        match part {
            Part::Present(rows) => {
                let bytes = csv(rows).map_err(|why| DataError::Write {
                    path: path.clone(),
                    why,
                })?;
                self.file(path, &bytes)
            }
            Part::Absent(why) => {
                absent.insert(T::FILE.to_owned(), Value::String(why.clone()));
                self.written.stale.push(path);
                Ok(())
            }
        }
    }

    fn json(&mut self, name: &str, value: &impl Serialize) -> Result<(), DataError> {
        let path = self.outputs.join(name);
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| DataError::Write {
            path: path.clone(),
            why: error.to_string(),
        })?;
        bytes.push(b'\n');
        self.file(path, &bytes)
    }

    fn file(&mut self, path: PathBuf, bytes: &[u8]) -> Result<(), DataError> {
        (self.store)(&path, bytes).map_err(|error| DataError::Write {
            path: path.clone(),
            why: error.to_string(),
        })?;
        self.written.files.push(path);
        Ok(())
    }
}

fn csv<T: Row>(rows: &[T]) -> Result<Vec<u8>, String> {
    let mut plain = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for row in rows {
        plain.serialize(row).map_err(|error| error.to_string())?;
    }
    let plain = plain.into_inner().map_err(|error| error.to_string())?;
    let mut guarded_rows = csv::Writer::from_writer(Vec::new());
    guarded_rows
        .write_record(T::COLUMNS)
        .map_err(|error| error.to_string())?;
    for record in csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(plain.as_slice())
        .records()
    {
        let record = record.map_err(|error| error.to_string())?;
        let cells = record.iter().zip(T::COLUMNS).map(|(cell, column)| {
            if TEXTS.contains(column) {
                guarded(cell)
            } else {
                cell.to_owned()
            }
        });
        guarded_rows.write_record(cells).map_err(|error| error.to_string())?;
    }
    guarded_rows.into_inner().map_err(|error| error.to_string())
}
