//! `pattern.toml` to a pattern, with every fault of its shape.

mod values;

use std::collections::BTreeMap;

use super::files::Origin;
use super::pattern::{
    Bound, Branch, Combine, Compare, Correction, Kind, Next, Pattern, Refine, Role, ScoreName, Stage,
};
use super::sheet::{Fault, Section, Sheet};

/// Reads a pattern as far as it can be read; faults say what could not.
pub(super) fn pattern(name: &str, file: &str, origin: Origin, text: &str) -> (Pattern, Vec<Fault>) {
    let mut sheet = Sheet::new(file, text);
    let table = sheet.parse();
    let broken = !sheet.faults.is_empty();
    let mut top = sheet.section("the pattern", 1, table.get_ref());
    let mut pattern = Pattern {
        name: name.to_owned(),
        title: sheet.text(&mut top, "title").unwrap_or_else(|| name.to_owned()),
        description: sheet.text(&mut top, "description").unwrap_or_default(),
        origin,
        file: file.to_owned(),
        inputs: BTreeMap::new(),
        result: String::new(),
        stages: Vec::new(),
    };
    let result = sheet.text(&mut top, "result");
    let result_line = top.line("result");
    if let Some(mut inputs) = sheet.table(&mut top, "inputs", "`inputs`") {
        for (key, line, text) in inputs.take_texts() {
            match text {
                Some(text) => drop(pattern.inputs.insert(key, text)),
                None => sheet.fault(line, format!("`{key}` must say in quotes what the input is")),
            }
        }
    }
    let mut reader = Reader {
        sheet: &mut sheet,
        folder: name,
    };
    for stage in reader.sheet.tables(&mut top, "stages", "a stage") {
        pattern.stages.extend(reader.stage(stage));
    }
    let last = pattern
        .stages
        .last()
        .map(|stage| stage.name.clone())
        .unwrap_or_default();
    if pattern.stages.is_empty() && !broken {
        sheet.fault(1, "a pattern needs at least one `[[stages]]`");
    }
    if let Some(result) = &result
        && pattern.stage(result).is_none()
    {
        sheet.fault(result_line, format!("`result` names no stage: `{result}`"));
    }
    pattern.result = result.unwrap_or(last);
    sheet.done(top);
    (pattern, sheet.faults)
}

struct Reader<'s, 'a> {
    sheet: &'s mut Sheet<'a>,
    folder: &'s str,
}

impl Reader<'_, '_> {
    fn stage(&mut self, mut section: Section<'_>) -> Option<Stage> {
        let line = section.line("");
        let name = self.name(&mut section, "a stage")?;
        let kind = self.word(&mut section, "kind", &Kind::ALL, Kind::word);
        if kind.is_none() && !section.lines.contains_key("kind") {
            self.sheet.fault(line, format!("the stage `{name}` needs a `kind`"));
        }
        let kind = kind.unwrap_or(Kind::Synthesis);
        let title = self.sheet.text(&mut section, "title").unwrap_or_else(|| name.clone());
        let check = self.check(&mut section);
        let mut stage = Stage {
            name,
            title,
            kind,
            inputs: self.sheet.texts(&mut section, "inputs").unwrap_or_default(),
            template: self.file(&mut section, "template"),
            system: self.file(&mut section, "system"),
            schema: self.file(&mut section, "schema"),
            roles: Vec::new(),
            models: self.choice(&mut section, "models"),
            temperature: self.sheet.number(&mut section, "temperature", 0.0..=2.0),
            max_output_tokens: self.sheet.count(&mut section, "max_output_tokens", 1..=1_000_000),
            minimum: self.sheet.count(&mut section, "minimum", 0..=1_000).unwrap_or(1) as usize,
            on_failure: self.failure(&mut section),
            branches: Vec::new(),
            next: self.sheet.text(&mut section, "next").map(|text| next(&text)),
            of: self.sheet.text(&mut section, "of"),
            check,
            refine: None,
            correction: None,
            anonymous: self.sheet.flag(&mut section, "anonymous").unwrap_or(false),
            agree_on: self.sheet.text(&mut section, "agree_on"),
            lines: BTreeMap::new(),
        };
        for role in self.sheet.tables(&mut section, "roles", "a role") {
            stage.roles.extend(self.role(role));
        }
        for branch in self.sheet.tables(&mut section, "branches", "a branch") {
            stage.branches.extend(self.branch(branch));
        }
        stage.refine = self.refine(&mut section, kind);
        stage.correction = self.correction(&mut section, kind);
        self.wanted(&stage, &section);
        stage.lines = self.sheet.done(section);
        Some(stage)
    }

