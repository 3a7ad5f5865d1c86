//! Manifests in TOML and JSON.

use serde_json::Value as Json;
use toml::Value as Toml;

use super::{Read, Wanted};

pub(super) fn cargo(text: &str) -> Result<Read, String> {
    let root = parse_toml(text)?;
    let mut read = package(root.get("package"));
    let mut tables: Vec<&Toml> = vec![&root];
    tables.extend(root.get("workspace"));
    let targets = root.get("target").and_then(Toml::as_table);
    tables.extend(targets.into_iter().flat_map(|targets| targets.values()));
    for table in tables {
        for (key, dev) in [
            ("dependencies", false),
            ("build-dependencies", true),
            ("dev-dependencies", true),
        ] {
            add_toml(&mut read, table.get(key), dev);
        }
    }
    // The workspace names the version for its members.
    read.wanted.retain(|wanted| wanted.version != WORKSPACE);
    Ok(read)
}

pub(super) fn pyproject(text: &str) -> Result<Read, String> {
    let root = parse_toml(text)?;
    let project = root.get("project");
    let poetry = root.get("tool").and_then(|tool| tool.get("poetry"));
    let mut read = package(project.or(poetry));
    let listed = |list: Option<&Toml>| -> Vec<(String, String)> {
        let items = list.and_then(Toml::as_array).into_iter().flatten();
        items
            .filter_map(Toml::as_str)
            .filter_map(super::lines::requirement)
            .collect()
    };
    let mut add = |items: Vec<(String, String)>, dev| {
        let items = items.into_iter().map(|(name, version)| Wanted::new(name, version, dev));
        read.wanted.extend(items);
    };
    add(listed(project.and_then(|project| project.get("dependencies"))), false);
    for (groups, dev) in [
        (project.and_then(|project| project.get("optional-dependencies")), true),
        (root.get("dependency-groups"), true),
    ] {
        for group in groups
            .and_then(Toml::as_table)
            .into_iter()
            .flat_map(|table| table.values())
        {
            add(listed(Some(group)), dev);
        }
    }
    if let Some(poetry) = poetry {
        add_toml(&mut read, poetry.get("dependencies"), false);
        add_toml(&mut read, poetry.get("dev-dependencies"), true);
        let groups = poetry.get("group").and_then(Toml::as_table);
        for group in groups.into_iter().flat_map(|groups| groups.values()) {
            add_toml(&mut read, group.get("dependencies"), true);
        }
        read.wanted.retain(|wanted| wanted.name != "python");
    }
    Ok(read)
}

pub(super) fn pipfile(text: &str) -> Result<Read, String> {
    let root = parse_toml(text)?;
    let mut read = Read::default();
    add_toml(&mut read, root.get("packages"), false);
    add_toml(&mut read, root.get("dev-packages"), true);
    Ok(read)
}

pub(super) fn npm(text: &str) -> Result<Read, String> {
    json_manifest(
        text,
        &[
            ("dependencies", false),
            ("optionalDependencies", false),
            ("devDependencies", true),
        ],
    )
}

pub(super) fn composer(text: &str) -> Result<Read, String> {
    let mut read = json_manifest(text, &[("require", false), ("require-dev", true)])?;
    // The language and its extensions are no packages.
    read.wanted.retain(|wanted| wanted.name.contains('/'));
    Ok(read)
}

fn json_manifest(text: &str, keys: &[(&str, bool)]) -> Result<Read, String> {
    let root: Json = serde_json::from_str(text).map_err(|error| format!("no valid JSON: line {}", error.line()))?;
    let word = |key: &str| root.get(key).and_then(Json::as_str).map(str::to_owned);
    let mut read = Read {
        package: word("name"),
        version: word("version"),
        description: word("description"),
        wanted: Vec::new(),
    };
    for (key, dev) in keys {
        for (name, version) in root.get(*key).and_then(Json::as_object).into_iter().flatten() {
            read.wanted
                .push(Wanted::new(name, version.as_str().unwrap_or_default(), *dev));
        }
    }
    Ok(read)
}

fn parse_toml(text: &str) -> Result<Toml, String> {
    text.parse::<toml::Table>()
        .map(Toml::Table)
        .map_err(|error| format!("no valid TOML: {}", error.message()))
}

fn package(table: Option<&Toml>) -> Read {
    let word = |key: &str| {
        table
            .and_then(|table| table.get(key))
            .and_then(Toml::as_str)
            .map(str::to_owned)
    };
    Read {
        package: word("name"),
        version: word("version"),
        description: word("description"),
        wanted: Vec::new(),
    }
}

const WORKSPACE: &str = "workspace";

/// `name = "1"` or `name = { version = "1", … }`.
fn add_toml(read: &mut Read, table: Option<&Toml>, dev: bool) {
    for (name, value) in table.and_then(Toml::as_table).into_iter().flatten() {
        let has = |key: &str| value.get(key).is_some();
        let version = match value {
            Toml::String(version) => version.clone(),
            _ if has("workspace") => WORKSPACE.to_owned(),
            _ => match value.get("version").and_then(Toml::as_str) {
                Some(version) => version.to_owned(),
                // A path is part of the same tree, a revision is one version.
                None if has("path") => "1".to_owned(),
                None if has("rev") || has("tag") => "=1".to_owned(),
                None => String::new(),
            },
        };
        read.wanted.push(Wanted::new(name, version, dev));
    }
}
