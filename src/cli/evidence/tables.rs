//! Evidence for a person: each table with what it stands on, its columns side by side as far as the page goes.

use crate::data::Query;
use crate::evidence::{At, Cell, Evidence, LEAST_SUPPORT, Row, Table};
use crate::report::{basis, listing};

use super::super::print::{Page, safe};

/// All tables, one under the other.
pub(super) fn tables(evidence: &[Evidence], page: &Page) -> String {
    let parts: Vec<String> = evidence.iter().map(|facts| analyst(facts, page)).collect();
    parts.concat()
}

fn analyst(facts: &Evidence, page: &Page) -> String {
    let mut text = page.bold(&format!("# {}", facts.analyst.title())) + "\n";
    let previous = match facts.previous_period {
        Some(previous) => format!("{} to {}", previous.start, previous.end),
        None => "none".to_owned(),
    };
    let period = facts.period;
    text += &format!(
        "{} to {}, before: {previous}; days in {}\n",
        period.start,
        period.end,
        safe(&facts.timezone)
    );
    for note in &facts.notes {
        text += &format!("note: {}\n", safe(note));
    }
    for gap in &facts.gaps {
        text += &format!("gap: {}\n", safe(gap));
    }
    for one in facts.all_tables() {
        text += "\n";
        text += &table(facts, one, page);
    }
    text + "\n"
}

fn table(facts: &Evidence, table: &Table, page: &Page) -> String {
    let mut text = page.bold(&format!("{} {}", table.id, safe(&table.title))) + "\n";
    text += &format!("  {}\n", safe(&listing(facts, table)));
    for (name, words) in basis(facts, table) {
        text += &format!("  {}: {}\n", name.to_lowercase(), safe(&words));
    }
    if let Ok(queries) = Query::behind(&table.id) {
        let names: Vec<&str> = queries.into_iter().map(Query::name).collect();
        text += &format!("  defined by `insights sql {}`: {}\n", table.id, names.join(", "));
    }
    text += &columns(table, page);
    let few = table.rows.iter().any(is_small);
    let legend = [
        table
            .rows
            .iter()
            .any(|row| row.significant)
            .then_some("* more than luck"),
        few.then_some("o fewer than 30 observations: not reported"),
    ];
    let legend: Vec<&str> = legend.into_iter().flatten().collect();
    if !legend.is_empty() {
        text += &format!("  {}\n", legend.join(", "));
    }
    text
}

/// The cells as text, in as many blocks as the page asks for; each block begins with the row's id and name.
fn columns(table: &Table, page: &Page) -> String {
    let mut grid: Vec<Vec<String>> = table.columns.iter().map(|column| vec![column.name.clone()]).collect();
    for row in &table.rows {
        for ((column, cell), shown) in table.columns.iter().zip(&row.cells).zip(&mut grid) {
            let at = At {
                table,
                row,
                column,
                cell,
            };
            shown.push(safe(&at.shown()));
        }
    }
    let ids: Vec<String> = std::iter::once("id".to_owned())
        .chain(table.rows.iter().map(|row| format!("{}{}", row.id, mark(row))))
        .collect();
    let (Some(names), rest) = (grid.first(), grid.get(1..).unwrap_or_default()) else {
        return String::new();
    };
    let fixed = width(&ids) + width(names) + 4;
    let mut blocks: Vec<Vec<&Vec<String>>> = vec![Vec::new()];
    let mut used = fixed;
    for column in rest {
        let wide = width(column) + 2;
        if used + wide > page.width && blocks.last().is_some_and(|block| !block.is_empty()) {
            blocks.push(Vec::new());
            used = fixed;
        }
        used += wide;
        if let Some(block) = blocks.last_mut() {
            block.push(column);
        }
    }
    blocks
        .iter()
        .map(|block| lines(&ids, names, block, table, page))
        .collect()
}

fn lines(ids: &[String], names: &[String], block: &[&Vec<String>], table: &Table, page: &Page) -> String {
    let mut text = String::new();
    for place in 0..ids.len() {
        let mut line = format!(
            "  {} {}",
            left(&ids[place], width(ids)),
            left(&names[place], width(names))
        );
        for column in block {
            line += "  ";
            line += &right(&column[place], width(column));
        }
        let line = line.trim_end();
        let small = place > 0 && table.rows.get(place - 1).is_some_and(is_small);
        let shown = match place {
            0 => page.dim(line),
            _ if small => page.dim(line),
            _ => line.to_owned(),
        };
        text += &shown;
        text.push('\n');
    }
    text
}

fn mark(row: &Row) -> &'static str {
    match (row.significant, is_small(row)) {
        (true, _) => "*",
        (false, true) => "o",
        (false, false) => "",
    }
}

/// Too few observations for its changes to be reported.
fn is_small(row: &Row) -> bool {
    let has_numbers = row.cells.iter().any(|cell| matches!(cell, Cell::Number { .. }));
    has_numbers && !row.summary && row.support.is_some_and(|support| support < LEAST_SUPPORT)
}

fn width(column: &[String]) -> usize {
    column.iter().map(|text| text.chars().count()).max().unwrap_or(0)
}

fn left(text: &str, width: usize) -> String {
    format!("{text:width$}")
}

fn right(text: &str, width: usize) -> String {
    format!("{text:>width$}")
}
