//! Adjectives of countries, and what their people are called.

/// The country that an adjective ("turkish") or its people ("turks") speak of, in lower case.
pub(in crate::reply) fn country_of(adjective: &str) -> Option<&'static str> {
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
    const PEOPLE: [(&str, &str); 13] = [
        ("argentine", "argentina"),
        ("briton", "united kingdom"),
        ("brit", "united kingdom"),
        ("dane", "denmark"),
        ("dutchmen", "netherlands"),
        ("finn", "finland"),
        ("frenchmen", "france"),
        ("greeks", "greece"),
        ("pole", "poland"),
        ("spaniard", "spain"),
        ("swede", "sweden"),
        ("thais", "thailand"),
        ("turk", "turkey"),
    ];
    let one = adjective.strip_suffix('s').unwrap_or(adjective);
    let mut all = COUNTRIES.iter().chain(&PEOPLE);
    all.find(|(known, _)| *known == adjective || *known == one)
        .map(|(_, country)| *country)
}
