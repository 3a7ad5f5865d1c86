//! Windows paths whose backslashes were not doubled.

/// Whether the escaped text of a string, up to its closing mark, is a path with single backslashes: a drive, then two or
/// more plain names, and not only line breaks between them (`A:\nfirst\nsecond` is a list). One name is enough where the code
/// would be a backspace, a form feed or a carriage return, which nobody writes behind a letter and a colon: `C:\bin` is a path,
/// `A:\tfirst` is what JSON says it is.
pub(super) fn is_path(escaped: &str) -> bool {
    let bytes = escaped.as_bytes();
    if !starts_with_drive(escaped) {
        return false;
    }
    let mut separators = 0;
    let mut lines = 0;
    let mut unlikely = 0;
    let mut at = 2;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => {
                let next = bytes.get(at + 1).copied().unwrap_or(0);
                if next == b'\\' || next == b'"' || next == b'u' && is_code(&bytes[at + 2..]) {
                    return false;
                }
                separators += 1;
                let is_line_end = next == b'n' || next == b'r' && bytes[at + 2..].starts_with(br"\n");
                lines += usize::from(is_line_end);
                unlikely += usize::from(matches!(next, b'b' | b'f' | b'r') && !is_line_end);
                at += 1;
            }
            byte if byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'.' | b'-' | b'~' | b'$')
                || byte >= 0x80 =>
            {
                at += 1;
            }
            b'"' => break,
            _ => return false,
        }
    }
    (separators >= 2 && lines < separators) || unlikely > 0
}

/// `C:\` and something that is no code of a character.
pub(in crate::reply) fn starts_with_drive(escaped: &str) -> bool {
    match escaped.as_bytes() {
        [letter, b':', b'\\', next, rest @ ..] => {
            letter.is_ascii_alphabetic() && !matches!(next, b'\\' | b'"') && !(*next == b'u' && is_code(rest))
        }
        _ => false,
    }
}

/// Whether the text of a string, up to and with a backslash, is a path that ends in it.
pub(super) fn is_path_up_to(escaped: &str) -> bool {
    const LONGEST: usize = 260;
    if escaped.len() > LONGEST || !starts_with_drive(escaped) || escaped.contains("\\\"") {
        return false;
    }
    let name = |letter: char| letter.is_alphanumeric() || "_.-~$ ()\\:".contains(letter);
    escaped.chars().all(name)
}

fn is_code(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes[..4].iter().all(u8::is_ascii_hexdigit)
}
