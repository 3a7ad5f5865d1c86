//! `report.md`, in the order in which an executive reads: verdict, key figures, findings, what to do, what is missing, caveats, appendix.

use std::fmt::Write as _;

use crate::evidence::{Good, Kpi, Unit};
use crate::insight::{Analyst, CoordinatorStatus, KeyFinding, Outcome, Rejected, SpecialistReport, confidence_word};

use super::appendix::appendix;
use super::marks::Marks;
use super::parts::{plain, plain_number, table, thousands};
use super::{Facts, Status};

/// The whole report. Byte-stable for equal facts.
pub fn markdown(facts: &Facts<'_>) -> String {
    let parts = [
        title(facts),
        verdict(facts),
        key_figures(facts),
        findings(facts),
        themes(facts),
        recommendations(facts),
        areas(facts),
        missing(facts),
        caveats(facts),
        appendix(facts),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n").trim_end())
}

fn title(facts: &Facts<'_>) -> String {
    let mut text = String::new();
    let Some(evidence) = facts.evidence.first() else {
        return "# Insights report".to_owned();
    };
    let period = evidence.period;
    let _ = writeln!(text, "# Insights report, {} to {}\n", period.start, period.end);
    if facts.status != Status::Complete {
        let _ = writeln!(
            text,
            "> **This report is {}.** {}\n",
            facts.status.word(),
            plain(&degraded_because(facts))
        );
    }
    let compared = evidence.previous_period.map_or_else(
        || "nothing (the data hold no full previous period)".to_owned(),
        |previous| format!("{} to {}", previous.start, previous.end),
    );
    let confidence = facts.council.coordinated.confidence_score.map_or_else(
        || "not rated".to_owned(),
        |score| format!("{} ({score:.2})", confidence_word(score)),
    );
    let users = facts
        .source
        .users
        .map(|users| format!(", {} users", thousands(users)))
        .unwrap_or_default();
    let rows = [
        ("Period", format!("{} days, {} time", period.days(), evidence.timezone)),
        ("Compared with", compared),
        (
            "Data",
            format!(
                "{}: {} rows in the period{users}",
                plain(&facts.source.files.join(", ")),
                thousands(facts.source.rows_in_window)
            ),
        ),
        ("Run", format!("`{}`, {}", facts.run_hash, facts.status.word())),
        (
            "Specialists",
            format!(
                "{} of {} reported",
                facts.council.n_successful(),
                facts.council.outcomes.len()
            ),
        ),
        ("Checked", checked(facts)),
        ("Confidence", confidence),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "**{name}:** {value}  ");
    }
    text.trim_end().to_owned()
}

/// What the reader may rely on, in one line.
pub(super) fn checked(facts: &Facts<'_>) -> String {
    let grounding = facts.council.grounding;
    let left_out = match grounding.dropped {
        0 => String::new(),
        1 => "; 1 statement of the models was left out".to_owned(),
        n => format!("; {n} statements of the models were left out"),
    };
    format!(
        "{} of {} numbers verified{left_out}",
        grounding.printed.passed, grounding.printed.checked
    )
}

pub(super) fn degraded_because(facts: &Facts<'_>) -> String {
    let council = facts.council;
    let mut reasons = Vec::new();
    let missing = council.missing();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|(analyst, _)| analyst.title()).collect();
        reasons.push(format!(
            "{} of {} specialists are missing: {}.",
            missing.len(),
            council.outcomes.len(),
            names.join(", ")
        ));
    }
    if council.coordinated.status != CoordinatorStatus::Completed {
        let why = council
            .coordinated
            .why
            .as_ref()
            .map(|why| format!(" ({})", why.message))
            .unwrap_or_default();
        reasons.push(format!(
            "No coordinator joined the findings{why}; they were put together by template."
        ));
    }
    reasons.join(" ")
}

fn verdict(facts: &Facts<'_>) -> String {
    let joined = &facts.council.coordinated;
    let mut text = "## Verdict\n\n".to_owned();
    if let Some((first, rest)) = joined.executive_summary.split_first() {
        let _ = write!(text, "**{}**", plain(first));
        for sentence in rest {
            let _ = write!(text, "\n\n{}", plain(sentence));
        }
    }
    text
}

