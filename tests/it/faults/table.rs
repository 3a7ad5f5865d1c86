//! The table of faults as the documentation shows it, read back.

pub(super) const TABLE: &str = include_str!("../../../src/llm/faults.md");

/// One line of the table, as text. `case` is the row's number and a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub case: String,
    pub class: String,
    pub tries: u32,
    pub wait: String,
    pub then: String,
    pub breaker: String,
    pub exit: i32,
}

pub(super) fn lines() -> Vec<Line> {
    let is_case = |line: &&str| line.starts_with("| ") && line[2..].starts_with(|letter: char| letter.is_ascii_digit());
    TABLE.lines().filter(is_case).map(line).collect()
}

fn line(text: &str) -> Line {
    let cells: Vec<&str> = text.trim_matches('|').split(" | ").map(str::trim).collect();
    let [case, _on_the_wire, class, tries, wait, then, breaker, exit] = cells[..] else {
        panic!("not eight columns: {text}");
    };
    Line {
        case: case.to_owned(),
        class: class.to_owned(),
        tries: tries.parse().unwrap(),
        wait: wait.to_owned(),
        then: then.to_owned(),
        breaker: breaker.to_owned(),
        exit: exit.parse().unwrap(),
    }
}

impl Line {
    pub(super) fn row(&self) -> u32 {
        self.case.split(' ').next().unwrap().parse().unwrap()
    }
}
