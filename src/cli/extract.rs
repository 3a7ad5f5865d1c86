//! `insights extract`: raw model text on stdin, the JSON that the model meant on stdout.

use std::io::Read as _;

use crate::reply;

use super::exit::{Code, Failure};
use super::print;

/// More is no reply of a model.
const LARGEST: u64 = 64 * 1024 * 1024;

pub(super) fn extract() -> Result<Code, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Code::Usage, format!("could not read stdin: {error}")))?;
    match reply::extract(&String::from_utf8_lossy(&bytes)) {
        Ok(extracted) => {
            if extracted.truncated {
                print::warn("the reply was cut off; what is missing was closed for you to look at");
            }
            if !extracted.repairs.is_empty() {
                print::talk(&format!("repairs: {}", extracted.repairs.join(", ")));
            }
            let text = serde_json::to_string_pretty(&extracted.value).unwrap_or_default();
            print::out(&format!("{text}\n"))
                .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
            Ok(Code::Complete)
        }
        Err(rejected) => {
            Err(Failure::new(Code::NoReport, rejected.message).hint("the text must hold one JSON object or array"))
        }
    }
}
