//! `insights verify`: claims as JSON lines in, verdicts with reasons out, in order and at once.

use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::insight::Verdict;
use crate::reply::{Answer, Verifier};

use super::args::{CommonArguments, VerifyArguments};
use super::exit::{Code, Failure};
use super::print;

pub(super) fn verify(asked: &VerifyArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let mut input: Box<dyn BufRead> = match &asked.file {
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure {
                cause: Some(error.to_string()),
                ..Failure::new(Code::Usage, format!("could not read the claims `{}`", path.display()))
            })?;
            Box::new(BufReader::new(file))
        }
        None => Box::new(std::io::stdin().lock()),
    };
    let mut verifier = Verifier::default();
    let mut told = Told::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = input
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::new(Code::Usage, format!("could not read the claims: {error}")))?;
        if read == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = told.answer(number, &line, &mut verifier);
        if !print::part(&format!("{answer}\n"))
            .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?
        {
            break;
        }
    }
    if !common.quiet {
        print::talk(&told.summary());
    }
    Ok(if told.bad == 0 { Code::Complete } else { Code::Usage })
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
    fn answer(&mut self, number: usize, line: &[u8], verifier: &mut Verifier) -> Value {
        let line = match std::str::from_utf8(line) {
            Ok(line) => line,
            Err(error) => return self.refused(&Value::Null, number, &format!("the line is no text: {error}")),
        };
        let Answer { id, judged } = verifier.judge(line);
        match judged {
            Ok(judged) => {
                *match judged.verdict {
                    Verdict::Supported => &mut self.supported,
                    Verdict::Contradicted => &mut self.contradicted,
                    Verdict::Unsupported => &mut self.unsupported,
                    Verdict::NotCheckable => &mut self.not_checkable,
                } += 1;
                json!({"id": id, "verdict": judged.verdict, "confidence": judged.confidence, "reasons": judged.reasons})
            }
            Err(message) => self.refused(&id, number, &message),
        }
    }

    fn refused(&mut self, id: &Value, number: usize, message: &str) -> Value {
        self.bad += 1;
        json!({"id": id, "line": number, "error": "bad_input", "message": message})
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
