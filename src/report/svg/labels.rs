//! Where labels go: how wide a text is, and places where no label covers another.

/// A rectangle that a label fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Place {
    fn overlaps(self, other: Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }

    fn within(self, other: Self) -> bool {
        self.x >= other.x
            && self.y >= other.y
            && self.x + self.width <= other.x + other.width
            && self.y + self.height <= other.y + other.height
    }
}

/// The width of a text in a common sans-serif at a font size; a little too wide rather than too narrow.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let of = |letter: char| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | 'I' => 0.3,
        'f' | 't' | 'r' | '(' | ')' | '-' | '/' => 0.4,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.9,
        letter if letter.is_ascii_uppercase() => 0.7,
        letter if letter.is_ascii() => 0.57,
        letter if ('\u{2E80}'..='\u{FFEF}').contains(&letter) || letter > '\u{FFFF}' => 1.05,
        _ => 0.62,
    };
    text.chars().map(of).sum::<f64>() * size
}

/// The text cut to a width, with an ellipsis where something is gone.
pub(super) fn fitted(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept, size) + width("…", size) > most {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// Puts a label of a size beside a point: the first place around it that lies in the area and touches nothing taken.
/// None where there is none.
pub(super) fn beside((x, y): (f64, f64), (width, height): (f64, f64), area: Place, taken: &[Place]) -> Option<Place> {
    const GAP: f64 = 9.0;
    let place = |x: f64, y: f64| Place { x, y, width, height };
    let mut candidates = vec![
        place(x + GAP, y - height / 2.0),
        place(x - GAP - width, y - height / 2.0),
    ];
    for step in 1..6 {
        let away = GAP + f64::from(step - 1) * height / 2.0;
        for left in [x - width / 2.0, x + GAP, x - GAP - width] {
            candidates.push(place(left, y - away - height));
            candidates.push(place(left, y + away));
        }
    }
    let free = |place: &Place| place.within(area) && taken.iter().all(|other| !place.overlaps(*other));
    candidates.into_iter().find(free)
}

/// Moves labels of one column apart, so that each has `height`; they stay in order and between the bounds as far as they fit.
pub(super) fn apart(wanted: &[f64], height: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut places = wanted.to_vec();
    let mut least = top;
    for index in &order {
        places[*index] = places[*index].max(least);
        least = places[*index] + height;
    }
    let mut most = bottom;
    for index in order.iter().rev() {
        places[*index] = places[*index].min(most);
        most = places[*index] - height;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_apart_and_inside() {
        assert_eq!(apart(&[10.0, 12.0, 50.0], 14.0, (0.0, 100.0)), [10.0, 24.0, 50.0]);
        assert_eq!(apart(&[98.0, 99.0], 14.0, (0.0, 100.0)), [86.0, 100.0]);
        let area = Place {
            x: 0.0,
            y: 0.0,
            width: 200.0,
            height: 100.0,
        };
        let mut taken = Vec::new();
        for _ in 0..3 {
            let place = beside((190.0, 50.0), (60.0, 20.0), area, &taken).expect("room for three");
            assert!(place.within(area) && taken.iter().all(|other| !place.overlaps(*other)));
            taken.push(place);
        }
        assert_eq!(beside((100.0, 50.0), (300.0, 20.0), area, &[]), None);
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(fitted("Brazil", 12.0, 100.0), "Brazil");
        let cut = fitted(&"x".repeat(100), 12.0, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 100.0);
    }
}
