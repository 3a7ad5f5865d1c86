//! Adjectives of countries.

/// The country that an adjective speaks of, in lower case.
pub(super) fn country_of(adjective: &str) -> Option<&'static str> {
    const COUNTRIES: [(&str, &str); 36] = [
        ("american", "united states"),
        ("argentinian", "argentina"),
        ("australian", "australia"),
        ("austrian", "austria"),
        ("belgian", "belgium"),
        ("brazilian", "brazil"),
        ("british", "united kingdom"),
        ("canadian", "canada"),
        ("chilean", "chile"),
        ("chinese", "china"),
        ("colombian", "colombia"),
        ("danish", "denmark"),
        ("dutch", "netherlands"),
        ("egyptian", "egypt"),
        ("finnish", "finland"),
        ("french", "france"),
        ("german", "germany"),
        ("greek", "greece"),
        ("indian", "india"),
        ("indonesian", "indonesia"),
        ("irish", "ireland"),
        ("italian", "italy"),
        ("japanese", "japan"),
        ("kenyan", "kenya"),
        ("korean", "south korea"),
        ("mexican", "mexico"),
        ("nigerian", "nigeria"),
        ("norwegian", "norway"),
        ("polish", "poland"),
        ("portuguese", "portugal"),
        ("singaporean", "singapore"),
        ("spanish", "spain"),
        ("swedish", "sweden"),
        ("swiss", "switzerland"),
        ("thai", "thailand"),
        ("turkish", "turkey"),
    ];
    let found = COUNTRIES.iter().find(|(known, _)| *known == adjective)?;
    Some(found.1)
}
