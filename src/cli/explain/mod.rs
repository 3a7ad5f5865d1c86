//! `insights explain`: a sentence of a report, back to the findings, the evidence, the queries and the files that it rests on.

mod lineage;
mod queries;
mod text;

use serde_json::json;

use super::args::{CommonArguments, ExplainArguments};
use super::exit::{Code, Failure};
use super::finished::FinishedRun;
use super::{print, run};

pub(super) fn explain(asked: &ExplainArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let settings = run::settle_sessions(common)?;
    let run = FinishedRun::find(&settings.run_logs, &asked.run_hash)?;
    let text = match &asked.claim {
        None if asked.json => format!("{:#}\n", lineage::everything(&run)),
        None => text::overview(&run),
        Some(claim) => {
            let found = run.claimed(claim).ok_or_else(|| nothing(claim, &run))?;
            let chains: Vec<lineage::Lineage> = found.iter().map(|finding| lineage::of(&run, finding)).collect();
            if asked.json {
                format!("{:#}\n", json!(chains))
            } else {
                let parts: Vec<String> = chains.iter().map(text::chain).collect();
                parts.join("\n")
            }
        }
    };
    print::out(&print::safe(&text))
        .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(Code::Complete)
}

fn nothing(claim: &str, run: &FinishedRun) -> Failure {
    let hash = run.facts().run_hash;
    let message = format!(
        "no sentence, finding or evidence of `{hash}` is `{}`",
        claim.escape_debug()
    );
    let ids: Vec<&str> = run.findings.iter().map(|finding| finding.id.as_str()).collect();
    Failure::new(Code::Usage, message).hint(match ids.as_slice() {
        [] => "the report has no finding that could be explained".to_owned(),
        ids => format!("it may be {}; `insights explain {hash}` lists all", ids.join(", ")),
    })
}
