//! The report of a scan for people. Names of files and words of models are foreign text: nothing in them becomes markup.

use serde_json::Value;

use super::{NOT_ASKED, ScanFacts, ScanMode, api_calls, cache_hits};
use crate::insight::project::{Answers, Project};
use crate::report::parts::{plain, table, thousands};

/// Places that one list shows.
const MOST: usize = 20;

pub fn markdown(facts: &ScanFacts<'_>) -> String {
    let project = facts.project;
    let mut text = format!("# Scan of {}\n\n", plain(&project.name));
    if let Some(description) = &project.description {
        text.push_str(&format!("{}\n\n", plain(description)));
    }
    text.push_str(&format!("**{}**\n\n", verdict(project)));
    match facts.mode {
        ScanMode::Static => text.push_str(&format!("Measured by the program only: {NOT_ASKED}.\n\n")),
        ScanMode::Mock => text.push_str(
            "The assessments below were written by the built-in mock from the measured facts, not by a model.\n\n",
        ),
        ScanMode::Real => {}
    }
    if let Some(answers) = facts.answers {
        text.push_str(&assessments(answers));
    }
    text.push_str(&scores(project));
    text.push_str(&blockers(project));
    text.push_str(&secrets(project));
    text.push_str(&code(project));
    text.push_str(&dependencies(project));
    text.push_str(&deployment(project));
    text.push_str(&documentation(project));
    text.push_str(&notes(facts));
    text
}

fn verdict(project: &Project) -> String {
    let overall = project.score("overall").unwrap_or_default();
    let grave = project
        .deployment
        .blockers
        .iter()
        .filter(|blocker| blocker.severity <= crate::insight::project::Gravity::High)
        .count();
    format!(
        "{overall:.1} of 10 overall: {} lines of code, {grave} critical or high deployment blockers, {} places with secrets",
        thousands(project.lines_of_code()),
        project.secrets.len()
    )
}

fn assessments(answers: &Answers) -> String {
    let order = [
        "aggregated_insights",
        "architect_analysis",
        "deployment_analysis",
        "business_analysis",
    ];
    let mut parts: Vec<&(String, Result<Value, crate::insight::Why>)> = answers.parts.iter().collect();
    parts.sort_by_key(|(key, _)| order.iter().position(|known| known == key).unwrap_or(order.len()));
    let mut text = String::new();
    for (key, part) in parts {
        text.push_str(&format!("## {}\n\n", title(key)));
        match part {
            Ok(Value::Object(fields)) => fields
                .iter()
                .for_each(|(name, value)| text.push_str(&field(name, value))),
            Ok(other) => text.push_str(&format!("{}\n\n", plain(&other.to_string()))),
            Err(why) => text.push_str(&format!("Missing: {}.\n\n", plain(&why.message))),
        }
    }
    text
}

fn title(key: &str) -> String {
    match key {
        "aggregated_insights" => "Assessment".to_owned(),
        "architect_analysis" => "Architecture".to_owned(),
        "deployment_analysis" => "Deployment".to_owned(),
        "business_analysis" => "Business".to_owned(),
        other => plain(&words(other)),
    }
}

