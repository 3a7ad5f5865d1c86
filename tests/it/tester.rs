//! The tester of `examples/tester`: its scenarios hold for this program, and not for any other.

use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo test` builds it before it runs the tests; `cargo test --test it` does not.
fn tester() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let build = own.parent().and_then(Path::parent).unwrap();
    let tester = build.join(format!("examples/tester{}", std::env::consts::EXE_SUFFIX));
    assert!(tester.is_file(), "first: cargo build --example tester");
    tester
}

fn judged(scenario: &str, binary: &Path) -> (Option<i32>, String) {
    let output = Command::new(tester())
        .args(["--scenario", scenario, "--binary"])
        .arg(binary)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[track_caller]
fn holds(scenario: &str) {
    let (code, text) = judged(scenario, Path::new(env!("CARGO_BIN_EXE_insights")));
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.ends_with("all checks hold\n") && text.lines().count() > 10,
        "{text}"
    );
}

#[test]
fn the_core_scenarios_hold() {
    holds("core");
}

#[test]
fn many_producers_work_side_by_side() {
    holds("load");
}

#[cfg(unix)]
#[test]
fn what_is_killed_or_refused_heals() {
    holds("healing");
}

#[test]
fn the_dashboard_starts_an_exploration() {
    holds("webserver");
}

#[test]
fn another_program_does_not_pass() {
    let (code, text) = judged("minimal", &tester());
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAILED minimal"), "{text}");
}
