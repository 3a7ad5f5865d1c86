//! The first page: what period, the verdict, the key figures, the findings, what to do.

use super::super::markdown::{capital, checked, degraded_because, meaning};
use super::super::marks::Marks;
use super::super::markup::Markup;
use super::super::parts::thousands;
use super::super::svg::sparkline;
use super::super::{Facts, Status};
use super::cite::{Anchors, about, anchor, sentence};
use crate::evidence::{Kpi, Unit};
use crate::insight::{Finding, KeyFinding, Severity, confidence_word};

pub(super) fn title(facts: &Facts<'_>) -> String {
    let period = facts.evidence.first().map(|evidence| evidence.period);
    period.map_or_else(
        || "Insights report".to_owned(),
        |period| {
            let day = |day: jiff::civil::Date| day.strftime("%-d %B %Y").to_string();
            format!("{} to {}", day(period.start), day(period.end))
        },
    )
}

pub(super) fn strip(out: &mut Markup, facts: &Facts<'_>) {
    out.words("p", &[("class", &"kicker")], "Insights report");
    out.words("h1", &[], title(facts));
    if facts.status != Status::Complete {
        let words = format!("This report is {}. {}", facts.status.word(), degraded_because(facts));
        out.words("p", &[("class", &"banner"), ("role", &"note")], words);
    }
    let Some(evidence) = facts.evidence.first() else { return };
    let before = evidence.previous_period.map_or_else(
        || "nothing: the data hold no full period before".to_owned(),
        |previous| format!("{} to {}", previous.start, previous.end),
    );
    let users = facts.source.users.map(|users| format!(", {} users", thousands(users)));
    let council = facts.council;
    let mut models: Vec<String> = council
        .calls
        .iter()
        .filter(|call| call.status == "success")
        .filter_map(|call| Some(format!("{}:{}", call.provider.as_ref()?, call.model.as_ref()?)))
        .collect();
    models.sort();
    models.dedup();
    let confidence = council.coordinated.confidence_score;
    let rows = [
        (
            "Period",
            format!("{} days, {} time", evidence.period.days(), evidence.timezone),
        ),
        ("Compared with", before),
        ("Data", file_names(&facts.source.files)),
        (
            "In the period",
            format!(
                "{} rows{}",
                thousands(facts.source.rows_in_window),
                users.unwrap_or_default()
            ),
        ),
        (
            "Data through",
            facts.source.last_day.clone().unwrap_or_else(|| "not known".to_owned()),
        ),
        ("Run", format!("{}, {}", facts.run_hash, facts.status.word())),
        (
            "Specialists",
            format!("{} of {} reported", council.n_successful(), council.outcomes.len()),
        ),
        ("Checked", checked(facts)),
        (
            "Confidence",
            confidence.map_or_else(
                || "not rated".to_owned(),
                |score| format!("{} ({score:.2})", confidence_word(score)),
            ),
        ),
        (
            "Words by",
            if models.is_empty() {
                "template".to_owned()
            } else {
                models.join(", ")
            },
        ),
    ];
    out.node("dl", &[("class", &"facts")], |list| {
        for (name, value) in rows {
            list.node("div", &[], |row| {
                row.words("dt", &[], name);
                row.words("dd", &[], value);
            });
        }
    });
}

/// Without their folders, which stand in the command at the end.
fn file_names(files: &[String]) -> String {
    let names: Vec<&str> = files
        .iter()
        .map(|file| {
            file.rsplit(['/', '\\'])
                .next()
                .filter(|name| !name.is_empty())
                .unwrap_or(file)
        })
        .collect();
    names.join(", ")
}

pub(super) fn verdict(out: &mut Markup, facts: &Facts<'_>, anchors: &Anchors) {
    out.words("h2", &[("id", &"verdict")], "Verdict");
    let findings = facts.council.findings();
    let Some((first, rest)) = facts.council.coordinated.executive_summary.split_first() else {
        return;
    };
    out.node("p", &[("class", &"lead")], |lead| {
        about(lead, first, &findings, anchors)
    });
    if rest.is_empty() {
        return;
    }
    out.node("ul", &[], |list| {
        for text in rest {
            list.node("li", &[], |item| about(item, text, &findings, anchors));
        }
    });
}

