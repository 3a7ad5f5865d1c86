//! Codes and English names of countries: which spellings mean the same country, and what a reader calls it.

use std::collections::BTreeMap;

/// The name of a two-letter ISO 3166 code in capitals; none for codes that are rare in business data.
pub fn name_of(code: &str) -> Option<&'static str> {
    COUNTRIES
        .iter()
        .find(|country| country.0 == code)
        .map(|country| country.2)
}

/// The two-letter code of a name as we write it.
pub fn code_of(name: &str) -> Option<&'static str> {
    COUNTRIES
        .iter()
        .find(|country| country.2 == name)
        .map(|country| country.0)
}

/// What the values of one column are shown as, where several of them mean one country: `DE`, `deu` and `Germany` are all `Germany`.
/// A country that is written in one way only keeps it, so that most columns stay as they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Spellings {
    shown: BTreeMap<String, String>,
}

impl Spellings {
    pub(crate) fn of(values: &[String]) -> Self {
        let mut same: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for value in values {
            same.entry(meaning(value)).or_default().push(value);
        }
        let mut shown = BTreeMap::new();
        for spellings in same.into_values().filter(|spellings| spellings.len() > 1) {
            let name = best(&spellings);
            let others = spellings.into_iter().filter(|spelling| **spelling != name);
            shown.extend(others.map(|spelling| (spelling.clone(), name.clone())));
        }
        Self { shown }
    }

    pub(crate) fn shown<'a>(&'a self, value: &'a str) -> &'a str {
        self.shown.get(value).map_or(value, String::as_str)
    }

    /// What a reader must know; nothing where each country is written in one way.
    pub(crate) fn note(&self, column: &str) -> Option<String> {
        const NAMED: usize = 3;
        let examples: Vec<String> = self
            .shown
            .iter()
            .take(NAMED)
            .map(|(spelling, name)| format!("{} as {name}", spelling.trim()))
            .collect();
        (!examples.is_empty()).then(|| {
            format!(
                "`{column}` writes countries in several ways ({} in all); each country counts as one, {}",
                self.shown.len(),
                examples.join(", ")
            )
        })
    }
}

/// The code of the country, where it is known; else the text itself without case and blanks.
fn meaning(value: &str) -> String {
    let text = value.trim();
    let found = COUNTRIES.iter().find(|(code, long, name)| {
        [code, long, name]
            .iter()
            .any(|spelling| spelling.eq_ignore_ascii_case(text))
    });
    found.map_or_else(|| text.to_lowercase(), |country| country.0.to_owned())
}

/// A name where one of the spellings is a name, else the code; of unknown countries the one with the fewest capitals.
fn best(spellings: &[&String]) -> String {
    let code = meaning(spellings[0]);
    let is_name = |spelling: &&String| name_of(&code).is_some_and(|name| name.eq_ignore_ascii_case(spelling.trim()));
    match name_of(&code) {
        Some(name) if spellings.iter().any(is_name) => name.to_owned(),
        Some(_) => code,
        None => {
            let capitals = |text: &str| text.chars().filter(|letter| letter.is_uppercase()).count();
            let trimmed = spellings.iter().map(|spelling| spelling.trim());
            let named = trimmed.clone().filter(|text| capitals(text) > 0);
            let fewest = named.min_by_key(|text| (capitals(text), *text));
            fewest.or(trimmed.min()).unwrap_or_default().to_owned()
        }
    }
}

