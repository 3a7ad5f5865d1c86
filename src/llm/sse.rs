//! Server-sent events out of bytes, as they come. A push parser after the WHATWG's "Interpreting an event stream"; knows
//! nothing of models.
//!
//! One deviation: what stands at the end of a stream without a blank line after it is given by `finish` instead of being
//! thrown away, because some hosts close right after their last line. A line that is no field of an event stream is kept as
//! `stray`, because Gemini writes an error as bare JSON into the middle of a stream.

use std::borrow::Cow;

use memchr::memchr2;

/// One dispatched event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SseEvent<'a> {
    /// Empty when the host does not name it.
    pub name: &'a str,
    /// The lines of `data`, joined by line feeds.
    pub data: &'a str,
}

/// A line or an event is larger than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Parses a stream cut anywhere, also inside a character or between CR and LF.
#[derive(Debug)]
pub(super) struct SseParser {
    /// Of one event, in bytes: its data and the line under way.
    limit: usize,
    /// The line under way.
    line: Vec<u8>,
    /// The last byte was a CR: a LF right after it belongs to the same line end.
    after_carriage_return: bool,
    /// No line has ended yet: the first may begin with a byte order mark.
    first_line: bool,
    name: Vec<u8>,
    /// Every `data` line with a line feed after it.
    data: Vec<u8>,
    stray: Vec<u8>,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl SseParser {
    /// `limit` is the size of the largest event in bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            after_carriage_return: false,
            first_line: true,
            name: Vec::new(),
            data: Vec::new(),
            stray: Vec::new(),
        }
    }

    /// Hands the events that these bytes complete to `on`.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut on: impl FnMut(SseEvent<'_>)) -> Result<(), TooLarge> {
        if self.after_carriage_return && !bytes.is_empty() {
            self.after_carriage_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            self.check(end)?;
            if let Some(data) = self.whole_event(&bytes[..end], &bytes[end..]) {
                on(SseEvent {
                    name: &text(&self.name),
                    data: &text(data),
                });
                self.name.clear();
                bytes = &bytes[end + 2..];
                continue;
            }
            // Most lines come whole, and need no copy.
            if self.line.is_empty() {
                self.end_line(&bytes[..end], &mut on)?;
            } else {
                self.line.extend_from_slice(&bytes[..end]);
                self.end_buffered_line(&mut on)?;
            }
            let carriage_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if carriage_return {
                self.after_carriage_return = bytes.is_empty();
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
        }
        self.check(bytes.len())?;
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// The stream is over: hands the event under way to `on`, if there is one.
    pub(super) fn finish(&mut self, mut on: impl FnMut(SseEvent<'_>)) -> Result<(), TooLarge> {
        if !self.line.is_empty() {
            self.end_buffered_line(&mut on)?;
        }
        self.dispatch(&mut on);
        Ok(())
    }

    /// All lines so far that are no part of an event stream.
    pub(super) fn stray(&self) -> &[u8] {
        &self.stray
    }

    /// The data of an event that is one line with a blank one behind it, as models send them: given on where it stands.
    fn whole_event<'a>(&self, line: &'a [u8], behind: &[u8]) -> Option<&'a [u8]> {
        let is_alone = self.line.is_empty() && self.data.is_empty() && !self.first_line;
        let data = line
            .strip_prefix(b"data:")
            .filter(|_| is_alone && behind.starts_with(b"\n\n"))?;
        Some(data.strip_prefix(b" ").unwrap_or(data))
    }

    /// Whether so many more bytes fit.
    fn check(&self, n_bytes: usize) -> Result<(), TooLarge> {
        match self.line.len() + n_bytes + self.data.len() > self.limit {
            true => Err(TooLarge),
            false => Ok(()),
        }
    }

    fn end_buffered_line(&mut self, on: &mut impl FnMut(SseEvent<'_>)) -> Result<(), TooLarge> {
        let line = std::mem::take(&mut self.line);
        self.end_line(&line, on)?;
        // The buffer is used again for the next line.
        self.line = line;
        self.line.clear();
        Ok(())
    }

    /// An empty line dispatches the event; any other adds to it.
    fn end_line(&mut self, line: &[u8], on: &mut impl FnMut(SseEvent<'_>)) -> Result<(), TooLarge> {
        let mut text = line;
        if std::mem::take(&mut self.first_line) {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        match text {
            [] => self.dispatch(on),
            [b':', ..] => {}
            _ => self.field(text)?,
        }
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Result<(), TooLarge> {
        let (name, value) = match line.iter().position(|&byte| byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            b"id" | b"retry" => {}
            _ if self.stray.len() + line.len() >= self.limit => return Err(TooLarge),
            _ => {
                self.stray.extend_from_slice(line);
                self.stray.push(b'\n');
            }
        }
        Ok(())
    }

    fn dispatch(&mut self, on: &mut impl FnMut(SseEvent<'_>)) {
        // The line feed after the last line; without any line there is no event.
        if self.data.pop().is_some() {
            on(SseEvent {
                name: &text(&self.name),
                data: &text(&self.data),
            });
        }
        self.name.clear();
        self.data.clear();
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests;
