//! Area by area, then what is missing, and how far to trust the rest.

use super::super::markdown::{caveat_lines, missing_lines};
use super::super::marks::Marks;
use super::super::markup::Markup;
use super::super::{Facts, markdown};
use super::cite::{Anchors, sentence};
use super::figures::figures;
use crate::insight::{Analyst, Outcome, Remark, SpecialistReport};

pub(super) fn areas(out: &mut Markup, facts: &Facts<'_>, anchors: &Anchors) {
    out.words("h2", &[("id", &"areas")], "Area by area");
    for (analyst, outcome) in &facts.council.outcomes {
        out.node("section", &[("class", &"area")], |area| {
            area.words("h3", &[], analyst.title());
            figures(area, facts, *analyst);
            match outcome {
                Outcome::Missing(why) => {
                    area.node("p", &[], |p| {
                        p.words("strong", &[], "Missing.");
                        p.text(format!(" The specialist did not report: {}", why.message));
                    });
                }
                Outcome::NothingToRead(report) => {
                    area.words("p", &[], format!("Nothing to read: {}.", report.data_gaps.join("; ")));
                }
                Outcome::Reported(report) => reported(area, facts, *analyst, report, anchors),
            }
        });
    }
}

fn reported(out: &mut Markup, facts: &Facts<'_>, analyst: Analyst, report: &SpecialistReport, anchors: &Anchors) {
    if let Analyst::Own(_) = analyst {
        for line in markdown::own_texts(&report.sections) {
            out.words("p", &[], line);
        }
    }
    let key = &facts.council.coordinated.key_findings;
    if report.findings.is_empty() {
        out.words("p", &[], "No finding passed the check.");
    }
    let marks = Marks::of(report.findings.iter().flat_map(|finding| &finding.caveats));
    out.node("ul", &[], |list| {
        for finding in &report.findings {
            let told = key.iter().any(|key| key.finding == finding.id);
            // The finding itself stands above; one id is one place.
            let id = if told {
                format!("area-{}", finding.id)
            } else {
                finding.id.clone()
            };
            list.node("li", &[("id", &id)], |item| {
                match told {
                    true => item.words("a", &[("href", &format!("#{}", finding.id))], &finding.id),
                    false => item.text(&finding.id),
                }
                item.text(": ");
                sentence(item, &finding.text, &finding.text_cites, anchors);
                if !finding.reportable {
                    item.words(
                        "span",
                        &[("class", &"soft")],
                        " (inside ordinary variation, or too few observations)",
                    );
                }
                item.text(marks.behind(&finding.caveats));
            });
        }
    });
    for caveat in marks.lines() {
        out.words("p", &[("class", &"note")], caveat);
    }
    remarks(out, "Possible causes", &report.hypotheses);
    remarks(out, "Advice", &report.recommendations);
}

fn remarks(out: &mut Markup, heading: &str, remarks: &[Remark]) {
    if remarks.is_empty() {
        return;
    }
    let words = format!("{heading} (words of the model, not checked against data):");
    out.words("p", &[("class", &"note")], words);
    out.node("ul", &[("class", &"soft")], |list| {
        for remark in remarks {
            list.node("li", &[], |item| {
                item.text(&remark.text);
                if !remark.about.is_empty() {
                    item.text(format!(" ({})", remark.about.join(", ")));
                }
            });
        }
    });
}

pub(super) fn missing(out: &mut Markup, facts: &Facts<'_>) {
    let lines = missing_lines(facts);
    if lines.is_empty() {
        return;
    }
    out.words("h2", &[("id", &"missing")], "What is missing");
    out.node("ul", &[], |list| {
        for (who, what) in lines {
            list.node("li", &[], |item| {
                item.words("strong", &[], &who);
                item.text(format!(": {what}"));
            });
        }
    });
}

pub(super) fn caveats(out: &mut Markup, facts: &Facts<'_>) {
    out.words("h2", &[("id", &"trust")], "How far to trust this");
    let confidence = &facts.council.coordinated.confidence_text;
    if !confidence.is_empty() {
        out.words("p", &[], confidence);
    }
    out.words("p", &[], markdown::grounding_sentence(facts));
    out.node("ul", &[], |list| {
        for line in caveat_lines(facts) {
            list.words("li", &[], line);
        }
    });
}