pub(super) fn key_figures(out: &mut Markup, facts: &Facts<'_>) {
    if facts.kpis.is_empty() {
        return;
    }
    out.words("h2", &[("id", &"figures")], "Key figures");
    out.node("div", &[("class", &"kpis")], |tiles| {
        for kpi in facts.kpis {
            tile(tiles, facts, kpi);
        }
    });
    out.words(
        "p",
        &[("class", &"note")],
        "The previous period has the same number of days and ends the day before. A change is shown when it lies outside what the figure does anyway. The lines show up to 30 days.",
    );
}

fn tile(out: &mut Markup, facts: &Facts<'_>, kpi: &Kpi) {
    let currency = facts.evidence.first().and_then(|evidence| evidence.currency.as_deref());
    let with_unit = |shown: &str| match (&kpi.unit, currency) {
        (Unit::Percent, _) => format!("{shown} %"),
        (Unit::Money, Some(currency)) => format!("{currency} {shown}"),
        _ => shown.to_owned(),
    };
    out.node("dl", &[("class", &"kpi")], |tile| {
        tile.words("dt", &[], capital(&kpi.label));
        tile.words("dd", &[("class", &"now")], with_unit(&kpi.shown_current));
        let word = meaning(kpi);
        let (class, words) = match (word, kpi.previous) {
            (_, None) => ("soft", "nothing to compare with".to_owned()),
            ("ordinary", _) => ("soft", "no real change".to_owned()),
            ("", _) => ("soft", format!("{}, not judged", kpi.shown_change)),
            (word, _) => {
                let class = match word {
                    "▲ better" => "good",
                    "▼ worse" => "bad",
                    _ => "soft",
                };
                (class, format!("{} {word}", kpi.shown_change))
            }
        };
        tile.words("dd", &[("class", &class)], words);
        if kpi.previous.is_some() {
            tile.words(
                "dd",
                &[("class", &"note")],
                format!("before: {}", with_unit(&kpi.shown_previous)),
            );
        }
        if let Some(values) = facts.charts.sparklines.get(&kpi.name) {
            let name = format!("{}, day by day", kpi.label);
            tile.node("dd", &[], |line| sparkline(line, &name, values));
        }
    });
}

pub(super) fn findings(out: &mut Markup, facts: &Facts<'_>, anchors: &Anchors) {
    out.words("h2", &[("id", &"findings")], "Findings");
    let key = &facts.council.coordinated.key_findings;
    if key.is_empty() {
        out.words("p", &[], "Nothing outside ordinary variation was found.");
    }
    let marks = Marks::of(key.iter().flat_map(|finding| &finding.caveats));
    for (index, finding) in key.iter().enumerate() {
        one(out, facts, index + 1, finding, &marks, anchors);
    }
    for caveat in marks.lines() {
        out.words("p", &[("class", &"note")], caveat);
    }
}

fn one(out: &mut Markup, facts: &Facts<'_>, number: usize, key: &KeyFinding, marks: &Marks<'_>, anchors: &Anchors) {
    let class = format!("finding {}", key.severity.word());
    out.node("article", &[("class", &class), ("id", &key.finding)], |card| {
        let known = facts.council.finding(&key.finding);
        let no_cites: &[_] = &[];
        let (title, text) = known.map_or((no_cites, no_cites), |finding| {
            (finding.title_cites.as_slice(), finding.text_cites.as_slice())
        });
        card.node("h3", &[], |head| {
            head.text(format!("{number}. "));
            sentence(head, &key.title, title, anchors);
        });
        card.node("p", &[], |words| {
            sentence(words, &key.text, text, anchors);
            words.text(marks.behind(&key.caveats));
        });
        if !key.why_it_matters.is_empty() {
            card.words("p", &[], format!("Why it matters: {}", key.why_it_matters));
        }
        for cause in causes(facts, &key.finding) {
            card.words(
                "p",
                &[("class", &"soft")],
                format!("Possible cause, not checked against data: {cause}"),
            );
        }
        card.node("p", &[("class", &"note")], |note| {
            note.words("span", &[("class", &"pill")], severity(key.severity));
            note.text(format!(" {} · {}", key.finding, key.analyst.title()));
            note.text(format!(
                " · confidence {} ({:.2}{})",
                confidence_word(key.confidence),
                key.confidence,
                known.map(factors).unwrap_or_default()
            ));
            evidence(note, &key.evidence, anchors);
        });
    });
}

