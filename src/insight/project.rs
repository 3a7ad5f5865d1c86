//! What a scan says of a code project, in its serde shape. Facts by the program; only `Answers` holds words of a model.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CallRecord, Why};

/// All static facts of one project. Paths are relative to it, with `/`; no value of a secret is in here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Project {
    pub name: String,
    /// From a manifest, else the README's first paragraph.
    pub description: Option<String>,
    /// SHA-256 (first 16 hex digits) over paths and redacted contents: any change of what may be read changes it.
    pub fingerprint: String,
    pub files: Files,
    /// Most code first.
    pub languages: Vec<LanguageLines>,
    pub dependencies: Dependencies,
    pub tests: Tests,
    pub complexity: Complexity,
    pub markers: Markers,
    pub deployment: Deployment,
    pub documentation: Documentation,
    pub secrets: Vec<SecretFound>,
    pub scores: Vec<Score>,
    /// What the scan could not or did not read.
    pub notes: Vec<String>,
}

impl Project {
    pub fn score(&self, name: &str) -> Option<f64> {
        self.scores
            .iter()
            .find(|score| score.name == name)
            .map(|score| score.value)
    }

    pub fn lines_of_code(&self) -> u64 {
        self.languages.iter().map(|language| language.code).sum()
    }
}

/// What the walk met.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    pub total: u64,
    pub text: u64,
    pub binary: u64,
    /// Counted, not read.
    pub too_large: u64,
    pub unreadable: u64,
    /// Never followed.
    pub symbolic_links: u64,
    pub bytes: u64,
    /// Folders of installed or generated code that stand outside .gitignore.
    pub skipped_folders: Vec<String>,
    /// Repositories inside this one: listed, not read.
    pub nested_repositories: Vec<String>,
    /// The limits on the number of files or bytes were met.
    pub cut_off: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LanguageLines {
    pub name: String,
    /// `code`, `markup`, `data` or `prose`.
    pub kind: String,
    pub files: u64,
    pub code: u64,
    pub comment: u64,
    pub blank: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dependencies {
    pub manifests: Vec<Manifest>,
    pub total: u64,
    /// Without a version, `*`, `latest`, a branch, or a lower bound only.
    pub unbounded: u64,
    /// Manifests with dependencies and no lock file.
    pub without_lock: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub file: String,
    /// `cargo`, `npm`, `python`, `go`, `maven`, `gradle`, `ruby`, `composer`, `dotnet`, `mix`, `pub`.
    pub ecosystem: String,
    pub package: Option<String>,
    pub version: Option<String>,
    pub dependencies: u64,
    pub dev_dependencies: u64,
    /// Exactly one version is allowed.
    pub exact: u64,
    pub unbounded: u64,
    /// In the order of the file, at most 60.
    pub names: Vec<String>,
    pub lock_file: Option<String>,
    /// It could not be parsed.
    pub fault: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tests {
    pub files: u64,
    pub functions: u64,
    /// Lines of code in test files.
    pub lines: u64,
    /// Test functions per function that is no test; none without functions.
    pub per_function: Option<f64>,
    pub frameworks: Vec<String>,
}

/// Approximations from lines and words, not from syntax trees; see `flow::scan`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Complexity {
    pub functions: u64,
    pub mean_function_lines: Option<f64>,
    /// Branch words per function: 1 means straight lines with one decision.
    pub branches_per_function: Option<f64>,
    /// Over 500 lines of code, longest first, at most 10.
    pub long_files: Vec<LongFile>,
    pub n_long_files: u64,
    /// Over 60 lines, longest first, at most 10.
    pub long_functions: Vec<LongFunction>,
    pub n_long_functions: u64,
    pub deepest_nesting: Option<Nesting>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LongFile {
    pub file: String,
    pub lines: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LongFunction {
    pub file: String,
    pub line: u32,
    pub name: String,
    pub lines: u64,
}

/// Blocks inside blocks, the function's own body not counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Nesting {
    pub file: String,
    pub line: u32,
    pub depth: u64,
}

/// Notes of unfinished work in comments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Markers {
    pub total: u64,
    pub counts: std::collections::BTreeMap<String, u64>,
    /// In file order, at most 50.
    pub places: Vec<MarkerPlace>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MarkerPlace {
    pub word: String,
    pub file: String,
    pub line: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    pub containers: Vec<Container>,
    pub compose: Vec<Compose>,
    pub kubernetes: Vec<Kubernetes>,
    pub helm_charts: Vec<String>,
    pub pipelines: Vec<Pipeline>,
    /// How it is started, with where that is said.
    pub start_commands: Vec<String>,
    pub ports: Vec<Port>,
    pub environment: EnvironmentUse,
    /// Most severe first.
    pub blockers: Vec<Blocker>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Container {
    pub file: String,
    pub base_images: Vec<BaseImage>,
    /// The last stage runs as root (no USER, or USER root).
    pub runs_as_root: bool,
    pub health_check: bool,
    pub starts_something: bool,
    pub stages: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BaseImage {
    pub image: String,
    /// None means `latest`.
    pub tag: Option<String>,
    /// By digest.
    pub pinned: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Compose {
    pub file: String,
    pub services: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Kubernetes {
    pub file: String,
    pub kinds: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    pub system: String,
    pub file: String,
    pub runs_tests: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Port {
    pub port: u16,
    pub file: String,
    pub line: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentUse {
    /// Names, sorted.
    pub used: Vec<String>,
    pub example_file: Option<String>,
    /// Used, and neither the example file nor the README names it.
    pub undocumented: Vec<String>,
    /// Files with real values that .gitignore does not leave out.
    pub files_with_values: Vec<String>,
}

/// Ordered from the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    Critical,
    High,
    Medium,
    Low,
}

impl Gravity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Something that stands between the project and a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blocker {
    /// A stable word: `secret_in_code`, `no_lock_file` …
    pub kind: String,
    pub issue: String,
    pub severity: Gravity,
    pub file: Option<String>,
    pub line: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Documentation {
    pub readme: Option<Readme>,
    pub licence: Option<String>,
    pub changelog: bool,
    pub contributing: bool,
    pub api: Vec<ApiDocument>,
    /// Functions with a comment or docstring of their own, 0..1; none without functions.
    pub documented_functions: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Readme {
    pub file: String,
    pub words: u64,
    pub headings: Vec<String>,
    pub installation: bool,
    pub usage: bool,
    pub configuration: bool,
    pub examples: bool,
    pub licence: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ApiDocument {
    pub file: String,
    pub kind: String,
    /// Paths or operations it describes, where they can be counted.
    pub operations: Option<u64>,
}

/// Where a secret stands, never what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretFound {
    pub file: String,
    pub line: Option<u32>,
    pub kind: String,
    /// In tests, documents or examples, where secrets are most often made up.
    pub made_up: bool,
}

/// 0..10 with the points that make it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub name: String,
    pub value: f64,
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    pub points: f64,
    pub text: String,
}

/// What the specialists and the aggregator answered, or why not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// `architect_analysis`, `deployment_analysis`, `business_analysis`, `aggregated_insights`, in this order; a user's own
    /// pattern may add others.
    pub parts: Vec<(String, Result<Value, Why>)>,
    pub calls: Vec<CallRecord>,
    pub wall_millis: u64,
}

impl Answers {
    pub fn is_complete(&self) -> bool {
        self.parts.iter().all(|(_, part)| part.is_ok())
    }

    pub fn part(&self, key: &str) -> Option<&Value> {
        let (_, part) = self.parts.iter().find(|(known, _)| *known == key)?;
        part.as_ref().ok()
    }
}
