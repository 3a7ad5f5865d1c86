//! Delimited text: the separator, quoting, and rows that do not fit. A broken quote costs one line, not the rest of the file.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

/// A quoted cell that runs over more lines than this was never closed.
const LONGEST_QUOTED_LINES: usize = 1_000;
const SNIFFED_LINES: usize = 50;

/// One row: its cells, or why it is unreadable, with the line it starts on.
pub(crate) enum Row {
    Cells,
    Bad(u64),
}

pub(crate) struct Reader<R> {
    lines: Lines<R>,
    separator: u8,
    pub(crate) header: Vec<String>,
    /// The cells of the current row, reused.
    cells: Vec<String>,
    /// Cells whose bytes were not UTF-8.
    pub(crate) replaced: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the header; `None` when there is not a single line.
    pub(crate) fn new(bytes: R) -> io::Result<Option<Self>> {
        let mut lines = Lines::new(bytes);
        let sample = lines.peek(SNIFFED_LINES)?;
        if sample.iter().all(|line| trimmed(line).is_empty()) {
            return Ok(None);
        }
        let mut reader = Self {
            separator: separator(&sample),
            lines,
            header: Vec::new(),
            cells: Vec::new(),
            replaced: 0,
        };
        let fits = |_: usize| true;
        while let Some(row) = reader.read(&fits)? {
            if matches!(row, Row::Cells) {
                break;
            }
        }
        reader.header = unique(&reader.cells);
        Ok(Some(reader))
    }

    /// Rows that follow no header of their own, from a writer whose separator is known.
    pub(crate) fn with_header(bytes: R, header: Vec<String>, separator: u8) -> Self {
        Self {
            separator,
            lines: Lines::new(bytes),
            header,
            cells: Vec::new(),
            replaced: 0,
        }
    }

    pub(crate) fn cells(&self) -> &[String] {
        &self.cells
    }

    /// The next row with as many cells as the header.
    pub(crate) fn next(&mut self) -> io::Result<Option<Row>> {
        let n_columns = self.header.len();
        self.read(&|n_cells| n_cells == n_columns)
    }

    /// A line without quotes, which is most lines: no cell is copied twice.
    fn plain(&mut self, line: &[u8], number: u64, fits: &dyn Fn(usize) -> bool) -> Row {
        let text = String::from_utf8_lossy(line);
        self.replaced += u64::from(matches!(text, Cow::Owned(_)));
        let cells = text.split(char::from(self.separator));
        let n_cells = cells.clone().count();
        if !fits(n_cells) {
            return Row::Bad(number);
        }
        self.cells.resize_with(n_cells, String::new);
        for (kept, cell) in self.cells.iter_mut().zip(cells) {
            kept.clear();
            kept.push_str(cell);
        }
        Row::Cells
    }

    fn read(&mut self, fits: &dyn Fn(usize) -> bool) -> io::Result<Option<Row>> {
        let Some(first) = self.lines.next_filled()? else {
            return Ok(None);
        };
        let number = self.lines.number;
        if !first.contains(&b'"') {
            return Ok(Some(self.plain(trimmed(&first), number, fits)));
        }
        let mut raw: Vec<Vec<u8>> = Vec::new();
        let mut splitter = Splitter::default();
        splitter.line(trimmed(&first), self.separator);
        while splitter.quoted && raw.len() < LONGEST_QUOTED_LINES {
            let Some(line) = self.lines.next()? else {
                break;
            };
            splitter.newline(raw.last().unwrap_or(&first));
            splitter.line(trimmed(&line), self.separator);
            raw.push(line);
        }
        if splitter.quoted || !fits(splitter.cells.len()) {
            // The row may have swallowed good lines behind a stray quote: give them back.
            self.lines.give_back(raw);
            return Ok(Some(Row::Bad(number)));
        }
        self.cells.clear();
        for cell in splitter.cells {
            self.cells.push(match String::from_utf8(cell) {
                Ok(text) => text,
                Err(error) => {
                    self.replaced += 1;
                    String::from_utf8_lossy(error.as_bytes()).into_owned()
                }
            });
        }
        Ok(Some(Row::Cells))
    }
}

/// Physical lines with their numbers; lines can be given back.
struct Lines<R> {
    bytes: BufReader<R>,
    waiting: VecDeque<Vec<u8>>,
    /// The number of the line that was handed out last.
    number: u64,
}

impl<R: Read> Lines<R> {
    fn new(bytes: R) -> Self {
        Self {
            bytes: BufReader::with_capacity(1 << 16, bytes),
            waiting: VecDeque::new(),
            number: 0,
        }
    }

    fn peek(&mut self, n_lines: usize) -> io::Result<Vec<Vec<u8>>> {
        while self.waiting.len() < n_lines {
            let Some(line) = self.fresh()? else { break };
            self.waiting.push_back(line);
        }
        Ok(self.waiting.iter().cloned().collect())
    }

    fn fresh(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        self.bytes.read_until(b'\n', &mut line)?;
        Ok((!line.is_empty()).then_some(line))
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = match self.waiting.pop_front() {
            Some(line) => Some(line),
            None => self.fresh()?,
        };
        self.number += u64::from(line.is_some());
        Ok(line)
    }

