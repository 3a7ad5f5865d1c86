//! What a scan would send and cost, without sending anything: `--egress` and `--dry-run`.

use serde_json::{Value, json};

use crate::cli::args::ScanArguments;
use crate::cli::exit::{Code, Failure, unwritable};
use crate::cli::print;
use crate::event::Events;
use crate::flow::PlannedCall;
use crate::flow::scan::{self as analysis, Analysis};
use crate::llm::Llm;
use crate::prompt::Prompts;
use crate::rundir::{self, RunDir};

use super::Target;
use super::asked::Asked;
use super::project::{Done, Outcome, measure};

/// Lists every file and every byte that would leave the machine.
pub(super) fn egress(
    arguments: &ScanArguments,
    asked: &Asked,
    prompts: &Prompts,
    targets: &[Target],
) -> Result<Code, Failure> {
    let settings = &asked.settings;
    let llm = Llm::new(settings.models.options.clone(), None, Events::silent())
        .map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
    let hosts = if asked.configured { llm.hosts() } else { Vec::new() };
    let mut lists = Vec::new();
    let mut failures = Vec::new();
    for target in targets {
        let measured = measure(&target.path, &settings.run_logs, arguments.output.as_deref(), false);
        let (analysis, _) = match measured {
            Ok(measured) => measured,
            Err(failure) => {
                print::warn(&failure.message);
                failures.push(failure);
                continue;
            }
        };
        let calls = analysis::plan(&llm, prompts, &analysis, &settings.flow)?;
        lists.push(list(target, &analysis, &calls, &hosts));
    }
    if lists.is_empty()
        && let Some(failure) = failures.pop()
    {
        return Err(failure);
    }
    let text = match (arguments.json, lists.as_slice()) {
        (true, [only]) if arguments.paths.len() == 1 => format!("{only:#}\n"),
        (true, _) => format!("{:#}\n", Value::Array(lists)),
        (false, _) => lists.iter().map(shown).collect(),
    };
    print::out(&print::safe(&text))
        .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    let partial = !failures.is_empty() && !arguments.allow_partial;
    Ok(if partial { Code::Degraded } else { Code::Complete })
}

fn list(target: &Target, analysis: &Analysis, calls: &[PlannedCall], hosts: &[String]) -> Value {
    let brief = |role: &str| analysis.briefs.iter().find(|brief| brief.role == role);
    let calls: Vec<Value> = calls
        .iter()
        .map(|call| {
            let brief = brief(&call.role);
            let excerpts = brief.map(|brief| {
                let excerpts = brief.excerpts.iter();
                excerpts
                    .map(|excerpt| {
                        json!({
                            "file": excerpt.file, "bytes": excerpt.bytes, "redactions": excerpt.redactions, "cut": excerpt.cut,
                        })
                    })
                    .collect::<Vec<_>>()
            });
            json!({
                "role": call.role,
                "models": call.models(),
                "bytes": call.system.len() + call.user.len(),
                "facts_bytes": brief.map(|brief| brief.facts.len()),
                "files": excerpts.unwrap_or_default(),
                "answers_of": if call.role == "aggregator" { json!(["architect", "deployment", "business"]) } else { json!([]) },
            })
        })
        .collect();
    json!({
        "project": analysis.project.name,
        "path": target.path,
        "to": hosts,
        "sent": false,
        "calls": calls,
        "bytes": calls.iter().filter_map(|call| call["bytes"].as_u64()).sum::<u64>(),
        "redactions": analysis.briefs.iter().flat_map(|brief| &brief.excerpts).map(|excerpt| excerpt.redactions).sum::<u64>(),
        "never_sent": analysis.project.secrets,
    })
}

