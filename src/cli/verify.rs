//! `insights verify`: claims as JSON lines in, verdicts with reasons out, in order and at once.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};

use serde::Serialize;
use serde_json::{Value, json};

use crate::insight::Verdict;
use crate::reply::{Answer, Reason, Verifier};

use super::args::{CommonArguments, VerifyArguments};
use super::exit::{Code, Failure};
use super::print;

/// Enough for many claims at once.
const READ_AHEAD: usize = 256 * 1024;

pub(super) fn verify(asked: &VerifyArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let input: Box<dyn Read> = match &asked.file {
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure {
                cause: Some(error.to_string()),
                ..Failure::new(Code::Usage, format!("could not read the claims `{}`", path.display()))
            })?;
            Box::new(file)
        }
        None => Box::new(std::io::stdin().lock()),
    };
    let mut input = BufReader::with_capacity(READ_AHEAD, input);
    let mut verifier = Verifier::default();
    let mut told = Told::default();
    let (mut line, mut answers) = (Vec::new(), String::new());
    for number in 1.. {
        line.clear();
        let read = input
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::new(Code::Usage, format!("could not read the claims: {error}")))?;
        if !line.trim_ascii().is_empty() {
            answers.push_str(&told.answer(number, &line, &mut verifier));
            answers.push('\n');
        }
        // Whoever sends one claim and waits gets its answer; whoever sends many is not answered one by one.
        let is_waited_for = read == 0 || !input.buffer().contains(&b'\n');
        if is_waited_for && !answers.is_empty() {
            let is_read = print::part(&answers)
                .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
            if !is_read {
                break;
            }
            answers.clear();
        }
        if read == 0 {
            break;
        }
    }
    if !common.quiet {
        print::talk(&told.summary());
    }
    Ok(if told.bad == 0 { Code::Complete } else { Code::Usage })
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