fn key_figures(facts: &Facts<'_>) -> String {
    if facts.kpis.is_empty() {
        return String::new();
    }
    let head = ["Figure", "This period", "Previous period", "Change", ""].map(str::to_owned);
    let currency = facts.evidence.first().and_then(|evidence| evidence.currency.as_deref());
    let rows: Vec<Vec<String>> = facts
        .kpis
        .iter()
        .map(|kpi| {
            let with_unit = |shown: &str| match kpi.unit {
                Unit::Percent if shown != "–" => format!("{shown} %"),
                Unit::Money if shown != "–" => {
                    currency.map_or_else(|| shown.to_owned(), |currency| format!("{currency} {shown}"))
                }
                _ => shown.to_owned(),
            };
            vec![
                plain(&capital(&kpi.label)),
                plain(&with_unit(&kpi.shown_current)),
                plain(&with_unit(&kpi.shown_previous)),
                plain_number(&kpi.shown_change),
                meaning(kpi).to_owned(),
            ]
        })
        .collect();
    format!(
        "## Key figures\n\n{}\nThe previous period has the same number of days and ends the day before. Ordinary: the change lies inside what these figures do anyway.",
        table(&head, &[false, true, true, true, false], &rows)
    )
}

pub(super) fn meaning(kpi: &Kpi) -> &'static str {
    match (kpi.change_pct, kpi.z) {
        (None, _) | (_, None) => "",
        (Some(_), Some(_)) if !kpi.unusual => "ordinary",
        (Some(change), Some(_)) => match (kpi.good, change > 0.0) {
            (Good::Up, true) | (Good::Down, false) => "▲ better",
            (Good::Up, false) | (Good::Down, true) => "▼ worse",
            (Good::Neither, _) => "unusual",
        },
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn findings(facts: &Facts<'_>) -> String {
    let mut text = "## Findings\n".to_owned();
    let key = &facts.council.coordinated.key_findings;
    if key.is_empty() {
        text.push_str("\nNothing outside ordinary variation was found.");
        return text;
    }
    let marks = Marks::of(key.iter().flat_map(|finding| &finding.caveats));
    for (index, finding) in key.iter().enumerate() {
        let _ = write!(text, "\n{}", key_finding(facts, index + 1, finding, &marks));
    }
    for caveat in marks.lines() {
        let _ = writeln!(text, "\n{}", plain(&caveat));
    }
    text.trim_end().to_owned()
}

fn key_finding(facts: &Facts<'_>, number: usize, finding: &KeyFinding, marks: &Marks<'_>) -> String {
    let marked = format!("{}{}", plain(&finding.text), marks.behind(&finding.caveats));
    let mut text = format!("### {number}. {}\n\n{marked}\n", plain(&finding.title));
    if !finding.why_it_matters.is_empty() {
        let _ = writeln!(text, "\nWhy it matters: {}", plain(&finding.why_it_matters));
    }
    let evidence = facts
        .evidence
        .iter()
        .find(|evidence| evidence.analyst == finding.analyst);
    let cells: Vec<String> = finding
        .evidence
        .iter()
        .take(8)
        .map(|address| {
            let value = evidence
                .and_then(|evidence| evidence.at(address))
                .map(|at| at.shown())
                .unwrap_or_default();
            format!("`{address}` {}", plain_number(&plain(&value)))
        })
        .collect();
    let _ = writeln!(
        text,
        "\n*{} · {} · severity {} · confidence {} ({:.2}){}*",
        finding.finding,
        finding.analyst.title(),
        finding.severity.word(),
        confidence_word(finding.confidence),
        finding.confidence,
        if cells.is_empty() {
            String::new()
        } else {
            format!(" · evidence {}", cells.join(", "))
        }
    );
    text
}

fn themes(facts: &Facts<'_>) -> String {
    let themes = &facts.council.coordinated.themes;
    if themes.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = themes
        .iter()
        .map(|theme| {
            format!(
                "- **{}**: {} ({})",
                plain(&theme.theme),
                plain(&theme.text),
                theme.uses.join(", ")
            )
        })
        .collect();
    format!("## What runs through them\n\n{}", lines.join("\n"))
}

fn recommendations(facts: &Facts<'_>) -> String {
    let joined = &facts.council.coordinated;
    let mut text = String::new();
    if !joined.recommendations.is_empty() {
        let head = [
            "",
            "Action",
            "Impact",
            "Effort",
            "Owner",
            "Watch",
            "Check on",
            "Because of",
        ]
        .map(str::to_owned);
        let rows: Vec<Vec<String>> = joined
            .recommendations
            .iter()
            .enumerate()
            .map(|(index, advice)| {
                vec![
                    (index + 1).to_string(),
                    plain(&advice.action),
                    plain(&advice.impact),
                    plain(&advice.effort),
                    plain(&advice.owner),
                    plain(&advice.metric),
                    advice.check_date.clone().unwrap_or_else(|| "–".to_owned()),
                    advice.about.join(", "),
                ]
            })
            .collect();
        let _ = write!(text, "## Recommendations\n\n{}", table(&head, &[false; 8], &rows));
    }
    if !joined.next_steps.is_empty() {
        let steps: Vec<String> = joined
            .next_steps
            .iter()
            .map(|step| format!("- {}", plain(step)))
            .collect();
        let _ = write!(text, "\n**Next steps**\n\n{}", steps.join("\n"));
    }
    text.trim().to_owned()
}

fn areas(facts: &Facts<'_>) -> String {
    let mut text = "## Area by area\n".to_owned();
    for (analyst, outcome) in &facts.council.outcomes {
        let _ = write!(text, "\n### {}\n\n{}", analyst.title(), area(*analyst, outcome));
    }
    text.trim_end().to_owned()
}

fn area(analyst: Analyst, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Missing(why) => format!(
            "**Missing.** The {} specialist did not report: {}\n",
            analyst.title().to_lowercase(),
            plain(&why.message)
        ),
        Outcome::NothingToRead(report) => format!("Nothing to read: {}.\n", plain(&report.data_gaps.join("; "))),
        Outcome::Reported(report) => match analyst {
            Analyst::Own(_) if report.findings.is_empty() && report.rejected.is_empty() => {
                own_sections(&report.sections)
            }
            Analyst::Own(_) => format!("{}{}", own_sections(&report.sections), reported_area(report)),
            _ => reported_area(report),
        },
    }
}

