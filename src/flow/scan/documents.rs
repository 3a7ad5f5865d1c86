//! README, licence, API descriptions: what somebody new finds.

use regex::Regex;

use crate::insight::project::{ApiDocument, Documentation, Readme};

use super::tree::{SourceFile, file_name};

/// `names` are all files, read or not; `documented` is the share of functions with a comment of their own.
pub(super) fn documentation(sources: &[SourceFile], names: &[&str], documented: Option<f64>) -> Documentation {
    let outermost = |start: &str| {
        names
            .iter()
            .find(|name| !name.contains('/') && name.to_ascii_lowercase().starts_with(start))
            .copied()
    };
    Documentation {
        readme: readme_file(sources).map(readme),
        licence: licence(sources, names),
        changelog: outermost("changelog").or_else(|| outermost("changes")).is_some(),
        contributing: names
            .iter()
            .any(|name| file_name(name).to_ascii_lowercase().starts_with("contributing")),
        api: api(sources),
        documented_functions: documented,
    }
}

/// The README of the project's own folder.
pub(super) fn readme_file(sources: &[SourceFile]) -> Option<&SourceFile> {
    sources
        .iter()
        .find(|source| !source.name.contains('/') && source.name.to_ascii_lowercase().starts_with("readme"))
}

/// The first paragraph of prose.
pub(super) fn first_paragraph(text: &str) -> Option<String> {
    let paragraph: Vec<&str> = text
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty() || line.starts_with(['#', '=', '-', '[', '!', '<', '|', '`', '>']))
        .take_while(|line| !line.is_empty())
        .collect();
    let text = paragraph.join(" ");
    (!text.is_empty()).then(|| text.chars().take(300).collect())
}

fn readme(source: &SourceFile) -> Readme {
    let headings = headings(&source.text);
    let about = |words: &[&str]| {
        headings.iter().any(|heading| {
            let heading = heading.to_lowercase();
            words.iter().any(|word| heading.contains(word))
        })
    };
    let code = source.text.contains("```")
        || source.text.contains("::\n")
        || source.text.lines().any(|line| line.starts_with("    $"));
    let command =
        Regex::new(r"(?m)^\s*(?:\$ )?(?:npm|pip|cargo|go|docker|make|yarn|pnpm|brew|git clone|composer|bundle|mix)\s")
            .is_ok_and(|pattern| pattern.is_match(&source.text));
    Readme {
        file: source.name.clone(),
        words: source.text.split_whitespace().count() as u64,
        installation: about(&[
            "install",
            "setup",
            "set up",
            "getting started",
            "quick start",
            "quickstart",
            "try it",
            "requirements",
        ]) || (code && command),
        usage: about(&[
            "usage",
            "how to use",
            "example",
            "use",
            "run",
            "try it",
            "tutorial",
            "your ",
        ]),
        configuration: about(&["config", "environment", "settings", "options", "variables"]),
        examples: code,
        licence: about(&["licen"]),
        headings: headings.into_iter().take(30).collect(),
    }
}

/// Headings of Markdown and reStructuredText.
fn headings(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    let mut before = "";
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let underline =
            line.len() >= 3 && (line.chars().all(|letter| letter == '=') || line.chars().all(|letter| letter == '-'));
        if fenced {
            continue;
        }
        if line.starts_with('#') && line.trim_start_matches('#').starts_with(' ') {
            found.push(line.trim_matches('#').trim().to_owned());
        } else if underline && !before.trim().is_empty() && !before.contains('|') && before.len() < 100 {
            found.push(before.trim().to_owned());
        }
        before = line;
    }
    found.iter().map(|heading| heading.chars().take(80).collect()).collect()
}

