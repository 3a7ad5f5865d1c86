//! Claims in wordings that were written to be new to the checks: executive prose, terse bullets, other forms of numbers, two claims in
//! one sentence, ranges, fractions and multiples in words. Each miss was looked at as a class of errors, not as a phrase.

use serde_json::{Value, json};

use crate::insight::Verdict;
use crate::reply::Verifier;

#[test]
fn true_claims_are_supported() {
    let wrong = judged(TRUE, |verdict| verdict == Verdict::Supported);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn false_claims_are_found() {
    let wrong = judged(FALSE, |verdict| {
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

/// With what each cites.
const TRUE: &[(&str, &str)] = &[
    ("Brazil: revenue $8.0k (prev. $10.0k; -$2.0k).", "r1.revenue*"),
    (
        "Between 13 and 14 March, orders dropped by 60%.",
        "T2.r4.orders T2.r5.orders",
    ),
    ("The refund rate worsened to 4.1%.", "M7 M8"),
    ("Germany is the largest market by revenue.", "all"),
    ("France ranks third by revenue.", "all"),
    ("India posted the strongest revenue growth of all countries.", "all"),
    ("Japan brings in less than a tenth of total revenue.", "r2.revenue M1"),
    (
        "Revenue fell 20% in Brazil and 50% in Mexico.",
        "r1.revenue* r6.revenue*",
    ),
    ("Brazil lost a fifth of its revenue.", "r1.revenue*"),
    (
        "Revenue in Brazil came in a fifth lower than a period ago.",
        "r1.revenue*",
    ),
    ("India's revenue tripled.", "r5.revenue*"),
    ("India: revenue x3 (500 -> 1,500 USD).", "r5.revenue*"),
    (
        "Mexican revenue halved... in Mexico, revenue halved to $900.",
        "r6.revenue*",
    ),
    ("Revenue in Mexico was cut in half.", "r6.revenue*"),
    ("Conversion rate in France: 2.9% (+0.8 pp).", "r4.conversion*"),
    ("Conversion rate in France improved 80 bps to 2.9%.", "r4.conversion*"),
    (
        "Germany makes twice as much revenue as France.",
        "r3.revenue r4.revenue",
    ),
    ("Germany's revenue is twice that of France.", "r3.revenue r4.revenue"),
    ("Revenue: Germany $12.4K, Brazil $8.0K.", "r3.revenue r1.revenue"),
    (
        "Germany ($12.4K) and Brazil ($8K) lead the revenue ranking.",
        "r3.revenue r1.revenue",
    ),
    (
        "Users grew by 5% in Brazil, yet revenue dropped by 20%.",
        "r1.users* r1.revenue*",
    ),
    (
        "Brazil gained users (+200) but its revenue slid 20%.",
        "r1.users* r1.revenue*",
    ),
    ("Total revenue edged up about 3% to $32.0k.", "M1 M2"),
    ("Total revenue: 32.0k USD vs 31.0k USD.", "M1 M2"),
    (
        "The average order value shrank by roughly 8%, from $44.90 to $41.30.",
        "M5 M6",
    ),
    ("AOV slipped to $41.30.", "M5 M6"),
    ("Total users climbed 11.5% to 17 thousand.", "M3 M4"),
    ("Total users stand between 16,500 and 17,500.", "M3"),
    (
        "Brazil contributes exactly a quarter of total revenue.",
        "r1.revenue M1",
    ),
    (
        "One in four dollars of total revenue comes from Brazil.",
        "r1.revenue M1",
    ),
    ("On March 14, only 156 orders came in.", "T2.r5.orders"),
    ("Fri 14 March was the weakest day: 156 orders.", "T2.r5.orders"),
    ("14/3: 156 orders.", "T2.r5.orders"),
    (
        "Germany, with 5,200 users, has almost 1,000 more than Brazil.",
        "r3.users r1.users",
    ),
    ("Japan's revenue jumped by half, an extra $1,000.", "r2.revenue*"),
    ("Japan's revenue is up 50% (USD 3,000 vs. USD 2,000).", "r2.revenue*"),
    ("India more than doubled its users to 2.5k.", "r5.users*"),
    ("Users in India: 2,500, i.e. 2.5 times the prior 1,000.", "r5.users*"),
    ("Mexico's conversion rate held steady at 2.2%.", "r6.conversion*"),
    ("Germany accounts for nearly 39% of total revenue.", "r3.revenue M1"),
    ("Two countries lost revenue; Brazil and Mexico did. Four grew.", "all"),
    ("Brazil: revenue -20% p/p.", "r1.revenue*"),
    ("Revenue fell in Brazil and Mexico alone.", "r1.revenue* r6.revenue*"),
    (
        "While Brazil's revenue contracted by 20%, India's tripled.",
        "r1.revenue* r5.revenue*",
    ),
    ("Japan ($3.0k) overtook India ($1.5k).", "r2.revenue r5.revenue"),
    (
        "At 4.0%, Germany converts best; India, at 1.2%, converts worst.",
        "r3.conversion r5.conversion",
    ),
    (
        "Germany's conversion rate is 2.8 points above India's.",
        "r3.conversion r5.conversion",
    ),
    (
        "Conversion rate in Brazil dropped half a point to 2.4%.",
        "r1.conversion*",
    ),
    ("Conversion rate in Brazil: 2.9% -> 2.4%.", "r1.conversion*"),
    (
        "Brazil, Japan and Mexico together make $11.9k in revenue.",
        "r1.revenue r2.revenue r6.revenue",
    ),
    (
        "The top two countries by revenue hold 63.75% of total revenue.",
        "r3.revenue r1.revenue M1",
    ),
    ("Revenue per user in Germany is $2.38.", "r3.revenue r3.users"),
    (
        "India added 1,500 users, the largest gain of all countries.",
        "r5.users*",
    ),
    ("Only Mexico lost users (950 to 700).", "r6.users*"),
    ("France is third in revenue at $6,200.", "r4.revenue"),
    ("Total revenue grew 3.2%, from USD 31,000 to USD 32,000.", "M1 M2"),
    ("Total revenue grew by $1,000 (3.2%).", "M1 M2"),
    ("The period closed at 32,000 dollars of total revenue.", "M1"),
    (
        "Orders were lowest on Friday, 14 March (156), and highest on 15 March (420).",
        "T2.r5.orders T2.r6.orders",
    ),
    (
        "Orders plunged to 156 on Mar 14, some 60% below the day before.",
        "T2.r4.orders T2.r5.orders",
    ),
    (
        "Average order value is USD 3.60 lower than in the previous period.",
        "M5 M6",
    ),
    ("Total users passed the 16,000 mark.", "M3"),
    ("Well over 16,000 total users were active.", "M3"),
    ("Mexico's revenue is down to half its former level.", "r6.revenue*"),
    ("Four of six countries grew revenue.", "all"),
    (
        "Japan and India combined gained $2k of revenue.",
        "r2.revenue* r5.revenue*",
    ),
    ("India's users are up 150 percent.", "r5.users*"),
    ("India's users grew 2.5-fold.", "r5.users*"),
    ("Germany's revenue inched up 2%.", "r3.revenue*"),
    ("Germany's revenue was basically flat (+2.5%).", "r3.revenue*"),
    ("France's users: 2.9k; its revenue: $6.2k.", "r4.users r4.revenue"),
    ("Germany's revenue came to 12 400 dollars, from 12 100.", "r3.revenue*"),
    ("Total revenue rose 3,2 % to USD 32\u{202f}000.", "M1 M2"),
    ("Brazil's revenue is now 80 % of what it was.", "r1.revenue*"),
    (
        "Japan's conversion rate is a tenth of a point above the previous period.",
        "r2.conversion*",
    ),
    (
        "Revenue: Brazil 8.0k / Germany 12.4k / France 6.2k.",
        "r1.revenue r3.revenue r4.revenue",
    ),
    (
        "Conversion in Brazil slipped from 2.9 to 2.4 percent.",
        "r1.conversion*",
    ),
    (
        "France gained 0.8 percentage points while Brazil gave back 0.5.",
        "r4.conversion* r1.conversion*",
    ),
    ("French revenue edged up, to $6.2k from $5.6k.", "r4.revenue*"),
    ("Brazil gave up $2,000 of revenue, landing at $8,000.", "r1.revenue*"),
    (
        "Germany and Brazil together bring in 63.8 % of the revenue of the six countries.",
        "r1.revenue r2.revenue r3.revenue r4.revenue r5.revenue r6.revenue",
    ),
    (
        "Lowest of the week: 156 orders, on 14 March.",
        "T2.r1.orders T2.r2.orders T2.r3.orders T2.r4.orders T2.r5.orders T2.r6.orders T2.r7.orders",
    ),
    (
        "Orders stood at 388 on 13 March, then sank to 156 on the 14th.",
        "T2.r1.orders T2.r2.orders T2.r3.orders T2.r4.orders T2.r5.orders T2.r6.orders T2.r7.orders",
    ),
    (
        "One dollar in four comes from Brazil – 25 % of revenue.",
        "r1.revenue M1",
    ),
    (
        "Japan stands at 1.5x its earlier level: $3.0k compared with $2.0k.",
        "r2.revenue*",
    ),
    ("India's revenue tripled to $1,500 (it was $500).", "r5.revenue*"),
    (
        "Brazil has the second-highest revenue of the six: $8,000, after Germany's $12,400.",
        "r1.revenue r2.revenue r3.revenue r4.revenue r5.revenue r6.revenue",
    ),
    (
        "France makes more than twice what Japan makes.",
        "r4.revenue r2.revenue",
    ),
    ("Just two of the six countries lost revenue.", "all"),
    (
        "Revenue of $12.4k, of a total of $32.0 thousand, comes from Germany.",
        "r3.revenue M1",
    ),
    (
        "Mexico has the fewest users of the six.",
        "r1.users r2.users r3.users r4.users r5.users r6.users",
    ),
];

const FALSE: &[(&str, &str)] = &[
    (
        "Between 13 and 14 March, orders dropped by 45%.",
        "T2.r4.orders T2.r5.orders",
    ),
    ("Brazil is the largest market by revenue.", "all"),
    ("Japan ranks second by revenue.", "all"),
    ("Japan posted the steepest revenue decline of all countries.", "all"),
    ("Brazil brings in less than a tenth of total revenue.", "r1.revenue M1"),
    (
        "Revenue fell 50% in Brazil and 20% in Mexico.",
        "r1.revenue* r6.revenue*",
    ),
    ("Total revenue was 32,000 orders.", "M1"),
    ("Brazil lost a quarter of its revenue.", "r1.revenue*"),
    ("Brazil lost a third of its revenue.", "r1.revenue*"),
    ("India's revenue doubled.", "r5.revenue*"),
    ("India: revenue x4 (500 -> 1,500 USD).", "r5.revenue*"),
    ("Revenue in Mexico was cut by a third.", "r6.revenue*"),
    ("Conversion rate in France: 2.9% (+8 pp).", "r4.conversion*"),
    ("Conversion rate in France improved 8 bps to 2.9%.", "r4.conversion*"),
    ("Conversion rate in France rose 0.8%.", "r4.conversion*"),
    (
        "Germany makes three times as much revenue as France.",
        "r3.revenue r4.revenue",
    ),
    (
        "France makes twice as much revenue as Germany.",
        "r3.revenue r4.revenue",
    ),
    ("Revenue: Germany $8.0K, Brazil $12.4K.", "r3.revenue r1.revenue"),
    (
        "Users grew by 5% in Brazil, and revenue grew by 20%.",
        "r1.users* r1.revenue*",
    ),
    (
        "Brazil gained users (+2,000) but its revenue slid 20%.",
        "r1.users* r1.revenue*",
    ),
    ("Total revenue edged down about 3% to $32.0k.", "M1 M2"),
    ("Total revenue: 31.0k USD vs 32.0k USD.", "M1 M2"),
    ("Total revenue: 320k USD.", "M1 M2"),
    (
        "The average order value shrank by roughly 18%, from $44.90 to $41.30.",
        "M5 M6",
    ),
    ("AOV slipped to €41.30.", "M5 M6"),
    ("Total users climbed 11.5% to 17 million.", "M3 M4"),
    ("Total users stand between 18,500 and 19,500.", "M3"),
    ("Brazil contributes exactly a third of total revenue.", "r1.revenue M1"),
    (
        "One in five dollars of total revenue comes from Brazil.",
        "r1.revenue M1",
    ),
    ("On March 15, only 156 orders came in.", "T2.r5.orders"),
    ("14/3: 165 orders.", "T2.r5.orders"),
    ("Fri 14 March was the strongest day: 156 orders.", "T2.r5.orders"),
    (
        "Germany, with 5,200 users, has almost 2,000 more than Brazil.",
        "r3.users r1.users",
    ),
    ("Japan's revenue jumped by a third, an extra $1,000.", "r2.revenue*"),
    ("Japan's revenue is up 50% (USD 2,000 vs. USD 3,000).", "r2.revenue*"),
    ("India more than tripled its users to 2.5k.", "r5.users*"),
    ("Users in India: 2,500, i.e. 3.5 times the prior 1,000.", "r5.users*"),
    ("Mexico's revenue held steady at $900.", "r6.revenue*"),
    ("Germany accounts for nearly 49% of total revenue.", "r3.revenue M1"),
    ("Norway made $900.", "r6.revenue"),
    ("Brazil's revenue fell by 80 %.", "r1.revenue*"),
    ("Brazil's revenue is now 20 % of what it was.", "r1.revenue*"),
    ("Total revenue rose 3,9 % to USD 32\u{202f}000.", "M1 M2"),
    ("Germany's revenue came to 14 200 dollars, from 12 100.", "r3.revenue*"),
    (
        "Japan's conversion rate is a quarter of a point above the previous period.",
        "r2.conversion*",
    ),
    ("Revenue in Mexico is now $1,800.", "r6.revenue*"),
    ("Churn in Mexico hit 12%.", "r6.revenue*"),
    ("Japan ranks second by revenue.", "r2.revenue"),
    ("Three countries lost revenue.", "all"),
    ("Brazil: revenue -2% p/p.", "r1.revenue*"),
    (
        "While Brazil's revenue tripled, India's contracted by 20%.",
        "r1.revenue* r5.revenue*",
    ),
    ("India ($3.0k) overtook Japan ($1.5k).", "r2.revenue r5.revenue"),
    (
        "At 1.2%, Germany converts best; India, at 4.0%, converts worst.",
        "r3.conversion r5.conversion",
    ),
    (
        "Germany's conversion rate is 2.8% above India's.",
        "r3.conversion r5.conversion",
    ),
    ("Conversion rate in Brazil: 2.4% -> 2.9%.", "r1.conversion*"),
    (
        "Brazil, Japan and Mexico together make $19.9k in revenue.",
        "r1.revenue r2.revenue r6.revenue",
    ),
    ("Revenue per user in Germany is $3.38.", "r3.revenue r3.users"),
    ("India added 2,500 users.", "r5.users*"),
    ("Only Mexico lost users (700 to 950).", "r6.users*"),
    ("France is second in revenue at $6,200.", "r4.revenue"),
    ("Total revenue grew 32%, from USD 31,000 to USD 32,000.", "M1 M2"),
    ("Total revenue grew by $10,000 (3.2%).", "M1 M2"),
    ("The period closed at 32,000 euros of total revenue.", "M1"),
    (
        "Orders were lowest on Friday, 14 March (420), and highest on 15 March (156).",
        "T2.r5.orders T2.r6.orders",
    ),
    (
        "Orders plunged to 156 on Mar 14, some 80% below the day before.",
        "T2.r4.orders T2.r5.orders",
    ),
    (
        "Average order value is USD 6.30 lower than in the previous period.",
        "M5 M6",
    ),
    ("Total users fell short of the 16,000 mark.", "M3"),
    (
        "Mexico's revenue is down to a third of its former level.",
        "r6.revenue*",
    ),
    ("Five of six countries grew revenue.", "all"),
    ("India's users are up 250 percent.", "r5.users*"),
    ("India's users grew 3.5-fold.", "r5.users*"),
    ("Germany's revenue inched up 20%.", "r3.revenue*"),
    ("France's users: 6.2k; its revenue: $2.9k.", "r4.users r4.revenue"),
    (
        "Revenue: Brazil 12.4k / Germany 8.0k / France 6.2k.",
        "r1.revenue r3.revenue r4.revenue",
    ),
    (
        "Conversion in Brazil slipped from 2.9 to 2.6 percent.",
        "r1.conversion*",
    ),
    (
        "France gained 0.8 percentage points while Brazil gave back 1.5.",
        "r4.conversion* r1.conversion*",
    ),
    ("Swedish revenue edged up, to $6.2k from $5.6k.", "r4.revenue*"),
    ("Brazil gave up $3,500 of revenue, landing at $8,000.", "r1.revenue*"),
    ("Germany gave up $300 of revenue.", "r3.revenue*"),
    (
        "Germany and Brazil together bring in 71.2 % of the revenue of the six countries.",
        "r1.revenue r2.revenue r3.revenue r4.revenue r5.revenue r6.revenue",
    ),
    (
        "Orders stood at 388 on 13 March, then climbed to 156 on the 14th.",
        "T2.r1.orders T2.r2.orders T2.r3.orders T2.r4.orders T2.r5.orders T2.r6.orders T2.r7.orders",
    ),
    ("One dollar in three comes from Brazil.", "r1.revenue M1"),
    ("Just one of the six countries lost revenue.", "all"),
    ("Every one of the six countries grew in revenue.", "all"),
    (
        "No country out-earned France.",
        "r1.revenue r2.revenue r3.revenue r4.revenue r5.revenue r6.revenue",
    ),
    (
        "In the month that closed on 28 February 2025, revenue came to $32,000.",
        "M1",
    ),
    ("Brazil had 200 fewer users.", "r1.users*"),
    (
        "Mexico has the third-fewest users of the six.",
        "r1.users r2.users r3.users r4.users r5.users r6.users",
    ),
    (
        "France makes more than three times what Japan makes.",
        "r4.revenue r2.revenue",
    ),
    (
        "The visit to Germany's shop converts at just under 4.9 %.",
        "r3.conversion",
    ),
];

const NEUTRAL: &[(&str, &str)] = &[
    ("Finance should revisit the plan in two weeks.", ""),
    ("We see no reason to panic.", ""),
    ("Worth a call with the country leads before Thursday's review.", ""),
    ("A pricing test could lift margins by 5 to 10%.", ""),
    ("Root cause: not yet known.", ""),
    ("Hold the budget flat until Q3.", ""),
    ("It remains to be seen whether this lasts.", ""),
    ("Ops to confirm by EOD.", ""),
    ("Next: dig into Brazil's checkout funnel.", ""),
    ("We propose to look at checkout in Brazil first.", ""),
    ("Could a price change explain this?", ""),
    ("Let's keep an eye on it.", ""),
    ("Sales to follow up with the 20 largest accounts.", ""),
    ("TBD: root cause.", ""),
];
