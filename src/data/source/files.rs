//! What the user named, as a sorted list of files of one kind.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::super::DataError;

/// One input file and the name to show for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) shown: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Delimited,
    JsonLines,
    /// A JSON document that is one array of objects.
    JsonArray,
    Parquet,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Delimited => "csv",
            Self::JsonLines | Self::JsonArray => "json",
            Self::Parquet => "parquet",
        }
    }
}

/// Expands files, directories and globs. Several files of one kind are one table; a mix is refused.
pub(crate) fn expand(sources: &[String]) -> Result<Vec<SourceFile>, DataError> {
    let mut files = Vec::new();
    for given in sources {
        let paths = paths_of(given)?;
        if paths.is_empty() {
            return Err(DataError::NoSuchFile(given.clone()));
        }
        for path in paths {
            let kind = kind_of(&path).map_err(|error| DataError::Unreadable {
                path: path.clone(),
                why: error.to_string(),
            })?;
            files.push(SourceFile {
                shown: path.display().to_string(),
                path,
                kind,
            });
        }
    }
    if files.is_empty() {
        return Err(DataError::NoSuchFile("(nothing named)".to_owned()));
    }
    let mut kinds: Vec<&str> = files.iter().map(|file| file.kind.name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() > 1 {
        return Err(DataError::MixedKinds {
            given: sources.join(" "),
            kinds: kinds.join(", "),
        });
    }
    Ok(files)
}

fn paths_of(given: &str) -> Result<Vec<PathBuf>, DataError> {
    let path = Path::new(given);
    if path.is_dir() {
        return directory(path).map_err(|error| DataError::Unreadable {
            path: path.to_owned(),
            why: error.to_string(),
        });
    }
    if path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(given).map_err(|_| DataError::NoSuchFile(given.to_owned()))?;
    let mut paths: Vec<PathBuf> = found
        .filter_map(Result::ok)
        .filter(|path| path.is_file() && !hidden(path))
        .collect();
    paths.sort();
    Ok(paths)
}

/// The data files of a directory. Single `.json` documents next to other tables are descriptions of them, not data.
fn directory(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_file() && !hidden(&path) && data_extension(&path).is_some() {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.iter().any(|path| data_extension(path) != Some("json")) {
        paths.retain(|path| data_extension(path) != Some("json"));
    }
    Ok(paths)
}

fn hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']))
}

fn data_extension(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = ["gz", "xz", "zst"]
        .iter()
        .find_map(|packed| name.strip_suffix(&format!(".{packed}")))
        .unwrap_or(&name);
    [
        "csv", "tsv", "tab", "psv", "txt", "jsonl", "ndjson", "json", "parquet", "pq",
    ]
    .into_iter()
    .find(|extension| name.ends_with(&format!(".{extension}")))
}

/// The kind by content: Parquet by its magic bytes, JSON by its first character.
fn kind_of(path: &Path) -> io::Result<Kind> {
    let mut head = Vec::new();
    open(path)?.take(64).read_to_end(&mut head)?;
    if head.starts_with(b"PAR1") {
        return Ok(Kind::Parquet);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let second = text.iter().filter(|byte| !byte.is_ascii_whitespace()).nth(1);
    Ok(match (first, second) {
        (Some(b'{'), Some(b'"' | b'}')) => Kind::JsonLines,
        (Some(b'['), Some(b'{' | b']')) => Kind::JsonArray,
        _ if matches!(data_extension(path), Some("parquet" | "pq")) => Kind::Parquet,
        _ => Kind::Delimited,
    })
}

/// The file's bytes, unpacked when the first bytes say gzip, xz or zstd.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    unpacked(File::open(path)?)
}

pub(crate) fn unpacked(mut reader: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::new();
    reader.by_ref().take(6).read_to_end(&mut magic)?;
    let whole = BufReader::with_capacity(1 << 16, io::Cursor::new(magic.clone()).chain(reader));
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(whole)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(whole)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::with_buffer(whole)?),
        _ => Box::new(whole),
    })
}

pub(crate) fn is_packed(path: &Path) -> io::Result<bool> {
    let mut magic = [0; 4];
    let n_read = File::open(path)?.read(&mut magic)?;
    Ok(!magic[..n_read].starts_with(b"PAR1"))
}