fn own_sections(sections: &serde_json::Map<String, serde_json::Value>) -> String {
    let lines = own_texts(sections).into_iter();
    lines.map(|line| format!("- {}\n", plain(&line))).collect()
}

/// The texts of an added analyst's own section objects; the six fixed ones tell theirs as findings.
pub(super) fn own_texts(sections: &serde_json::Map<String, serde_json::Value>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, value) in sections {
        let mut texts = Vec::new();
        gather(value, &mut texts);
        if !texts.is_empty() {
            lines.push(format!("{}: {}", capital(&name.replace('_', " ")), texts.join("; ")));
        }
    }
    lines
}

fn gather(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if !text.is_empty() => texts.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| gather(field, texts)),
        _ => {}
    }
}

fn reported_area(report: &SpecialistReport) -> String {
    let marks = Marks::of(report.findings.iter().flat_map(|finding| &finding.caveats));
    let mut lines: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            let note = if finding.reportable {
                ""
            } else {
                " (inside ordinary variation, or too few observations)"
            };
            let marks = marks.behind(&finding.caveats);
            format!("- {}: {}{note}{marks}", finding.id, plain(&finding.text))
        })
        .collect();
    if lines.is_empty() {
        lines.push("- No finding passed the check.".to_owned());
    }
    lines.extend(marks.lines().map(|caveat| format!("\n{}", plain(&caveat))));
    for (heading, remarks) in [
        ("Possible causes", &report.hypotheses),
        ("Advice", &report.recommendations),
    ] {
        if !remarks.is_empty() {
            lines.push(format!("\n{heading} (words of the model, not checked against data):\n"));
            lines.extend(remarks.iter().map(|remark| {
                let about = if remark.about.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", remark.about.join(", "))
                };
                format!("- {}{about}", plain(&remark.text))
            }));
        }
    }
    format!("{}\n", lines.join("\n"))
}

fn missing(facts: &Facts<'_>) -> String {
    let lines = missing_lines(facts).into_iter();
    let lines: Vec<String> = lines
        .map(|(who, what)| format!("- **{who}**: {}", plain(&what)))
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("## What is missing\n\n{}", lines.join("\n"))
}

/// The kinds of reasons with their counts: `number 2, name 1`. A made-up number is not printed, not even as a quotation.
fn reasons<'a>(codes: impl Iterator<Item = &'a str>) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for kind in codes {
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(kind, count)| format!("{} {count}", in_words(kind)))
        .collect();
    kinds.join(", ")
}

