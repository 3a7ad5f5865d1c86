//! The queries that a run asked, each under the definition that it was made from.

use serde::{Deserialize, Serialize};

use super::{Definitions, Query};

/// A query as it ran: the columns, the window and the group of the run in the place of its placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// The definition's name: `daily`.
    pub name: String,
    pub sql: String,
}

impl Definitions {
    /// In the order in which definitions are computed; statements that no definition made are left out.
    pub(crate) fn ran(&self, mut statements: Vec<String>) -> Vec<Ran> {
        statements.sort();
        statements.dedup();
        let mut ran = Vec::new();
        for query in Query::ALL {
            let (made, others): (Vec<String>, Vec<String>) = std::mem::take(&mut statements)
                .into_iter()
                .partition(|sql| is_made_from(sql, self.sql(*query)));
            statements = others;
            ran.extend(made.into_iter().map(|sql| Ran {
                name: query.name().to_owned(),
                sql,
            }));
        }
        ran
    }
}

/// Whether a text is the definition with something in each placeholder, or asks for columns of it.
fn is_made_from(sql: &str, definition: &str) -> bool {
    let mut parts = definition.split('{');
    let first = parts.next().unwrap_or_default();
    let Some(at) = sql.find(first) else { return false };
    let mut rest = &sql[at + first.len()..];
    let mut is_open = false;
    for part in parts {
        let fixed = part.split_once('}').map_or(part, |(_, fixed)| fixed);
        let Some(at) = rest.find(fixed) else { return false };
        is_open = fixed.is_empty();
        rest = &rest[at + fixed.len()..];
    }
    is_open || ["", ")"].contains(&rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_known_by_all_that_its_definition_fixes() {
        let definition = "SELECT {group} FROM x WHERE day BETWEEN {start} AND {end}";
        assert!(is_made_from("SELECT a FROM x WHERE day BETWEEN 1 AND 2", definition));
        assert!(!is_made_from("SELECT a FROM y WHERE day BETWEEN 1 AND 2", definition));
        assert!(is_made_from("SELECT 1", "SELECT 1") && !is_made_from("SELECT 12", "SELECT 1"));
        assert!(is_made_from(
            "SELECT b FROM (\nSELECT a FROM x WHERE day BETWEEN 1 AND 2\n)",
            definition
        ));
    }

    #[test]
    fn statements_come_under_their_definitions_each_once() {
        let definitions = Definitions::default();
        let filled = |start: &str| {
            definitions
                .sql(Query::Daily)
                .replace("{start}", start)
                .replace("{end}", "9")
        };
        let statements = vec![filled("5"), "SELECT 1".to_owned(), filled("1"), filled("5")];
        let ran = definitions.ran(statements);
        let names: Vec<&str> = ran.iter().map(|ran| ran.name.as_str()).collect();
        assert_eq!(names, ["daily", "daily"]);
        assert!(ran[0].sql.contains("BETWEEN 1 AND 9") && ran[1].sql.contains("BETWEEN 5 AND 9"));
    }
}
