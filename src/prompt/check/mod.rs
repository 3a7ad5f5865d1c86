//! Every fault of a pattern that can be found without asking anyone: its graph, its inputs, its models, its files.

mod graph;
mod schema;
mod template;

pub(super) use graph::graph;

use schema::schema;
use template::template;

use super::Prompts;
use super::pattern::{Choice, Kind, OnFailure, Pattern, Refine, RoleFailure};
use super::sheet::Fault;
use super::vocabulary::{self, Part};

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
            role.models.iter().for_each(|name| judge(role.line("model"), name));
        }
    }
    faults.list
}

/// Templates and schemas: there, well-formed, and filled with what the stage has.
pub(super) fn files(pattern: &Pattern, prompts: &Prompts) -> Vec<Fault> {
    let mut faults = Faults::of(pattern);
    for stage in &pattern.stages {
        let known = vocabulary::variables(pattern, stage, Part::Own);
        let own = [("template", &stage.template), ("system", &stage.system)];
        for (key, file) in own {
            if let Some(file) = file {
                template(prompts, file, &known, stage.line(key), &mut faults);
            }
        }
        if let OnFailure::Template(file) = &stage.on_failure {
            template(prompts, file, &known, stage.line("on_failure"), &mut faults);
        }
        if let Some(correction) = &stage.correction {
            let known = vocabulary::variables(pattern, stage, Part::Correct);
            let line = stage.line("correct_template");
            template(prompts, &correction.template, &known, line, &mut faults);
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
            critique_template,
            compare,
            ..
        }) = &stage.refine
        {
            let known = vocabulary::variables(pattern, stage, Part::Critique);
            if let Some(file) = critique_template {
                template(prompts, file, &known, stage.line("critique_template"), &mut faults);
            }
            let known = vocabulary::variables(pattern, stage, Part::Compare);
            if let Some(compare) = compare {
                let line = stage.line("compare_template");
                template(prompts, &compare.template, &known, line, &mut faults);
                let line = stage.line("compare_schema");
                schema(prompts, Some(&compare.schema), line, "better", &mut faults);
            }
            let known = vocabulary::variables(pattern, stage, Part::Review);
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

pub(super) struct Faults<'a> {
    pub(super) pattern: &'a Pattern,
    pub(super) list: Vec<Fault>,
}

impl<'a> Faults<'a> {
    pub(super) fn of(pattern: &'a Pattern) -> Self {
        Self {
            pattern,
            list: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, line: usize, message: impl Into<String>) {
        let file = self.pattern.file.clone();
        self.add_in(file, line, message);
    }

    pub(super) fn add_in(&mut self, file: String, line: usize, message: impl Into<String>) {
        self.list.push(Fault {
            file,
            line,
            message: message.into(),
        });
    }
}