/// By the words of its text; a file with another text is a licence too.
fn licence(sources: &[SourceFile], names: &[&str]) -> Option<String> {
    let is_licence = |name: &str| {
        let lower = file_name(name).to_ascii_lowercase();
        ["license", "licence", "copying", "unlicense"]
            .iter()
            .any(|start| lower.starts_with(start))
            && !name.contains('/')
    };
    let Some(name) = names.iter().find(|name| is_licence(name)) else {
        return declared(sources);
    };
    let text = sources
        .iter()
        .find(|source| source.name == **name)
        .map_or("", |source| source.text.as_str());
    let known = [
        ("MIT", "Permission is hereby granted, free of charge"),
        ("Apache-2.0", "Apache License"),
        ("AGPL-3.0", "GNU AFFERO GENERAL PUBLIC"),
        ("LGPL", "GNU LESSER GENERAL PUBLIC"),
        ("GPL", "GNU GENERAL PUBLIC"),
        ("MPL-2.0", "Mozilla Public License"),
        ("BSD", "Redistribution and use in source and binary forms"),
        ("ISC", "Permission to use, copy, modify, and/or distribute"),
        ("Unlicense", "free and unencumbered software"),
    ];
    let found = known.iter().find(|(_, words)| text.contains(words));
    Some(found.map_or_else(|| format!("other ({name})"), |(name, _)| (*name).to_owned()))
}

/// What a manifest of the outermost folder says.
fn declared(sources: &[SourceFile]) -> Option<String> {
    let pattern = Regex::new(r#"(?m)^\s*"?license"?\s*[:=]\s*"([^"]{2,40})""#).ok()?;
    let manifests = sources.iter().filter(|source| {
        ["Cargo.toml", "package.json", "pyproject.toml", "composer.json"].contains(&source.name.as_str())
    });
    manifests
        .into_iter()
        .find_map(|source| Some(pattern.captures(&source.text)?[1].to_owned()))
}

fn api(sources: &[SourceFile]) -> Vec<ApiDocument> {
    let mut found = Vec::new();
    for source in sources {
        let name = source.file_name().to_ascii_lowercase();
        let structured = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
        let open_api = structured
            && source.text.lines().take(40).any(|line| {
                let line = line.trim_start().trim_start_matches(['"', '{', ' ']);
                line.starts_with("openapi") || line.starts_with("swagger")
            });
        let (kind, operations) = if open_api {
            ("OpenAPI", Some(operations(&source.text)))
        } else if name.ends_with(".proto") {
            ("Protocol Buffers", Some(source.text.matches("rpc ").count() as u64))
        } else if name.ends_with(".graphql") || name.ends_with(".gql") {
            ("GraphQL", None)
        } else if name.ends_with(".postman_collection.json") {
            ("Postman", None)
        } else if name == "asyncapi.yaml" || name == "asyncapi.yml" {
            ("AsyncAPI", None)
        } else {
            continue;
        };
        found.push(ApiDocument {
            file: source.name.clone(),
            kind: kind.to_owned(),
            operations,
        });
    }
    found
}

/// Methods below paths.
fn operations(text: &str) -> u64 {
    let is_method = |line: &&str| {
        let line = line.trim().trim_start_matches('"');
        ["get", "put", "post", "delete", "patch", "head", "options"]
            .iter()
            .any(|method| {
                line.strip_prefix(method)
                    .is_some_and(|rest| rest.trim_start_matches('"').starts_with(':'))
            })
    };
    text.lines().filter(is_method).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_is_read() {
        let text = "# Thing\n\n[![ci](x)](y)\n\nDoes things\nwell.\n\n## Installation\n\n```sh\n# no heading\nnpm install\n```\n\nConfiguration\n-------------\n\n## License\n";
        let source = SourceFile::new("README.md", text);
        let found = readme(&source);
        assert_eq!(found.headings, ["Thing", "Installation", "Configuration", "License"]);
        assert!(found.installation && found.configuration && found.licence && found.examples && !found.usage);
        assert_eq!(first_paragraph(text).as_deref(), Some("Does things well."));
    }

    #[test]
    fn licences_and_apis() {
        let sources = [
            SourceFile::new(
                "LICENSE",
                "MIT License\n\nPermission is hereby granted, free of charge, to",
            ),
            SourceFile::new(
                "api/openapi.yaml",
                "openapi: 3.0.0\npaths:\n  /a:\n    get:\n    post:\n",
            ),
            SourceFile::new("package.json", "{\n  \"license\": \"ISC\"\n}"),
        ];
        assert_eq!(licence(&sources, &["LICENSE"]).as_deref(), Some("MIT"));
        assert_eq!(licence(&sources, &[]).as_deref(), Some("ISC"));
        assert_eq!(api(&sources)[0].operations, Some(2));
    }
}