fn in_words(code: &str) -> &str {
    match code {
        "bad_ref" => "a reference to nothing",
        "type" => "an operation that makes no sense",
        "assert" => "an untrue assertion",
        "number" => "a number that does not follow from the data",
        "unit" => "a wrong unit",
        "name" => "a name that the figures are not about",
        "measure" => "another measure than cited",
        "word" => "a word that the figures do not bear out",
        "period" => "the wrong period",
        "date" => "a wrong date",
        "rank" => "a wrong rank",
        "duplicate" => "a repetition",
        "not_significant" => "a change inside ordinary variation",
        "advice_with_number" => "advice with a number",
        "no_ground" => "a remark on a finding that was left out",
        "uses" => "a sentence without a finding",
        other => other,
    }
}

/// Who is missing or was cut, and why.
pub(super) fn missing_lines(facts: &Facts<'_>) -> Vec<(String, String)> {
    let council = facts.council;
    let mut lines: Vec<(String, String)> = council
        .missing()
        .into_iter()
        .map(|(analyst, why)| {
            let kind = why.kind.replace('_', " ");
            let what = format!("{} ({kind}, {} attempts)", why.message, why.attempts);
            (analyst.title().to_owned(), what)
        })
        .collect();
    let coordinator = || "Coordinator".to_owned();
    if council.coordinated.status != CoordinatorStatus::Completed {
        let why = council.coordinated.why.as_ref();
        let why = why.map_or("no reason given", |why| why.message.as_str());
        lines.push((coordinator(), format!("{why}; the summary was assembled by template")));
    }
    for (analyst, outcome) in &council.outcomes {
        let Outcome::Reported(report) = outcome else { continue };
        // What is true and no news is counted elsewhere.
        let wrong = |rejected: &&Rejected| !rejected.codes().contains(&"not_significant");
        let n_wrong = report.rejected.iter().filter(wrong).count();
        if n_wrong > 0 {
            let why = reasons(report.rejected.iter().filter(wrong).flat_map(Rejected::codes));
            let words = "of the model's statements did not pass the check against the data and are not printed";
            lines.push((analyst.title().to_owned(), format!("{n_wrong} {words}: {why}")));
        }
    }
    if !council.coordinated.dropped.is_empty() {
        let words = "of its sentences did not pass the check and are not printed";
        let why = reasons(council.coordinated.dropped.iter().flat_map(Rejected::codes));
        lines.push((
            coordinator(),
            format!("{} {words}: {why}", council.coordinated.dropped.len()),
        ));
    }
    let conflicts = council.conflicts.iter();
    for conflict in conflicts.filter(|conflict| conflict.resolution.is_none()) {
        lines.push((format!("Conflict {}", conflict.id), conflict.text.clone()));
    }
    lines
}

fn caveats(facts: &Facts<'_>) -> String {
    let mut text = "## How far to trust this\n".to_owned();
    let confidence = &facts.council.coordinated.confidence_text;
    if !confidence.is_empty() {
        let _ = writeln!(text, "\n{}", plain(confidence));
    }
    let _ = write!(text, "\n{}\n", grounding_sentence(facts));
    let lines: Vec<String> = caveat_lines(facts)
        .iter()
        .map(|line| format!("- {}", plain(line)))
        .collect();
    if !lines.is_empty() {
        let _ = write!(text, "\n{}", lines.join("\n"));
    }
    text.trim_end().to_owned()
}

pub(super) fn grounding_sentence(facts: &Facts<'_>) -> String {
    let grounding = facts.council.grounding;
    format!(
        "Every number above was written by the program from the cells below. {} of {} statements by the models passed the check; of the {} that passed, {} spoke of ordinary variation.",
        grounding.supported, grounding.findings, grounding.supported, grounding.ordinary
    )
}

/// What the data lack, each said once.
pub(super) fn caveat_lines(facts: &Facts<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        if !lines.iter().any(|line| line == text) {
            lines.push(text.to_owned());
        }
    };
    facts.source.notes.iter().for_each(|note| add(note));
    let gaps = facts.evidence.iter().flat_map(|evidence| &evidence.gaps);
    gaps.for_each(|gap| add(gap));
    let reports = facts
        .council
        .outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.report());
    reports.flat_map(|report| &report.data_gaps).for_each(|gap| add(gap));
    if facts.source.bad_rows > 0 {
        add(&format!(
            "{} rows could not be read and are left out",
            facts.source.bad_rows
        ));
    }
    lines
}
