//! Findings of two runs side by side. A finding is known again by who found it, its kind and what it is about: its number and its
//! words are new with each run.

use serde::Serialize;
use serde_json::Value;

pub(super) const NEW: &str = "new";
pub(super) const GONE: &str = "gone";
pub(super) const CHANGED: &str = "changed";
pub(super) const SAME: &str = "same";

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::serve) struct Finding {
    pub(super) change: &'static str,
    /// For whoever sees no colour.
    pub(super) sign: &'static str,
    pub(super) title: String,
    pub(super) analyst: String,
    pub(super) severity: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// New ones first, then what changed, went and stayed; within each as severe as the runs say.
pub(super) fn compare(a: &Option<Value>, b: &Option<Value>) -> Vec<Finding> {
    let (before, mut after) = (findings(a), findings(b));
    let mut all: Vec<Finding> = Vec::new();
    for old in &before {
        let twin = after.iter().position(|new| identity(new) == identity(old));
        let new = twin.map(|place| after.remove(place));
        let change = match &new {
            None => GONE,
            Some(new) if new["text"] == old["text"] => SAME,
            Some(_) => CHANGED,
        };
        all.push(finding(change, Some(old), new.as_ref()));
    }
    all.extend(after.iter().map(|new| finding(NEW, None, Some(new))));
    let order = [NEW, CHANGED, GONE, SAME];
    let severities = ["critical", "high", "medium", "low", "info"];
    let place = |words: &[&str], word: &str| words.iter().position(|known| *known == word);
    all.sort_by_key(|finding| (place(&order, finding.change), place(&severities, &finding.severity)));
    all
}

/// Those that tell of something outside ordinary variation.
fn findings(children: &Option<Value>) -> Vec<Value> {
    let children = children.as_ref().and_then(Value::as_object).into_iter().flatten();
    children
        .flat_map(|(_, child)| child["findings"].as_array().into_iter().flatten())
        .filter(|finding| finding["significant"] == true)
        .cloned()
        .collect()
}

fn identity(finding: &Value) -> (&Value, &Value, &Value) {
    (&finding["analyst"], &finding["kind"], &finding["names"])
}

fn finding(change: &'static str, before: Option<&Value>, after: Option<&Value>) -> Finding {
    let text = |finding: Option<&Value>, key: &str| {
        let text = finding.and_then(|finding| finding[key].as_str());
        text.map(str::to_owned)
    };
    let latest = after.or(before);
    Finding {
        change,
        sign: match change {
            NEW => "+",
            GONE => "−",
            CHANGED => "~",
            _ => "=",
        },
        title: text(latest, "title").unwrap_or_default(),
        analyst: text(latest, "analyst").unwrap_or_default(),
        severity: text(latest, "severity").unwrap_or_default(),
        before: text(before, "text"),
        after: text(after, "text"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn findings_come_go_change_and_stay() {
        let finding = |name: &str, text: &str| {
            json!({"analyst": "geographic", "kind": "change", "names": [name], "title": name, "text": text,
                "severity": "high", "significant": true})
        };
        let run = |findings: Value| Some(json!({"geographic": {"findings": findings}, "data_quality": {"error": {}}}));
        let ordinary = json!({"analyst": "geographic", "names": ["x"], "text": "t", "significant": false});
        let a = run(json!([
            finding("DE", "fell 3 %"),
            finding("US", "rose"),
            finding("FR", "same"),
            ordinary
        ]));
        let b = run(json!([
            finding("FR", "same"),
            finding("DE", "fell 9 %"),
            finding("JP", "rose")
        ]));
        let told: Vec<(&str, String)> = compare(&a, &b)
            .into_iter()
            .map(|finding| (finding.change, finding.title))
            .collect();
        let expected = [(NEW, "JP"), (CHANGED, "DE"), (GONE, "US"), (SAME, "FR")];
        assert_eq!(told, expected.map(|(change, title)| (change, title.to_owned())));
        assert_eq!(compare(&None, &None), []);
    }
}
