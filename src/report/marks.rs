//! Caveats of one section: each is said once, below the findings, and a short mark leads from a finding to it.

/// The different caveats of a section, in the order in which they come up.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    caveats: Vec<&'a str>,
}

impl<'a> Marks<'a> {
    pub(super) fn of(caveats: impl Iterator<Item = &'a String>) -> Self {
        let mut marks = Self::default();
        for caveat in caveats {
            if !marks.caveats.contains(&caveat.as_str()) {
                marks.caveats.push(caveat);
            }
        }
        marks
    }

    /// What stands behind a finding with these caveats: ` †1 †3`; nothing without any.
    pub(super) fn behind(&self, caveats: &[String]) -> String {
        let places =
            (0..self.caveats.len()).filter(|place| caveats.iter().any(|caveat| caveat == self.caveats[*place]));
        places.map(|place| format!(" {}", self.mark(place))).collect()
    }

    /// `†1 Caveat: …` for each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let places = 0..self.caveats.len();
        places.map(|place| format!("{} Caveat: {}.", self.mark(place), self.caveats[place]))
    }

    fn mark(&self, place: usize) -> String {
        match self.caveats.len() {
            1 => "†".to_owned(),
            _ => format!("†{}", place + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caveat_is_said_once_and_marked_where_it_belongs() {
        let said = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (first, second, third) = (said(&["a gap"]), said(&["copies", "a gap"]), said(&[]));
        let marks = Marks::of([&first, &second, &third].into_iter().flatten());
        assert_eq!(
            marks.lines().collect::<Vec<_>>(),
            ["†1 Caveat: a gap.", "†2 Caveat: copies."]
        );
        assert_eq!(
            [&first, &second, &third].map(|caveats| marks.behind(caveats)),
            [" †1", " †1 †2", ""]
        );
        let alone = Marks::of(first.iter());
        assert_eq!(alone.behind(&first), " †");
        assert_eq!(alone.lines().collect::<Vec<_>>(), ["† Caveat: a gap."]);
    }
}
