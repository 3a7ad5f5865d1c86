//! Every fault of a pattern that can be found without asking anyone: its graph, its inputs, its models, its files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::pattern::{Choice, Kind, OnFailure, Pattern, Refine, RoleFailure, Stage};
use super::sheet::Fault;
use super::{Origin, Prompts, vocabulary};

/// Names, order, ways and minimums.
pub(super) fn graph(pattern: &Pattern) -> Vec<Fault> {
    let mut faults = Faults::of(pattern);
    names(pattern, &mut faults);
    for (index, stage) in pattern.stages.iter().enumerate() {
        inputs(pattern, index, stage, &mut faults);
        ways(pattern, index, stage, &mut faults);
        minimum(stage, &mut faults);
    }
    unreachable(pattern, &mut faults);
    faults.list
}

/// Names of models that nobody registered. `provider:model` needs no registration.
pub(super) fn models(pattern: &Pattern, known: &[String]) -> Vec<Fault> {
    let mut faults = Faults::of(pattern);
    let mut judge = |line: usize, name: &str| {
        if !name.contains(':') && !known.iter().any(|one| one == name) {
            let known = if known.is_empty() {
                "insights.toml registers none".to_owned()
            } else {
                format!("registered are {}", known.join(", "))
            };
            faults.add(line, format!("unknown model `{}`; {known}", name.escape_debug()));
        }
    };
    for stage in &pattern.stages {
        let reviewers = stage.refine.as_ref().and_then(|refine| refine.reviewers.as_ref());
        for (key, choice) in [("models", stage.models.as_ref()), ("reviewers", reviewers)] {
            if let Some(Choice::Named(names)) = choice {
                names.iter().for_each(|name| judge(stage.line(key), name));
            }
        }
        for role in &stage.roles {
            role.model.iter().for_each(|name| judge(role.line("model"), name));
        }
    }
    faults.list
}

/// Templates and schemas: there, well-formed, and filled with what the stage has.
pub(super) fn files(pattern: &Pattern, prompts: &Prompts) -> Vec<Fault> {
    let mut faults = Faults::of(pattern);
    for stage in &pattern.stages {
        let known = vocabulary::variables(pattern, stage, false);
        let own = [("template", &stage.template), ("system", &stage.system)];
        for (key, file) in own {
            if let Some(file) = file {
                template(prompts, file, &known, stage.line(key), &mut faults);
            }
        }
        if let OnFailure::Template(file) = &stage.on_failure {
            template(prompts, file, &known, stage.line("on_failure"), &mut faults);
        }
        let wanted = match stage.kind {
            Kind::Review => "reviews",
            Kind::Ranking => "ranking",
            _ => "",
        };
        schema(
            prompts,
            stage.schema.as_deref(),
            stage.line("schema"),
            wanted,
            &mut faults,
        );
        if let Some(Refine {
            review_template,
            review_schema,
            ..
        }) = &stage.refine
        {
            let known = vocabulary::variables(pattern, stage, true);
            template(
                prompts,
                review_template,
                &known,
                stage.line("review_template"),
                &mut faults,
            );
            let line = stage.line("review_schema");
            schema(prompts, review_schema.as_deref(), line, "score", &mut faults);
        }
        for role in &stage.roles {
            template(prompts, &role.template, &known, role.line("template"), &mut faults);
            if let Some(system) = &role.system {
                template(prompts, system, &known, role.line("system"), &mut faults);
            }
            if let RoleFailure::Template(file) = &role.on_failure {
                template(prompts, file, &known, role.line("on_failure"), &mut faults);
            }
            schema(prompts, role.schema.as_deref(), role.line("schema"), "", &mut faults);
        }
    }
    faults.list
}

struct Faults<'a> {
    pattern: &'a Pattern,
    list: Vec<Fault>,
}

impl<'a> Faults<'a> {
    fn of(pattern: &'a Pattern) -> Self {
        Self {
            pattern,
            list: Vec::new(),
        }
    }

    fn add(&mut self, line: usize, message: impl Into<String>) {
        let file = self.pattern.file.clone();
        self.add_in(file, line, message);
    }

    fn add_in(&mut self, file: String, line: usize, message: impl Into<String>) {
        self.list.push(Fault {
            file,
            line,
            message: message.into(),
        });
    }
}

fn names(pattern: &Pattern, faults: &mut Faults<'_>) {
    let mut stages = BTreeSet::new();
    let mut roles = BTreeSet::new();
    for stage in &pattern.stages {
        if !stages.insert(&stage.name) {
            faults.add(stage.line("name"), format!("two stages are named `{}`", stage.name));
        }
        if pattern.inputs.contains_key(&stage.name) {
            faults.add(
                stage.line("name"),
                format!("`{}` is the name of a stage and of an input", stage.name),
            );
        }
        for role in &stage.roles {
            if !roles.insert(&role.name) {
                faults.add(role.line("name"), format!("two roles are named `{}`", role.name));
            }
        }
    }
}

