//! `insights extract --batch`: JSON lines in, one JSON line out for each, in order and at once.

use std::io::{BufRead, Read as _};

use serde_json::Value;

use crate::reply::{self, Json, MAX_BYTES, Picked, Rejected, RejectedKind};

use super::super::exit::{Code, Failure};
use super::super::print;
use super::{read, unwritten};

/// A text of the largest size with every byte escaped, and room for its id.
const LONGEST_LINE: usize = 6 * MAX_BYTES + 64 * 1024;

pub(super) fn run(schema: Option<&Value>) -> Result<Code, Failure> {
    let mut input = std::io::stdin().lock();
    let mut code = Code::Complete;
    let mut number = 0;
    while let Some(line) =
        next_line(&mut input).map_err(|error| Failure::new(Code::Usage, format!("could not read stdin: {error}")))?
    {
        number += 1;
        let answer = match line {
            Line::Text(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Text(bytes) => match asked(&bytes) {
                Some((id, text)) => answer(&id, &bytes, read(text.as_bytes(), schema)),
                None => {
                    code = Code::Usage;
                    refused(number, "bad_input", "the line is no object with a string `text`")
                }
            },
            Line::TooLong => refused(number, RejectedKind::TooLarge.word(), "the line is too long"),
        };
        if !print::part(&answer).map_err(unwritten)? {
            break;
        }
    }
    Ok(code)
}

enum Line {
    Text(Vec<u8>),
    TooLong,
}

/// The next line without keeping more than the longest one in memory.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<Line>> {
    let mut line = Vec::new();
    let read = input
        .by_ref()
        .take(LONGEST_LINE as u64 + 1)
        .read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || read <= LONGEST_LINE {
        return Ok(Some(Line::Text(line)));
    }
    input.skip_until(b'\n')?;
    Ok(Some(Line::TooLong))
}

/// The id, null when there is none, and the text.
fn asked(line: &[u8]) -> Option<(Json, String)> {
    let line = String::from_utf8_lossy(line);
    let Json::Object(members) = reply::parse(line.trim_start_matches('\u{feff}'))? else {
        return None;
    };
    let (mut id, mut text) = (Json::Null, None);
    for (name, value) in members {
        match (name.as_str(), value) {
            ("id", value) => id = value,
            ("text", Json::String(string)) => text = Some(string),
            _ => {}
        }
    }
    Some((id, text?))
}

fn answer(id: &Json, line: &[u8], read: Result<Picked, Rejected>) -> String {
    match read {
        Ok(Picked { extracted, faults }) => {
            let extracted = if std::str::from_utf8(line).is_ok() {
                extracted
            } else {
                extracted.of_invalid_utf8()
            };
            let repairs: Vec<String> = extracted
                .repairs
                .iter()
                .map(|repair| format!(r#"{{"name":"{}","at":{}}}"#, repair.name, repair.at))
                .collect();
            let faults = if faults.is_empty() {
                String::new()
            } else {
                let faults = faults.iter().map(|fault| Json::String(fault.to_string())).collect();
                format!(r#","faults":{}"#, Json::Array(faults))
            };
            format!(
                "{{\"id\":{id},\"value\":{},\"repairs\":[{}],\"truncated\":{}{faults}}}\n",
                extracted.value,
                repairs.join(","),
                extracted.truncated
            )
        }
        Err(rejected) => {
            let message = Json::String(rejected.message);
            format!(
                "{{\"id\":{id},\"error\":\"{}\",\"message\":{message}}}\n",
                rejected.kind.word()
            )
        }
    }
}

fn refused(number: usize, kind: &str, message: &str) -> String {
    let message = Json::String(message.to_owned());
    format!("{{\"id\":null,\"line\":{number},\"error\":\"{kind}\",\"message\":{message}}}\n")
}
