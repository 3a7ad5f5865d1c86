//! Sentences whose numbers lead to the row of the appendix that they came from.

use std::collections::BTreeSet;

use super::super::markup::Markup;
use crate::insight::{Cite, Finding};

/// The rows and cells that the page shows.
pub(super) type Anchors = BTreeSet<String>;

/// `d16.value`: `ev-d16-value`; a row alone: `ev-d16`.
pub(super) fn anchor(address: &str) -> String {
    format!("ev-{}", address.replace('.', "-"))
}

/// A text with what the program wrote into it.
pub(super) fn sentence(out: &mut Markup, text: &str, cites: &[Cite], anchors: &Anchors) {
    write(out, text, &spans(text, 0, cites), anchors);
}

/// A sentence about findings: where it repeats the text of one, its numbers are that finding's.
pub(super) fn about(out: &mut Markup, text: &str, findings: &[&Finding], anchors: &Anchors) {
    let mut found: Vec<Span<'_>> = Vec::new();
    for finding in findings {
        let clause = finding.text.trim().trim_end_matches('.');
        // Joined to another sentence, a clause begins with a small letter.
        let body: String = clause.chars().skip(1).collect();
        if let Some(start) = text.find(&body).filter(|_| body.len() > 8) {
            let from = text[..start].char_indices().next_back().map_or(0, |(index, _)| index);
            let clause = &text[from..start + body.len()];
            let new = spans(clause, from, &finding.text_cites);
            let free = |span: &Span<'_>| {
                found
                    .iter()
                    .all(|other| span.end <= other.start || other.end <= span.start)
            };
            let new: Vec<Span<'_>> = new.into_iter().filter(free).collect();
            found.extend(new);
        }
    }
    found.sort_by_key(|span| span.start);
    write(out, text, &found, anchors);
}

struct Span<'a> {
    start: usize,
    end: usize,
    cite: &'a Cite,
}

/// Each cite at its place: they stand in the text in order. `offset` is where the text begins in a longer one.
fn spans<'a>(text: &str, offset: usize, cites: &'a [Cite]) -> Vec<Span<'a>> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    let mut spans = Vec::new();
    for cite in cites {
        let wanted = cite.shown.to_ascii_lowercase();
        let whole = |start: usize| {
            let end = start + wanted.len();
            let glued = |letter: char| letter.is_alphanumeric();
            !lower[..start].ends_with(glued) && !lower[end..].starts_with(glued)
        };
        let place = lower[from..]
            .match_indices(&wanted)
            .map(|(place, _)| from + place)
            .find(|start| whole(*start));
        if let Some(start) = place {
            from = start + wanted.len();
            spans.push(Span {
                start: offset + start,
                end: offset + from,
                cite,
            });
        }
    }
    spans
}

fn write(out: &mut Markup, text: &str, spans: &[Span<'_>], anchors: &Anchors) {
    let mut end = 0;
    for span in spans {
        let target = span.cite.cells.iter().filter(|cell| cell.contains('.'));
        let target = target.map(|cell| anchor(cell)).find(|target| anchors.contains(target));
        let Some(target) = target else { continue };
        out.text(&text[end..span.start]);
        let (link, from) = (format!("#{target}"), span.cite.cells.join(", "));
        out.words(
            "a",
            &[("class", &"cite"), ("href", &link), ("title", &from)],
            &text[span.start..span.end],
        );
        end = span.end;
    }
    out.text(&text[end..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cite(shown: &str, cell: &str) -> Cite {
        Cite {
            shown: shown.to_owned(),
            cells: vec![cell.to_owned()],
        }
    }

    #[test]
    fn a_number_leads_to_its_cell_and_a_missing_cell_to_nothing() {
        let anchors = Anchors::from(["ev-g3-users".to_owned()]);
        let cites = [cite("4", "g3.users"), cite("5 %", "g9.gone")];
        let mut out = Markup::default();
        sentence(&mut out, "Of 41 <b>users</b> 4 left, 5 %.", &cites, &anchors);
        assert_eq!(
            out.finish(),
            "Of 41 &lt;b&gt;users&lt;/b&gt; <a class=\"cite\" href=\"#ev-g3-users\" title=\"g3.users\">4</a> left, 5 %."
        );
    }
}
