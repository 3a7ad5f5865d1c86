//! What a project depends on, read from its manifests; nothing is resolved or fetched.
//!
//! A dependency is *exact* when one version is allowed (`==1.2`, `=1.2.3`, `1.2.3` of npm, Maven, Go) and *unbounded* when
//! nothing stops a new major version (`*`, `latest`, no version, `>=1`, a branch).

mod lines;
mod structured;

use crate::insight::project::{Dependencies, Manifest};

use super::tree::{SourceFile, folder};

/// More names than this say nothing more about a project.
const MOST_NAMES: usize = 60;

/// One line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    name: String,
    /// As it is written; empty for none.
    version: String,
    dev: bool,
}

impl Wanted {
    fn new(name: impl Into<String>, version: impl Into<String>, dev: bool) -> Self {
        Self {
            name: name.into(),
            version: version.into().trim().to_owned(),
            dev,
        }
    }
}

/// A manifest as its reader leaves it.
#[derive(Debug, Default)]
struct Read {
    package: Option<String>,
    version: Option<String>,
    description: Option<String>,
    wanted: Vec<Wanted>,
}

/// An ecosystem: how its manifests are read and what locks them.
struct Ecosystem {
    name: &'static str,
    is_manifest: fn(&str) -> bool,
    read: fn(&str) -> Result<Read, String>,
    /// Any of them in the same folder or one above.
    locks: &'static [&'static str],
    /// A plain number means exactly that version.
    plain_is_exact: bool,
}

static ECOSYSTEMS: [Ecosystem; 13] = [
    Ecosystem {
        name: "cargo",
        is_manifest: |name| name == "Cargo.toml",
        read: structured::cargo,
        locks: &["Cargo.lock"],
        plain_is_exact: false,
    },
    Ecosystem {
        name: "npm",
        is_manifest: |name| name == "package.json",
        read: structured::npm,
        locks: &[
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
            "bun.lockb",
            "deno.lock",
        ],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "python",
        is_manifest: |name| name == "pyproject.toml",
        read: structured::pyproject,
        locks: &[
            "poetry.lock",
            "uv.lock",
            "pdm.lock",
            "pylock.toml",
            "requirements.lock",
            "requirements.txt",
        ],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "python",
        is_manifest: |name| name == "Pipfile",
        read: structured::pipfile,
        locks: &["Pipfile.lock"],
        plain_is_exact: false,
    },
    Ecosystem {
        name: "python",
        is_manifest: |name| name.starts_with("requirements") && (name.ends_with(".txt") || name.ends_with(".in")),
        read: lines::requirements,
        locks: &[
            "requirements.lock",
            "poetry.lock",
            "uv.lock",
            "Pipfile.lock",
            "pdm.lock",
        ],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "go",
        is_manifest: |name| name == "go.mod",
        read: lines::go,
        locks: &["go.sum"],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "maven",
        is_manifest: |name| name == "pom.xml",
        read: lines::maven,
        locks: &[],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "gradle",
        is_manifest: |name| name == "build.gradle" || name == "build.gradle.kts",
        read: lines::gradle,
        locks: &["gradle.lockfile", "verification-metadata.xml"],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "ruby",
        is_manifest: |name| name == "Gemfile",
        read: lines::gems,
        locks: &["Gemfile.lock"],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "composer",
        is_manifest: |name| name == "composer.json",
        read: structured::composer,
        locks: &["composer.lock"],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "dotnet",
        is_manifest: |name| [".csproj", ".fsproj", ".vbproj"].iter().any(|end| name.ends_with(end)),
        read: lines::dotnet,
        locks: &["packages.lock.json"],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "mix",
        is_manifest: |name| name == "mix.exs",
        read: lines::mix,
        locks: &["mix.lock"],
        plain_is_exact: true,
    },
    Ecosystem {
        name: "pub",
        is_manifest: |name| name == "pubspec.yaml",
        read: lines::pubspec,
        locks: &["pubspec.lock"],
        plain_is_exact: true,
    },
];

