//! What a file holds, by its first bytes: its name only decides when they leave it open.

use std::io::{self, Read};
use std::path::Path;

use super::unpack;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Delimited,
    JsonLines,
    /// A JSON document that is one array of objects.
    JsonArray,
    Parquet,
    /// Arrow's own format, as a file (also called Feather) or as a stream.
    Arrow,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Delimited => "csv",
            Self::JsonLines | Self::JsonArray => "json",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }
}

const EXTENSIONS: [&str; 14] = [
    "csv", "tsv", "tab", "psv", "txt", "jsonl", "ndjson", "json", "parquet", "pq", "arrow", "arrows", "feather", "ipc",
];

/// The extension that says what kind of data a file holds, below the one that says how it is packed.
pub(super) fn extension(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let name = ["gz", "xz", "zst", "bz2"]
        .iter()
        .find_map(|packed| name.strip_suffix(&format!(".{packed}")))
        .unwrap_or(&name);
    EXTENSIONS
        .into_iter()
        .find(|extension| name.ends_with(&format!(".{extension}")))
}

pub(super) fn of(path: &Path) -> io::Result<Kind> {
    let mut head = Vec::new();
    unpack::open(path)?.take(64).read_to_end(&mut head)?;
    // A stream of Arrow messages begins with the mark of a message and its length.
    if head.starts_with(b"ARROW1") || head.starts_with(&[0xff; 4]) {
        return Ok(Kind::Arrow);
    }
    if head.starts_with(b"PAR1") {
        return Ok(Kind::Parquet);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let mut letters = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let extension = path.file_name().and_then(|name| extension(&name.to_string_lossy()));
    Ok(match (letters.next(), letters.next()) {
        (Some(b'{'), Some(b'"' | b'}')) => Kind::JsonLines,
        (Some(b'['), Some(b'{' | b']')) => Kind::JsonArray,
        _ => match extension {
            Some("parquet" | "pq") => Kind::Parquet,
            Some("arrow" | "arrows" | "feather" | "ipc") => Kind::Arrow,
            _ => Kind::Delimited,
        },
    })
}
