//! Windows paths whose backslashes were not doubled.

/// Whether the escaped text of a string, up to its closing mark, is a path with single backslashes: a drive, then two or
/// more plain names, and not only line breaks between them (`A:\nfirst\nsecond` is a list).
pub(in crate::reply) fn is_path(escaped: &str) -> bool {
    let bytes = escaped.as_bytes();
    if !starts_with_drive(escaped) {
        return false;
    }
    let mut separators = 0;
    let mut lines = 0;
    let mut at = 2;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => {
                let next = bytes.get(at + 1).copied().unwrap_or(0);
                if next == b'\\' || next == b'"' || next == b'u' && is_code(&bytes[at + 2..]) {
                    return false;
                }
                separators += 1;
                lines += usize::from(next == b'n');
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
    separators >= 2 && lines < separators
}

/// `C:\` and something.
pub(super) fn starts_with_drive(escaped: &str) -> bool {
    matches!(escaped.as_bytes(), [letter, b':', b'\\', next, ..] if letter.is_ascii_alphabetic() && *next != b'\\' && *next != b'"')
}

fn is_code(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes[..4].iter().all(u8::is_ascii_hexdigit)
}