fn inputs(pattern: &Pattern, index: usize, stage: &Stage, faults: &mut Faults<'_>) {
    let known = vocabulary::inputs(pattern);
    let of = stage.of.iter().map(|name| ("of", name));
    for (key, name) in stage.inputs.iter().map(|name| ("inputs", name)).chain(of) {
        let line = stage.line(key);
        let place = pattern.index(name);
        match place {
            Some(place) if place == index => {
                faults.add(line, format!("cycle: the stage `{name}` takes itself as input"));
            }
            Some(place) if place > index => faults.add(
                line,
                format!("cycle: the stage `{}` needs `{name}`, which runs after it", stage.name),
            ),
            Some(_) => {}
            None if key == "of" => faults.add(line, format!("`of` names no stage: `{}`", name.escape_debug())),
            None if known.contains(name) => {}
            None => faults.add(
                line,
                format!(
                    "unknown input `{}` of the stage `{}`; it may be {}",
                    name.escape_debug(),
                    stage.name,
                    known.join(", ")
                ),
            ),
        }
    }
}

fn ways(pattern: &Pattern, index: usize, stage: &Stage, faults: &mut Faults<'_>) {
    for (to, line) in pattern.ways(index) {
        let Some(to) = to else { continue };
        match pattern.index(&to) {
            None => faults.add(
                line,
                format!(
                    "the stage `{}` goes on to `{}`, and there is no such stage",
                    stage.name,
                    to.escape_debug()
                ),
            ),
            Some(place) if place <= index => faults.add(
                line,
                format!(
                    "cycle: the stage `{}` goes back to `{to}`; a loop is a stage of the kind `refine`",
                    stage.name
                ),
            ),
            Some(_) => {}
        }
    }
}

fn minimum(stage: &Stage, faults: &mut Faults<'_>) {
    let line = stage.line("minimum");
    let available = match (stage.kind, &stage.models) {
        (Kind::Roles, _) => Some((stage.roles.len(), "roles")),
        (Kind::Synthesis | Kind::Refine, _) => Some((1, "answers")),
        (_, Some(Choice::Named(names))) => Some((names.len(), "models")),
        (_, Some(Choice::Heaviest(count))) => Some((*count, "models")),
        (_, Some(Choice::Tagged { count: Some(count), .. })) => Some((*count, "models")),
        _ => None,
    };
    if let Some((available, what)) = available
        && stage.minimum > available
    {
        faults.add(
            line,
            format!(
                "the stage `{}` must get {} answers and has only {available} {what}",
                stage.name, stage.minimum
            ),
        );
    }
}

fn unreachable(pattern: &Pattern, faults: &mut Faults<'_>) {
    let mut reached = BTreeSet::from([0]);
    let mut open = vec![0];
    while let Some(index) = open.pop() {
        for (to, _) in pattern.ways(index) {
            if let Some(place) = to.and_then(|to| pattern.index(&to))
                && reached.insert(place)
            {
                open.push(place);
            }
        }
    }
    for (index, stage) in pattern.stages.iter().enumerate() {
        if !reached.contains(&index) {
            faults.add(
                stage.line(""),
                format!("the stage `{}` is unreachable: no way leads to it", stage.name),
            );
        }
    }
}

/// Names that the template engine itself gives.
const GLOBALS: [&str; 8] = ["range", "dict", "debug", "namespace", "loop", "true", "false", "none"];

fn template(prompts: &Prompts, name: &str, known: &[String], line: usize, faults: &mut Faults<'_>) {
    let mut seen = BTreeSet::new();
    let mut open = vec![(name.to_owned(), faults.pattern.file.clone(), line)];
    while let Some((name, asked_in, line)) = open.pop() {
        if name.is_empty() || !seen.insert(name.clone()) {
            continue;
        }
        let found = match prompts.files.find(&name) {
            Ok(Some(found)) => found,
            Ok(None) => {
                faults.add_in(
                    asked_in,
                    line,
                    format!("there is no template `{}`", name.escape_debug()),
                );
                continue;
            }
            Err(why) => {
                faults.add_in(asked_in, line, why);
                continue;
            }
        };
        let file = match &found.origin {
            Origin::BuiltIn => name.clone(),
            Origin::File(path) => path.display().to_string(),
        };
        let parsed = match prompts.environment.get_template(&name) {
            Ok(parsed) => parsed,
            Err(error) => {
                let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                faults.add_in(
                    file,
                    error.line().unwrap_or(1),
                    format!("the template does not parse: {why}"),
                );
                continue;
            }
        };
        let mut unknown: Vec<String> = parsed
            .undeclared_variables(false)
            .into_iter()
            .filter(|variable| !known.contains(variable) && !GLOBALS.contains(&variable.as_str()))
            .collect();
        unknown.sort();
        for variable in unknown {
            let line = line_of(&found.text, &variable);
            faults.add_in(
                file.clone(),
                line,
                format!("unknown variable `{variable}`; this stage has {}", known.join(", ")),
            );
        }
        for (included, line) in includes(&found.text) {
            open.push((included, file.clone(), line));
        }
    }
}

