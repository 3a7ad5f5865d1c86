use super::*;

/// Ecosystem, dependencies, dev dependencies, exact, unbounded, lock file.
fn read(files: &[(&str, &str)]) -> Vec<(String, u64, u64, u64, u64, Option<String>)> {
    let sources: Vec<SourceFile> = files.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let (all, _) = dependencies(&sources, &names);
    all.manifests
        .into_iter()
        .map(|manifest| {
            assert_eq!(manifest.fault, None);
            (
                manifest.ecosystem,
                manifest.dependencies,
                manifest.dev_dependencies,
                manifest.exact,
                manifest.unbounded,
                manifest.lock_file,
            )
        })
        .collect()
}

fn row(
    ecosystem: &str,
    counts: (u64, u64, u64, u64),
    lock: Option<&str>,
) -> Vec<(String, u64, u64, u64, u64, Option<String>)> {
    let (wanted, dev, exact, unbounded) = counts;
    vec![(
        ecosystem.to_owned(),
        wanted,
        dev,
        exact,
        unbounded,
        lock.map(str::to_owned),
    )]
}

#[test]
fn cargo_and_its_workspace_lock() {
    let text = "[package]\nname = \"a\"\n[dependencies]\nserde = { version = \"1\", features = [] }\ntokio = \"*\"\nown = { workspace = true }\n[dev-dependencies]\ninsta = \"=1.2.3\"\n[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n";
    assert_eq!(
        read(&[("crates/a/Cargo.toml", text), ("Cargo.lock", "")]),
        row("cargo", (3, 1, 1, 1), Some("Cargo.lock"))
    );
}

#[test]
fn every_ecosystem_is_read() {
    assert_eq!(
        read(&[(
            "package.json",
            r#"{"name":"a","dependencies":{"x":"^1.0.0","y":"latest"},"devDependencies":{"z":"1.2.3"}}"#
        )]),
        row("npm", (2, 1, 1, 1), None)
    );
    assert_eq!(
        read(&[(
            "requirements.txt",
            "# a\nflask==3.0.0\nrequests>=2\nnumpy\n-r other.txt\nx[y]~=1.0 ; python_version > '3'\n"
        )]),
        row("python", (4, 0, 1, 2), None)
    );
    let pyproject = "[project]\nname='a'\ndependencies=['flask>=3,<4','x']\n[project.optional-dependencies]\ntest=['pytest==8.0']\n";
    assert_eq!(
        read(&[("pyproject.toml", pyproject)]),
        row("python", (2, 1, 1, 1), None)
    );
    let poetry = "[tool.poetry]\nname='a'\n[tool.poetry.dependencies]\npython='^3.12'\nflask='^3'\n[tool.poetry.group.dev.dependencies]\npytest='*'\n";
    assert_eq!(
        read(&[("poetry.lock", ""), ("pyproject.toml", poetry)]),
        row("python", (1, 1, 0, 1), Some("poetry.lock"))
    );
    assert_eq!(
        read(&[("Pipfile", "[packages]\nflask='*'\n[dev-packages]\npytest='==8.0'\n")]),
        row("python", (1, 1, 1, 1), None)
    );
    let go = "module example.org/a\n\ngo 1.22\n\nrequire example.org/b v1.0.0\nrequire (\n\tgithub.com/x/y v1.2.3\n\tgithub.com/x/z v1.2.3 // indirect\n)\n";
    assert_eq!(
        read(&[("go.mod", go), ("go.sum", "")]),
        row("go", (2, 0, 2, 0), Some("go.sum"))
    );
    let maven = "<project><artifactId>a</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>b</artifactId><version>1.0</version></dependency><dependency><artifactId>junit</artifactId><version>5</version><scope>test</scope></dependency></dependencies></project>";
    assert_eq!(read(&[("pom.xml", maven)]), row("maven", (1, 1, 2, 0), None));
    let gradle = "dependencies {\n    implementation 'org.x:y:1.0'\n    testImplementation(\"org.x:z:+\")\n}\n";
    assert_eq!(read(&[("build.gradle", gradle)]), row("gradle", (1, 1, 1, 1), None));
    let gems = "source 'x'\ngem 'rails', '~> 7.0'\ngroup :test do\n  gem 'rspec'\nend\n";
    assert_eq!(read(&[("Gemfile", gems)]), row("ruby", (1, 1, 0, 1), None));
    assert_eq!(
        read(&[(
            "composer.json",
            r#"{"require":{"php":">=8","a/b":"^1"},"require-dev":{"c/d":"*"}}"#
        )]),
        row("composer", (1, 1, 0, 1), None)
    );
    let dotnet = r#"<Project><ItemGroup><PackageReference Include="A" Version="1.0.0" /></ItemGroup></Project>"#;
    assert_eq!(read(&[("A.csproj", dotnet)]), row("dotnet", (1, 0, 1, 0), None));
    assert_eq!(
        read(&[(
            "mix.exs",
            "{:phoenix, \"~> 1.7\"},\n{:credo, \">= 0.0.0\", only: [:dev, :test]}"
        )]),
        row("mix", (1, 1, 0, 1), None)
    );
    assert_eq!(
        read(&[(
            "pubspec.yaml",
            "name: a\ndependencies:\n  http: ^1.0.0\n  x: any\ndev_dependencies:\n  test: 1.2.3\n"
        )]),
        row("pub", (2, 1, 1, 1), None)
    );
}

#[test]
fn a_broken_manifest_is_a_fault_and_no_crash() {
    let (all, _) = dependencies(&[SourceFile::new("package.json", "{")], &["package.json"]);
    assert!(
        all.manifests[0]
            .fault
            .as_deref()
            .is_some_and(|fault| fault.contains("JSON"))
    );
}