    /// The next line that is not blank.
    fn next_filled(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.next()? {
                Some(line) if trimmed(&line).is_empty() => {}
                line => return Ok(line),
            }
        }
    }

    fn give_back(&mut self, lines: Vec<Vec<u8>>) {
        self.number -= lines.len() as u64;
        for line in lines.into_iter().rev() {
            self.waiting.push_front(line);
        }
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Splits lines into cells; `quoted` while inside a quoted cell that the line did not close.
#[derive(Default)]
struct Splitter {
    cells: Vec<Vec<u8>>,
    open: Vec<u8>,
    quoted: bool,
}

impl Splitter {
    /// The line break inside a quoted cell, as it stood in the file.
    fn newline(&mut self, ended: &[u8]) {
        let kept: &[u8] = if ended.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        self.open.extend_from_slice(kept);
    }

    fn line(&mut self, line: &[u8], separator: u8) {
        if !self.quoted && !line.contains(&b'"') {
            self.cells = line.split(|&byte| byte == separator).map(<[u8]>::to_vec).collect();
            return;
        }
        let mut bytes = line.iter().copied().peekable();
        let mut at_start = !self.quoted;
        while let Some(byte) = bytes.next() {
            if self.quoted {
                match byte {
                    b'"' if bytes.peek() == Some(&b'"') => {
                        self.open.push(b'"');
                        bytes.next();
                    }
                    b'"' => self.quoted = false,
                    byte => self.open.push(byte),
                }
            } else if byte == b'"' && at_start {
                self.quoted = true;
            } else if byte == separator {
                self.cells.push(std::mem::take(&mut self.open));
                at_start = true;
                continue;
            } else {
                self.open.push(byte);
            }
            at_start = false;
        }
        if !self.quoted {
            self.cells.push(std::mem::take(&mut self.open));
        }
    }
}

/// The separator that cuts the header into most cells and the rows into as many as the header.
fn separator(sample: &[Vec<u8>]) -> u8 {
    let score = |separator: u8| {
        let mut counts = Vec::new();
        let mut splitter = Splitter::default();
        for line in sample {
            if splitter.quoted {
                splitter.newline(line);
            } else if trimmed(line).is_empty() {
                continue;
            }
            splitter.line(trimmed(line), separator);
            if !splitter.quoted {
                counts.push(std::mem::take(&mut splitter.cells).len());
            }
        }
        let Some(&n_columns) = counts.first() else {
            return (0, 0);
        };
        let n_agreeing = counts.iter().filter(|&&count| count == n_columns).count();
        if n_columns < 2 {
            (0, 0)
        } else {
            (n_agreeing * 100 / counts.len(), n_columns)
        }
    };
    let mut best = (b',', score(b','));
    for candidate in [b'\t', b';', b'|'] {
        let scored = score(candidate);
        // A clear majority of agreeing rows counts first, then the number of columns.
        let (agreeing, columns) = (scored.0 / 20, scored.1);
        if (agreeing, columns) > (best.1.0 / 20, best.1.1) {
            best = (candidate, scored);
        }
    }
    best.0
}

/// Header names as they stand, empty ones numbered, repeated ones told apart.
fn unique(cells: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    for (position, cell) in cells.iter().enumerate() {
        let trimmed = cell.trim();
        let base = if trimmed.is_empty() {
            format!("column_{}", position + 1)
        } else {
            trimmed.to_owned()
        };
        let mut name = base.clone();
        let mut n_same = 1;
        while names.contains(&name) {
            n_same += 1;
            name = format!("{base}_{n_same}");
        }
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<Vec<String>>, Vec<u64>) {
        let mut reader = Reader::new(text.as_bytes()).unwrap().unwrap();
        let (mut rows, mut bad) = (Vec::new(), Vec::new());
        while let Some(row) = reader.next().unwrap() {
            match row {
                Row::Cells => rows.push(reader.cells().to_vec()),
                Row::Bad(line) => bad.push(line),
            }
        }
        (reader.header, rows, bad)
    }

    #[test]
    fn sniffs_the_separator() {
        for separator in [",", ";", "\t", "|"] {
            let text = ["id,note,time", "1,\"a,b;c|d\",2024-01-01", "2,x y,2024-01-02"]
                .join("\r\n")
                .replace(',', separator);
            let (header, rows, bad) = read(&text);
            assert_eq!(header, ["id", "note", "time"], "{separator:?}");
            assert_eq!((rows.len(), bad.len()), (2, 0), "{separator:?}");
        }
        assert_eq!(read("user;price;when\n1;1,50;2,5\n2;3,25;3,5\n").0.len(), 3);
        assert_eq!(read("only\n1\n2\n").0, ["only"]);
    }

    #[test]
    fn keeps_quoted_newlines_and_doubled_quotes() {
        let (_, rows, bad) = read("a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n\n1,2\n");
        assert_eq!(rows, [["x\ny", "say \"hi\""], ["1", "2"]]);
        assert!(bad.is_empty());
    }

    #[test]
    fn a_broken_row_costs_one_line() {
        let (_, rows, bad) = read("a,b\n1,2\n3\n4,\"5\n6,7\n8,9,10\n11,12\n");
        assert_eq!(rows, [["1", "2"], ["6", "7"], ["11", "12"]]);
        assert_eq!(bad, [3, 4, 6]);
    }

    #[test]
    fn names_columns_without_a_name() {
        assert_eq!(read("a,,a\n1,2,3\n").0, ["a", "column_2", "a_2"]);
    }
}
