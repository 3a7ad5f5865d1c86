//! All facts of one project, in order: read, find secrets, measure, judge, scrub.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::insight::project::{Deployment, Project, SecretFound};

use super::brief::{self, Brief};
use super::secrets::{self, Known};
use super::tree::{self, Limits, Listing, SourceFile, file_name};
use super::{ScanError, blockers, code, containers, documents, environment, manifests, score};

/// The facts of a project and what each role would be told. Holds no value of a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    pub project: Project,
    pub briefs: Vec<Brief>,
}

/// Reads and measures a project. `leave_out` are folders of our own output.
///
/// # Errors
/// A root that is no readable folder.
pub fn analyze(root: &Path, leave_out: &[PathBuf], limits: &Limits) -> Result<Analysis, ScanError> {
    let listing = tree::list(root, leave_out, limits)?;
    Ok(measure(root, listing, limits))
}

/// A string of the facts is shown, not quoted: longer ones are cut.
const LONGEST_FACT: usize = 400;

pub(super) fn measure(root: &Path, mut listing: Listing, limits: &Limits) -> Analysis {
    let sources = listing.read(limits);
    let names: Vec<&str> = listing.entries.iter().map(|entry| entry.name.as_str()).collect();
    let mut found = Secrets::of(&sources, &names);
    found.known.learn_hidden(root);
    // What holds secrets as a whole takes no part in anything that is quoted or counted.
    let sources: Vec<SourceFile> = sources
        .into_iter()
        .filter(|source| secrets::files::kind(&source.name, &source.text).is_none())
        .collect();
    let measured = code::code(&sources);
    let (dependencies, described) = manifests::dependencies(&sources, &names);
    let documentation = documents::documentation(&sources, &names, measured.documented);
    let readme = documents::readme_file(&sources).and_then(|source| documents::first_paragraph(&source.text));
    let environment_files = names
        .iter()
        .filter(|name| secrets::files::by_name(name) == Some("environment_file") && file_name(name) != ".envrc")
        .map(|name| (*name).to_owned());
    let mut project = Project {
        name: name(root),
        description: described.or(readme),
        fingerprint: found.fingerprint(&listing),
        languages: measured.languages,
        dependencies,
        tests: measured.tests,
        complexity: measured.complexity,
        markers: measured.markers,
        deployment: Deployment {
            containers: containers::containers(&sources),
            compose: containers::compose(&sources),
            kubernetes: containers::kubernetes(&sources),
            helm_charts: containers::helm_charts(&sources),
            pipelines: containers::pipelines(&sources),
            start_commands: environment::start_commands(&sources),
            ports: environment::ports(&sources),
            environment: environment::environment(&sources, environment_files.collect()),
            blockers: Vec::new(),
        },
        documentation,
        secrets: std::mem::take(&mut found.told),
        ..Project::default()
    };
    project.deployment.blockers = blockers::blockers(&project, &sources);
    project.scores = score::scores(&project);
    project.notes = notes(&listing);
    project.files = listing.files;
    let project = scrubbed(project, &found.known);
    let briefs = brief::briefs(&project, &sources, &names, &found.known);
    Analysis { project, briefs }
}

/// What was found in a project's texts.
struct Secrets {
    told: Vec<SecretFound>,
    known: Known,
    /// Of the redacted texts.
    hash: Sha256,
}

impl Secrets {
    fn of(sources: &[SourceFile], names: &[&str]) -> Self {
        let mut all = Self {
            told: Vec::new(),
            known: Known::default(),
            hash: Sha256::new(),
        };
        // Key files are named also when they are binary or too large to read.
        for name in names {
            if let Some(kind) = secrets::files::by_name(name) {
                all.tell(name, None, kind, false);
            }
        }
        for source in sources {
            let whole = secrets::files::kind(&source.name, &source.text);
            if let Some(kind) = whole.filter(|_| secrets::files::by_name(&source.name).is_none()) {
                all.tell(&source.name, None, kind, false);
            }
            all.hash.update(format!("{}\0", source.name));
            if secrets::files::is_generated(&source.name) {
                all.hash.update(source.text.as_bytes());
                continue;
            }
            let found = secrets::find(&source.text);
            all.known.learn(&source.text, &found);
            let tests_from = tests_from(&source.text);
            for secret in &found {
                if let Some(kind) = secret.told(source.language) {
                    let made_up = secret.line >= tests_from;
                    all.tell(&source.name, Some(secret.line), kind, made_up);
                }
            }
            if whole.is_none() {
                all.hash.update(secrets::without(&source.text, &found).as_bytes());
            }
        }
        all.told.sort();
        all.told.dedup();
        all
    }

    fn tell(&mut self, file: &str, line: Option<u32>, kind: &str, in_tests: bool) {
        let shown = file.ends_with(".md") || file.to_ascii_lowercase().contains("example");
        self.told.push(SecretFound {
            made_up: in_tests || shown || code::is_test_path(file),
            file: file.to_owned(),
            line,
            kind: kind.to_owned(),
        });
    }

    /// With the names and sizes of what was not read.
    fn fingerprint(&self, listing: &Listing) -> String {
        let mut hash = self.hash.clone();
        for entry in &listing.entries {
            let secret = secrets::files::by_name(&entry.name).is_some();
            let size = if secret { 0 } else { entry.bytes };
            hash.update(format!("{}\0{size}\n", entry.name));
        }
        super::hex(&hash.finalize()[..8])
    }
}

/// The line of a Rust file from which on it holds its tests.
fn tests_from(text: &str) -> u32 {
    let place = text.lines().position(|line| line.trim() == "#[cfg(test)]");
    place.map_or(u32::MAX, |place| u32::try_from(place).unwrap_or(u32::MAX))
}

/// The last part of the path, also of `.` and `..`.
pub fn name(root: &Path) -> String {
    let path = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "project".to_owned())
}

fn notes(listing: &Listing) -> Vec<String> {
    let files = &listing.files;
    let mut notes = Vec::new();
    let mut add = |count: u64, text: &str| {
        if count > 0 {
            notes.push(format!("{count} {text}"));
        }
    };
    add(files.too_large, "files are too large to be read; they are counted only");
    add(files.unreadable, "files or folders could not be read");
    add(files.symbolic_links, "symbolic links were not followed");
    add(
        files.nested_repositories.len() as u64,
        "repositories inside this one were not read; give their paths to scan them",
    );
    if files.cut_off {
        notes.push("the project is larger than a scan reads; the figures are those of its first part".to_owned());
    }
    if files.total == 0 {
        notes.push("the folder holds no files, or .gitignore leaves all of them out".to_owned());
    }
    notes
}

/// Every text of the facts without secrets, control characters and excess length.
fn scrubbed(project: Project, known: &Known) -> Project {
    let Ok(mut value) = serde_json::to_value(&project) else {
        return project;
    };
    scrub_texts(&mut value, known);
    serde_json::from_value(value).unwrap_or(project)
}

fn scrub_texts(value: &mut Value, known: &Known) {
    match value {
        Value::String(text) => {
            let clean = brief::one_line(&known.scrub(text).0);
            *text = clean.chars().take(LONGEST_FACT).collect();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| scrub_texts(item, known)),
        Value::Object(members) => members.values_mut().for_each(|member| scrub_texts(member, known)),
        _ => {}
    }
}
