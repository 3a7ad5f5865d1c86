//! What of a reply goes back to the model, and what of its correction is better. A finding that stands is never touched.

use serde_json::{Value, json};

use crate::evidence::Evidence;

use super::feedback::feedback;
use super::specialist::{CheckedSpecialist, items, specialist, string};

/// The findings of a reply that do not hold as they were written.
#[derive(Debug, Clone, PartialEq)]
pub struct Failing {
    /// As the model wrote them.
    pub findings: Value,
    /// One line a fault.
    pub feedback: Vec<String>,
}

/// None when every finding holds.
pub fn failing(value: &Value, checked: &CheckedSpecialist) -> Option<Failing> {
    let findings: Vec<&Value> = items(value, "findings")
        .filter(|finding| checked.faults.contains_key(&string(finding, "id")))
        .collect();
    (!findings.is_empty()).then(|| Failing {
        findings: json!(findings),
        feedback: feedback(checked),
    })
}

/// A reply with the better ones of its corrected findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Revised {
    pub value: Value,
    /// Ids of findings that hold better now, that do not, and that the model took back.
    pub accepted: Vec<String>,
    pub refused: Vec<String>,
    pub withdrawn: Vec<String>,
}

/// A corrected finding takes the place of the failing one if strictly fewer of its atoms fail. Everything else in the correction is
/// ignored: new findings, and changes of those that stood. `before` is the check of `value`.
pub fn revised(value: &Value, before: &CheckedSpecialist, correction: &Value, evidence: &Evidence) -> Revised {
    let after = specialist(correction, evidence);
    let mut out = Revised {
        value: value.clone(),
        accepted: Vec::new(),
        refused: Vec::new(),
        withdrawn: Vec::new(),
    };
    let Some(findings) = out.value.get_mut("findings").and_then(Value::as_array_mut) else {
        return out;
    };
    for finding in findings.iter_mut() {
        let id = string(finding, "id");
        let Some(faults) = n_failing(before, &id).filter(|faults| *faults > 0) else {
            continue;
        };
        let corrected = items(correction, "findings").find(|corrected| string(corrected, "id") == id);
        match (corrected, n_failing(&after, &id)) {
            (Some(corrected), Some(now)) if now < faults => {
                *finding = corrected.clone();
                out.accepted.push(id);
            }
            (Some(_), _) => out.refused.push(id),
            (None, _) => out.withdrawn.push(id),
        }
    }
    out
}

fn n_failing(checked: &CheckedSpecialist, id: &str) -> Option<usize> {
    let told = checked.faults.get(id).map_or(0, Vec::len);
    let atoms = checked.atoms.get(id)?;
    Some(told.max(atoms.checked - atoms.passed))
}
