//! Manifests that are programs or have a format of their own, read line by line.

use std::sync::LazyLock;

use regex::Regex;

use super::{Read, Wanted};

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).expect("a constant pattern"));
    };
}

pattern!(
    REQUIREMENT,
    r"^\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?P<version>(?:[=<>!~]=?=?|@)[^;#]*)?"
);

/// `name[extra]>=1,<2 ; marker`.
pub(super) fn requirement(line: &str) -> Option<(String, String)> {
    let captures = REQUIREMENT.captures(line)?;
    let version = captures.name("version").map_or("", |version| version.as_str());
    Some((
        captures["name"].to_owned(),
        version.trim().trim_start_matches('@').trim().to_owned(),
    ))
}

pub(super) fn requirements(text: &str) -> Result<Read, String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '-']));
    let wanted = lines.filter_map(requirement);
    Ok(read(
        wanted
            .map(|(name, version)| Wanted::new(name, version, false))
            .collect(),
    ))
}

pattern!(GO_MODULE, r"(?m)^module\s+(\S+)");
pattern!(
    GO_REQUIRE,
    r"^(?:require\s+)?(?P<name>[\w.-]+\.[\w./~-]+)\s+(?P<version>v\S+)(?P<rest>.*)$"
);

pub(super) fn go(text: &str) -> Result<Read, String> {
    let mut wanted = Vec::new();
    let mut block = "";
    for line in text.lines().map(str::trim) {
        if let Some((name, "(")) = line.split_once(' ').map(|(name, rest)| (name, rest.trim())) {
            block = name;
        } else if line == ")" {
            block = "";
        } else if (block == "require" || line.starts_with("require "))
            && let Some(found) = GO_REQUIRE.captures(line)
            && !found["rest"].contains("// indirect")
        {
            wanted.push(Wanted::new(&found["name"], &found["version"], false));
        }
    }
    Ok(Read {
        package: GO_MODULE.captures(text).map(|found| found[1].to_owned()),
        ..read(wanted)
    })
}

pattern!(MAVEN_DEPENDENCY, r"(?s)<dependency>(.*?)</dependency>");
pattern!(MAVEN_ARTIFACT, r"<artifactId>\s*([^<\s]+)\s*</artifactId>");
pattern!(MAVEN_VERSION, r"<version>\s*([^<\s]+)\s*</version>");
pattern!(
    MAVEN_PARENT,
    r"(?s)<parent>.*?</parent>|<dependencies>.*?</dependencies>|<build>.*?</build>"
);
pattern!(MAVEN_MANAGED, r"(?s)<dependencyManagement>.*?</dependencyManagement>");

pub(super) fn maven(text: &str) -> Result<Read, String> {
    let own = MAVEN_MANAGED.replace_all(text, "");
    let wanted = MAVEN_DEPENDENCY.captures_iter(&own).filter_map(|found| {
        let body = found.get(1)?.as_str();
        let name = MAVEN_ARTIFACT.captures(body)?[1].to_owned();
        // Without a version the parent or the management section names one.
        let version = MAVEN_VERSION
            .captures(body)
            .map_or_else(|| "1".to_owned(), |found| found[1].to_owned());
        let version = if version.starts_with("${") {
            "1".to_owned()
        } else {
            version
        };
        Some(Wanted::new(name, version, body.contains("<scope>test</scope>")))
    });
    let wanted = wanted.collect();
    let head = MAVEN_PARENT.replace_all(&own, "");
    let text_of = |pattern: &Regex| pattern.captures(&head).map(|found| found[1].to_owned());
    Ok(Read {
        package: text_of(&MAVEN_ARTIFACT),
        version: text_of(&MAVEN_VERSION),
        ..read(wanted)
    })
}

pattern!(
    GRADLE,
    r#"(?m)^\s*(?P<how>\w*(?:[iI]mplementation|[aA]pi|[cC]ompileOnly|[rR]untimeOnly|kapt|annotationProcessor|compile))\s*\(?\s*["'](?P<group>[^:"']+):(?P<name>[^:"']+)(?::(?P<version>[^"']+))?["']"#
);

pub(super) fn gradle(text: &str) -> Result<Read, String> {
    let wanted = GRADLE.captures_iter(text).map(|found| {
        // Without a version a platform names one.
        let version = found.name("version").map_or("1", |version| version.as_str());
        let version = if version.starts_with('$') { "1" } else { version };
        Wanted::new(
            &found["name"],
            version,
            found["how"].to_ascii_lowercase().contains("test"),
        )
    });
    Ok(read(wanted.collect()))
}

pattern!(
    GEM,
    r#"^\s*gem\s+["'](?P<name>[^"']+)["'](?:\s*,\s*["'](?P<version>[^"']+)["'])?"#
);

pub(super) fn gems(text: &str) -> Result<Read, String> {
    let mut wanted = Vec::new();
    let mut dev = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("group") {
            dev = trimmed.contains(":test") || trimmed.contains(":development");
        } else if trimmed == "end" {
            dev = false;
        } else if let Some(found) = GEM.captures(line) {
            let version = found.name("version").map_or("", |version| version.as_str());
            wanted.push(Wanted::new(&found["name"], version, dev));
        }
    }
    Ok(read(wanted))
}

pattern!(
    DOTNET,
    r#"<PackageReference\s+(?:Include|Update)="(?P<name>[^"]+)"(?:[^>]*?Version="(?P<version>[^"]+)")?"#
);

pub(super) fn dotnet(text: &str) -> Result<Read, String> {
    let wanted = DOTNET.captures_iter(text).map(|found| {
        // Without a version the central file names one.
        Wanted::new(
            &found["name"],
            found.name("version").map_or("1", |version| version.as_str()),
            false,
        )
    });
    Ok(read(wanted.collect()))
}

pattern!(
    MIX,
    r#"\{\s*:(?P<name>\w+)\s*,\s*(?:"(?P<version>[^"]+)")?(?P<rest>[^}]*)\}"#
);

pub(super) fn mix(text: &str) -> Result<Read, String> {
    let wanted = MIX.captures_iter(text).map(|found| {
        let version = found.name("version").map_or("", |version| version.as_str());
        let dev = found["rest"].contains(":dev") || found["rest"].contains(":test");
        Wanted::new(&found["name"], version, dev)
    });
    Ok(read(wanted.collect()))
}

pattern!(PUB_ENTRY, r"^  (?P<name>[a-z_]\w*):\s*(?P<version>[^#]*)");

pub(super) fn pubspec(text: &str) -> Result<Read, String> {
    let mut section = "";
    let mut read = Read::default();
    for line in text.lines() {
        if let Some((key, value)) = line.split_once(':')
            && !line.starts_with([' ', '#', '-'])
        {
            section = key;
            let value = value.trim().trim_matches(['"', '\'']).to_owned();
            match key {
                "name" => read.package = Some(value),
                "version" => read.version = Some(value),
                "description" => read.description = Some(value),
                _ => {}
            }
        } else if matches!(section, "dependencies" | "dev_dependencies")
            && let Some(found) = PUB_ENTRY.captures(line)
        {
            let version = found["version"].trim().trim_matches(['"', '\'']);
            // A map follows: an SDK, a path or a repository.
            let version = if version.is_empty() { "1" } else { version };
            read.wanted
                .push(Wanted::new(&found["name"], version, section.starts_with("dev")));
        }
    }
    Ok(read)
}

fn read(wanted: Vec<Wanted>) -> Read {
    Read {
        wanted,
        ..Read::default()
    }
}
