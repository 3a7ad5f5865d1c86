//! Server-sent events out of bytes, as they come. A push parser after the WHATWG's "Interpreting an event stream"; knows
//! nothing of models.
//!
//! One deviation: what stands at the end of a stream without a blank line after it is given by `finish` instead of being
//! thrown away, because some hosts close right after their last line. A line that is no field of an event stream is kept as
//! `stray`, because Gemini writes an error as bare JSON into the middle of a stream.

/// One dispatched event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SseEvent {
    /// Empty when the host does not name it.
    pub name: String,
    /// The lines of `data`, joined by line feeds.
    pub data: String,
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

    /// The events that these bytes complete.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<SseEvent>, TooLarge> {
        let mut events = Vec::new();
        if self.after_carriage_return && !bytes.is_empty() {
            self.after_carriage_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.extend_line(&bytes[..end])?;
            events.extend(self.end_line()?);
            let carriage_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if carriage_return {
                self.after_carriage_return = bytes.is_empty();
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
        }
        self.extend_line(bytes)?;
        Ok(events)
    }

    /// The stream is over: the event under way, if there is one.
    pub(super) fn finish(&mut self) -> Result<Option<SseEvent>, TooLarge> {
        let last = match self.line.is_empty() {
            true => None,
            false => self.end_line()?,
        };
        Ok(last.or_else(|| self.dispatch()))
    }

    /// All lines so far that are no part of an event stream.
    pub(super) fn stray(&self) -> &[u8] {
        &self.stray
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if self.line.len() + bytes.len() + self.data.len() > self.limit {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// An empty line dispatches the event; any other adds to it.
    fn end_line(&mut self) -> Result<Option<SseEvent>, TooLarge> {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.first_line) {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        let event = match text {
            [] => self.dispatch(),
            [b':', ..] => None,
            _ => {
                self.field(text)?;
                None
            }
        };
        // The buffer is used again for the next line.
        self.line = line;
        self.line.clear();
        Ok(event)
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

    fn dispatch(&mut self) -> Option<SseEvent> {
        let name = std::mem::take(&mut self.name);
        // The line feed after the last line; without any line there is no event.
        self.data.pop()?;
        let data = String::from_utf8_lossy(&self.data).into_owned();
        self.data.clear();
        Some(SseEvent {
            name: String::from_utf8_lossy(&name).into_owned(),
            data,
        })
    }
}

#[cfg(test)]
mod tests;
