//! Findings that contradict each other.

use crate::insight::{Conflict, ConflictKind, Finding};

const UP: [&str; 4] = [" rose ", " grew ", " above ", " increased "];
const DOWN: [&str; 4] = [" fell ", " shrank ", " below ", " declined "];

/// Pairs of findings that cite one cell of one analyst's evidence and say opposite directions.
pub(super) fn opposite(findings: &[&Finding]) -> Vec<Conflict> {
    let mut conflicts: Vec<Conflict> = Vec::new();
    for (index, left) in findings.iter().enumerate() {
        for right in &findings[index + 1..] {
            let shared: Vec<String> = left
                .evidence
                .iter()
                .filter(|cell| left.analyst == right.analyst && right.evidence.contains(cell))
                .cloned()
                .collect();
            if shared.is_empty()
                || direction(left)
                    .zip(direction(right))
                    .is_none_or(|(left, right)| left == right)
            {
                continue;
            }
            conflicts.push(Conflict {
                id: String::new(),
                kind: ConflictKind::OppositeFindings,
                text: format!("{} and {} say opposite things of one figure", left.id, right.id),
                cells: shared,
                findings: vec![left.id.clone(), right.id.clone()],
                resolution: None,
            });
        }
    }
    conflicts
}

/// The one direction that a finding speaks of.
fn direction(finding: &Finding) -> Option<bool> {
    let says = |words: [&str; 4]| words.iter().any(|word| finding.text.contains(word));
    match (says(UP), says(DOWN)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}
