//! Which variables a template may use: those that every stage has, those of its kind, and those of the inputs that it names.

use super::pattern::{Check, Kind, Pattern, Stage};

/// In every template.
pub(super) const ALWAYS: [&str; 6] = ["pattern", "stage", "role", "title", "fence", "schema"];

/// Of the values that every caller may hand in.
const GIVEN: [(&str, &[&str]); 3] = [
    ("question", &["question"]),
    ("context", &["context", "evidence"]),
    ("data", &["analyst", "period", "previous_period", "evidence", "gaps"]),
];

const FINDINGS: [&str; 6] = ["findings", "n_findings", "missing", "gaps", "advice", "conflicts"];

/// In the templates of stages about other stages' answers.
const JUDGING: [&str; 1] = ["candidates"];
const CRITIQUE: [&str; 2] = ["draft", "iteration"];
const REVIEWING: [&str; 3] = ["draft", "iteration", "critique"];
const REWRITING: [&str; 7] = [
    "draft",
    "iteration",
    "score",
    "feedback",
    "suggestions",
    "critique",
    "rejected",
];
const CORRECTING: [&str; 3] = ["draft", "feedback", "iteration"];
const COMPARING: [&str; 3] = ["first_text", "second_text", "iteration"];

/// A stage or role of this name would hide a variable, or an end.
pub(super) fn is_reserved(name: &str) -> bool {
    let given = GIVEN
        .iter()
        .any(|(input, names)| *input == name || names.contains(&name));
    let engine = [&ALWAYS[..], &JUDGING, &REWRITING, &COMPARING];
    name == "end" || given || engine.iter().any(|names| names.contains(&name))
}

/// Inputs that a stage may name.
pub(super) fn inputs(pattern: &Pattern) -> Vec<String> {
    let given = GIVEN.iter().map(|(name, _)| (*name).to_owned());
    let stages = pattern.stages.iter().map(|stage| stage.name.clone());
    given.chain(pattern.inputs.keys().cloned()).chain(stages).collect()
}

/// Which of a stage's templates is filled; all but the first and the last belong to a `refine` stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Own,
    Critique,
    Review,
    Compare,
    Correct,
}

/// Variables of a stage's templates.
pub(super) fn variables(pattern: &Pattern, stage: &Stage, part: Part) -> Vec<String> {
    let mut names: Vec<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
    let mut add = |more: &[&str]| names.extend(more.iter().map(|name| (*name).to_owned()));
    match (stage.kind, part) {
        (Kind::Review | Kind::Ranking, _) => add(&JUDGING),
        (Kind::Refine, Part::Own) => add(&REWRITING),
        (Kind::Refine, Part::Critique) => add(&CRITIQUE),
        (Kind::Refine, Part::Review) => add(&REVIEWING),
        (Kind::Refine, Part::Compare) => add(&COMPARING),
        (_, Part::Correct) => add(&CORRECTING),
        (Kind::Roles | Kind::Models | Kind::Synthesis, _) => {}
    }
    for input in &stage.inputs {
        match GIVEN.iter().find(|(name, _)| name == input) {
            Some((_, more)) => add(more),
            None => add(&[input]),
        }
        let findings = pattern
            .stage(input)
            .is_some_and(|earlier| earlier.check == Check::Findings);
        if findings {
            add(&FINDINGS);
        }
    }
    names
}
