//! Text cells that a spreadsheet would run as a formula (CWE-1236).

fn starts_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text as it is written: with a `'` before what a spreadsheet would run.
pub(super) fn guarded(text: &str) -> String {
    if starts_a_formula(text.trim_start_matches('\'')) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Undoes `guarded`.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if starts_a_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guarding_is_undone() {
        for text in [
            "=1+1",
            "+49",
            "-x",
            "@me",
            "\tx",
            "'=1",
            "''@",
            "plain",
            "'quoted'",
            "",
            "Côte d'Ivoire",
        ] {
            assert_eq!(unguarded(&guarded(text)), text);
        }
        assert_eq!(guarded("=cmd()"), "'=cmd()");
        assert_eq!(guarded("'quoted'"), "'quoted'");
    }
}