const COUNTRIES: [(&str, &str, &str); 84] = [
    ("AE", "ARE", "United Arab Emirates"),
    ("AR", "ARG", "Argentina"),
    ("AT", "AUT", "Austria"),
    ("AU", "AUS", "Australia"),
    ("BD", "BGD", "Bangladesh"),
    ("BE", "BEL", "Belgium"),
    ("BG", "BGR", "Bulgaria"),
    ("BH", "BHR", "Bahrain"),
    ("BR", "BRA", "Brazil"),
    ("CA", "CAN", "Canada"),
    ("CH", "CHE", "Switzerland"),
    ("CL", "CHL", "Chile"),
    ("CN", "CHN", "China"),
    ("CO", "COL", "Colombia"),
    ("CR", "CRI", "Costa Rica"),
    ("CY", "CYP", "Cyprus"),
    ("CZ", "CZE", "Czechia"),
    ("DE", "DEU", "Germany"),
    ("DK", "DNK", "Denmark"),
    ("DZ", "DZA", "Algeria"),
    ("EC", "ECU", "Ecuador"),
    ("EE", "EST", "Estonia"),
    ("EG", "EGY", "Egypt"),
    ("ES", "ESP", "Spain"),
    ("FI", "FIN", "Finland"),
    ("FR", "FRA", "France"),
    ("GB", "GBR", "United Kingdom"),
    ("GH", "GHA", "Ghana"),
    ("GR", "GRC", "Greece"),
    ("HK", "HKG", "Hong Kong"),
    ("HR", "HRV", "Croatia"),
    ("HU", "HUN", "Hungary"),
    ("ID", "IDN", "Indonesia"),
    ("IE", "IRL", "Ireland"),
    ("IL", "ISR", "Israel"),
    ("IN", "IND", "India"),
    ("IQ", "IRQ", "Iraq"),
    ("IS", "ISL", "Iceland"),
    ("IT", "ITA", "Italy"),
    ("JO", "JOR", "Jordan"),
    ("JP", "JPN", "Japan"),
    ("KE", "KEN", "Kenya"),
    ("KR", "KOR", "South Korea"),
    ("KW", "KWT", "Kuwait"),
    ("KZ", "KAZ", "Kazakhstan"),
    ("LB", "LBN", "Lebanon"),
    ("LK", "LKA", "Sri Lanka"),
    ("LT", "LTU", "Lithuania"),
    ("LU", "LUX", "Luxembourg"),
    ("LV", "LVA", "Latvia"),
    ("MA", "MAR", "Morocco"),
    ("MT", "MLT", "Malta"),
    ("MX", "MEX", "Mexico"),
    ("MY", "MYS", "Malaysia"),
    ("NA", "NAM", "Namibia"),
    ("NG", "NGA", "Nigeria"),
    ("NL", "NLD", "Netherlands"),
    ("NO", "NOR", "Norway"),
    ("NZ", "NZL", "New Zealand"),
    ("PA", "PAN", "Panama"),
    ("PE", "PER", "Peru"),
    ("PH", "PHL", "Philippines"),
    ("PK", "PAK", "Pakistan"),
    ("PL", "POL", "Poland"),
    ("PT", "PRT", "Portugal"),
    ("QA", "QAT", "Qatar"),
    ("RO", "ROU", "Romania"),
    ("RS", "SRB", "Serbia"),
    ("RU", "RUS", "Russia"),
    ("SA", "SAU", "Saudi Arabia"),
    ("SE", "SWE", "Sweden"),
    ("SG", "SGP", "Singapore"),
    ("SI", "SVN", "Slovenia"),
    ("SK", "SVK", "Slovakia"),
    ("TH", "THA", "Thailand"),
    ("TN", "TUN", "Tunisia"),
    ("TR", "TUR", "Turkey"),
    ("TW", "TWN", "Taiwan"),
    ("UA", "UKR", "Ukraine"),
    ("US", "USA", "United States"),
    ("UY", "URY", "Uruguay"),
    ("VE", "VEN", "Venezuela"),
    ("VN", "VNM", "Vietnam"),
    ("ZA", "ZAF", "South Africa"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[&str]) -> Vec<String> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let spellings = Spellings::of(&values);
        values.iter().map(|value| spellings.shown(value).to_owned()).collect()
    }

    #[test]
    fn one_country_is_one_name_and_single_spellings_stay() {
        assert_eq!(
            shown(&["DE", "Germany", " germany ", "FR", "United Kingdom", "EIRE"]),
            ["Germany", "Germany", "Germany", "FR", "United Kingdom", "EIRE"]
        );
        assert_eq!(shown(&["us", "US", "USA"]), ["US", "US", "US"]);
        assert_eq!(shown(&["ATLANTIS", "Atlantis", "atlantis "]), ["Atlantis"; 3]);
        assert_eq!(shown(&["NA", "Nauru"]), ["NA", "Nauru"]);
    }

    #[test]
    fn only_what_was_joined_is_noted() {
        let values = ["DE", "Germany", "FR"].map(str::to_owned);
        let note = Spellings::of(&values).note("country").expect("one was joined");
        assert!(
            note.contains("`country`") && note.contains("DE as Germany") && !note.contains("FR"),
            "{note}"
        );
        assert_eq!(Spellings::of(&values[1..]).note("country"), None);
    }
}
