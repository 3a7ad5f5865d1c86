//! Where the files of a run live: the run hash, the lock, atomic writing. Knows nothing of what is in the files.

mod files;

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use files::{Files, remove, write_whole, write_whole_with};

/// The name of a run: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, no `..`, no trailing dot, no reserved device name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunHash(String);

impl RunHash {
    /// # Errors
    /// Says which rule the text breaks.
    pub fn new(text: &str) -> Result<Self, RunDirError> {
        let bad = |why: &str| {
            let shown: String = text.chars().filter(|letter| !letter.is_control()).take(40).collect();
            Err(RunDirError::BadHash {
                shown,
                why: why.to_owned(),
            })
        };
        if text.is_empty() {
            return bad("it is empty");
        }
        if text.len() > 128 {
            return bad("it is longer than 128 characters");
        }
        if !text.starts_with(|letter: char| letter.is_ascii_alphanumeric()) {
            return bad("it must start with a letter or a digit");
        }
        if let Some(letter) = text
            .chars()
            .find(|letter| !letter.is_ascii_alphanumeric() && !"._-".contains(*letter))
        {
            return bad(&format!("`{}` is not one of A-Z a-z 0-9 . _ -", letter.escape_debug()));
        }
        if text.contains("..") || text.ends_with('.') {
            return bad("it contains `..` or ends with a dot");
        }
        let stem = text.split('.').next().unwrap_or_default().to_ascii_uppercase();
        let numbered = |prefix: &str| {
            stem.strip_prefix(prefix)
                .is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()))
        };
        if ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT") {
            return bad("it is a reserved device name");
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    #[error("the run hash `{shown}` cannot be used: {why}")]
    BadHash { shown: String, why: String },
    #[error("`{path}` is a symbolic link, and a run directory may hold none")]
    SymbolicLink { path: PathBuf },
    #[error("run `{hash}` is locked by process {pid} since {since}")]
    Locked { hash: String, pid: u32, since: String },
    #[error("could not write `{path}`: {source}")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("there is no run `{asked}` in `{root}`")]
    Unknown {
        asked: String,
        root: PathBuf,
        known: Vec<String>,
    },
    #[error("`{asked}` may be any of {}", listed(found))]
    Ambiguous { asked: String, found: Vec<String> },
}

impl RunDirError {
    pub fn hint(&self) -> String {
        match self {
            Self::BadHash { .. } => {
                "use letters, digits, `.`, `_` or `-`, for example `--run-hash daily-2025-03-14`".to_owned()
            }
            Self::SymbolicLink { .. } => {
                "replace the link by a real directory, or choose another `--run-hash`".to_owned()
            }
            Self::Locked { .. } => "wait until that run ends, or choose another `--run-hash`".to_owned(),
            Self::Unwritable { .. } => {
                "make the directory writable, or choose another place with `--run-logs DIR`".to_owned()
            }
            Self::Unknown { known, .. } if known.is_empty() => {
                "make one with `insights demo`, or say with `--run-logs DIR` where runs are".to_owned()
            }
            Self::Unknown { known, .. } => format!("runs there are {}; a path is taken too", listed(known)),
            Self::Ambiguous { .. } => "write more of its name".to_owned(),
        }
    }
}

/// A few names, and how many more there are.
fn listed(names: &[String]) -> String {
    const FEW: usize = 6;
    let shown: Vec<String> = names.iter().take(FEW).map(|name| format!("`{name}`")).collect();
    match names.len() {
        n if n > FEW => format!("{} and {} more", shown.join(", "), n - FEW),
        _ => shown.join(", "),
    }
}

#[derive(Serialize, Deserialize)]
struct Owner {
    pid: u32,
    since: String,
}

/// The directory of one run, made and checked.
#[derive(Debug, Clone)]
pub struct RunDir {
    path: PathBuf,
    hash: RunHash,
}

impl RunDir {
    /// Makes `root/hash` and the folders that every run has. Existing files stay as they are.
    ///
    /// # Errors
    /// A symbolic link on the way (the root itself may be one), or a directory that cannot be made or written.
    pub fn create(root: &Path, hash: &RunHash) -> Result<Self, RunDirError> {
        let run = Self {
            path: root.join(hash.as_str()),
            hash: hash.clone(),
        };
        refuse_links(root, &run.path)?;
        for folder in [run.outputs().join("insights"), run.path.join("logs")] {
            refuse_links(root, &folder)?;
            make_folder(&folder)?;
        }
        for file in OUTPUT_FILES {
            refuse_links(root, &run.insights().join(file))?;
        }
        Ok(run)
    }

