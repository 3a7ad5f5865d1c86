//! Where two texts differ, line by line.

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::serve) struct Line {
    /// `+`, `-`, a blank, or `…` for lines that are left out.
    pub(super) sign: char,
    pub(super) text: String,
}

/// Same lines that are shown around a difference.
const AROUND: usize = 2;
/// The table of a comparison has so many fields at most; longer middles count as different altogether.
const LARGEST: usize = 4_000_000;

/// How many lines differ, in words, and the lines.
pub(super) fn told(before: &str, after: &str) -> (String, Vec<Line>) {
    if before == after {
        return ("the same".to_owned(), Vec::new());
    }
    let lines = differences(before, after);
    let count = |sign| lines.iter().filter(|line| line.sign == sign).count();
    (format!("+{} −{} lines", count('+'), count('-')), shortened(lines))
}

/// All lines of both texts in order.
fn differences(before: &str, after: &str) -> Vec<Line> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let same_end = a[start..].iter().rev().zip(b[start..].iter().rev());
    let end = same_end.take_while(|(a, b)| a == b).count();
    let (old, new) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    let mut lines: Vec<Line> = a[..start].iter().map(|text| line(' ', text)).collect();
    middle(old, new, &mut lines);
    lines.extend(a[a.len() - end..].iter().map(|text| line(' ', text)));
    lines
}

/// By the longest common subsequence.
fn middle(old: &[&str], new: &[&str], lines: &mut Vec<Line>) {
    let width = new.len() + 1;
    if old.len().saturating_mul(new.len()) > LARGEST {
        lines.extend(old.iter().map(|text| line('-', text)));
        lines.extend(new.iter().map(|text| line('+', text)));
        return;
    }
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = match old[i] == new[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(line(' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            lines.push(line('-', old[i]));
            i += 1;
        } else {
            lines.push(line('+', new[j]));
            j += 1;
        }
    }
}

/// Only what differs, with a little around it.
fn shortened(lines: Vec<Line>) -> Vec<Line> {
    let differs: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].sign != ' ').collect();
    let near = |at: usize| {
        let next = differs.partition_point(|place| *place < at);
        let close = |place: Option<&usize>| place.is_some_and(|place| place.abs_diff(at) <= AROUND);
        close(differs.get(next)) || close(next.checked_sub(1).and_then(|before| differs.get(before)))
    };
    let mut short: Vec<Line> = Vec::new();
    for (at, one) in lines.into_iter().enumerate() {
        if near(at) {
            short.push(one);
        } else if short.last().is_none_or(|last| last.sign != '…') {
            short.push(line('…', "…"));
        }
    }
    short
}

fn line(sign: char, text: &str) -> Line {
    Line {
        sign,
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(before: &str, after: &str) -> String {
        let (words, lines) = told(before, after);
        let lines: String = lines
            .iter()
            .map(|line| format!("{}{}|", line.sign, line.text))
            .collect();
        format!("{words}: {lines}")
    }

    #[test]
    fn what_differs_is_shown_with_a_little_around_it() {
        assert_eq!(read("a\nb", "a\nb"), "the same: ");
        assert_eq!(read("", "a"), "+1 −0 lines: +a|");
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9";
        assert_eq!(read(before, after), "+1 −1 lines: ……| 3| 4|-5|+five| 6| 7|……|");
        assert_eq!(read("a\nb\nc\nd", "b\nx\nd\ne"), "+2 −2 lines: -a| b|-c|+x| d|+e|");
    }
}