fn shown(list: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hosts: Vec<String> = list["to"].as_array().into_iter().flatten().map(text).collect();
    let to = if hosts.is_empty() {
        "nobody (no provider is configured)".to_owned()
    } else {
        hosts.join(", ")
    };
    let mut lines = vec![format!(
        "{}: with `--real` these {} bytes would go to {to}; nothing was sent",
        text(&list["project"]),
        list["bytes"]
    )];
    for call in list["calls"].as_array().into_iter().flatten() {
        let facts = &call["facts_bytes"];
        lines.push(format!(
            "  {:<12} {:>7} bytes, of them {facts} bytes of computed facts",
            text(&call["role"]),
            call["bytes"]
        ));
        for file in call["files"].as_array().into_iter().flatten() {
            let cut = if file["cut"] == true { ", cut" } else { "" };
            lines.push(format!(
                "    {:>7} bytes  {}{cut}, {} redactions",
                file["bytes"],
                text(&file["file"]),
                file["redactions"]
            ));
        }
        for role in call["answers_of"].as_array().into_iter().flatten() {
            lines.push(format!("            and the answer of {}", text(role)));
        }
    }
    for secret in list["never_sent"].as_array().into_iter().flatten() {
        let line = secret["line"]
            .as_u64()
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        lines.push(format!(
            "  never sent   {}{line} ({})",
            text(&secret["file"]),
            text(&secret["kind"])
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Writes the prompts of every project and prints what the calls would cost.
pub(super) fn dry_run(
    arguments: &ScanArguments,
    run: &RunDir,
    outcomes: &[Outcome],
) -> Result<(Code, String), Failure> {
    let mut lines = vec![format!(
        "{:<30} {:<12} {:>9} {:>11} {:>12}  models",
        "project", "call", "tokens in", "out at most", "USD at most"
    )];
    let mut total = Some(0.0);
    let mut listed = Vec::new();
    let mut n_failed = 0;
    for outcome in outcomes {
        let calls = match &outcome.done {
            Ok(Done::Planned(calls)) => calls,
            Ok(Done::Scanned(_)) => continue,
            Err(failure) => {
                n_failed += 1;
                lines.push(format!("{:<30} {}", outcome.target.slug, failure.message));
                listed.push(json!({"project": outcome.target.slug, "error": failure.message}));
                continue;
            }
        };
        for call in calls {
            let path = run.prompts().join(&outcome.target.id).join(format!("{}.md", call.role));
            let text = format!("# System\n\n{}\n\n# User\n\n{}\n", call.system.trim(), call.user.trim());
            rundir::write_whole(&path, text.as_bytes()).map_err(|error| unwritable(&path, &error))?;
            total = total.zip(call.cost_usd).map(|(sum, cost)| sum + cost);
            let cost = call
                .cost_usd
                .map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4}"));
            lines.push(format!(
                "{:<30} {:<12} {:>9} {:>11} {cost:>12}  {}",
                outcome.target.slug,
                call.role,
                call.input_tokens,
                call.output_tokens,
                call.models().join(", then ")
            ));
        }
        let calls = calls.iter().map(|call| {
            json!({
                "role": call.role, "models": call.models(), "input_tokens": call.input_tokens,
                "output_tokens_at_most": call.output_tokens, "cost_usd_at_most": call.cost_usd,
            })
        });
        listed.push(json!({
            "project": outcome.target.slug, "prompts": run.prompts().join(&outcome.target.id), "calls": calls.collect::<Vec<_>>(),
        }));
    }
    let total = total.map_or_else(|| "unknown".to_owned(), |total| format!("{total:.4} USD"));
    lines.push(format!("cost at most, without retries: {total}"));
    lines.push(format!("prompts: {}", run.prompts().display()));
    let text = match (arguments.json, listed.as_slice()) {
        (true, [only]) if arguments.paths.len() == 1 => format!("{only:#}\n"),
        (true, _) => format!("{:#}\n", Value::Array(listed)),
        (false, _) => format!("{}\n", lines.join("\n")),
    };
    let code = match n_failed {
        0 => Code::Complete,
        n if n == outcomes.len() => Code::Usage,
        _ if arguments.allow_partial => Code::Complete,
        _ => Code::Degraded,
    };
    Ok((code, print::safe(&text)))
}
