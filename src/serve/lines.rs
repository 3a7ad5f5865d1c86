//! The lines of an `events.jsonl`: read in pieces of whole lines, and put into frames for a browser.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use serde::Deserialize;

/// What is read at once.
pub(super) const PIECE: usize = 16 * 1024;
/// A longer line is no event of ours.
const LONGEST_LINE: usize = 1024 * 1024;

/// What every line says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Stamp<'a> {
    pub(super) seq: u64,
    #[serde(borrow, default)]
    pub(super) time: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) event: Cow<'a, str>,
}

impl<'a> Stamp<'a> {
    /// None for what is no event: a torn or foreign line.
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// Adds the line as one server-sent event. A name that could break the frame is left out.
    pub(super) fn frame(&self, line: &[u8], frames: &mut Vec<u8>) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        frames.extend_from_slice(format!("id: {}\n", self.seq).as_bytes());
        if !self.event.is_empty() && self.event.chars().all(plain) {
            frames.extend_from_slice(format!("event: {}\n", self.event).as_bytes());
        }
        frames.extend_from_slice(b"data: ");
        // Within JSON a line end is white space, and in a frame it would be the end of the data.
        frames.extend(line.iter().map(|byte| match byte {
            b'\r' | b'\n' => b' ',
            other => *other,
        }));
        frames.extend_from_slice(b"\n\n");
    }
}

/// Whole lines from `offset` on, at most about `PIECE` bytes and not beyond `end`; empty when no line is complete yet.
pub(super) fn read_piece(file: &mut File, offset: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut size = PIECE;
    loop {
        let wanted = size.min(usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX));
        let mut piece = Vec::with_capacity(wanted);
        file.seek(SeekFrom::Start(offset))?;
        file.take(wanted as u64).read_to_end(&mut piece)?;
        if let Some(last) = piece.iter().rposition(|byte| *byte == b'\n') {
            piece.truncate(last + 1);
            return Ok(piece);
        }
        if piece.len() < size {
            return Ok(Vec::new());
        }
        if size >= LONGEST_LINE {
            // Passed over as a line that is no event.
            return Ok(piece);
        }
        size *= 4;
    }
}

/// The lines of a piece without their ends.
pub(super) fn of_piece(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    piece.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn pieces_hold_whole_lines_only() {
        let mut file = tempfile::tempfile().unwrap();
        let long = "x".repeat(3 * PIECE);
        let text = format!("{{\"seq\":1}}\n{long}\n{{\"seq\":2}}\n{{\"seq\":3");
        file.write_all(text.as_bytes()).unwrap();
        let (mut offset, mut read) = (0, Vec::new());
        loop {
            let piece = read_piece(&mut file, offset, text.len() as u64).unwrap();
            if piece.is_empty() {
                break;
            }
            assert!(piece.ends_with(b"\n"));
            offset += piece.len() as u64;
            read.extend_from_slice(&piece);
        }
        let seqs: Vec<u64> = of_piece(&read).filter_map(Stamp::of).map(|stamp| stamp.seq).collect();
        assert_eq!(seqs, [1, 2]);
        assert_eq!(read_piece(&mut file, 0, 5).unwrap(), b"", "not beyond the end");
    }

    #[test]
    fn a_frame_cannot_be_broken_out_of() {
        let frame = |line: &[u8]| {
            let mut frames = Vec::new();
            Stamp::of(line).unwrap().frame(line, &mut frames);
            String::from_utf8(frames).unwrap()
        };
        let line = br#"{"seq":7,"time":"t","event":"call.queued","role":"a"}"#;
        let expected =
            "id: 7\nevent: call.queued\ndata: {\"seq\":7,\"time\":\"t\",\"event\":\"call.queued\",\"role\":\"a\"}\n\n";
        assert_eq!(frame(line), expected);
        let hostile = frame(b"{\"seq\":8,\"event\":\"x\\ndata: y\",\r\"role\":1}");
        assert!(
            !hostile.contains("event: ") && hostile.lines().count() == 3,
            "{hostile}"
        );
    }
}
