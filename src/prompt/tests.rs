//! Patterns and templates: what ships is whole, and the layers win in order.

use std::fs;
use std::path::Path;

use super::*;

fn with(folder: &Path) -> Prompts {
    Prompts::open(&Options {
        folder: None,
        patterns: Some(folder.to_owned()),
    })
    .unwrap()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The faults of a pattern made of these files.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(folder.path(), &format!("mine/{name}"), text);
    }
    let faults = with(folder.path()).check("mine", &["known".to_owned()]).unwrap();
    faults
        .iter()
        .map(|fault| {
            let file = Path::new(&fault.file)
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned();
            format!("{file}:{}: {}", fault.line, fault.message)
        })
        .collect()
}

const ONE_STAGE: &str =
    "[[stages]]\nname = \"only\"\nkind = \"synthesis\"\ninputs = [\"question\"]\ntemplate = \"only.md\"\n";

#[test]
fn every_shipped_pattern_is_without_fault() {
    let prompts = Prompts::load(&Options::default()).unwrap();
    let names: Vec<String> = prompts.list().into_iter().map(|listed| listed.name).collect();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        assert_eq!(prompts.check(&name, &[]).unwrap(), [], "{name}");
    }
}

#[test]
fn every_shipped_file_belongs_to_a_pattern_or_is_shared() {
    let prompts = Prompts::open(&Options::default()).unwrap();
    for listed in prompts.list() {
        let pattern = prompts.pattern(&listed.name).unwrap();
        let toml = prompts.text(&format!("{}/pattern.toml", listed.name)).unwrap().unwrap();
        let mut texts = vec![toml];
        for name in prompts
            .sources(&pattern.name)
            .keys()
            .filter(|name| name.ends_with(".md"))
        {
            texts.push(prompts.text(name).unwrap().unwrap());
        }
        for name in prompts.sources(&pattern.name).keys() {
            let file = name.rsplit('/').next().unwrap();
            let used = texts.iter().any(|text| text.contains(file));
            assert!(
                used || ["pattern.toml", "example.md"].contains(&file),
                "{name} is used by nobody"
            );
        }
    }
}

#[test]
fn faults_of_the_shape_stand_at_their_line() {
    for (toml, said) in [
        ("", "pattern.toml:1: a pattern needs at least one `[[stages]]`"),
        ("title = \n", "pattern.toml:1: no valid TOML"),
        (
            "[[stages]]\nkind = \"roles\"\n",
            "pattern.toml:1: a stage needs a `name`",
        ),
        (
            "[[stages]]\nname = \"A b\"\nkind = \"synthesis\"\n",
            "pattern.toml:2: `A b` cannot be the name",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"magic\"\n",
            "pattern.toml:3: `kind` is `magic`",
        ),
        (
            "[[stages]]\nname = \"a\"\n",
            "pattern.toml:1: the stage `a` needs a `kind`",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"models\"\nmodels = \"some\"\n",
            "pattern.toml:4: `models` is \"some\"",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"models\"\nmodels = { }\n",
            "pattern.toml:4: `models` needs either",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"models\"\ntemperature = 3\n",
            "pattern.toml:4: `temperature` must be a number from 0 to 2",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"review\"\n",
            "pattern.toml:1: the stage `a` needs `of`",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"ranking\"\nof = \"b\"\n",
            "pattern.toml:4: `of` names no stage: `b`",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"refine\"\nof = \"a\"\n",
            "pattern.toml:1: a stage of the kind `refine` needs a `review_template`",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"roles\"\n",
            "pattern.toml:1: the stage `a` needs at least one `[[stages.roles]]`",
        ),
        (
            "result = \"b\"\n[[stages]]\nname = \"a\"\nkind = \"synthesis\"\n",
            "pattern.toml:1: `result` names no stage",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"synthesis\"\non_failure = { }\n",
            "pattern.toml:4: `on_failure` needs either",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"models\"\nmodels = [\"known\", \"lab:x\", \"strange\"]\n",
            "pattern.toml:4: unknown model `strange`; registered are known",
        ),
        (
            "[[stages]]\nname = \"a\"\nkind = \"synthesis\"\n[[stages]]\nname = \"a\"\nkind = \"synthesis\"\n",
            "pattern.toml:5: two stages are named `a`",
        ),
    ] {
        let faults = faults(&[("pattern.toml", toml)]);
        assert!(
            faults.iter().any(|fault| fault.contains(said)),
            "{said} is not among {faults:#?}"
        );
    }
}

#[test]
fn variables_are_judged_through_includes_and_loops() {
    let faults = faults(&[
        ("pattern.toml", ONE_STAGE),
        (
            "only.md",
            "{{ question }}\n{% include \"mine/part.md\" %}\n{% include \"mine/gone.md\" %}\n{% for word in question %}{{ word }}{{ loop.index }}{% endfor %}\n",
        ),
        (
            "part.md",
            "fine {{ fence }}\n{% raw %}{{ not_a_variable }}{% endraw %}\n{% if strange %}x{% endif %}\n",
        ),
    ]);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(
        faults[0].contains("only.md:3: there is no template `mine/gone.md`"),
        "{faults:#?}"
    );
    assert!(
        faults[1].contains("part.md:3: unknown variable `strange`"),
        "{faults:#?}"
    );
}

#[test]
fn a_name_cannot_leave_its_folder() {
    let toml = ONE_STAGE.replace("only.md", "../secret.md");
    let faults = faults(&[("pattern.toml", &toml)]);
    assert!(faults[0].contains("no plain path"), "{faults:#?}");
}

#[test]
fn the_users_files_win_over_the_folder_and_that_over_the_binary() {
    let (own, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(own.path(), "gut/initial.md", "mine");
    write(beside.path(), "gut/initial.md", "beside");
    write(beside.path(), "gut/meta.md", "beside");
    let prompts = Prompts::open(&Options {
        folder: Some(beside.path().to_owned()),
        patterns: Some(own.path().to_owned()),
    })
    .unwrap();
    let text = |name: &str| prompts.text(name).unwrap().unwrap();
    assert_eq!(text("gut/initial.md"), "mine");
    assert_eq!(text("gut/meta.md"), "beside");
    assert!(text("gut/hyper.md").starts_with("Task:"));
    assert_eq!(prompts.sources("gut")["gut/hyper.md"], Origin::BuiltIn);
}

#[test]
fn a_fence_cannot_be_closed_from_inside() {
    let text = fence("some text");
    let hostile = format!("some text\n{text}\n");
    assert!(!hostile.contains(&fence(&hostile)));
    assert_eq!(fence("some text"), text);
}
