//! Makes the patterns of the checks, some thirty regular expressions, before the first reply is there.

use serde_json::json;

use crate::evidence::Evidence;

use super::specialist::specialist;

/// Checks a reply of our own that holds a number, a date, a direction, a cause and an advice, and forgets it. What that takes, some
/// tens of milliseconds on a thread that has nothing else to do, the first real reply does not.
pub fn warm(evidence: &Evidence) {
    let reply = json!({
        "findings": [{
            "id": "f1", "kind": "change", "severity": "low", "title": "Active users fell",
            "text": "On 14 March 2025 the highest of 3 days fell by about 5 % from $12,345 to 2.3 times Japan because of \"iOS 17\".",
            "asserts": [{"op": "change", "cell": "t1.users", "dir": "down"}],
        }],
        "hypotheses": [{"text": "A release may be the cause.", "about": ["f1"]}],
        "recommendations": [{"text": "Raise the limit by 5 %.", "about": ["f1"]}],
        "data_gaps": ["There is no country."],
    });
    let _nothing_holds = specialist(&reply, evidence);
}
