//! What a table of the evidence stands on, in words: the six things that a reader must know before reading a number of it.

use crate::evidence::{Basis, Evidence, Population, Table, show};

/// Definition, population, window, rows, exclusions and censoring, in this order; what there is nothing of is said too.
pub fn basis(evidence: &Evidence, table: &Table) -> [(&'static str, String); 6] {
    let basis = table.basis.clone().unwrap_or_default();
    let or_nothing = |sentences: &[String], nothing: &str| match sentences {
        [] => nothing.to_owned(),
        sentences => sentences.join("; "),
    };
    [
        ("Definition", table.definition.trim_end_matches('.').to_owned()),
        ("Counted", counted(&basis)),
        ("Window", window(evidence, &basis)),
        ("Rows", rows(&basis)),
        ("Left out", or_nothing(&basis.exclusions, "nothing")),
        ("Not yet known", or_nothing(&basis.censoring, "nothing")),
    ]
}

/// How many rows are listed, in which order, how many scores were held against luck, and whether the analyst saw the table.
pub fn listing(evidence: &Evidence, table: &Table) -> String {
    let listed = table.rows.iter().filter(|row| !row.summary).count();
    let mut words = match table.total_rows.max(listed) {
        all if all == listed => format!("{all} rows"),
        all => format!("{listed} of {all} rows"),
    };
    if !table.order_rule.is_empty() {
        words = format!("{words}, {}", table.order_rule);
    }
    if let Some(tested) = &table.tested {
        let least = show::number(tested.least_z, 1);
        words += &format!("; tested {}, kept {}: |z| of {least} or more", tested.n, tested.kept);
    }
    if evidence.more.iter().any(|beyond| beyond.id == table.id) {
        words += "; beyond the prompt, which had no room";
    }
    words
}

fn window(evidence: &Evidence, basis: &Basis) -> String {
    let period = basis.period.unwrap_or(evidence.period);
    let before = match basis.previous_period {
        Some(previous) => format!("before: {} to {}", previous.start, previous.end),
        None => "no period before".to_owned(),
    };
    format!(
        "{} to {}, {before}; days in {}",
        period.start, period.end, evidence.timezone
    )
}

fn counted(basis: &Basis) -> String {
    basis.population.map_or("not known", Population::words).to_owned()
}

fn rows(basis: &Basis) -> String {
    let number = |n: u64| show::number(n as f64, 0);
    match (basis.rows, basis.users) {
        (None, None) => "not known: the tables came without their rows".to_owned(),
        (Some(rows), None) => format!("{} in the window", number(rows)),
        (None, Some(users)) => format!("of {} users in the window", number(users)),
        (Some(rows), Some(users)) => format!("{} of {} users in the window", number(rows), number(users)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{TableKind, Tested};
    use crate::insight::Analyst;
    use serde_json::json;

    fn table(basis: Option<Basis>) -> Table {
        Table {
            id: "G1".to_owned(),
            title: "Countries".to_owned(),
            kind: TableKind::Entities,
            total_rows: 38,
            order_rule: "by users".to_owned(),
            definition: "users = distinct users.".to_owned(),
            tested: Some(Tested {
                n: 76,
                kept: 2,
                least_z: 3.85,
            }),
            basis,
            columns: Vec::new(),
            rows: Vec::new(),
        }
    }

    #[test]
    fn all_six_are_said_even_where_there_is_nothing() {
        let known: Basis = serde_json::from_value(json!({
            "period": {"start": "2025-03-01", "end": "2025-03-31"},
            "previous_period": {"start": "2025-01-29", "end": "2025-02-28"},
            "rows": 12_000, "users": 340, "population": "users_of_each_row",
            "exclusions": ["3 rows without a time", "4 rows that cannot be read"], "censoring": []
        }))
        .unwrap();
        let window = known.period.unwrap();
        let evidence = Evidence::empty(Analyst::Geographic, window);
        let words = |basis: Option<Basis>| {
            let lines = super::basis(&evidence, &table(basis));
            lines.map(|(name, words)| format!("{name}: {words}")).join("\n")
        };
        assert_eq!(
            words(Some(known)),
            "Definition: users = distinct users\n\
             Counted: the users of each row; who belongs to two rows counts in both\n\
             Window: 2025-03-01 to 2025-03-31, before: 2025-01-29 to 2025-02-28; days in UTC\n\
             Rows: 12,000 of 340 users in the window\n\
             Left out: 3 rows without a time; 4 rows that cannot be read\n\
             Not yet known: nothing"
        );
        assert_eq!(
            words(None),
            "Definition: users = distinct users\n\
             Counted: not known\n\
             Window: 2025-03-01 to 2025-03-31, no period before; days in UTC\n\
             Rows: not known: the tables came without their rows\n\
             Left out: nothing\n\
             Not yet known: nothing"
        );
        assert_eq!(
            listing(&evidence, &table(None)),
            "0 of 38 rows, by users; tested 76, kept 2: |z| of 3.9 or more"
        );
    }
}
