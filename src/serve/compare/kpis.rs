//! The key figures of two runs side by side.

use serde_json::Value;

use super::Pair;

/// In the order of the first run, then what only the second one has.
pub(super) fn compare(a: &[Value], b: &[Value]) -> Vec<Pair> {
    let named = |figures: &[Value], name: &Value| figures.iter().find(|figure| figure["name"] == *name).cloned();
    let only_in_b = b.iter().filter(|figure| named(a, &figure["name"]).is_none());
    let names = a.iter().chain(only_in_b).map(|figure| &figure["name"]);
    names.map(|name| pair(&named(a, name), &named(b, name))).collect()
}

fn pair(before: &Option<Value>, after: &Option<Value>) -> Pair {
    let latest = after.as_ref().or(before.as_ref());
    let label = latest.and_then(|figure| figure["label"].as_str());
    Pair {
        name: label.unwrap_or_default().to_owned(),
        a: shown(before),
        b: shown(after),
        difference: before
            .as_ref()
            .zip(after.as_ref())
            .and_then(|(before, after)| difference(before, after))
            .unwrap_or_default(),
    }
}

fn shown(figure: &Option<Value>) -> String {
    let Some(figure) = figure else { return "–".to_owned() };
    let number = figure["shown_current"].as_str().unwrap_or("–");
    let unit = if is_percent(figure) { "\u{a0}%" } else { "" };
    format!("{number}{unit}")
}

/// Of shares in points, of all else in percent of what it was.
fn difference(before: &Value, after: &Value) -> Option<String> {
    let (old, new) = (before["current"].as_f64()?, after["current"].as_f64()?);
    let (change, unit) = match is_percent(after) {
        true => (new - old, "pp"),
        false if old == 0.0 => return None,
        false => ((new / old - 1.0) * 100.0, "%"),
    };
    if change.abs() < 0.05 {
        return Some("none".to_owned());
    }
    Some(format!("{change:+.1}\u{a0}{unit}").replace('-', "−"))
}

fn is_percent(figure: &Value) -> bool {
    figure["unit"] == "percent"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_differ_in_points_and_figures_in_percent() {
        let figure = |name: &str, unit: &str, current: f64| json!({"name": name, "label": name, "unit": unit, "current": current, "shown_current": current.to_string()});
        let a = [
            figure("paying", "percent", 40.0),
            figure("revenue", "money", 200.0),
            figure("old", "money", 1.0),
        ];
        let b = [
            figure("revenue", "money", 150.0),
            figure("paying", "percent", 44.0),
            figure("new", "money", 2.0),
        ];
        let told: Vec<String> = compare(&a, &b)
            .into_iter()
            .map(|pair| format!("{} {} {} {}", pair.name, pair.a, pair.b, pair.difference).replace('\u{a0}', "_"))
            .collect();
        assert_eq!(
            told,
            [
                "paying 40_% 44_% +4.0_pp",
                "revenue 200 150 −25.0_%",
                "old 1 – ",
                "new – 2 "
            ]
        );
        assert_eq!(difference(&figure("x", "money", 0.0), &figure("x", "money", 1.0)), None);
        assert_eq!(difference(&a[0], &a[0]).unwrap(), "none");
    }
}
