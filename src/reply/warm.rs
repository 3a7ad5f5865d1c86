//! Makes the patterns of the checks, some thirty regular expressions, before the first reply is there.

use serde_json::json;

use crate::data::Window;
use crate::evidence::Evidence;
use crate::insight::Analyst;

use super::specialist::specialist;

/// Checks a reply of our own that holds a number, a date, a direction, a cause and an advice, and forgets it. Takes as long as
/// the first reply's checks would take longer without it: some tens of milliseconds, on a thread that has nothing else to do.
pub fn warm(period: Window) {
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
    let evidence = Evidence {
        analyst: Analyst::DailyMetrics,
        period,
        previous_period: None,
        currency: None,
        timezone: "UTC".to_owned(),
        notes: Vec::new(),
        gaps: Vec::new(),
        completeness: 1.0,
        tables: Vec::new(),
    };
    let _nothing_holds = specialist(&reply, &evidence);
}
