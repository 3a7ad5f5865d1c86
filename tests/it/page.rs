//! `report.html`: one page that stands alone, whatever the data hold.

use std::collections::BTreeSet;

use insights::data::generate;

use crate::support::browser::{Browser, Look};
use crate::support::run::{Done, Run, small_events};

fn page(done: &Done) -> String {
    done.text("run_logs/x/outputs/insights/report.html")
}

/// The values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let parts = page.split(attribute).skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

/// Every element is closed by its own name.
fn balanced(page: &str) -> Result<(), String> {
    let mut open = Vec::new();
    for part in page.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
        match tag {
            _ if tag.starts_with('!') || tag.ends_with('/') => {}
            _ if tag.starts_with('/') => {
                if open.pop() != Some(name) {
                    return Err(format!("</{name}> closes another element"));
                }
            }
            _ => open.push(name),
        }
    }
    match open.pop() {
        Some(name) => Err(format!("<{name}> stays open")),
        None => Ok(()),
    }
}

#[track_caller]
fn stands_alone(page: &str) {
    balanced(page).unwrap();
    assert!(page.contains("Content-Security-Policy\" content=\"default-src &#39;none&#39;;"));
    for part in page.split('<').skip(1) {
        let tag = format!("<{}", part.split('>').next().unwrap());
        // Names and attributes; what stands in quotes is only a value.
        let bare: String = tag.split('"').step_by(2).collect::<String>().to_lowercase();
        for outside in ["<script", "<link", "<img", "<iframe", "<use", " src=", " on", " style="] {
            assert!(!bare.contains(outside), "{outside} in {tag}");
        }
        assert!(!tag.contains("url("), "{tag}");
    }
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("//"));
    let ids: BTreeSet<&str> = values(page, " id=\"").into_iter().collect();
    assert_eq!(ids.len(), values(page, " id=\"").len(), "an id stands twice");
    for target in values(page, "href=\"") {
        let id = target
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("a link leads out: {target}"));
        assert!(ids.contains(id), "nothing is at #{id}");
    }
}

#[test]
fn the_page_stands_alone_and_its_numbers_lead_to_their_rows() {
    let done = Run::council().mock().done().code(0);
    let page = page(&done);
    stands_alone(&page);
    assert!(!page.contains("http:") && !page.contains("https:"));
    assert!(page.contains("class=\"cite\" href=\"#ev-"), "no number is linked");
    assert!(page.contains(">↩F1</a>"), "no row leads back");
    assert_eq!(
        page,
        self::page(&Run::council().mock().done().code(0)),
        "equal runs, equal bytes"
    );
}

#[test]
fn hostile_names_stay_text_on_the_page() {
    let events = small_events().replace("Germany", "\"><script>alert(1)</script><img src=http://evil.example>");
    let quoted: String = events
        .lines()
        .map(|line| {
            let cells = line.splitn(4, ',').collect::<Vec<_>>();
            let (country, revenue) = cells[3].rsplit_once(',').unwrap();
            let country = country.replace('"', "\"\"");
            format!("{},{},{},\"{country}\",{revenue}\n", cells[0], cells[1], cells[2])
        })
        .collect();
    let done = Run::council().mock().file("events.csv", &quoted).done().code(0);
    let page = page(&done);
    stands_alone(&page);
    assert!(page.contains("&lt;script&gt;alert(1)"), "the name itself is shown");
}

#[test]
fn each_chart_is_drawn_or_its_absence_told() {
    let charts = |page: &str| page.matches("<svg viewBox").count() - page.matches("class=\"spark-end\"").count();
    let full = page(&Run::council().mock().done().code(0));
    for class in [
        "ordinary",
        "mark-head",
        "bar-users",
        "bar-revenue",
        "cell-text",
        "spark-end",
    ] {
        assert!(full.contains(&format!("class=\"{class}\"")), "{class}");
    }
    let bare: String = small_events()
        .lines()
        .map(|line| line.split(',').take(3).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    let bare = page(&Run::council().mock().file("events.csv", &bare).done().code(0));
    assert!(
        charts(&bare) + 3 <= charts(&full),
        "{} of {}",
        charts(&bare),
        charts(&full)
    );
    for why in [
        "No chart: there is no revenue in the data",
        "No chart: there is no country in the data",
    ] {
        assert!(bare.contains(why), "{why}");
    }
}

/// Two weeks of 40 users, then two weeks of 160, of whom a third has no name; one day nearly everybody stays away.
pub(crate) fn growing() -> String {
    let mut text = "user_id,event_time,event_name,country,revenue\n".to_owned();
    for day in 0..28 {
        let users = if day < 14 { 40 } else { 160 };
        for user in 0..users {
            if (user + day) % 4 == 0 || (day == 20 && user > 3) {
                continue;
            }
            let id = if day >= 14 && user % 3 == 0 {
                String::new()
            } else {
                format!("u{user}")
            };
            let (month, date) = if day < 14 { (2, day + 15) } else { (3, day - 13) };
            text.push_str(&format!(
                "{id},2025-{month:02}-{date:02} 10:{:02}:00,purchase,Japan,{}.50\n",
                user % 60,
                5 + user % 4
            ));
        }
    }
    text
}

/// The words of the elements of a class.
fn words_of<'a>(page: &'a str, element: &str, class: &str) -> Vec<&'a str> {
    let start = format!("<{element} class=\"{class}\"");
    let parts = page.split(start.as_str()).skip(1);
    parts
        .map(|part| part.split_once('>').unwrap().1.split('<').next().unwrap())
        .collect()
}

