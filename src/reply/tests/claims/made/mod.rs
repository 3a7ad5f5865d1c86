//! Claims made by the program: evidence, a fact of it or a false one of a class, and a sentence that says it. The styles of one half
//! are there to improve the checks with; those of the other half are kept apart to measure with.

mod chance;
mod fact;
mod kept;
mod tuned;
mod wording;
mod world;

use serde_json::{Value, json};

use chance::Chance;
use fact::{Class, Fact, Frame};
use world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Tuned,
    Kept,
}

pub(crate) struct Made {
    pub(crate) claim: Value,
    /// The class of what is false in it; none of a true one.
    pub(crate) class: Option<&'static str>,
    pub(crate) style: &'static str,
    pub(crate) is_neutral: bool,
}

/// `n` claims; one in three is false, one in ten says nothing that data could confirm.
pub(crate) fn claims(seed: u64, n: usize, half: Half) -> Vec<Made> {
    let mut chance = Chance::new(seed);
    let mut out = Vec::with_capacity(n);
    while out.len() < n {
        let world = World::new(&mut chance, half);
        out.push(neutral(&world, half, &mut chance));
        for at in 0..9 {
            let class = (at % 3 == 0).then(|| *chance.pick(&Class::ALL));
            // Not every style can be false in every way.
            out.extend((0..20).find_map(|_| one(&world, class, half, &mut chance)));
        }
    }
    out.truncate(n);
    out
}

/// What the claims of one half are worded with.
struct Wording {
    styles: &'static [(Frame, &'static str)],
    neutral: &'static [&'static str],
    /// What may stand before and after a claim.
    around: &'static [(&'static str, &'static str)],
}

fn wording_of(half: Half) -> Wording {
    match half {
        Half::Tuned => Wording {
            styles: tuned::STYLES,
            neutral: tuned::NEUTRAL,
            around: tuned::AROUND,
        },
        Half::Kept => Wording {
            styles: kept::STYLES,
            neutral: kept::NEUTRAL,
            around: kept::AROUND,
        },
    }
}

fn one(world: &World, class: Option<Class>, half: Half, chance: &mut Chance) -> Option<Made> {
    let Wording { styles, around, .. } = wording_of(half);
    let (frame, style) = *chance.pick(styles);
    let Fact { slots, cites } = fact::fact(frame, class, world, half, chance)?;
    let text = filled(style, &slots)?;
    if class.is_some_and(Class::is_marked) && !text.contains(FALSE) {
        // What would be false in it is not said in this style.
        return None;
    }
    let text = text.replace(FALSE, "");
    let (before, after) = if chance.one_in(4) {
        *chance.pick(around)
    } else {
        ("", "")
    };
    let text = format!(
        "{before}{}{after}",
        if before.ends_with(", ") { text } else { capital(&text) }
    );
    Some(Made {
        claim: json!({"evidence": world.evidence, "text": text, "citations": cites}),
        class: class.map(Class::name),
        style,
        is_neutral: false,
    })
}

/// Stands before the words that make a claim false, until it is written.
const FALSE: &str = "\u{2}";

fn neutral(world: &World, half: Half, chance: &mut Chance) -> Made {
    let style = *chance.pick(wording_of(half).neutral);
    Made {
        claim: json!({"evidence": world.evidence, "text": style, "citations": []}),
        class: None,
        style,
        is_neutral: true,
    }
}

/// The style with its slots filled in; none where the fact lacks one.
fn filled(style: &str, slots: &[(&'static str, String)]) -> Option<String> {
    let mut out = style.to_owned();
    for (name, text) in slots {
        out = out.replace(&format!("{{{name}}}"), text);
    }
    (!out.contains('{')).then_some(out)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A whole value as a whole number, as tables hold it.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 {
        json!(value as i64)
    } else {
        json!(value)
    }
}
