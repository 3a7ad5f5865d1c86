//! What disagrees, found by the program before anybody joins the findings: figures of the evidence, and findings about one figure.

mod figures;
mod findings;

use crate::evidence::Evidence;
use crate::insight::{Conflict, ConflictKind, Finding, Resolution};

/// Numbered `C1`, `C2` …; figures first.
pub(super) fn conflicts(evidence: &[Evidence], findings: &[&Finding]) -> Vec<Conflict> {
    let figures = figures::metrics(evidence).into_iter().chain(figures::parts(evidence));
    let figures = figures.map(|(kind, text, cells)| Conflict {
        id: String::new(),
        kind,
        findings: citing(&cells, findings),
        text,
        cells: cells.into_iter().map(|(_, cell)| cell).collect(),
        resolution: None,
    });
    let mut all: Vec<Conflict> = figures.chain(findings::opposite(findings)).collect();
    for (index, conflict) in all.iter_mut().enumerate() {
        conflict.id = format!("C{}", index + 1);
    }
    all
}

/// What whoever joins the findings says of the conflicts; that it fits them was checked with everything else that it says.
pub(super) fn settle(conflicts: &mut [Conflict], resolutions: &[(String, Resolution)]) {
    for conflict in conflicts {
        let own = resolutions.iter().find(|(id, _)| *id == conflict.id);
        conflict.resolution = own.map(|(_, resolution)| resolution.clone());
    }
}

/// The findings that lost a conflict that was settled.
pub(super) fn given_up(conflicts: &[Conflict]) -> Vec<&String> {
    let settled = conflicts
        .iter()
        .filter_map(|conflict| Some((conflict, conflict.resolution.as_ref()?)));
    settled
        .flat_map(|(conflict, resolution)| conflict.findings.iter().filter(|id| **id != resolution.keep))
        .collect()
}

/// A figure that disagrees: the analyst whose evidence holds it, and its cell.
type Place = (&'static str, String);

/// What disagrees, in words, with its cells.
type Disagreement = (ConflictKind, String, Vec<Place>);

fn citing(cells: &[Place], findings: &[&Finding]) -> Vec<String> {
    let cites = |finding: &&&Finding| {
        let analyst = finding.analyst.key();
        cells
            .iter()
            .any(|(own, cell)| *own == analyst && finding.evidence.contains(cell))
    };
    findings
        .iter()
        .filter(cites)
        .map(|finding| finding.id.clone())
        .collect()
}
