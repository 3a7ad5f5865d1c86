//! House rules as tests, each with its reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files under `src` with their text, tests inside them cut off.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut open = vec![root().join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                if name.contains("/tests/") || name.ends_with("tests.rs") {
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                files.push((name, code));
            }
        }
    }
    files
}

fn files_that_hold(needles: &[&str]) -> BTreeSet<String> {
    sources()
        .into_iter()
        .filter(|(_, code)| {
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            lines
                .into_iter()
                .any(|line| needles.iter().any(|needle| line.contains(needle)))
        })
        .map(|(name, _)| name)
        .collect()
}

/// Data on stdout, talk on stderr: decided once.
#[test]
fn only_cli_print_writes_to_the_terminal() {
    let found = files_that_hold(&["println!(", "print!(", "io::stdout()", "io::stderr()"]);
    assert_eq!(found, BTreeSet::from(["src/cli/print.rs".to_owned()]));
}

/// Crates that might leave the project are touched in one file each.
#[test]
fn contained_crates_stay_contained() {
    for (name, home) in [
        ("backoff::", "src/llm/retry.rs"),
        ("governor::", "src/llm/limit/bucket.rs"),
        ("dotenvy::", "src/config/environment.rs"),
        ("reqwest::", "src/llm/wire.rs"),
    ] {
        assert_eq!(files_that_hold(&[name]), BTreeSet::from([home.to_owned()]), "{name}");
    }
}

/// All time comes from one place, or a paused test would not pause it.
#[test]
fn only_clock_reads_the_time() {
    let found = files_that_hold(&["Instant::now()", "SystemTime::now()", "Timestamp::now()"]);
    assert_eq!(found, BTreeSet::from(["src/clock.rs".to_owned()]));
}

#[test]
fn nothing_is_left_unfinished() {
    let found = files_that_hold(&["todo!(", "unimplemented!(", "TODO", "FIXME"]);
    assert!(found.is_empty(), "{found:?}");
}

/// A variable that nobody can look up does not exist for the user.
#[test]
fn example_env_names_every_variable_and_no_other() {
    let text = fs::read_to_string(root().join("example.env")).unwrap();
    let listed: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name)
        .filter(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
        })
        .collect();
    let known: BTreeSet<&str> = insights::config::VARIABLES
        .iter()
        .map(|variable| variable.name)
        .collect();
    assert_eq!(listed, known);
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let silent: Vec<&&str> = known
        .iter()
        .filter(|name| !readme.contains(**name) && !name.ends_with("_FILE"))
        .collect();
    assert!(silent.is_empty(), "the README does not name {silent:?}");
}

/// A flag that the README and `--help` disagree about is a broken promise.
#[test]
fn flags_in_the_readme_exist() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut known: BTreeSet<String> = BTreeSet::from(["--help".to_owned(), "--version".to_owned()]);
    let mut commands = vec![insights::cli::command()];
    while let Some(command) = commands.pop() {
        known.extend(
            command
                .get_arguments()
                .filter_map(|argument| Some(format!("--{}", argument.get_long()?))),
        );
        commands.extend(command.get_subcommands().cloned());
    }
    let ours = |line: &&str| line.trim_start().starts_with("insights ") || line.contains("target/release/insights ");
    for line in readme.lines().filter(ours) {
        for flag in line.split_whitespace().filter(|word| word.starts_with("--")) {
            let flag = flag.split('=').next().unwrap();
            assert!(known.contains(flag), "{flag} in: {line}");
        }
    }
}

/// What a run writes stays out of the repository; the empty folder is in it.
#[test]
fn run_logs_is_an_empty_folder_in_git() {
    let git = |arguments: &[&str]| Command::new("git").args(arguments).current_dir(root()).output();
    let Ok(listed) = git(&["ls-files", "run_logs"]) else {
        println!("skipped: there is no git");
        return;
    };
    if !listed.status.success() {
        println!("skipped: not a git checkout");
        return;
    }
    assert_eq!(String::from_utf8_lossy(&listed.stdout).trim(), "run_logs/.gitkeep");
    let ignored = git(&["check-ignore", "run_logs/x/outputs/insights/report.md"]).unwrap();
    assert!(ignored.status.success());
    assert!(Path::new(&root().join("run_logs")).is_dir());
}

/// The front door shows what the program prints today.
#[test]
fn the_sample_in_the_readme_is_the_golden_report() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let report = fs::read_to_string(root().join("examples/report.md")).unwrap();
    let verdict = report.split("## Verdict").nth(1).unwrap().split("##").next().unwrap();
    for line in verdict.lines().filter(|line| !line.is_empty()) {
        assert!(readme.contains(line), "the README does not hold: {line}");
    }
}