    /// What each kind cannot do without.
    fn wanted(&mut self, stage: &Stage, section: &Section<'_>) {
        let line = section.line("");
        let name = &stage.name;
        if stage.kind == Kind::Roles {
            if stage.roles.is_empty() {
                self.sheet.fault(
                    line,
                    format!("the stage `{name}` needs at least one `[[stages.roles]]`"),
                );
            }
        } else {
            if stage.template.is_none() {
                self.sheet.fault(line, format!("the stage `{name}` needs a `template`"));
            }
            if !stage.roles.is_empty() {
                self.sheet.fault(
                    section.line("roles"),
                    format!(
                        "only a stage of the kind `roles` has roles, `{name}` is `{}`",
                        stage.kind.word()
                    ),
                );
            }
        }
        let about_others = matches!(stage.kind, Kind::Review | Kind::Ranking | Kind::Refine);
        if about_others && stage.of.is_none() {
            self.sheet.fault(
                line,
                format!("the stage `{name}` needs `of`, the stage whose answers it is about"),
            );
        }
        if matches!(stage.kind, Kind::Review | Kind::Ranking) && stage.schema.is_none() {
            self.sheet.fault(
                line,
                format!("the stage `{name}` needs a `schema` from which the program reads the verdicts"),
            );
        }
    }

    fn role(&mut self, mut section: Section<'_>) -> Option<Role> {
        let line = section.line("");
        let name = self.name(&mut section, "a role")?;
        let template = self.file(&mut section, "template");
        if template.is_none() {
            self.sheet.fault(line, format!("the role `{name}` needs a `template`"));
        }
        let role = Role {
            title: self.sheet.text(&mut section, "title").unwrap_or_default(),
            template: template.unwrap_or_default(),
            system: self.file(&mut section, "system"),
            schema: self.file(&mut section, "schema"),
            models: self.one_or_more(&mut section, "model"),
            temperature: self.sheet.number(&mut section, "temperature", 0.0..=2.0),
            max_output_tokens: self.sheet.count(&mut section, "max_output_tokens", 1..=1_000_000),
            weight: self.sheet.number(&mut section, "weight", 0.001..=1000.0).unwrap_or(1.0),
            on_failure: self.role_failure(&mut section),
            evidence: self.sheet.texts(&mut section, "evidence").unwrap_or_default(),
            lines: BTreeMap::new(),
            name,
        };
        let lines = self.sheet.done(section);
        Some(Role { lines, ..role })
    }

    fn branch(&mut self, mut section: Section<'_>) -> Option<Branch> {
        let line = section.line("");
        let score = self.word(&mut section, "score", &ScoreName::ALL, ScoreName::word);
        let at_least = self.sheet.number(&mut section, "at_least", 0.0..=1.0);
        let below = self.sheet.number(&mut section, "below", 0.0..=1.0);
        let to = self.sheet.text(&mut section, "to");
        self.sheet.done(section);
        let bound = match (at_least, below) {
            (Some(bound), None) => Some(Bound::AtLeast(bound)),
            (None, Some(bound)) => Some(Bound::Below(bound)),
            _ => {
                self.sheet.fault(line, "a branch needs either `at_least` or `below`");
                None
            }
        };
        if to.is_none() {
            self.sheet.fault(line, "a branch needs `to`, a stage or \"end\"");
        }
        Some(Branch {
            score: score.unwrap_or(ScoreName::Score),
            bound: bound?,
            to: next(&to?),
            line,
        })
    }

    fn combine(&mut self, section: &mut Section<'_>) -> Combine {
        let word = |combine| match combine {
            Combine::Mean => "mean",
            Combine::Median => "median",
        };
        let combine = self.word(section, "combine", &[Combine::Mean, Combine::Median], word);
        combine.unwrap_or_default()
    }

    fn compare(&mut self, section: &mut Section<'_>) -> Option<Compare> {
        let template = self.file(section, "compare_template");
        let schema = self.file(section, "compare_schema");
        if template.is_some() != schema.is_some() {
            self.sheet.fault(
                section.line("compare_template"),
                "`compare_template` and `compare_schema` go together",
            );
        }
        Some(Compare {
            template: template?,
            schema: schema?,
        })
    }

    fn correction(&mut self, section: &mut Section<'_>, kind: Kind) -> Option<Correction> {
        if !matches!(kind, Kind::Roles | Kind::Synthesis) {
            return None;
        }
        let template = self.file(section, "correct_template");
        let at_most = self.sheet.count(section, "corrections", 0..=5);
        if template.is_none() && at_most.is_some() {
            let line = section.line("corrections");
            self.sheet.fault(line, "`corrections` needs a `correct_template`");
        }
        Some(Correction {
            template: template?,
            at_most: at_most.unwrap_or(2),
        })
    }

    fn refine(&mut self, section: &mut Section<'_>, kind: Kind) -> Option<Refine> {
        if kind != Kind::Refine {
            return None;
        }
        let line = section.line("");
        let review_template = self.file(section, "review_template");
        if review_template.is_none() {
            self.sheet
                .fault(line, "a stage of the kind `refine` needs a `review_template`");
        }
        Some(Refine {
            review_template: review_template?,
            review_schema: self.file(section, "review_schema"),
            reviewers: self.choice(section, "reviewers"),
            combine: self.combine(section),
            critique_template: self.file(section, "critique_template"),
            compare: self.compare(section),
            until: self.sheet.number(section, "until", 0.0..=1.0).unwrap_or(0.8),
            at_most: self.sheet.count(section, "at_most", 1..=20).unwrap_or(3),
        })
    }
}

fn next(text: &str) -> Next {
    match text {
        "end" => Next::End,
        name => Next::Stage(name.to_owned()),
    }
}
