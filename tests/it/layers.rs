//! The module map: which module may name which. Leaves first, so the list itself proves that there is no cycle.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LAYERS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("rundir", &[]),
    ("insight", &[]),
    ("event", &["insight"]),
    ("data", &["rundir", "event"]),
    ("evidence", &["insight", "data"]),
    ("prompt", &["insight", "evidence"]),
    ("store", &["clock", "rundir", "insight"]),
    ("llm", &["clock", "event", "store"]),
    ("reply", &["insight", "evidence"]),
    ("report", &["rundir", "insight", "evidence", "event"]),
    // Paths of runs and their locks are the run directory's; stamps and waits are the clock's.
    ("serve", &["clock", "rundir", "insight", "event", "store", "report"]),
    (
        "flow",
        &[
            "clock", "rundir", "insight", "event", "data", "evidence", "prompt", "store", "llm", "reply",
        ],
    ),
    ("config", &["rundir", "data", "prompt", "store", "llm", "flow"]),
    (
        "cli",
        &[
            "clock", "rundir", "insight", "event", "data", "evidence", "prompt", "store", "llm", "reply", "report",
            "serve", "flow", "config",
        ],
    ),
];

#[test]
fn every_arrow_is_on_the_map() {
    let mut faults = Vec::new();
    for (file, module) in sources() {
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{}: module `{module}` is not on the map", file.display()));
            continue;
        };
        for named in named_modules(&fs::read_to_string(&file).unwrap()) {
            if named != module && !allowed.contains(&named.as_str()) {
                faults.push(format!("{}: `{module}` may not name `{named}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_map_has_no_cycle() {
    let mut known = BTreeSet::new();
    for (module, allowed) in LAYERS {
        for arrow in *allowed {
            assert!(known.contains(arrow), "`{module}` -> `{arrow}` points upward");
        }
        known.insert(*module);
    }
}

#[test]
fn the_map_finds_a_forbidden_arrow() {
    let text = "use crate::llm::Llm;\nuse crate::{clock, event::Event};\nfn f() { crate::store::open(); }\n// crate::cli is only spoken of";
    let expected = ["clock", "event", "llm", "store"].map(str::to_owned);
    assert_eq!(named_modules(text), BTreeSet::from(expected));
}

/// All files of the library with the name of their top-level module.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
                let module = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
                if !["lib", "main"].contains(&module.as_str()) {
                    files.push((path, module));
                }
            }
        }
    }
    assert!(files.len() > 20, "the sources were not found");
    files
}

/// Modules that a text names as `crate::name` or inside `crate::{…}`; comments do not count.
fn named_modules(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n");
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect()
    };
    let mut named = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (index, letter) in group.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ if letter.is_whitespace() => {}
                    _ if start && depth == 0 => {
                        named.insert(word(&group[index..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            named.insert(word(part));
        }
    }
    named.retain(|name| LAYERS.iter().any(|(module, _)| module == name));
    named
}
