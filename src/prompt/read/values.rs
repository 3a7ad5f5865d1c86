//! Values with rules of their own: names, files, words, choices of models, what to do on failure.

use super::Reader;
use crate::prompt::pattern::{Check, Choice, OnFailure, RoleFailure};
use crate::prompt::sheet::Section;
use crate::prompt::vocabulary;

impl Reader<'_, '_> {
    /// Lower-case words that are safe in file names, events and flags.
    pub(super) fn name(&mut self, section: &mut Section<'_>, what: &str) -> Option<String> {
        let line = section.line("name");
        let Some(name) = self.sheet.text(section, "name") else {
            self.sheet.fault(line, format!("{what} needs a `name`"));
            return None;
        };
        let plain = name.starts_with(|letter: char| letter.is_ascii_lowercase())
            && name.len() <= 40
            && name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
        if !plain || vocabulary::is_reserved(&name) {
            self.sheet.fault(
                line,
                format!(
                    "`{}` cannot be the name of {what}: a lower-case letter, then letters, digits and `_`, at most 40, and no word that templates know otherwise",
                    name.escape_debug()
                ),
            );
        }
        Some(name)
    }

    /// A file of the pattern's own folder, or `other/file`.
    pub(super) fn file(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<String> {
        let name = self.sheet.text(section, key)?;
        Some(self.in_folder(&name))
    }

    pub(super) fn in_folder(&self, name: &str) -> String {
        if name.contains('/') {
            name.to_owned()
        } else {
            format!("{}/{name}", self.folder)
        }
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let line = section.line(key);
        let text = self.sheet.text(section, key)?;
        let found = all.iter().copied().find(|one| word(*one) == text);
        if found.is_none() {
            let known: Vec<&str> = all.iter().map(|one| word(*one)).collect();
            self.sheet.fault(
                line,
                format!("`{key}` is `{}`; it may be {}", text.escape_debug(), known.join(", ")),
            );
        }
        found
    }

    pub(super) fn check(&mut self, section: &mut Section<'_>) -> Check {
        let all = [Check::Schema, Check::Findings, Check::Coordination];
        let word = |check| match check {
            Check::Schema => "schema",
            Check::Findings => "findings",
            Check::Coordination => "coordination",
        };
        self.word(section, "check", &all, word).unwrap_or(Check::Schema)
    }

    /// `"a"` or `["a", "b"]`.
    pub(super) fn one_or_more(&mut self, section: &mut Section<'_>, key: &'static str) -> Vec<String> {
        if section.is_text(key) {
            return self.sheet.text(section, key).into_iter().collect();
        }
        self.sheet.texts(section, key).unwrap_or_default()
    }

    /// `"all"`, `["a", "b"]`, `{ heaviest = 3 }` or `{ tag = "fast", count = 2 }`.
    pub(super) fn choice(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<Choice> {
        if section.is_table(key) {
            let mut inner = self.sheet.table(section, key, "`models`")?;
            let line = inner.line("");
            let heaviest = self.sheet.count(&mut inner, "heaviest", 1..=100);
            let tag = self.sheet.text(&mut inner, "tag");
            let count = self.sheet.count(&mut inner, "count", 1..=100);
            self.sheet.done(inner);
            return match (heaviest, tag) {
                (Some(heaviest), None) => Some(Choice::Heaviest(heaviest as usize)),
                (None, Some(tag)) => Some(Choice::Tagged {
                    tag,
                    count: count.map(|count| count as usize),
                }),
                _ => {
                    self.sheet
                        .fault(line, format!("`{key}` needs either `heaviest` or `tag`"));
                    None
                }
            };
        }
        if section.is_text(key) {
            let line = section.line(key);
            let text = self.sheet.text(section, key)?;
            if text != "all" {
                self.sheet.fault(
                    line,
                    format!(
                        "`{key}` is \"{}\"; write \"all\", a list of names, {{ heaviest = 3 }} or {{ tag = \"fast\" }}",
                        text.escape_debug()
                    ),
                );
            }
            return Some(Choice::All);
        }
        self.sheet.texts(section, key).map(Choice::Named)
    }

    pub(super) fn role_failure(&mut self, section: &mut Section<'_>) -> RoleFailure {
        let line = section.line("on_failure");
        match self.failure(section) {
            OnFailure::Skip => RoleFailure::Skip,
            OnFailure::Stop if section.lines.contains_key("on_failure") => RoleFailure::Stop,
            OnFailure::Stop => RoleFailure::Skip,
            OnFailure::Template(file) => RoleFailure::Template(file),
            OnFailure::Stage(_) => {
                self.sheet.fault(
                    line,
                    "a role cannot go on at another stage; its stage can, with `on_failure`",
                );
                RoleFailure::Skip
            }
        }
    }

    /// `"stop"`, `"skip"`, `{ template = "file.md" }` or `{ stage = "name" }`.
    pub(super) fn failure(&mut self, section: &mut Section<'_>) -> OnFailure {
        const KEY: &str = "on_failure";
        if section.is_table(KEY) {
            let Some(mut inner) = self.sheet.table(section, KEY, "`on_failure`") else {
                return OnFailure::Stop;
            };
            let line = inner.line("");
            let template = self.file(&mut inner, "template");
            let stage = self.sheet.text(&mut inner, "stage");
            self.sheet.done(inner);
            return match (template, stage) {
                (Some(template), None) => OnFailure::Template(template),
                (None, Some(stage)) => OnFailure::Stage(stage),
                _ => {
                    self.sheet
                        .fault(line, "`on_failure` needs either `template` or `stage`");
                    OnFailure::Stop
                }
            };
        }
        let line = section.line(KEY);
        match self.sheet.text(section, KEY).as_deref() {
            None | Some("stop") => OnFailure::Stop,
            Some("skip") => OnFailure::Skip,
            Some(other) => {
                self.sheet.fault(
                    line,
                    format!(
                        "`on_failure` is \"{}\"; write \"skip\", \"stop\", {{ template = \"file.md\" }} or {{ stage = \"name\" }}",
                        other.escape_debug()
                    ),
                );
                OnFailure::Stop
            }
        }
    }
}
