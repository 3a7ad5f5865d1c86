//! The queries behind cells, as they ran, with those whose results they read.

use std::collections::BTreeSet;

use crate::data::{Query, Ran};
use crate::evidence::At;

/// Of the queries that a run asked, those that made the tables of these cells; before them, those that made what they read.
pub(super) fn behind(cells: &[At<'_>], asked: &[Ran]) -> Vec<Ran> {
    let mut wanted: BTreeSet<usize> = BTreeSet::new();
    for at in cells {
        for query in Query::behind(&at.table.id).unwrap_or_default() {
            wanted.extend(made_by(query.name(), at, asked));
        }
    }
    let mut open: Vec<usize> = wanted.iter().copied().collect();
    while let Some(index) = open.pop() {
        let read = tables_read(&asked[index].sql);
        for (other, ran) in asked.iter().enumerate() {
            if read.contains(ran.name.as_str()) && wanted.insert(other) {
                open.push(other);
            }
        }
    }
    wanted.into_iter().map(|index| asked[index].clone()).collect()
}

/// A definition that runs for one group after the other made this table in the run for the table's own key.
fn made_by(name: &str, at: &At<'_>, asked: &[Ran]) -> Vec<usize> {
    let own: Vec<usize> = (0..asked.len()).filter(|index| asked[*index].name == name).collect();
    let key = at.table.columns.first().map_or("", |column| column.name.as_str());
    let of_key: Vec<usize> = own
        .iter()
        .copied()
        .filter(|index| words(&asked[*index].sql).any(|word| word == key))
        .collect();
    if of_key.is_empty() { own } else { of_key }
}

/// What stands after FROM and JOIN.
fn tables_read(sql: &str) -> BTreeSet<&str> {
    let code = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let all: Vec<&str> = code.flat_map(words).collect();
    let follows = |two: &[&str]| ["FROM", "JOIN"].iter().any(|word| two[0].eq_ignore_ascii_case(word));
    all.windows(2).filter(|two| follows(two)).map(|two| two[1]).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_after_from_and_join() {
        let sql = "-- from nowhere\nSELECT a FROM visits v\nLEFT JOIN (SELECT b FROM user_days) ON a = b";
        assert_eq!(tables_read(sql), BTreeSet::from(["visits", "user_days", "SELECT"]));
    }
}
