//! Rows of text: delimited ones and JSON records, from bytes that may be packed, marked or UTF-16.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::super::DataError;
use super::columns::TextColumns;
use super::fingerprint::Seen;
use super::kind::Kind;
use super::{Sink, SourceFile, Tally, delimited, json, unpack, unreadable};

pub(super) fn read(file: &SourceFile, seen: &Seen, tally: &mut Tally, sink: Sink<'_>) -> Result<(), DataError> {
    let lost = |error| unreadable(Path::new(&file.shown), &error);
    let packed = seen.reader(std::fs::File::open(&file.path).map_err(lost)?);
    let bytes = unpack::reader(packed).and_then(utf8).map_err(lost)?;
    match file.kind {
        Kind::JsonLines => json_lines(bytes, file, tally, sink),
        Kind::JsonArray => json_array(bytes, file, sink),
        _ => delimited(bytes, file, tally, sink),
    }
}

/// Drops a byte order mark; UTF-16 with a mark becomes UTF-8.
fn utf8(mut bytes: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut mark = Vec::new();
    bytes.by_ref().take(3).read_to_end(&mut mark)?;
    let little = mark.starts_with(&[0xff, 0xfe]);
    if little || mark.starts_with(&[0xfe, 0xff]) {
        let mut rest = mark[2..].to_vec();
        bytes.read_to_end(&mut rest)?;
        let units = rest.chunks_exact(2).map(|pair| {
            let pair = [pair[0], pair[1]];
            if little {
                u16::from_le_bytes(pair)
            } else {
                u16::from_be_bytes(pair)
            }
        });
        let text: String = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        return Ok(Box::new(io::Cursor::new(text.into_bytes())));
    }
    if mark == [0xef, 0xbb, 0xbf] {
        mark.clear();
    }
    Ok(Box::new(io::Cursor::new(mark).chain(bytes)))
}

fn delimited(bytes: impl Read, file: &SourceFile, tally: &mut Tally, sink: Sink<'_>) -> Result<(), DataError> {
    match delimited::Reader::new(bytes).map_err(|error| unreadable(Path::new(&file.shown), &error))? {
        Some(reader) => rows(reader, &file.shown, tally, sink),
        None => Err(DataError::Empty(file.shown.clone())),
    }
}

/// All rows of a reader; `shown` is where they come from.
pub(super) fn rows(
    mut reader: delimited::Reader<impl Read>,
    shown: &str,
    tally: &mut Tally,
    sink: Sink<'_>,
) -> Result<(), DataError> {
    let mut columns = TextColumns::default();
    for name in reader.header.clone() {
        columns.column(&name);
    }
    while let Some(row) = reader.next().map_err(|error| unreadable(Path::new(shown), &error))? {
        match row {
            delimited::Row::Cells => {
                if let Some(batch) = columns.row(reader.cells())? {
                    sink(batch)?;
                }
            }
            delimited::Row::Bad(line) => tally.bad(shown, line),
        }
    }
    tally.replaced += reader.replaced;
    columns.rest()?.map_or(Ok(()), sink)
}

fn json_lines(bytes: impl Read, file: &SourceFile, tally: &mut Tally, sink: Sink<'_>) -> Result<(), DataError> {
    let mut columns = TextColumns::default();
    let mut reader = BufReader::with_capacity(1 << 18, bytes);
    let mut line = Vec::new();
    let mut number = 0;
    while reader
        .read_until(b'\n', &mut line)
        .map_err(|error| unreadable(Path::new(&file.shown), &error))?
        > 0
    {
        number += 1;
        let text = String::from_utf8_lossy(&line);
        tally.replaced += u64::from(matches!(text, std::borrow::Cow::Owned(_)));
        if !text.trim().is_empty() {
            let added = serde_json::from_str(&text).is_ok_and(|record| json::add(&mut columns, &record));
            if !added {
                tally.bad(&file.shown, number);
            } else if let Some(batch) = columns.end_row()? {
                sink(batch)?;
            }
        }
        line.clear();
    }
    columns.rest()?.map_or(Ok(()), sink)
}

fn json_array(mut bytes: impl Read, file: &SourceFile, sink: Sink<'_>) -> Result<(), DataError> {
    let mut text = Vec::new();
    bytes
        .read_to_end(&mut text)
        .map_err(|error| unreadable(Path::new(&file.shown), &error))?;
    let records: Vec<serde_json::Value> = serde_json::from_slice(&text).map_err(|error| DataError::Unreadable {
        path: PathBuf::from(&file.shown),
        why: format!("not a JSON array of records: {error}"),
    })?;
    let mut columns = TextColumns::default();
    for record in &records {
        if json::add(&mut columns, record)
            && let Some(batch) = columns.end_row()?
        {
            sink(batch)?;
        }
    }
    columns.rest()?.map_or(Ok(()), sink)
}