/// All manifests of a project and the description that the first one gives. `names` are all files, read or not.
pub(super) fn dependencies(sources: &[SourceFile], names: &[&str]) -> (Dependencies, Option<String>) {
    let mut all = Dependencies::default();
    let mut description = None;
    for source in sources {
        let Some(ecosystem) = ECOSYSTEMS
            .iter()
            .find(|ecosystem| (ecosystem.is_manifest)(source.file_name()))
        else {
            continue;
        };
        let (manifest, said) = manifest(source, ecosystem, names);
        let outermost = !source.name.contains('/');
        description = description.or_else(|| said.filter(|said| outermost && !said.trim().is_empty()));
        all.total += manifest.dependencies + manifest.dev_dependencies;
        all.unbounded += manifest.unbounded;
        if is_unlocked(&manifest, ecosystem) {
            all.without_lock.push(manifest.file.clone());
        }
        all.manifests.push(manifest);
    }
    (all, description)
}

fn manifest(source: &SourceFile, ecosystem: &Ecosystem, names: &[&str]) -> (Manifest, Option<String>) {
    let (read, fault) = match (ecosystem.read)(&source.text) {
        Ok(read) => (read, None),
        Err(fault) => (Read::default(), Some(fault)),
    };
    let count = |test: &dyn Fn(&Wanted) -> bool| read.wanted.iter().filter(|wanted| test(wanted)).count() as u64;
    let bound = |wanted: &Wanted| Bound::of(&wanted.version, ecosystem.plain_is_exact);
    let manifest = Manifest {
        file: source.name.clone(),
        ecosystem: ecosystem.name.to_owned(),
        dependencies: count(&|wanted| !wanted.dev),
        dev_dependencies: count(&|wanted| wanted.dev),
        exact: count(&|wanted| bound(wanted) == Bound::Exact),
        unbounded: count(&|wanted| bound(wanted) == Bound::None),
        names: read
            .wanted
            .iter()
            .take(MOST_NAMES)
            .map(|wanted| wanted.name.clone())
            .collect(),
        lock_file: lock_file(&source.name, ecosystem, names),
        package: read.package,
        version: read.version,
        fault,
    };
    (manifest, read.description)
}

/// The nearest lock file, upward: a workspace has one for all its members.
fn lock_file(manifest: &str, ecosystem: &Ecosystem, names: &[&str]) -> Option<String> {
    let mut at = folder(manifest);
    loop {
        for lock in ecosystem.locks {
            let path = if at.is_empty() {
                (*lock).to_owned()
            } else {
                format!("{at}/{lock}")
            };
            if path != manifest && names.contains(&path.as_str()) {
                return Some(path);
            }
        }
        if at.is_empty() {
            return None;
        }
        at = folder(at);
    }
}

/// Exact versions throughout need no lock file; an ecosystem without one is not blamed for it.
fn is_unlocked(manifest: &Manifest, ecosystem: &Ecosystem) -> bool {
    let n_wanted = manifest.dependencies + manifest.dev_dependencies;
    let exact = manifest.exact == n_wanted && manifest.ecosystem != "npm";
    n_wanted > 0 && manifest.lock_file.is_none() && !exact && !ecosystem.locks.is_empty()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Exact,
    Range,
    None,
}

impl Bound {
    fn of(version: &str, plain_is_exact: bool) -> Self {
        let version = version.trim();
        let lower = version.to_ascii_lowercase();
        let free = [
            "",
            "*",
            "latest",
            "any",
            "x",
            "main",
            "master",
            "head",
            "latest.release",
            "+",
        ];
        let source = ["git+", "git:", "github:", "git://"]
            .iter()
            .any(|start| lower.starts_with(start));
        if free.contains(&lower.as_str()) || source {
            return Self::None;
        }
        let number = |text: &str| {
            text.trim()
                .trim_start_matches('v')
                .starts_with(|letter: char| letter.is_ascii_digit())
        };
        if let Some(rest) = version
            .strip_prefix("===")
            .or_else(|| version.strip_prefix("=="))
            .or_else(|| version.strip_prefix('='))
        {
            return if number(rest) && !rest.contains('*') {
                Self::Exact
            } else {
                Self::Range
            };
        }
        if version.starts_with('>') && !version.contains('<') && !version.contains("||") {
            return Self::None;
        }
        let plain = number(version)
            && !version.contains(['*', ' ', ',', '|', '<', '+'])
            && !lower.contains(".x")
            && !version.ends_with(".+");
        if plain && plain_is_exact {
            Self::Exact
        } else {
            Self::Range
        }
    }
}

#[cfg(test)]
mod tests;
