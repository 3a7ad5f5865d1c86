//! Claims in wordings that were written to be new to the checks: executive prose, terse bullets, other forms of numbers, two claims in
//! one sentence, ranges, fractions and multiples in words. Each miss was looked at as a class of errors, not as a phrase.

use serde_json::{Value, json};

use crate::insight::Verdict;
use crate::reply::Verifier;

use super::sentences::{NEUTRAL, TRUE};
use super::sentences_false::FALSE;
use super::sentences_told as told;

#[test]
fn true_claims_are_supported() {
    let all = [TRUE, told::TRUE].concat();
    let wrong = judged(&all, |verdict| verdict == Verdict::Supported);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn false_claims_are_found() {
    let all = [FALSE, told::FALSE].concat();
    let wrong = judged(&all, |verdict| {
        matches!(verdict, Verdict::Contradicted | Verdict::Unsupported)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_claims_nothing_is_let_alone() {
    let wrong = judged(NEUTRAL, |verdict| {
        !matches!(verdict, Verdict::Contradicted | Verdict::Unsupported)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Those that were judged otherwise.
fn judged(claims: &[(&str, &str)], is_right: impl Fn(Verdict) -> bool) -> Vec<String> {
    let mut verifier = Verifier::default();
    let evidence = evidence();
    let mut wrong = Vec::new();
    for (text, cited) in claims {
        let claim = json!({"id": "x", "evidence": evidence, "text": text, "citations": citations(cited)});
        let judged = verifier.judge(&claim.to_string()).judged.expect("a claim");
        if !is_right(judged.verdict) {
            wrong.push(format!("{:?}: {text} {:?}", judged.verdict, judged.reasons));
        }
    }
    wrong
}

/// `r1.revenue` is a cell of the countries, `r1.revenue*` that cell and the one before, `all` the revenue of every country.
fn citations(cited: &str) -> Vec<String> {
    let all: String = (1..=6).map(|row| format!("r{row}.revenue* ")).collect();
    let cited = if cited == "all" { all.as_str() } else { cited };
    let one = |cell: &str| match cell.strip_suffix('*') {
        Some(both) => vec![format!("T1.{both}_prev"), format!("T1.{both}")],
        None if cell.starts_with('r') => vec![format!("T1.{cell}")],
        None => vec![cell.to_owned()],
    };
    cited.split_whitespace().flat_map(one).collect()
}

fn evidence() -> Value {
    let countries: [(&str, [f64; 6]); 6] = [
        ("Brazil", [8000.0, 10_000.0, 4200.0, 4000.0, 2.4, 2.9]),
        ("Japan", [3000.0, 2000.0, 1500.0, 1400.0, 3.1, 3.0]),
        ("Germany", [12_400.0, 12_100.0, 5200.0, 5100.0, 4.0, 3.9]),
        ("France", [6200.0, 5600.0, 2900.0, 2800.0, 2.9, 2.1]),
        ("India", [1500.0, 500.0, 2500.0, 1000.0, 1.2, 1.1]),
        ("Mexico", [900.0, 1800.0, 700.0, 950.0, 2.2, 2.2]),
    ];
    let measures = [
        ("revenue", "revenue", "USD"),
        ("users", "users", "count:users"),
        ("conversion", "conversion rate", "%"),
    ];
    let mut columns = vec![json!({"name": "country", "label": "country", "unit": "text", "period": "current"})];
    for (name, label, unit) in measures {
        columns.push(json!({"name": name, "label": label, "unit": unit, "period": "current"}));
        let (name, label) = (format!("{name}_prev"), format!("{label} (previous period)"));
        columns.push(json!({"name": name, "label": label, "unit": unit, "period": "previous"}));
    }
    let rows = countries.iter().enumerate().map(|(index, (country, values))| {
        let [revenue, revenue_prev, users, users_prev, conversion, conversion_prev] = values;
        json!({"id": format!("r{}", index + 1), "country": country, "revenue": revenue, "revenue_prev": revenue_prev, "users": users,
            "users_prev": users_prev, "conversion": conversion, "conversion_prev": conversion_prev})
    });
    let days = [410, 395, 402, 388, 156, 420, 405].into_iter().enumerate();
    let days = days.map(|(index, orders)| json!({"id": format!("r{}", index + 1), "date": format!("2025-03-{}", 10 + index), "orders": orders}));
    let totals = [
        ("total_revenue", "total revenue", "USD", 32_000.0, 31_000.0),
        ("total_users", "total users", "count:users", 17_000.0, 15_250.0),
        ("avg_order_value", "average order value", "USD", 41.3, 44.9),
        ("refund_rate", "refund rate", "%", 4.1, 3.2),
    ];
    let metrics = totals.iter().enumerate().flat_map(|(index, (name, label, unit, now, before))| {
        let id = |n: usize| format!("M{}", 2 * index + n);
        [
            json!({"id": id(1), "name": name, "label": label, "value": now, "unit": unit, "period": "current"}),
            json!({"id": id(2), "name": format!("{name}_prev"), "label": format!("{label} (previous period)"), "value": before,
                "unit": unit, "period": "previous"}),
        ]
    });
    json!({
        "specialist": "geographic", "currency": "USD",
        "period": {"start": "2025-03-01", "end": "2025-03-31", "days": 31},
        "previous_period": {"start": "2025-01-29", "end": "2025-02-28", "days": 31},
        "tables": [
            {"id": "T1", "title": "Countries", "key": "country", "key_type": "entity", "columns": columns, "rows": rows.collect::<Vec<_>>()},
            {"id": "T2", "title": "Days", "key": "date", "key_type": "date", "columns": [
                {"name": "date", "label": "date", "unit": "date", "period": "current"},
                {"name": "orders", "label": "orders", "unit": "count:orders", "period": "current"},
            ], "rows": days.collect::<Vec<_>>()},
        ],
        "metrics": metrics.collect::<Vec<_>>(),
    })
}
