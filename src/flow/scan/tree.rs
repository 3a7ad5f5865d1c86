//! The files of a project: walked, sorted, read. Honours .gitignore also without a repository, follows no symbolic link, and
//! has limits for everything. Runs nothing.

use std::fs;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};
use sha2::{Digest, Sha256};

use crate::insight::project::Files;

use super::ScanError;
use super::language::Language;

/// What a scan may read.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Larger files are counted, not read.
    pub file_bytes: u64,
    /// Of all files that are read.
    pub total_bytes: u64,
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 1024 * 1024,
            total_bytes: 128 * 1024 * 1024,
            files: 50_000,
        }
    }
}

/// One file of the project, not read yet.
#[derive(Debug)]
pub(super) struct Entry {
    path: PathBuf,
    /// Relative, with `/`; bytes that are no UTF-8 are replaced.
    pub(super) name: String,
    pub(super) bytes: u64,
    /// Size and times as the file system tells them.
    stamp: String,
}

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
    pub(super) files: Files,
}

/// A text file, read.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) language: Option<&'static Language>,
}

impl SourceFile {
    pub(super) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            language: Language::of(&name),
            name,
            text: text.into(),
        }
    }

    /// The last part of the path.
    pub(super) fn file_name(&self) -> &str {
        file_name(&self.name)
    }

    pub(super) fn is_code(&self) -> bool {
        self.language.is_some_and(Language::is_code)
    }
}

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folder of a path, empty for the project's own.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Folders that hold what others wrote or tools made, whether or not .gitignore names them.
const NOT_OURS: [&str; 20] = [
    "node_modules",
    "bower_components",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".idea",
    ".next",
    ".nuxt",
    ".terraform",
    ".eggs",
    "Pods",
    ".dart_tool",
    ".bundle",
    ".cache",
];

/// Lists a project. `leave_out` are folders of our own output, which would make every scan see a new tree.
///
/// # Errors
/// A root that is no readable folder.
pub(super) fn list(root: &Path, leave_out: &[PathBuf], limits: &Limits) -> Result<Listing, ScanError> {
    let unreadable = |why: std::io::Error| ScanError::Unreadable {
        path: root.to_owned(),
        why: why.to_string(),
    };
    if !fs::metadata(root).map_err(unreadable)?.is_dir() {
        return Err(ScanError::NoFolder { path: root.to_owned() });
    }
    fs::read_dir(root).map_err(unreadable)?;
    let mut listing = Listing::default();
    let (folders, skipped) = skipping(root, leave_out);
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        // Only a repository around the folder has a say in it, not whatever else stands above.
        .parents(inside_repository(root))
        .follow_links(false)
        .filter_entry(folders)
        .build();
    for entry in walk {
        let Ok(entry) = entry else {
            listing.files.unreadable += 1;
            continue;
        };
        listing.add(root, &entry, limits);
        if listing.files.total >= limits.files {
            listing.files.cut_off = true;
            break;
        }
    }
    listing.entries.sort_by(|left, right| left.name.cmp(&right.name));
    let skipped = skipped.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (nested, path) in skipped.iter() {
        let name = name(root, path);
        match nested {
            true => listing.files.nested_repositories.push(name),
            false => listing.files.skipped_folders.push(name),
        }
    }
    listing.files.nested_repositories.sort();
    listing.files.skipped_folders.sort();
    Ok(listing)
}

type Skipped = std::sync::Arc<std::sync::Mutex<Vec<(bool, PathBuf)>>>;

/// The filter of the walk, and where it notes what it left out: true for a repository of its own.
fn skipping(root: &Path, leave_out: &[PathBuf]) -> (impl Fn(&DirEntry) -> bool + Send + Sync + 'static, Skipped) {
    let skipped = Skipped::default();
    let notes = std::sync::Arc::clone(&skipped);
    let leave_out: Vec<PathBuf> = leave_out.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let root = root.to_owned();
    let filter = move |entry: &DirEntry| {
        if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return true;
        }
        let path = entry.path();
        let name = entry.file_name().to_string_lossy();
        if name == ".git" || path.canonicalize().is_ok_and(|path| leave_out.contains(&path)) {
            return false;
        }
        let nested = path != root && path.join(".git").exists();
        let foreign = NOT_OURS.contains(&name.as_ref())
            || path.join("CACHEDIR.TAG").is_file()
            || path.join("pyvenv.cfg").is_file();
        if nested || foreign {
            let mut skipped = notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            skipped.push((nested, path.to_owned()));
        }
        !nested && !foreign
    };
    (filter, skipped)
}

fn inside_repository(root: &Path) -> bool {
    let Ok(root) = root.canonicalize() else { return false };
    !root.join(".git").exists() && root.ancestors().skip(1).any(|folder| folder.join(".git").exists())
}

impl Listing {
    fn add(&mut self, root: &Path, entry: &DirEntry, limits: &Limits) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_symlink() && entry.depth() > 0 {
            self.files.symbolic_links += 1;
            return;
        }
        // Pipes, sockets and devices would never end.
        if !kind.is_file() {
            return;
        }
        let Ok(metadata) = entry.metadata() else {
            self.files.unreadable += 1;
            return;
        };
        self.files.total += 1;
        self.files.bytes += metadata.len();
        if metadata.len() > limits.file_bytes {
            self.files.too_large += 1;
        }
        self.entries.push(Entry {
            path: entry.path().to_owned(),
            name: name(root, entry.path()),
            bytes: metadata.len(),
            stamp: stamp(&metadata),
        });
    }

    /// SHA-256 of names, sizes and times: equal means nobody touched anything.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for entry in &self.entries {
            hash.update(format!("{}\0{}\n", entry.name, entry.stamp));
        }
        for name in self.files.nested_repositories.iter().chain(&self.files.skipped_folders) {
            hash.update(format!("{name}\n"));
        }
        super::hex(&hash.finalize())
    }

    /// Reads the texts, in order, within the limits. Counts what is binary, too large or unreadable.
    pub(super) fn read(&mut self, limits: &Limits) -> Vec<SourceFile> {
        let mut sources = Vec::new();
        let mut total = 0;
        for entry in self.entries.iter().filter(|entry| entry.bytes <= limits.file_bytes) {
            if total + entry.bytes > limits.total_bytes {
                self.files.cut_off = true;
                break;
            }
            let Ok(bytes) = fs::read(&entry.path) else {
                self.files.unreadable += 1;
                continue;
            };
            total += bytes.len() as u64;
            if is_binary(&bytes) {
                self.files.binary += 1;
                continue;
            }
            self.files.text += 1;
            sources.push(SourceFile::new(
                entry.name.clone(),
                String::from_utf8_lossy(&bytes).into_owned(),
            ));
        }
        sources
    }
}

/// A zero byte near the start, as git decides it.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8_000).any(|byte| *byte == 0)
}

fn name(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = below
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

/// The change time cannot be set back by hand, unlike the modification time.
#[cfg(unix)]
fn stamp(metadata: &fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    format!(
        "{} {} {}.{} {}.{}",
        metadata.len(),
        metadata.ino(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec()
    )
}

#[cfg(not(unix))]
fn stamp(metadata: &fs::Metadata) -> String {
    format!("{} {:?}", metadata.len(), metadata.modified().ok())
}