    pub fn hash(&self) -> &RunHash {
        &self.hash
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `outputs`, where tables and insights are.
    pub fn outputs(&self) -> PathBuf {
        self.path.join("outputs")
    }

    /// `outputs/insights`, where the report is.
    pub fn insights(&self) -> PathBuf {
        self.outputs().join("insights")
    }

    /// `outputs/name` for the files of another command; made, and no link.
    ///
    /// # Errors
    /// A symbolic link on the way, or a directory that cannot be made or written.
    pub fn output_folder(&self, name: &str) -> Result<PathBuf, RunDirError> {
        let folder = self.outputs().join(name);
        refuse_links(&self.path, &folder)?;
        make_folder(&folder)?;
        Ok(folder)
    }

    pub fn prompts(&self) -> PathBuf {
        self.path.join("prompts")
    }

    pub fn events(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    pub fn log(&self) -> PathBuf {
        self.path.join("logs").join("run.log")
    }

    /// Takes the run's lock; the kernel frees it when the process ends, however it ends.
    ///
    /// # Errors
    /// `Locked` when another process holds it.
    pub fn lock(&self, now: &str) -> Result<RunLock, RunDirError> {
        lock(&self.path, self.hash.as_str(), now)
    }
}

/// The folder of a run that was made before: by its run hash, the unique beginning of one, or a path to it or to a file of it.
///
/// # Errors
/// None or several are meant, or there is a symbolic link on the way.
pub fn find(root: &Path, asked: &str) -> Result<PathBuf, RunDirError> {
    let known = runs_in(root);
    let names = || known.iter().filter(|name| name.starts_with(asked)).cloned();
    let folder = if RunHash::new(asked).is_ok() && is_run(&root.join(asked)) {
        root.join(asked)
    } else if let Some(folder) = by_path(Path::new(asked)) {
        folder
    } else {
        let mut found: Vec<String> = names().filter(|_| !asked.is_empty()).collect();
        match (found.pop(), found.is_empty()) {
            (Some(name), true) => root.join(name),
            (Some(name), false) => {
                found.push(name);
                return Err(RunDirError::Ambiguous {
                    asked: asked.escape_debug().to_string(),
                    found,
                });
            }
            (None, _) => {
                return Err(RunDirError::Unknown {
                    asked: asked.escape_debug().to_string(),
                    root: root.to_owned(),
                    known,
                });
            }
        }
    };
    for file in OUTPUT_FILES {
        refuse_links(&folder, &folder.join("outputs").join("insights").join(file))?;
    }
    Ok(folder)
}

/// The names of the folders that hold anything of a report, in order. A run that ended at its input leaves an empty one, and so does
/// a question.
fn runs_in(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let named = entries.filter(|entry| {
        let insights = entry.path().join("outputs").join("insights");
        OUTPUT_FILES.iter().any(|file| insights.join(file).is_file())
    });
    let mut names: Vec<String> = named
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| RunHash::new(name).is_ok())
        .collect();
    names.sort();
    names
}

/// The run that a path leads to or into.
fn by_path(path: &Path) -> Option<PathBuf> {
    if path.as_os_str().is_empty() || fs::symlink_metadata(path).is_err() {
        return None;
    }
    let path = std::path::absolute(path).ok()?;
    path.ancestors().find(|folder| is_run(folder)).map(Path::to_owned)
}

fn is_run(folder: &Path) -> bool {
    folder.join("outputs").join("insights").is_dir()
}

/// Takes the lock of any folder; `name` is what an error calls it.
///
/// # Errors
/// `Locked` when another process holds it.
pub fn lock(folder: &Path, name: &str, now: &str) -> Result<RunLock, RunDirError> {
    let path = folder.join("run.lock");
    let unwritable = |source| RunDirError::Unwritable {
        path: path.clone(),
        source,
    };
    refuse_links(folder, &path)?;
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(unwritable)?;
    match lock_patiently(&file) {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _unreadable_is_unknown = file.read_to_string(&mut text);
            let owner = serde_json::from_str(&text).unwrap_or(Owner {
                pid: 0,
                since: "an unknown time".to_owned(),
            });
            return Err(RunDirError::Locked {
                hash: name.to_owned(),
                pid: owner.pid,
                since: owner.since,
            });
        }
        Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            tracing::warn!("this file system has no locks; two runs with one hash are not kept apart");
        }
        Err(fs::TryLockError::Error(error)) => return Err(unwritable(error)),
    }
    let owner = Owner {
        pid: std::process::id(),
        since: now.to_owned(),
    };
    let text = serde_json::to_vec(&owner).map_err(|error| unwritable(error.into()))?;
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(&text))
        .map_err(unwritable)?;
    tracing::debug!(path = %path.display(), "lock taken");
    Ok(RunLock { _file: file })
}

