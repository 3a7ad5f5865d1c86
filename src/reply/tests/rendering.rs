use super::fixtures::evidence;
use crate::reply::render;

fn read(template: &str) -> String {
    let rendered = render(template, &evidence());
    match rendered.faults.first() {
        Some(fault) => format!("{} {:?}", fault.code, fault.verdict),
        None => rendered.text,
    }
}

#[test]
fn the_program_writes_the_numbers() {
    let cases = [
        ("{{g3}}", "Brazil"),
        ("{{d1}}", "14 March 2025"),
        ("{{date:d1}}", "14 March 2025"),
        ("{{period}}", "1 March 2025 to 31 March 2025"),
        ("{{previous_period}}", "29 January 2025 to 28 February 2025"),
        ("{{g3.revenue}}", "$7,848,492"),
        ("{{m1.current}}", "$1,282,805.78"),
        ("{{ g3.revenue|k }}", "$7.8M"),
        ("{{g3.users|noun}}", "58,300 users"),
        ("{{g3.users|noun}} users", "58,300 users"),
        ("{{g3.conversion}}", "2.0 %"),
        ("{{g3.conversion}} %", "2.0 %"),
        ("{{m4.current}}", "5.4 minutes"),
        ("revenue {{move:g3.revenue}}", "revenue fell 19.4 % to $7.8M"),
        ("{{move:g3.revenue_change_pct}}", "fell 19.4 % to $7.8M"),
        ("{{move:g2.conversion}}", "rose 0.8 percentage points to 3.1 %"),
        ("{{move:m2.current}}", "rose 100.7 % to 12,040"),
        ("{{move:m3.current}}", "was unchanged at 5,000"),
        ("{{chg:g3.revenue}}", "-19.4 %"),
        ("{{chg:g2.revenue}}", "+12.5 %"),
        ("fell {{chg:g3.revenue}}", "fell 19.4 %"),
        ("fell by {{g3.revenue_change_pct}}", "fell by 19.4 %"),
        ("{{pp:g2.conversion}}", "0.8 percentage points"),
        ("{{pp:g2.revenue}}", "type Contradicted"),
        ("{{dev:d1.value}}", "62.1 % below the expected 1,204"),
        ("{{diff:g1.revenue,g2.revenue}}", "$3,400,000"),
        ("{{diff:g1.conversion,g2.conversion}}", "1.1 percentage points"),
        ("{{diff:g1.revenue,g2.users}}", "type Contradicted"),
        ("{{ratio:g2.revenue,g4.revenue}}", "3.0 times"),
        ("{{share:g3.revenue,g6.revenue}}", "24.3 %"),
        ("{{share:g3.conversion,g6.conversion}}", "type Contradicted"),
        ("{{rank:g3.revenue}}", "third of the 5 listed"),
        ("{{rank:g1.revenue}}", "highest of the 5 listed"),
        ("{{rank:g6.revenue}}", "type Contradicted"),
        ("{{count:G1}}", "38"),
        ("{{sum:g1.revenue,g2.revenue}}", "$21,400,000"),
        ("{{sum:g1.revenue,g1.revenue}}", "type Contradicted"),
        ("{{sum:g1.conversion,g2.conversion}}", "type Contradicted"),
        ("{{g9.revenue}}", "bad_ref Unsupported"),
        ("{{g7.revenue}}", "bad_ref Unsupported"),
        ("{{nonsense:g1.revenue}}", "bad_ref Unsupported"),
        ("{{g1.revenue", "bad_ref Unsupported"),
        ("{{g3.users}} %", "unit Contradicted"),
        ("{{g3.conversion}} percentage points", "unit Contradicted"),
        ("€{{g3.revenue}}", "unit Contradicted"),
        ("${{g3.revenue}}", "$7,848,492"),
        ("{{g3.users}} million", "unit Contradicted"),
        ("1{{g3.users}}", "unit Contradicted"),
        ("<b>{{g3}}</b>\n\u{202e}x", "Brazil x"),
    ];
    let mut wrong = Vec::new();
    for (template, expected) in cases {
        let got = read(template);
        if got != expected {
            wrong.push(format!("{template}\n   got  {got}\n   want {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn says_what_was_used() {
    let rendered = render("Revenue in {{g3}} {{move:g3.revenue}} of {{count:G1}}.", &evidence());
    assert_eq!(rendered.numbers, ["fell 19.4 % to $7.8M", "38"]);
    assert_eq!(rendered.names, ["Brazil"]);
    assert_eq!(
        rendered.cells,
        ["g3.revenue", "g3.revenue_previous", "g3.revenue_change_pct"]
    );
}

#[test]
fn each_piece_names_the_cells_that_it_stands_on() {
    let rendered = render(
        "revenue of {{g3}} fell {{chg:g3.revenue}} of {{count:G1}} countries",
        &evidence(),
    );
    let cites: Vec<(String, Vec<String>)> = rendered
        .cites()
        .into_iter()
        .map(|cite| (cite.shown, cite.cells))
        .collect();
    let expected = [
        ("Brazil", vec!["g3"]),
        ("19.4 %", vec!["g3.revenue", "g3.revenue_change_pct"]),
    ];
    let expected: Vec<(String, Vec<String>)> = expected
        .into_iter()
        .map(|(shown, cells)| (shown.to_owned(), cells.into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(cites, expected);
}
