//! `report.html`: the report as one page that needs no script and loads nothing, in the reading order of `report.md`, with charts, and
//! with each number of a finding linked to the row of the appendix that it came from.

mod appendix;
mod areas;
mod cite;
mod figures;
mod summary;

use super::Facts;
use super::markup::Markup;
use cite::Anchors;

/// Nothing but the page's own style is ever applied, loaded or sent.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The whole page. Byte-stable for equal facts.
pub fn html(facts: &Facts<'_>) -> String {
    let anchors = appendix::anchors(facts);
    let mut out = Markup::default();
    out.verbatim("<!DOCTYPE html>\n");
    out.node("html", &[("lang", &"en")], |html| {
        html.node("head", &[], |head| {
            head.leaf("meta", &[("charset", &"utf-8")]);
            let policy = "Content-Security-Policy";
            head.leaf("meta", &[("http-equiv", &policy), ("content", &POLICY)]);
            let scale = "width=device-width, initial-scale=1";
            head.leaf("meta", &[("name", &"viewport"), ("content", &scale)]);
            head.words("title", &[], summary::title(facts));
            head.node("style", &[], |style| style.verbatim(include_str!("page.css")));
        });
        html.node("body", &[], |body| {
            body.node("main", &[], |main| parts(main, facts, &anchors))
        });
    });
    out.finish()
}

fn parts(main: &mut Markup, facts: &Facts<'_>, anchors: &Anchors) {
    summary::strip(main, facts);
    summary::verdict(main, facts, anchors);
    summary::key_figures(main, facts);
    summary::findings(main, facts, anchors);
    summary::themes(main, facts, anchors);
    summary::recommendations(main, facts);
    areas::areas(main, facts, anchors);
    areas::missing(main, facts);
    areas::caveats(main, facts);
    appendix::appendix(main, facts, anchors);
}