/// Whether a process holds the lock of a run's folder right now. Asks for a shared lock only, so that two who ask do not see each other.
pub fn is_locked(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join("run.lock")) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock))
}

/// Somebody who looks with `is_locked` holds a shared lock for an instant, and must not turn a run away.
fn lock_patiently(file: &File) -> Result<(), fs::TryLockError> {
    for _ in 0..3 {
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            done => return done,
        }
    }
    file.try_lock()
}

/// Held for the length of a run. The file itself is never deleted.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// The files of `outputs/insights`, the commit marker last.
pub const OUTPUT_FILES: [&str; 6] = [
    "coordinated_insights.json",
    "child_insights.json",
    "evidence.json",
    "report.md",
    "report.html",
    "execution_summary.json",
];

fn make_folder(folder: &Path) -> Result<(), RunDirError> {
    fs::create_dir_all(folder).map_err(|source| RunDirError::Unwritable {
        path: folder.to_owned(),
        source,
    })?;
    tempfile::Builder::new()
        .prefix(".probe-")
        .tempfile_in(folder)
        .map(drop)
        .map_err(|source| RunDirError::Unwritable {
            path: folder.to_owned(),
            source,
        })
}

/// No component below `root` may be a symbolic link.
fn refuse_links(root: &Path, path: &Path) -> Result<(), RunDirError> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let mut step = root.to_owned();
    for component in below.components() {
        if let Component::Normal(name) = component {
            step.push(name);
            let linked = fs::symlink_metadata(&step).is_ok_and(|found| found.file_type().is_symlink());
            if linked {
                return Err(RunDirError::SymbolicLink { path: step });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_hash_is_one_plain_name() {
        for good in ["a", "daily-2025.03", "X_1", &"a".repeat(128)] {
            assert!(RunHash::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "../x",
            "a/b",
            "a..b",
            "-a",
            ".a",
            "a.",
            "a b",
            "ä",
            "a\n",
            "CON",
            "com1.txt",
            &"a".repeat(129),
            &"a".repeat(300),
        ] {
            assert!(RunHash::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_second_lock_names_the_first_owner() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let run = RunDir::create(root.path(), &RunHash::new("x").expect("a good hash")).expect("a run directory");
        let held = run.lock("2025-01-01T00:00:00Z").expect("the first lock");
        let error = run.lock("later").expect_err("the second must fail").to_string();
        assert!(
            error.contains(&std::process::id().to_string()) && error.contains("2025-01-01"),
            "{error}"
        );
        assert!(is_locked(run.path()));
        drop(held);
        assert!(!is_locked(run.path()) && !is_locked(root.path()));
        run.lock("later").expect("free again");
    }

    #[test]
    fn a_run_is_found_by_name_beginning_or_path() {
        let root = tempfile::tempdir().expect("a temporary directory");
        for hash in ["daily", "daily-2", "weekly", "failed"] {
            let run = RunDir::create(root.path(), &RunHash::new(hash).expect("a good hash")).expect("a run directory");
            if hash != "failed" {
                fs::write(run.insights().join("report.md"), "# A report").expect("a report");
            }
        }
        let find = |asked: &str| find(root.path(), asked);
        let named = |name: &str| root.path().join(name);
        assert_eq!(find("daily").expect("the name itself"), named("daily"));
        assert_eq!(find("w").expect("a beginning"), named("weekly"));
        let inside = named("weekly").join("outputs/insights");
        assert_eq!(find(&inside.display().to_string()).expect("a path"), named("weekly"));
        assert!(matches!(find("da"), Err(RunDirError::Ambiguous { found, .. }) if found.len() == 2));
        for nothing in ["", "x", "..", "../x", "/", "fai"] {
            let Err(RunDirError::Unknown { known, .. }) = find(nothing) else {
                panic!("{nothing} is something")
            };
            assert_eq!(
                known,
                ["daily", "daily-2", "weekly"],
                "a folder without a report is no run"
            );
        }
        assert_eq!(find("failed").expect("the name itself"), named("failed"));
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_refused() {
        let root = tempfile::tempdir().expect("a temporary directory");
        std::os::unix::fs::symlink("/", root.path().join("x")).expect("a link");
        let error = RunDir::create(root.path(), &RunHash::new("x").expect("a good hash")).expect_err("a link");
        assert!(matches!(error, RunDirError::SymbolicLink { .. }));
    }
}
