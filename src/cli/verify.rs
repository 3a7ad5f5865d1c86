//! `insights verify`: claims as JSON lines in, verdicts with reasons out, in order and at once.

mod flow;

use std::fs::File;
use std::io::Read;
use std::ops::AddAssign;

use serde::Serialize;
use serde_json::{Value, json};

use crate::insight::Verdict;
use crate::reply::{Answer, Reason, Verifier};

use super::args::{CommonArguments, VerifyArguments};
use super::exit::{Code, Failure};
use super::print;
use flow::{Lines, in_order};

pub(super) fn verify(asked: &VerifyArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let input: Box<dyn Read + Send> = match &asked.file {
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure {
                cause: Some(error.to_string()),
                ..Failure::new(Code::Usage, format!("could not read the claims `{}`", path.display()))
            })?;
            Box::new(file)
        }
        None => Box::new(std::io::stdin()),
    };
    let judging = || {
        let mut verifier = Verifier::default();
        move |lines: &Lines| answers(lines, &mut verifier)
    };
    let mut told = Told::default();
    for judged in in_order(input, judging) {
        let (answers, part) =
            judged.map_err(|error| Failure::new(Code::Usage, format!("could not read the claims: {error}")))?;
        told += part;
        let is_read = print::part(&answers)
            .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
        if !is_read {
            break;
        }
    }
    if !common.quiet {
        print::talk(&told.summary());
    }
    Ok(if told.bad == 0 { Code::Complete } else { Code::Usage })
}

/// The answer to each line that is not blank.
fn answers(lines: &Lines, verifier: &mut Verifier) -> (String, Told) {
    let (mut out, mut told) = (String::new(), Told::default());
    for (number, line) in lines.each() {
        if !line.trim_ascii().is_empty() {
            out.push_str(&told.answer(number, line, verifier));
            out.push('\n');
        }
    }
    (out, told)
}

/// One line of the output, its names in the order of the alphabet.
#[derive(Serialize)]
struct Line<'a> {
    confidence: f64,
    id: &'a Value,
    reasons: &'a [Reason],
    verdict: Verdict,
}

#[derive(Default)]
struct Told {
    supported: usize,
    contradicted: usize,
    unsupported: usize,
    not_checkable: usize,
    bad: usize,
}

impl AddAssign for Told {
    fn add_assign(&mut self, part: Self) {
        self.supported += part.supported;
        self.contradicted += part.contradicted;
        self.unsupported += part.unsupported;
        self.not_checkable += part.not_checkable;
        self.bad += part.bad;
    }
}

impl Told {
    fn answer(&mut self, number: usize, line: &[u8], verifier: &mut Verifier) -> String {
        let line = match std::str::from_utf8(line) {
            Ok(line) => line,
            Err(error) => return self.refused(&Value::Null, number, &format!("the line is no text: {error}")),
        };
        let Answer { id, judged } = verifier.judge(line);
        let judged = match judged {
            Ok(judged) => judged,
            Err(message) => return self.refused(&id, number, &message),
        };
        *match judged.verdict {
            Verdict::Supported => &mut self.supported,
            Verdict::Contradicted => &mut self.contradicted,
            Verdict::Unsupported => &mut self.unsupported,
            Verdict::NotCheckable => &mut self.not_checkable,
        } += 1;
        let told = Line {
            confidence: judged.confidence,
            id: &id,
            reasons: &judged.reasons,
            verdict: judged.verdict,
        };
        serde_json::to_string(&told).unwrap_or_else(|error| self.refused(&id, number, &error.to_string()))
    }

    fn refused(&mut self, id: &Value, number: usize, message: &str) -> String {
        self.bad += 1;
        json!({"id": id, "line": number, "error": "bad_input", "message": message}).to_string()
    }

    fn summary(&self) -> String {
        let bad = match self.bad {
            0 => String::new(),
            1 => ", 1 line is no claim".to_owned(),
            n => format!(", {n} lines are no claims"),
        };
        format!(
            "{} supported, {} contradicted, {} unsupported, {} not checkable{bad}",
            self.supported, self.contradicted, self.unsupported, self.not_checkable
        )
    }
}