/// `market_viability` reads `Market viability`.
fn words(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn field(name: &str, value: &Value) -> String {
    let name = plain(&words(name));
    match value {
        Value::Array(items) if items.is_empty() => format!("**{name}:** none\n\n"),
        Value::Array(items) => {
            let lines: Vec<String> = items.iter().map(|item| format!("- {}", item_text(item))).collect();
            format!("**{name}:**\n\n{}\n\n", lines.join("\n"))
        }
        Value::Bool(yes) => format!("**{name}:** {}\n\n", if *yes { "yes" } else { "no" }),
        Value::Number(number) => format!("**{name}:** {number}\n\n"),
        Value::String(text) => format!("**{name}:** {}\n\n", plain(text)),
        other => format!("**{name}:** {}\n\n", plain(&other.to_string())),
    }
}

fn item_text(item: &Value) -> String {
    match item {
        Value::String(text) => plain(text),
        Value::Object(fields) => {
            let issue = fields.get("issue").and_then(Value::as_str);
            let severity = fields.get("severity").and_then(Value::as_str);
            match (issue, severity) {
                (Some(issue), Some(severity)) => format!("{}: {}", plain(severity), plain(issue)),
                _ => plain(&item.to_string()),
            }
        }
        other => plain(&other.to_string()),
    }
}

fn scores(project: &Project) -> String {
    let rows: Vec<Vec<String>> = project
        .scores
        .iter()
        .map(|score| {
            let reasons = score
                .reasons
                .iter()
                .map(|reason| format!("{:+} {}", reason.points, plain(&reason.text)));
            vec![
                words(&score.name),
                format!("{:.1}", score.value),
                reasons.collect::<Vec<_>>().join("; "),
            ]
        })
        .collect();
    format!(
        "## Scores\n\n{}\n",
        rows_table(&["Score", "Of 10", "Points"], &[false, true, false], &rows)
    )
}

fn blockers(project: &Project) -> String {
    let blockers = &project.deployment.blockers;
    if blockers.is_empty() {
        return "## Deployment blockers\n\nNone were found.\n\n".to_owned();
    }
    let rows: Vec<Vec<String>> = blockers
        .iter()
        .map(|blocker| {
            vec![
                blocker.severity.word().to_owned(),
                plain(&blocker.issue),
                place(blocker.file.as_deref(), blocker.line),
            ]
        })
        .collect();
    let table = rows_table(&["Severity", "Issue", "Place"], &[false; 3], &rows);
    format!("## Deployment blockers\n\n{table}\n")
}

fn place(file: Option<&str>, line: Option<u32>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{}:{line}", plain(file)),
        (Some(file), None) => plain(file),
        (None, _) => String::new(),
    }
}

fn secrets(project: &Project) -> String {
    if project.secrets.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = project
        .secrets
        .iter()
        .take(MOST * 2)
        .map(|secret| vec![place(Some(&secret.file), secret.line), words(&secret.kind)])
        .collect();
    let more = project.secrets.len().saturating_sub(rows.len());
    let more = if more > 0 {
        format!("\n{more} more are in the JSON.\n")
    } else {
        String::new()
    };
    format!(
        "## Places with secrets\n\nTheir values were sent to nobody and are written nowhere.\n\n{}{more}\n",
        rows_table(&["Place", "Kind"], &[false, false], &rows)
    )
}

fn code(project: &Project) -> String {
    let rows: Vec<Vec<String>> = project
        .languages
        .iter()
        .take(MOST)
        .map(|language| {
            let mut row = vec![plain(&language.name)];
            row.extend([language.files, language.code, language.comment, language.blank].map(thousands));
            row
        })
        .collect();
    let mut text = format!(
        "## Code\n\n{}\n",
        rows_table(
            &["Language", "Files", "Code", "Comment", "Blank"],
            &[false, true, true, true, true],
            &rows
        )
    );
    let complexity = &project.complexity;
    let tests = &project.tests;
    let figure = |number: Option<f64>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
    text.push_str(&format!(
        "- {} functions, {} lines and {} branches each on average\n- {} functions over 60 lines, {} files over 500 lines of code\n- {} tests in {} test files, {} per function{}\n- {} notes of unfinished work\n",
        thousands(complexity.functions),
        figure(complexity.mean_function_lines),
        figure(complexity.branches_per_function),
        complexity.n_long_functions,
        complexity.n_long_files,
        thousands(tests.functions),
        thousands(tests.files),
        figure(tests.per_function),
        if tests.frameworks.is_empty() { String::new() } else { format!(" ({})", plain(&tests.frameworks.join(", "))) },
        project.markers.total,
    ));
    for function in complexity.long_functions.iter().take(5) {
        text.push_str(&format!(
            "- {} has {} lines ({})\n",
            plain(&function.name),
            function.lines,
            place(Some(&function.file), Some(function.line))
        ));
    }
    text.push('\n');
    text
}

