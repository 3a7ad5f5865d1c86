//! `insights extract`: raw model text on stdin, the JSON that the model meant on stdout.

mod batch;

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use crate::reply::{self, Extracted, Fault, Picked, Rejected};

use super::args::{CommonArguments, ExtractArguments};
use super::exit::{Code, Failure};
use super::print;

/// So many repairs are told to a person.
const TOLD: usize = 20;

pub(super) fn extract(asked: &ExtractArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let schema = asked.schema.as_deref().map(schema).transpose()?;
    if asked.batch {
        return batch::run(schema.as_ref());
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(reply::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Code::Usage, format!("could not read stdin: {error}")))?;
    let picked = read(&bytes, schema.as_ref()).map_err(|rejected| {
        Failure::new(Code::NoReport, rejected.message).hint("the text must hold a JSON object, array or scalar")
    })?;
    if !common.quiet {
        tell(&picked);
    }
    print::out(&format!("{:#}\n", picked.extracted.value)).map_err(unwritten)?;
    Ok(Code::Complete)
}

/// The value that was meant, and where it breaks the schema.
fn read(bytes: &[u8], schema: Option<&Value>) -> Result<Picked, Rejected> {
    let text = String::from_utf8_lossy(bytes);
    let valid = matches!(text, std::borrow::Cow::Borrowed(_));
    let picked = match schema {
        Some(schema) => reply::read_losslessly(&text, schema)?,
        None => Picked {
            extracted: reply::extract(&text)?,
            faults: Vec::new(),
        },
    };
    Ok(Picked {
        extracted: if valid {
            picked.extracted
        } else {
            picked.extracted.of_invalid_utf8()
        },
        faults: picked.faults,
    })
}

fn schema(path: &Path) -> Result<Value, Failure> {
    let failed = |cause: String| Failure {
        cause: Some(cause),
        ..Failure::new(Code::Usage, format!("could not read the schema `{}`", path.display()))
    };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}

fn tell(picked: &Picked) {
    let Extracted { repairs, truncated, .. } = &picked.extracted;
    if *truncated {
        print::warn("the reply was cut off; what is missing was closed for you to look at");
    }
    for Fault { path, message } in &picked.faults {
        let path = if path.is_empty() { "the value" } else { path };
        print::warn(&format!("{path} {message}"));
    }
    if !repairs.is_empty() {
        let mut told: Vec<String> = repairs
            .iter()
            .take(TOLD)
            .map(|repair| format!("{} at {}", repair.name, repair.at))
            .collect();
        if repairs.len() > TOLD {
            told.push(format!("and {} more", repairs.len() - TOLD));
        }
        print::talk(&format!("repairs: {}", told.join(", ")));
    }
}

fn unwritten(error: std::io::Error) -> Failure {
    Failure::new(Code::NoReport, format!("could not write to stdout: {error}"))
}
