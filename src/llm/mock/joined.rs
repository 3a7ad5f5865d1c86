//! The mock as coordinator: the most severe findings in order, repeated through their references.

use serde_json::{Value, json};

/// One line of the brief: `F7 | geographic | high | text | confidence 0.95 | g3.users`.
struct Line<'a> {
    id: &'a str,
    analyst: &'a str,
    severity: &'a str,
    text: &'a str,
}

const MOST_KEY_FINDINGS: usize = 7;
const MOST_ADVICE: usize = 5;

pub(super) fn coordinator(prompt: &str) -> Value {
    let mut lines: Vec<Line<'_>> = prompt.lines().filter_map(line).collect();
    // Two specialists may tell of one day ("On 30 April, …"): once is enough.
    let mut told: Vec<&str> = Vec::new();
    lines.retain(|line| {
        let subject = line.text.split_once(", ").map_or(line.text, |(subject, _)| subject);
        let new = !told.contains(&subject);
        told.push(subject);
        new
    });
    let resolutions = resolutions(prompt);
    lines.retain(|line| !resolutions.iter().any(|settled| settled.gives_up.contains(&line.id)));
    let told = resolutions.iter().map(Settled::told);
    json!({
        "executive_summary": summary(&lines),
        "key_findings": lines.iter().take(MOST_KEY_FINDINGS).map(key_finding).collect::<Vec<_>>(),
        "cross_cutting_themes": themes(&lines),
        "prioritized_recommendations": advice(prompt, &lines),
        "confidence_assessment": {"text": confidence(prompt)},
        "next_steps": if lines.is_empty() { vec![] } else { vec!["Name an owner for each recommendation.", "Look at the unusual days together with the engineering team."] },
        "resolutions": told.collect::<Vec<_>>(),
    })
}

/// A conflict of which the first finding is relied on.
struct Settled<'a> {
    number: usize,
    keep: &'a str,
    gives_up: Vec<&'a str>,
}

impl Settled<'_> {
    fn told(&self) -> Value {
        json!({"conflict": format!("C{}", self.number), "keep": self.keep, "why": "It rests on the larger part of the data."})
    }
}

/// `- C1 | F2, F5 | what disagrees`.
fn resolutions(prompt: &str) -> Vec<Settled<'_>> {
    let conflicts = prompt.lines().filter_map(|line| line.strip_prefix("- C"));
    let settled = conflicts.filter_map(|line| {
        let mut parts = line.split(" | ");
        let number: usize = parts.next()?.parse().ok()?;
        let mut findings = parts.next()?.split(", ").filter(|id| id.starts_with('F'));
        Some(Settled {
            number,
            keep: findings.next()?,
            gives_up: findings.collect(),
        })
    });
    settled.collect()
}

fn line(text: &str) -> Option<Line<'_>> {
    let mut parts = text.split(" | ");
    let id = parts.next()?.trim();
    let numbered = id
        .strip_prefix('F')
        .is_some_and(|number| !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()));
    let (analyst, severity, text) = (parts.next()?, parts.next()?, parts.next()?);
    numbered.then_some(Line {
        id,
        analyst,
        severity,
        text,
    })
}

fn summary(lines: &[Line<'_>]) -> Vec<Value> {
    lines
        .iter()
        .take(3)
        .map(|line| json!({"text": format!("{{{{{}}}}}.", line.id), "uses": [line.id]}))
        .collect()
}

fn key_finding(line: &Line<'_>) -> Value {
    let why = match line.severity {
        "critical" => "It touches most users at once and calls for an explanation today.",
        "high" => "It is large enough to move the period's result.",
        "medium" => "It is outside ordinary variation and worth a closer look.",
        _ => "It sets the scale for everything else.",
    };
    json!({"finding": line.id, "why_it_matters": why})
}

/// Two findings of different specialists that are both severe.
fn themes(lines: &[Line<'_>]) -> Vec<Value> {
    let severe: Vec<&Line<'_>> = lines
        .iter()
        .filter(|line| ["critical", "high"].contains(&line.severity))
        .collect();
    let Some(first) = severe.first() else { return Vec::new() };
    let Some(other) = severe.iter().find(|line| line.analyst != first.analyst) else {
        return Vec::new();
    };
    vec![json!({
        "theme": "Several views show large moves",
        "text": format!("{{{{{}}}}}; {{{{{}}}}}.", first.id, other.id),
        "uses": [first.id, other.id],
    })]
}

fn advice(prompt: &str, lines: &[Line<'_>]) -> Vec<Value> {
    let given = prompt
        .lines()
        .skip_while(|line| !line.starts_with("What the specialists recommend"))
        .skip(1);
    let given: Vec<(&str, &str)> = given
        .take_while(|line| line.starts_with("- "))
        .filter_map(|line| line.trim_start_matches("- ").split_once(": "))
        .collect();
    let mut advice: Vec<Value> = Vec::new();
    for line in lines {
        let given = given.iter().filter_map(|(analyst, text)| {
            let (action, about) = text.rsplit_once(" (")?;
            let own = about.trim_end_matches(')').split(", ").any(|id| id == line.id);
            own.then_some((*analyst, action))
        });
        let Some((analyst, action)) = given
            .into_iter()
            .find(|(_, action)| advice.iter().all(|advice| advice["action"] != *action))
        else {
            continue;
        };
        advice.push(json!({
            "action": action,
            "impact": match line.severity { "critical" | "high" => "high", "medium" => "medium", _ => "low" },
            "effort": "small",
            "owner": owner(analyst),
            "metric": analyst.replace('_', " "),
            "check_after_days": 14,
            "about": [line.id],
        }));
        if advice.len() == MOST_ADVICE {
            break;
        }
    }
    advice
}

fn owner(analyst: &str) -> &'static str {
    match analyst {
        "geographic" => "country managers",
        "cohort_retention" | "user_segmentation" => "product lead",
        "revenue_optimization" => "head of revenue",
        "data_quality" => "data engineering",
        _ => "operations lead",
    }
}

fn confidence(prompt: &str) -> &'static str {
    if prompt.contains("Specialists that are missing") {
        "The findings rest on checked figures, but not every specialist reported, so a whole view is missing."
    } else {
        "The findings rest on checked figures of all specialists; causes are guesses until somebody looks."
    }
}
