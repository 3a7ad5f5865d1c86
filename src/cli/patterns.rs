//! `insights patterns`: which ways of thinking there are, what they do, and what is wrong with them. Asks no model.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::config::{PatternSettings, Typed};
use crate::prompt::{self, Choice, Fault, Kind, Listed, Next, Origin, Pattern, Prompts, Stage};

use super::args::{CommonArguments, PatternPlaces, PatternsAction, PatternsArguments};
use super::exit::{Code, Failure};
use super::{print, run};

pub(super) fn patterns(arguments: &PatternsArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let places = match &arguments.action {
        None => &arguments.places,
        Some(
            PatternsAction::List { places }
            | PatternsAction::Show { places, .. }
            | PatternsAction::Check { places, .. },
        ) => places,
    };
    let settings = settle(places, common)?;
    let (code, text) = match &arguments.action {
        None | Some(PatternsAction::List { .. }) => (Code::Complete, list(&load(&settings.prompts)?, places.json)),
        Some(PatternsAction::Show { name, .. }) => {
            (Code::Complete, show(&load(&settings.prompts)?, name, places.json)?)
        }
        Some(PatternsAction::Check { pattern, .. }) => check(&settings, pattern.as_deref(), places.json)?,
    };
    print::out(&text).map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(code)
}

fn settle(places: &PatternPlaces, common: &CommonArguments) -> Result<PatternSettings, Failure> {
    let typed = Typed {
        patterns: places.patterns.clone(),
        prompts: places.prompts.clone(),
        ..Typed::default()
    };
    run::settle_patterns(&typed, common)
}

fn load(options: &prompt::Options) -> Result<Prompts, Failure> {
    Ok(Prompts::open(options)?)
}

fn list(prompts: &Prompts, json: bool) -> String {
    let rows: Vec<(Listed, Option<Pattern>)> = prompts
        .list()
        .into_iter()
        .map(|listed| {
            let pattern = prompts.pattern(&listed.name).ok();
            (listed, pattern)
        })
        .collect();
    if json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(listed, pattern)| {
                json!({
                    "name": listed.name,
                    "title": pattern.as_ref().map(|pattern| &pattern.title),
                    "description": pattern.as_ref().map(|pattern| &pattern.description),
                    "origin": listed.origins.first().map(ToString::to_string),
                    "instead_of": listed.origins.iter().skip(1).map(ToString::to_string).collect::<Vec<_>>(),
                    "usable": pattern.is_some(),
                })
            })
            .collect();
        return format!("{:#}\n", Value::from(rows));
    }
    let width = rows
        .iter()
        .map(|(listed, _)| listed.name.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (listed, pattern) in &rows {
        let about = pattern.as_ref().map_or_else(
            || format!("has faults: `insights patterns check {}` tells them", listed.name),
            |pattern| pattern.description.clone(),
        );
        text.push_str(&format!("{:width$}  {about}{}\n", listed.name, place(listed)));
    }
    print::safe(&text)
}

/// Only what is not built in is worth a word.
fn place(listed: &Listed) -> String {
    match listed.origins.as_slice() {
        [Origin::File(path)] => format!(" (yours: {})", path.display()),
        [Origin::File(path), ..] => format!(" (yours: {}, in place of the built-in one)", path.display()),
        _ => String::new(),
    }
}

fn show(prompts: &Prompts, name: &str, json: bool) -> Result<String, Failure> {
    let pattern = prompts.pattern(name)?;
    let example = prompts.text(&format!("{name}/example.md"))?;
    if json {
        let stages: Vec<Value> = pattern.stages.iter().map(stage_json).collect();
        let files: Vec<Value> = prompts
            .sources(name)
            .into_iter()
            .map(|(file, origin)| json!({"file": file, "origin": origin.to_string()}))
            .collect();
        let value = json!({
            "name": pattern.name, "title": pattern.title, "description": pattern.description,
            "origin": pattern.origin.to_string(), "result": pattern.result, "stages": stages, "files": files, "example": example,
        });
        return Ok(format!("{value:#}\n"));
    }
    let mut lines = vec![
        format!("{}: {}", pattern.name, pattern.title),
        pattern.description.clone(),
        format!("from {}", pattern.origin),
        String::new(),
    ];
    for (number, stage) in pattern.stages.iter().enumerate() {
        lines.push(format!(
            "{}. {} ({}): {}",
            number + 1,
            stage.name,
            stage.kind.word(),
            stage.title
        ));
        lines.extend(details(stage).into_iter().map(|line| format!("     {line}")));
    }
    lines.push(String::new());
    lines.push("files".to_owned());
    let files = prompts.sources(name).into_iter();
    lines.extend(files.map(|(file, origin)| format!("     {file} ({origin})")));
    if let Some(example) = example {
        lines.extend([
            String::new(),
            "example".to_owned(),
            String::new(),
            example.trim_end().to_owned(),
        ]);
    }
    Ok(print::safe(&(lines.join("\n") + "\n")))
}