/// The templates that a text includes, each with its line.
fn includes(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for part in line.split("{%").skip(1) {
            let words = part.trim_start_matches(['-', '+', ' ']);
            let name = words
                .strip_prefix("include")
                .and_then(|rest| rest.trim_start().strip_prefix(['"', '\'']))
                .and_then(|rest| rest.split(['"', '\'']).next());
            found.extend(name.map(|name| (name.to_owned(), index + 1)));
        }
    }
    found
}

/// The first line that uses a variable inside `{{ … }}` or `{% … %}`.
fn line_of(text: &str, variable: &str) -> usize {
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let uses = |code: &str| {
        code.match_indices(variable).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !is_word(before) && before != Some('.') && !is_word(code[at + variable.len()..].chars().next())
        })
    };
    let mut raw = false;
    for (index, line) in text.lines().enumerate() {
        raw |= line.contains("{% raw");
        let mut code = line.split("{{").skip(1).chain(line.split("{%").skip(1));
        if !raw && code.any(|part| uses(part.split(['}', '%']).next().unwrap_or_default())) {
            return index + 1;
        }
        raw &= !line.contains("endraw");
    }
    1
}

fn schema(prompts: &Prompts, name: Option<&str>, line: usize, wanted: &str, faults: &mut Faults<'_>) {
    let Some(name) = name else { return };
    let found = match prompts.files.find(name) {
        Ok(Some(found)) => found,
        Ok(None) => return faults.add(line, format!("there is no schema `{}`", name.escape_debug())),
        Err(why) => return faults.add(line, why),
    };
    let file = match &found.origin {
        Origin::BuiltIn => name.to_owned(),
        Origin::File(path) => path.display().to_string(),
    };
    let value: Value = match serde_json::from_str(&found.text) {
        Ok(value) => value,
        Err(error) => return faults.add_in(file, error.line().max(1), format!("no valid JSON: {error}")),
    };
    let mut wrong = BTreeMap::new();
    judge_schema(&value, &value, "schema", &mut wrong);
    if value["type"] != "object" {
        wrong.insert(
            "schema".to_owned(),
            "must describe an object (`\"type\": \"object\"`)".to_owned(),
        );
    }
    if !wanted.is_empty() && value["properties"].get(wanted).is_none() {
        wrong.insert(
            "schema.properties".to_owned(),
            format!("needs `{wanted}`, from which the program reads the verdict"),
        );
    }
    for (place, why) in wrong {
        let last = place.rsplit('.').next().unwrap_or_default();
        let line = found
            .text
            .lines()
            .position(|line| line.contains(&format!("\"{last}\"")));
        faults.add_in(
            file.clone(),
            line.map_or(1, |index| index + 1),
            format!("{place}: {why}"),
        );
    }
}

const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];

/// The parts of JSON Schema that the program itself reads.
fn judge_schema(root: &Value, schema: &Value, place: &str, wrong: &mut BTreeMap<String, String>) {
    let Value::Object(keys) = schema else {
        if !schema.is_boolean() {
            wrong.insert(place.to_owned(), "must be an object".to_owned());
        }
        return;
    };
    let types: Vec<&Value> = match keys.get("type") {
        Some(Value::Array(types)) => types.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for name in types {
        if !name.as_str().is_some_and(|name| TYPES.contains(&name)) {
            wrong.insert(format!("{place}.type"), format!("{name} is no type of JSON Schema"));
        }
    }
    if let Some(Value::Array(required)) = keys.get("required") {
        for name in required {
            let known = name
                .as_str()
                .is_some_and(|name| schema["properties"].get(name).is_some());
            if !known {
                wrong.insert(
                    format!("{place}.required"),
                    format!("{name} is required and not among the properties"),
                );
            }
        }
    } else if keys.contains_key("required") {
        wrong.insert(format!("{place}.required"), "must be a list of names".to_owned());
    }
    if let Some(Value::String(reference)) = keys.get("$ref") {
        let found = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        if found.is_none() {
            wrong.insert(format!("{place}.$ref"), format!("`{reference}` leads nowhere"));
        }
    }
    if keys
        .get("enum")
        .is_some_and(|values| values.as_array().is_none_or(Vec::is_empty))
    {
        wrong.insert(
            format!("{place}.enum"),
            "must be a list with at least one value".to_owned(),
        );
    }
    for group in ["properties", "$defs"] {
        match keys.get(group) {
            Some(Value::Object(parts)) => {
                for (name, part) in parts {
                    judge_schema(root, part, &format!("{place}.{name}"), wrong);
                }
            }
            Some(_) => drop(wrong.insert(format!("{place}.{group}"), "must be an object".to_owned())),
            None => {}
        }
    }
    if let Some(items) = keys.get("items") {
        judge_schema(root, items, &format!("{place}.items"), wrong);
    }
}
