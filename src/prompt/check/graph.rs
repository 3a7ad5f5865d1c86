//! The order of a pattern: names, inputs, ways from stage to stage, minimums.

use std::collections::BTreeSet;

use super::Faults;
use crate::prompt::pattern::{Choice, Kind, Pattern, Stage};
use crate::prompt::sheet::Fault;
use crate::prompt::vocabulary;

/// Names, order, ways and minimums.
pub(in crate::prompt) fn graph(pattern: &Pattern) -> Vec<Fault> {
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