#[test]
fn colour_is_never_the_only_carrier() {
    let page = page(&Run::council().mock().file("events.csv", &growing()).done().code(0));
    let better = words_of(&page, "dd", "good");
    assert!(
        !better.is_empty() && better.iter().all(|words| words.contains("▲ better")),
        "{better:?}"
    );
    assert!(
        words_of(&page, "dd", "bad")
            .iter()
            .all(|words| words.contains("▼ worse"))
    );
    let trouble = words_of(&page, "text", "value-bad");
    assert!(
        !trouble.is_empty() && trouble.iter().all(|words| words.contains("⚠ too much")),
        "{trouble:?}"
    );
    let severities = words_of(&page, "span", "pill");
    let shapes = ["▲▲ critical", "▲ high", "◆ medium", "◇ low", "○ info"];
    assert!(
        !severities.is_empty() && severities.iter().all(|words| shapes.contains(words)),
        "{severities:?}"
    );
    let heads = words_of(&page, "text", "mark-head");
    assert!(
        !heads.is_empty() && heads.iter().all(|words| words.contains('%')),
        "{heads:?}"
    );
    // Revenue beside users: hatched, not only of another colour.
    let n = |class: &str| page.matches(&format!("class=\"{class}\"")).count();
    assert!(n("bar-revenue") > 0 && n("bar-revenue") == n("hatch-revenue"));
}

/// The sample of the demo, whose charts are full.
fn full() -> Done {
    let sample = generate::sample(7);
    let (start, end) = (sample.window.start.to_string(), sample.window.end.to_string());
    Run::new()
        .bytes("events.csv", &sample.csv)
        .arguments(&["--run-hash", "x", "--data", "events.csv"])
        .arguments(&["--date-start", &start, "--date-end", &end])
        .mock()
        .done()
        .code(0)
}

#[tokio::test]
async fn the_page_fits_a_laptop_and_no_words_of_a_chart_are_cut_off() {
    let look = Look {
        width: 1100,
        height: 900,
        dark: false,
    };
    let Some(browser) = Browser::open(look).await else {
        return;
    };
    let done = full();
    browser
        .open_file(&done.path("run_logs/x/outputs/insights/report.html"))
        .await;
    let widths = browser
        .read("return [document.documentElement.scrollWidth, window.innerWidth]")
        .await;
    assert!(widths[0].as_u64() <= widths[1].as_u64(), "{widths}");
    let cut = "return [...document.querySelectorAll('svg text')].filter((one) => { \
        const place = one.getBBox(), all = one.ownerSVGElement.viewBox.baseVal; \
        return place.x < all.x - 4 || place.x + place.width > all.x + all.width + 4 }).map((one) => one.textContent)";
    assert_eq!(browser.read(cut).await, serde_json::json!([]));
    let drawn = browser
        .read("return document.querySelectorAll('svg text').length")
        .await;
    assert!(drawn.as_u64() > Some(50), "{drawn}");
}

#[test]
fn each_table_says_what_it_stands_on() {
    let done = full();
    let evidence = done.json("evidence.json").to_string();
    let n_tables = evidence.matches("\"order_rule\"").count();
    assert!(n_tables > 20, "{n_tables}");
    let (page, report) = (page(&done), done.report());
    for name in ["Definition", "Window", "Rows", "Left out", "Not yet known"] {
        assert_eq!(page.matches(&format!("<dt>{name}</dt>")).count(), n_tables, "{name}");
        assert_eq!(report.matches(&format!("\n- {name}: ")).count(), n_tables, "{name}");
    }
    assert!(!report.contains("\n- Definition: \n") && !report.contains("\n- Rows: not known"));
}
