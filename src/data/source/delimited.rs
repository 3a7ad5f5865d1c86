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
    /// The line that was read last, reused.
    line: Vec<u8>,
    /// The cells of the current row one after the other, reused, and where each of them ends.
    text: String,
    ends: Vec<usize>,
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
        let mut reader = Self::of(lines, Vec::new(), separator(&sample));
        let fits = |_: usize| true;
        while let Some(row) = reader.read(&fits)? {
            if matches!(row, Row::Cells) {
                break;
            }
        }
        reader.header = unique(reader.cells());
        Ok(Some(reader))
    }

    /// Rows that follow no header of their own, from a writer whose separator is known.
    pub(crate) fn with_header(bytes: R, header: Vec<String>, separator: u8) -> Self {
        Self::of(Lines::new(bytes), header, separator)
    }

    fn of(lines: Lines<R>, header: Vec<String>, separator: u8) -> Self {
        Self {
            lines,
            separator,
            header,
            line: Vec::new(),
            text: String::new(),
            ends: Vec::new(),
            replaced: 0,
        }
    }

    /// The cells of the current row.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// The next row with as many cells as the header.
    pub(crate) fn next(&mut self) -> io::Result<Option<Row>> {
        let n_columns = self.header.len();
        self.read(&|n_cells| n_cells == n_columns)
    }

    fn read(&mut self, fits: &dyn Fn(usize) -> bool) -> io::Result<Option<Row>> {
        if !self.lines.next_filled(&mut self.line)? {
            return Ok(None);
        }
        let number = self.lines.number;
        let mut splitter = Splitter::reusing(std::mem::take(&mut self.text), std::mem::take(&mut self.ends));
        splitter.line(trimmed(&self.line), self.separator);
        let mut more: Vec<Vec<u8>> = Vec::new();
        while splitter.quoted && more.len() < LONGEST_QUOTED_LINES {
            let mut line = Vec::new();
            if !self.lines.next(&mut line)? {
                break;
            }
            splitter.newline(more.last().unwrap_or(&self.line));
            splitter.line(trimmed(&line), self.separator);
            more.push(line);
        }
        if splitter.quoted || !fits(splitter.ends.len()) {
            // The row may have swallowed good lines behind a stray quote: give them back.
            self.lines.give_back(more);
            return Ok(Some(Row::Bad(number)));
        }
        self.keep(splitter);
        Ok(Some(Row::Cells))
    }

    fn keep(&mut self, splitter: Splitter) {
        let Splitter { bytes, ends, .. } = splitter;
        match String::from_utf8(bytes) {
            Ok(text) => (self.text, self.ends) = (text, ends),
            Err(error) => {
                let mut start = 0;
                for end in ends {
                    let cell = String::from_utf8_lossy(&error.as_bytes()[start..end]);
                    self.replaced += u64::from(matches!(cell, Cow::Owned(_)));
                    self.text.push_str(&cell);
                    self.ends.push(self.text.len());
                    start = end;
                }
            }
        }
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
            bytes: BufReader::with_capacity(1 << 18, bytes),
            waiting: VecDeque::new(),
            number: 0,
        }
    }

    fn peek(&mut self, n_lines: usize) -> io::Result<Vec<Vec<u8>>> {
        while self.waiting.len() < n_lines {
            let mut line = Vec::new();
            if self.bytes.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            self.waiting.push_back(line);
        }
        Ok(self.waiting.iter().cloned().collect())
    }

    /// Reads the next line into `line`; false at the end.
    fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        match self.waiting.pop_front() {
            Some(waiting) => *line = waiting,
            None => {
                line.clear();
                self.bytes.read_until(b'\n', line)?;
            }
        }
        self.number += u64::from(!line.is_empty());
        Ok(!line.is_empty())
    }

    /// Reads the next line that is not blank.
    fn next_filled(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        while self.next(line)? {
            if !trimmed(line).is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
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
    /// The cells one after the other, and where each of them ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    quoted: bool,
}

impl Splitter {
    fn reusing(text: String, mut ends: Vec<usize>) -> Self {
        let mut bytes = text.into_bytes();
        bytes.clear();
        ends.clear();
        Self {
            bytes,
            ends,
            quoted: false,
        }
    }

    /// The line break inside a quoted cell, as it stood in the file.
    fn newline(&mut self, ended: &[u8]) {
        let kept: &[u8] = if ended.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        self.bytes.extend_from_slice(kept);
    }

    fn line(&mut self, line: &[u8], separator: u8) {
        if !self.quoted && memchr::memchr(b'"', line).is_none() {
            return self.plain(line, separator);
        }
        let mut bytes = line.iter().copied().peekable();
        let mut at_start = !self.quoted;
        while let Some(byte) = bytes.next() {
            if self.quoted {
                match byte {
                    b'"' if bytes.peek() == Some(&b'"') => {
                        self.bytes.push(b'"');
                        bytes.next();
                    }
                    b'"' => self.quoted = false,
                    byte => self.bytes.push(byte),
                }
            } else if byte == b'"' && at_start {
                self.quoted = true;
            } else if byte == separator {
                self.ends.push(self.bytes.len());
                at_start = true;
                continue;
            } else {
                self.bytes.push(byte);
            }
            at_start = false;
        }
        if !self.quoted {
            self.ends.push(self.bytes.len());
        }
    }

    /// A line without quotes, which is most lines.
    fn plain(&mut self, line: &[u8], separator: u8) {
        let mut start = 0;
        for end in memchr::memchr_iter(separator, line).chain([line.len()]) {
            self.bytes.extend_from_slice(&line[start..end]);
            self.ends.push(self.bytes.len());
            start = end + 1;
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
                counts.push(splitter.ends.len());
                splitter = Splitter::default();
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
fn unique<'cells>(cells: impl Iterator<Item = &'cells str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (position, cell) in cells.enumerate() {
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
                Row::Cells => rows.push(reader.cells().map(str::to_owned).collect()),
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