/// A shape beside the word, for whoever sees no colour and reads fast.
fn severity(severity: Severity) -> String {
    let shape = match severity {
        Severity::Critical => "▲▲",
        Severity::High => "▲",
        Severity::Medium => "◆",
        Severity::Low => "◇",
        Severity::Info => "○",
    };
    format!("{shape} {}", severity.word())
}

fn factors(finding: &Finding) -> String {
    let confidence = finding.confidence;
    format!(
        ": real {:.2}, text {:.2}, data {:.2}",
        confidence.real, confidence.text, confidence.data
    )
}

fn evidence(out: &mut Markup, cells: &[String], anchors: &Anchors) {
    let shown: Vec<&String> = cells
        .iter()
        .filter(|cell| anchors.contains(&anchor(cell)))
        .take(8)
        .collect();
    for (index, cell) in shown.into_iter().enumerate() {
        out.text(if index == 0 { " · evidence " } else { ", " });
        out.words("a", &[("href", &format!("#{}", anchor(cell)))], cell);
    }
}

fn causes<'a>(facts: &'a Facts<'_>, finding: &str) -> Vec<&'a str> {
    let reports = facts
        .council
        .outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.report());
    let remarks = reports.flat_map(|report| &report.hypotheses);
    remarks
        .filter(|remark| remark.about.iter().any(|id| id == finding))
        .map(|remark| remark.text.as_str())
        .collect()
}

pub(super) fn themes(out: &mut Markup, facts: &Facts<'_>, anchors: &Anchors) {
    let themes = &facts.council.coordinated.themes;
    if themes.is_empty() {
        return;
    }
    let findings = facts.council.findings();
    out.words("h2", &[("id", &"themes")], "What runs through them");
    out.node("ul", &[], |list| {
        for theme in themes {
            list.node("li", &[], |item| {
                item.words("b", &[], &theme.theme);
                item.text(": ");
                about(item, &theme.text, &findings, anchors);
                item.text(format!(" ({})", theme.uses.join(", ")));
            });
        }
    });
}

pub(super) fn recommendations(out: &mut Markup, facts: &Facts<'_>) {
    let joined = &facts.council.coordinated;
    if joined.recommendations.is_empty() && joined.next_steps.is_empty() {
        return;
    }
    out.words("h2", &[("id", &"recommendations")], "Recommendations");
    if !joined.recommendations.is_empty() {
        out.node("div", &[("class", &"wide")], |wide| {
            wide.node("table", &[], |table| {
                table.node("thead", &[], |head| {
                    head.node("tr", &[], |row| {
                        for name in [
                            "",
                            "Action",
                            "Impact",
                            "Effort",
                            "Owner",
                            "Watch",
                            "Check on",
                            "Because of",
                        ] {
                            row.words("th", &[("scope", &"col")], name);
                        }
                    });
                });
                table.node("tbody", &[], |body| {
                    for (index, advice) in joined.recommendations.iter().enumerate() {
                        body.node("tr", &[], |row| {
                            row.words("td", &[], index + 1);
                            row.words("td", &[], &advice.action);
                            for text in [&advice.impact, &advice.effort, &advice.owner, &advice.metric] {
                                row.words("td", &[], text);
                            }
                            row.words("td", &[("class", &"id")], advice.check_date.as_deref().unwrap_or("–"));
                            row.words("td", &[], advice.about.join(", "));
                        });
                    }
                });
            });
        });
    }
    if !joined.next_steps.is_empty() {
        out.words("h3", &[], "Next steps");
        out.node("ul", &[], |list| {
            for step in &joined.next_steps {
                list.words("li", &[], step);
            }
        });
    }
}