fn dependencies(project: &Project) -> String {
    let manifests = &project.dependencies.manifests;
    if manifests.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = manifests
        .iter()
        .take(MOST)
        .map(|manifest| {
            vec![
                plain(&manifest.file),
                plain(&manifest.ecosystem),
                manifest.dependencies.to_string(),
                manifest.dev_dependencies.to_string(),
                manifest.unbounded.to_string(),
                manifest.lock_file.as_deref().map_or_else(|| "none".to_owned(), plain),
            ]
        })
        .collect();
    let head = [
        "Manifest",
        "Ecosystem",
        "Dependencies",
        "Development",
        "Unbounded",
        "Lock file",
    ];
    format!(
        "## Dependencies\n\n{}\n",
        rows_table(&head, &[false, false, true, true, true, false], &rows)
    )
}

fn deployment(project: &Project) -> String {
    let deployment = &project.deployment;
    let list = |items: Vec<String>| {
        if items.is_empty() {
            "none".to_owned()
        } else {
            plain(&items.join(", "))
        }
    };
    let containers = deployment.containers.iter().map(|container| container.file.clone());
    let pipelines = deployment
        .pipelines
        .iter()
        .map(|pipeline| format!("{} ({})", pipeline.system, pipeline.file));
    let ports = deployment.ports.iter().map(|port| port.port.to_string());
    let described = deployment
        .compose
        .iter()
        .map(|compose| compose.file.clone())
        .chain(deployment.kubernetes.iter().map(|file| file.file.clone()))
        .chain(deployment.helm_charts.iter().cloned());
    let environment = &deployment.environment;
    format!(
        "## How it runs\n\n- start: {}\n- containers: {}\n- compose, Kubernetes, Helm: {}\n- CI: {}\n- ports: {}\n- environment variables: {} read, {} undocumented{}\n\n",
        list(deployment.start_commands.clone()),
        list(containers.collect()),
        list(described.collect()),
        list(pipelines.collect()),
        list(ports.collect()),
        environment.used.len(),
        environment.undocumented.len(),
        environment
            .example_file
            .as_deref()
            .map_or_else(String::new, |file| format!(", example in {}", plain(file))),
    )
}

fn documentation(project: &Project) -> String {
    let documentation = &project.documentation;
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    let readme = documentation.readme.as_ref().map_or_else(
        || "- no README\n".to_owned(),
        |readme| {
            format!(
                "- README of {} words; how to install: {}, to use: {}, to configure: {}; examples: {}\n",
                thousands(readme.words),
                yes(readme.installation),
                yes(readme.usage),
                yes(readme.configuration),
                yes(readme.examples)
            )
        },
    );
    let licence = documentation
        .licence
        .as_deref()
        .map_or_else(|| "none".to_owned(), plain);
    let api: Vec<String> = documentation
        .api
        .iter()
        .map(|api| format!("{} ({})", api.kind, api.file))
        .collect();
    let api = if api.is_empty() {
        "none".to_owned()
    } else {
        plain(&api.join(", "))
    };
    let share = documentation
        .documented_functions
        .map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0));
    format!(
        "## Documents\n\n{readme}- licence: {licence}\n- API description: {api}\n- functions with a comment of their own: {share}\n\n"
    )
}

fn notes(facts: &ScanFacts<'_>) -> String {
    let mut lines: Vec<String> = facts.project.notes.iter().map(|note| plain(note)).collect();
    lines.push(
        "Lines, functions, branches and nesting are approximations from words and braces; nothing was run or resolved."
            .to_owned(),
    );
    if let Some(answers) = facts.answers {
        lines.push(format!(
            "{} calls were made, {} answers came from the cache.",
            api_calls(answers),
            cache_hits(answers)
        ));
    }
    lines.push(format!("Content fingerprint {}.", plain(&facts.project.fingerprint)));
    format!(
        "## Notes\n\n{}\n",
        lines.iter().map(|line| format!("- {line}\n")).collect::<String>()
    )
}

fn rows_table(head: &[&str], right: &[bool], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    table(&head, right, rows)
}
