//! A template and all that it includes: there, well-formed, and naming only what its stage has.

use std::collections::BTreeSet;

use super::Faults;
use crate::prompt::{Origin, Prompts};

/// Names that the template engine itself gives.
const GLOBALS: [&str; 8] = ["range", "dict", "debug", "namespace", "loop", "true", "false", "none"];

pub(super) fn template(prompts: &Prompts, name: &str, known: &[String], line: usize, faults: &mut Faults<'_>) {
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
