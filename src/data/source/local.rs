//! What the user named on this machine, as a sorted list of paths: files, folders, globs, and folders that say a column's value.

use std::io;
use std::path::{Path, PathBuf};

use super::super::DataError;
use super::kind;

/// The data files that a path or a glob stands for; none when there is nothing.
pub(super) fn paths(given: &str) -> Result<Vec<PathBuf>, DataError> {
    let path = Path::new(given);
    let named = if path.exists() {
        vec![path.to_owned()]
    } else {
        let found = glob::glob(given).map_err(|_| DataError::NoSuchFile(given.to_owned()))?;
        let mut paths: Vec<PathBuf> = found
            .filter_map(Result::ok)
            .filter(|path| !is_hidden(path, given))
            .collect();
        // `**` names a folder and, again, what is in it.
        if paths.iter().any(|path| path.is_file()) {
            paths.retain(|path| path.is_file());
        }
        paths.sort();
        paths
    };
    let mut paths = Vec::new();
    for path in named {
        if path.is_dir() {
            let found = in_folder(&path).map_err(|error| DataError::Unreadable {
                path: path.clone(),
                why: error.to_string(),
            })?;
            paths.extend(found);
        } else {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// True for what a pattern would only meet by chance: names that begin like notes of a program to itself.
fn is_hidden(path: &Path, pattern: &str) -> bool {
    let open = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    let typed = pattern[..open].matches(std::path::MAIN_SEPARATOR).count();
    let path = path.to_string_lossy();
    path.split(std::path::MAIN_SEPARATOR)
        .skip(typed)
        .any(|name| name.starts_with(['.', '_']))
}

/// The data files of a folder and of its `column=value` folders; of any other folder only where there are none of these.
fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut partitions, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), file_name(&entry.path()));
        if name.starts_with(['.', '_']) {
            continue;
        }
        // A linked folder may lead back here.
        if entry.file_type()?.is_dir() {
            let folders = if partition(&name).is_some() {
                &mut partitions
            } else {
                &mut others
            };
            folders.push(path);
        } else if path.is_file() && kind::extension(&name).is_some() {
            files.push(path);
        }
    }
    files = data_only(files, |path| file_name(path));
    let deeper = if files.is_empty() && partitions.is_empty() {
        others
    } else {
        partitions
    };
    for folder in deeper {
        files.extend(in_folder(&folder)?);
    }
    files.sort();
    Ok(files)
}

/// Single `.json` documents next to other tables are descriptions of them, not data.
pub(super) fn data_only<T>(mut files: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let is_document = |file: &T| kind::extension(&name(file)) == Some("json");
    if !files.iter().all(is_document) {
        files.retain(|file| !is_document(file));
    }
    files
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The columns that the folders of a path say (`country=DE/day=2024-01-05/part.parquet`), outermost first.
pub(super) fn partitions(path: &str) -> Vec<(String, String)> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').filter_map(partition).collect()
}

/// `country=DE`; the value of Hive's default partition is empty.
fn partition(folder: &str) -> Option<(String, String)> {
    let (name, value) = folder.split_once('=')?;
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '%' | ' ');
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let value = if value == "__HIVE_DEFAULT_PARTITION__" {
        String::new()
    } else {
        unescaped(value)
    };
    Some((unescaped(name), value))
}

/// Hive writes what a folder's name cannot hold as `%3A`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_columns() {
        let read = |path| {
            let pairs = partitions(path).into_iter();
            pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(
            read("in/country=DE/day=2024-01-05/part=0.parquet"),
            ["country=DE", "day=2024-01-05"]
        );
        assert_eq!(read("at=10%3A30/x.csv"), ["at=10:30"]);
        assert_eq!(read("country=__HIVE_DEFAULT_PARTITION__/x.csv"), ["country="]);
        assert!(read("=x/plain/x.csv").is_empty());
    }
}
