//! The mock as a specialist of a scan: what the measured facts in its prompt say, in plain sentences.

use serde_json::{Value, json};

/// The answer whose schema has this property, when the prompt holds the facts of a project.
pub(super) fn answer(prompt: &str, has: impl Fn(&str) -> bool) -> Option<Value> {
    let facts = facts(prompt)?;
    if has("architecture_assessment") {
        Some(architect(&facts))
    } else if has("deployment_blockers") {
        Some(deployment(&facts))
    } else if has("market_viability") {
        Some(business(&facts))
    } else if has("vibecodibility_score") {
        Some(aggregator(&facts))
    } else {
        None
    }
}

/// The JSON between the first pair of fence lines.
fn facts(prompt: &str) -> Option<Value> {
    let mut lines = prompt
        .lines()
        .skip_while(|line| !line.starts_with("The measured facts"));
    lines.next()?;
    let fence = lines.next()?;
    let text: Vec<&str> = lines.take_while(|line| *line != fence).collect();
    serde_json::from_str(&text.join("\n")).ok()
}

fn architect(facts: &Value) -> Value {
    let number = |path: &str| facts.pointer(path).and_then(Value::as_f64).unwrap_or_default();
    let language = text(facts, "/languages/0/0").unwrap_or("no language that the program knows");
    let long = number("/complexity/n_long_functions");
    let tests = number("/tests/functions");
    let maintainability = score(facts, "maintainability");
    let assessment = format!(
        "{} is written mainly in {language}, with {} lines of code in {} functions. {} of them are longer than 60 lines. There are {} tests.",
        name(facts),
        number("/lines_of_code"),
        number("/complexity/functions"),
        long,
        tests
    );
    let mut patterns = Vec::new();
    for (folder, pattern) in [
        ("controllers", "Model-View-Controller"),
        ("services", "Service layer"),
        ("repositories", "Repository"),
        ("adapters", "Adapters"),
        ("middleware", "Middleware chain"),
        ("components", "Component tree"),
        ("migrations", "Schema migrations"),
    ] {
        let folders = facts["folders"].as_array().into_iter().flatten();
        let here = folders
            .into_iter()
            .any(|entry| entry[0].as_str().is_some_and(|path| path.ends_with(folder)));
        if here {
            patterns.push(pattern);
        }
    }
    json!({
        "architecture_assessment": assessment,
        "design_patterns": patterns,
        "scalability_notes": format!(
            "The measured maintainability is {maintainability} of 10; long functions and files give way first when more people change them."
        ),
        "technical_debt_priority": match (maintainability, tests) {
            (score, tests) if score < 5.0 || tests == 0.0 => "high",
            (score, _) if score < 8.0 => "medium",
            _ => "low",
        },
    })
}

fn deployment(facts: &Value) -> Value {
    let blockers: Vec<Value> = facts["blockers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|blocker| blocker["severity"] != "low")
        .map(|blocker| {
            let file = blocker["file"].as_str().map(|file| format!(" ({file})")).unwrap_or_default();
            json!({"issue": format!("{}{file}", blocker["issue"].as_str().unwrap_or_default()), "severity": blocker["severity"]})
        })
        .collect();
    let empty = |key: &str| facts[key].as_array().is_none_or(Vec::is_empty);
    let strategy = if empty("containers") {
        "Package it as one container and run it on a small platform that restarts it; there is no container file yet."
    } else {
        "Build the container that is described in the project and run it on a platform that restarts it."
    };
    let mut advice = Vec::new();
    for (missing, text) in [
        (
            empty("containers"),
            "Write a container file with a pinned base image and a user of its own.",
        ),
        (empty("pipelines"), "Let a pipeline build and test every change."),
        (empty("start_commands"), "Write down how it is started."),
        (
            facts["secrets_found"].as_u64().unwrap_or_default() > 0,
            "Move secrets out of the files into the environment, and replace them.",
        ),
    ] {
        if missing {
            advice.push(text);
        }
    }
    let mut roadmap: Vec<String> = blockers
        .iter()
        .take(4)
        .map(|blocker| format!("Solve: {}", blocker["issue"].as_str().unwrap_or_default()))
        .collect();
    roadmap.push("Deploy a first version and watch it for a week.".to_owned());
    json!({
        "deployment_strategy": strategy,
        "infrastructure_recommendations": advice,
        "deployment_blockers": blockers,
        "mvp_roadmap": roadmap,
    })
}

fn business(facts: &Value) -> Value {
    let purpose = text(facts, "/description").unwrap_or("The material does not say which problem it solves");
    let documentation = score(facts, "documentation");
    let overall = score(facts, "overall");
    json!({
        "problem_solved": purpose,
        "target_audience": "Those who have this problem and can run the program; the material names nobody else.",
        "monetization_strategy": "None can be seen in the material.",
        "market_viability": 5,
        "portfolio_suitable": overall >= 6.0 && documentation >= 5.0,
        "portfolio_pitch": format!("{}: {purpose} Measured at {overall} of 10 overall.", name(facts)),
    })
}

fn aggregator(facts: &Value) -> Value {
    let parts = [
        "maintainability",
        "tests",
        "dependencies",
        "security",
        "deployment",
        "documentation",
    ];
    let mut weakest: Vec<(&str, f64)> = parts.iter().map(|part| (*part, score(facts, part))).collect();
    weakest.sort_by(|left, right| left.1.total_cmp(&right.1));
    let blockers = facts["blockers"].as_array().into_iter().flatten();
    let mut priorities: Vec<String> = blockers
        .filter(|blocker| matches!(blocker["severity"].as_str(), Some("critical" | "high")))
        .filter_map(|blocker| Some(format!("Solve: {}", blocker["issue"].as_str()?)))
        .take(3)
        .collect();
    priorities.extend(
        weakest
            .iter()
            .take(2)
            .map(|(part, score)| format!("Improve {part}, measured at {score} of 10.")),
    );
    priorities.dedup();
    let mean = |names: [&str; 3]| {
        let sum: f64 = names.iter().map(|name| score(facts, name)).sum();
        (sum / 3.0 * 10.0).round() / 10.0
    };
    json!({
        "overall_assessment": format!(
            "{} is measured at {} of 10 overall. Its weakest side is {} with {}.",
            name(facts),
            score(facts, "overall"),
            weakest[0].0,
            weakest[0].1
        ),
        "top_priorities": priorities,
        "vibecodibility_score": mean(["maintainability", "tests", "documentation"]),
        "borg_tools_fit": mean(["deployment", "documentation", "dependencies"]),
    })
}

fn name(facts: &Value) -> &str {
    text(facts, "/project").unwrap_or("The project")
}

fn text<'a>(facts: &'a Value, pointer: &str) -> Option<&'a str> {
    facts
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

fn score(facts: &Value, name: &str) -> f64 {
    facts["scores"][name].as_f64().unwrap_or_default()
}
