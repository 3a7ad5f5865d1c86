//! Charts as inline SVG: one file each, scales and labels shared. Colours are classes of the page's style sheet; what a colour says
//! is also said by a shape, a pattern or a word.

mod bars;
mod daily;
mod fields;
mod labels;
mod lorenz;
mod retention;
mod scale;
mod shapes;
mod sparkline;
mod triangle;

pub(super) use bars::{Bar, Fill, paired};
pub(super) use daily::{begins_at_zero, daily};
pub(super) use fields::{fields, is_trouble};
pub(super) use lorenz::lorenz;
pub(super) use retention::curve;
pub(super) use sparkline::sparkline;
pub(super) use triangle::triangle;

use super::markup::Markup;

/// The frame of a chart: named for those who do not see it, as wide as the page lets it be.
fn frame(out: &mut Markup, (width, height): (f64, f64), name: &str, inside: impl FnOnce(&mut Markup)) {
    let view = format!("0 0 {} {}", scale::Px(width), scale::Px(height));
    out.node(
        "svg",
        &[("viewBox", &view), ("role", &"img"), ("aria-label", &name)],
        inside,
    );
}
