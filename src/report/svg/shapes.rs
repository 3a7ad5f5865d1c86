//! Shapes that several charts draw.

use std::fmt::Write as _;

use super::super::markup::Markup;
use super::scale::Px;

pub(super) type Point = (f64, f64);

/// `M0,0L1,1`.
pub(super) fn path(points: &[Point]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        let _ = write!(text, "{letter}{},{}", Px(*x), Px(*y));
    }
    text
}

pub(super) fn line(out: &mut Markup, class: &'static str, points: &[Point]) {
    if points.len() > 1 {
        out.leaf("path", &[("class", &class), ("d", &path(points))]);
    }
}

/// The area between two lines over the same places.
pub(super) fn area(out: &mut Markup, class: &'static str, upper: &[Point], lower: &[Point]) {
    if upper.len() < 2 {
        return;
    }
    let around: Vec<Point> = upper.iter().chain(lower.iter().rev()).copied().collect();
    out.leaf("path", &[("class", &class), ("d", &format!("{}Z", path(&around)))]);
}

pub(super) fn rect(out: &mut Markup, class: &'static str, (x, y): Point, (width, height): (f64, f64)) {
    out.leaf(
        "rect",
        &[
            ("class", &class),
            ("x", &Px(x)),
            ("y", &Px(y)),
            ("width", &Px(width)),
            ("height", &Px(height)),
        ],
    );
}

pub(super) fn dot(out: &mut Markup, class: &'static str, (x, y): Point, radius: f64) {
    out.leaf(
        "circle",
        &[("class", &class), ("cx", &Px(x)), ("cy", &Px(y)), ("r", &Px(radius))],
    );
}

/// A triangle that points the way a value went.
pub(super) fn arrow(out: &mut Markup, class: &'static str, (x, y): Point, up: bool) {
    let tip = if up { -6.0 } else { 6.0 };
    let corners = [(x, y + tip), (x - 6.0, y - tip * 0.8), (x + 6.0, y - tip * 0.8)];
    out.leaf("path", &[("class", &class), ("d", &format!("{}Z", path(&corners)))]);
}

/// Where a text stands relative to its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

pub(super) fn text(out: &mut Markup, class: &'static str, (x, y): Point, anchor: Anchor, words: &str) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    out.words(
        "text",
        &[
            ("class", &class),
            ("x", &Px(x)),
            ("y", &Px(y)),
            ("text-anchor", &anchor),
        ],
        words,
    );
}

/// Diagonal lines inside a rectangle: a pattern that needs no reference to another element.
pub(super) fn hatch(out: &mut Markup, class: &'static str, (x, y): Point, (width, height): (f64, f64)) {
    const STEP: f64 = 5.0;
    let mut lines = String::new();
    let mut offset = STEP;
    while offset < width + height {
        // From the left or lower edge up to the upper or right edge.
        let from = if offset <= height {
            (x, y + offset)
        } else {
            (x + offset - height, y + height)
        };
        let to = if offset <= width {
            (x + offset, y)
        } else {
            (x + width, y + offset - width)
        };
        lines.push_str(&path(&[from, to]));
        offset += STEP;
    }
    if !lines.is_empty() {
        out.leaf("path", &[("class", &class), ("d", &lines)]);
    }
}