fn details(stage: &Stage) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(of) = &stage.of {
        lines.push(format!("of {of}"));
    }
    if !stage.inputs.is_empty() {
        lines.push(format!("reads {}", stage.inputs.join(", ")));
    }
    if !stage.roles.is_empty() {
        let names: Vec<&str> = stage.roles.iter().map(|role| role.name.as_str()).collect();
        lines.push(format!("asks {}", names.join(", ")));
    } else {
        lines.push(format!("asks {}", chosen(stage)));
    }
    if stage.minimum > 1 {
        lines.push(format!("needs {} answers", stage.minimum));
    }
    for branch in &stage.branches {
        let to = match &branch.to {
            Next::Stage(name) => name.as_str(),
            Next::End => "the end",
        };
        let bound = match branch.bound {
            prompt::Bound::AtLeast(bound) => format!("at least {bound}"),
            prompt::Bound::Below(bound) => format!("below {bound}"),
        };
        lines.push(format!("goes to {to} when {} is {bound}", branch.score.word()));
    }
    lines
}

fn chosen(stage: &Stage) -> String {
    match (&stage.models, stage.kind) {
        (Some(Choice::All), _) => "all models".to_owned(),
        (Some(Choice::Named(names)), _) => names.join(", "),
        (Some(Choice::Heaviest(1)), _) => "the heaviest model".to_owned(),
        (Some(Choice::Heaviest(count)), _) => format!("the {count} heaviest models"),
        (Some(Choice::Tagged { tag, count: None }), _) => format!("the models tagged {tag}"),
        (
            Some(Choice::Tagged {
                tag,
                count: Some(count),
            }),
            _,
        ) => format!("{count} models tagged {tag}"),
        (None, Kind::Models) => "all models".to_owned(),
        (None, Kind::Review | Kind::Ranking) => "the models that answered".to_owned(),
        (None, _) => "one model by the run's routing".to_owned(),
    }
}

fn stage_json(stage: &Stage) -> Value {
    json!({
        "name": stage.name, "title": stage.title, "kind": stage.kind.word(), "inputs": stage.inputs, "of": stage.of,
        "roles": stage.roles.iter().map(|role| &role.name).collect::<Vec<_>>(),
        "models": stage.roles.is_empty().then(|| chosen(stage)),
        "template": stage.template, "schema": stage.schema, "minimum": stage.minimum,
    })
}

fn check(settings: &PatternSettings, pattern: Option<&str>, json: bool) -> Result<(Code, String), Failure> {
    let folder = pattern.map(Path::new).filter(|path| path.is_dir());
    let (prompts, names) = match (pattern, folder) {
        (_, Some(folder)) => {
            let (options, names) = of_folder(&settings.prompts, folder)?;
            (load(&options)?, names)
        }
        (Some(name), None) => (load(&settings.prompts)?, vec![name.to_owned()]),
        (None, None) => {
            let prompts = load(&settings.prompts)?;
            let names = prompts.list().into_iter().map(|listed| listed.name).collect();
            (prompts, names)
        }
    };
    let mut faults: Vec<Fault> = Vec::new();
    for name in &names {
        faults.extend(prompts.check(name, &settings.models)?);
    }
    let code = if faults.is_empty() { Code::Complete } else { Code::Usage };
    if json {
        let rows: Vec<Value> = faults
            .iter()
            .map(|fault| json!({"file": fault.file, "line": fault.line, "message": fault.message}))
            .collect();
        return Ok((code, format!("{:#}\n", json!({"patterns": names, "faults": rows}))));
    }
    let mut text: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
    text.push_str(&match (names.as_slice(), faults.len()) {
        ([name], 0) => format!("the pattern {name} has no fault\n"),
        (names, 0) => format!("{} patterns, no fault\n", names.len()),
        (_, 1) => "1 fault\n".to_owned(),
        (_, n_faults) => format!("{n_faults} faults\n"),
    });
    Ok((code, print::safe(&text)))
}

/// A pattern anywhere on the disk, or a folder of patterns: it takes the place of the user's patterns.
fn of_folder(options: &prompt::Options, folder: &Path) -> Result<(prompt::Options, Vec<String>), Failure> {
    let unusable = || {
        Failure::new(Code::Usage, format!("`{}` is no folder of a pattern", folder.display()))
            .hint("give the folder that holds `pattern.toml`, or a name that `insights patterns` lists")
    };
    let within = |patterns: PathBuf| prompt::Options {
        patterns: Some(patterns),
        ..options.clone()
    };
    if folder.join("pattern.toml").is_file() {
        let whole = folder.canonicalize().map_err(|_| unusable())?;
        let name = whole.file_name().and_then(|name| name.to_str()).ok_or_else(unusable)?;
        let parent = match (folder.parent(), folder.file_name()) {
            (Some(parent), Some(_)) if parent.as_os_str().is_empty() => PathBuf::from("."),
            (Some(parent), Some(_)) => parent.to_owned(),
            _ => whole.parent().map(Path::to_owned).ok_or_else(unusable)?,
        };
        return Ok((within(parent), vec![name.to_owned()]));
    }
    let entries = std::fs::read_dir(folder).map_err(|_| unusable())?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("pattern.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    match names.is_empty() {
        true => Err(unusable()),
        false => Ok((within(folder.to_owned()), names)),
    }
}
