//! The dashboard in a real browser: start, watch, reload in the middle, stop, keys, hostile words, small screens.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::browser::{Browser, DESKTOP, Look, PHONE};
use crate::support::dashboard::Dashboard;
use crate::support::run::{END, Run, START};

/// Every call takes a moment, and the last one does not end.
fn slow() -> Run {
    let script = json!({"latency_ms": 300, "roles": {"coordinator": [{"fault": "hang", "repeat": true}]}}).to_string();
    Run::council()
        .file("script.json", &script)
        .file(".env", "INSIGHTS_MOCK_SCRIPT=script.json\n")
}

/// The browser on the dashboard's first page, if there is a browser.
async fn entered(dashboard: &Dashboard, look: Look) -> Option<Browser> {
    let browser = Browser::open(look).await?;
    browser.enter(dashboard).await;
    Some(browser)
}

const LANES: &str = "return document.querySelectorAll('#timeline [data-role]').length";

#[tokio::test]
async fn a_report_is_started_watched_reloaded_and_stopped() {
    let dashboard = Dashboard::start(slow());
    let Some(browser) = entered(&dashboard, DESKTOP).await else {
        return;
    };
    browser.click("a[href='/start']").await;
    browser.fill("[name=run_hash]", "x").await;
    browser.fill("[name=data]", "events.csv").await;
    browser.fill("[name=provider]", "mock").await;
    browser.set("[name=date_start]", START).await;
    browser.set("[name=date_end]", END).await;
    browser.click("form[data-start] button").await;
    browser.until("return location.pathname === '/runs/x'").await;
    browser.until(&format!("{LANES} === 7")).await;
    browser
        .until("return document.querySelectorAll('#timeline .attempt').length >= 7")
        .await;
    let tokens = "return document.querySelector('[data-tile=tokens]').textContent";
    browser.until(&format!("{tokens} !== '0'")).await;
    let before = browser.read(tokens).await;
    browser.reload().await;
    browser.until(&format!("{LANES} === 7")).await;
    browser.until(&format!("{tokens} === {before}")).await;
    browser.click("[data-stop]").await;
    browser
        .until("return document.querySelector('#state').textContent === 'interrupted'")
        .await;
    browser.until("return !document.querySelector('[data-stop]')").await;
    assert_eq!(dashboard.json("/api/runs/x").await["run"]["state"], "interrupted");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_start_that_fails_says_why_on_the_page() {
    let dashboard = Dashboard::start(Run::new());
    let Some(browser) = entered(&dashboard, DESKTOP).await else {
        return;
    };
    browser.visit(&dashboard, "/start").await;
    browser.fill("[name=run_hash]", "x").await;
    browser.fill("[name=data]", "nowhere.csv").await;
    browser.fill("[name=provider]", "mock").await;
    browser.set("[name=date_start]", START).await;
    browser.set("[name=date_end]", END).await;
    browser.click("form[data-start] button").await;
    // It began and ended at once: either the form says so, or the page of the run does.
    browser
        .until("return document.body.innerText.includes('nowhere.csv')")
        .await;
}

#[tokio::test]
async fn a_run_of_a_terminal_appears_and_is_opened_with_keys() {
    let dashboard = Dashboard::start(Run::council().mock());
    let Some(browser) = entered(&dashboard, DESKTOP).await else {
        return;
    };
    let mut elsewhere = dashboard
        .run
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    browser
        .until("return !!document.querySelector('#runs a[href=\"/runs/x\"]')")
        .await;
    assert!(elsewhere.wait().unwrap().success());
    browser
        .until("return document.querySelector('#runs .pill').textContent === 'complete'")
        .await;
    browser
        .until("return document.querySelector('#runs .headline') !== null")
        .await;
    browser.reload().await;
    browser.fill("#filter", "no such run").await;
    browser
        .until("return document.querySelector('#filtered').textContent === '0 of 1'")
        .await;
    browser.fill("#filter", "x").await;
    browser.press('\u{E00C}').await;
    browser.press('?').await;
    browser.until("return document.querySelector('#keys').open").await;
    browser.press('\u{E00C}').await;
    browser.press('j').await;
    browser.until("return !!document.querySelector('tr.here')").await;
    browser.press('\u{E007}').await;
    browser.until("return location.pathname === '/runs/x'").await;
    browser.until(&format!("{LANES} === 7")).await;
    browser
        .read("document.querySelector('[data-role=geographic]').focus()")
        .await;
    browser.press('\u{E007}').await;
    browser
        .until("return location.pathname === '/runs/x/calls/geographic'")
        .await;
    let text = browser.read("return document.body.innerText").await;
    for part in [
        "Attempts",
        "Prompt",
        "Raw reply",
        "Extracted JSON",
        "Evidence",
        "fits its schema",
    ] {
        assert!(text.as_str().unwrap().contains(part), "no {part} in {text}");
    }
    browser.press(']').await;
    browser
        .until("return location.pathname.startsWith('/runs/x/calls/') && !location.pathname.endsWith('geographic')")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

const HOSTILE: &str = "<img src=x onerror=\"window.owned=1\"><script>window.owned=2</script>\"'${7*7}{{7*7}}";

#[tokio::test]
async fn an_exploration_is_started_watched_and_stopped_and_its_topic_stays_text() {
    let run = Run::new()
        .file("slow.json", r#"{"latency_ms": 40}"#)
        .file(".env", "INSIGHTS_MOCK_SCRIPT=slow.json\n");
    let dashboard = Dashboard::start(run);
    let Some(browser) = entered(&dashboard, DESKTOP).await else {
        return;
    };
    browser.visit(&dashboard, "/explore").await;
    browser.fill("[name=topic]", HOSTILE).await;
    browser.fill("[name=producers]", "3").await;
    browser.fill("[name=iterations]", "100000").await;
    browser.fill("[name=provider]", "random").await;
    browser.click("form[data-start] button").await;
    browser.until("return location.search.startsWith('?run=')").await;
    let tile = |name: &str| format!("document.querySelector('[data-tile={name}]').textContent");
    browser
        .until(&format!("return Number({}.replaceAll(',', '')) > 60", tile("unique")))
        .await;
    browser
        .until(&format!("return parseFloat({}.replaceAll(',', '')) > 0", tile("uam")))
        .await;
    browser
        .until("return !!document.querySelector('#curve .curve') && !!document.querySelector('#yields .bar')")
        .await;
    browser
        .until("return document.querySelectorAll('[data-refresh=producers] tbody tr').length === 3")
        .await;
    browser.reload().await;
    browser.until("return !!document.querySelector('#curve .curve')").await;
    browser.click("[data-stop]").await;
    browser
        .until("return document.querySelector('#state').textContent === 'stopped'")
        .await;
    let shown = browser
        .read("return document.querySelector('.head.live a').textContent")
        .await;
    assert_eq!(shown, HOSTILE);
    assert_eq!(
        browser
            .read("return [window.owned ?? null, document.images.length]")
            .await,
        json!([null, 0])
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// A run whose every field is somebody's attack.
fn hostile_events() -> String {
    let time = "2025-03-01T00:00:00Z";
    let events = [
        json!({"event": "run.started", "run_hash": HOSTILE, "date_start": HOSTILE, "date_end": HOSTILE}),
        json!({"event": "warning", "message": HOSTILE}),
        json!({"event": "plan", "calls": 2, "estimated_input_tokens": 1, "models": [HOSTILE], "hosts": [HOSTILE]}),
        json!({"event": "call.queued", "role": HOSTILE, "model": HOSTILE}),
        json!({"event": "call.waiting", "role": HOSTILE, "millis": 5, "because": HOSTILE}),
        json!({"event": "call.attempt", "role": HOSTILE, "model": HOSTILE, "attempt": 1, "attempts": 2}),
        json!({"event": "call.retry", "role": HOSTILE, "model": HOSTILE, "attempt": 1, "wait_millis": 1, "because": HOSTILE, "class": HOSTILE}),
        json!({"event": "call.failed", "role": HOSTILE, "model": HOSTILE, "attempts": 2, "because": HOSTILE}),
        json!({"event": "specialist.missing", "role": HOSTILE, "why": HOSTILE}),
        json!({"event": "run.finished", "status": HOSTILE, "report": HOSTILE, "millis": 1, "requests": 1, "tokens": 1, "cost_usd": null}),
    ];
    let number = |(index, mut event): (usize, Value)| {
        (event["seq"], event["time"]) = (json!(index + 1), json!(time));
        format!("{event}\n")
    };
    events.into_iter().enumerate().map(number).collect()
}

#[tokio::test]
async fn hostile_words_in_every_field_stay_words() {
    let child = json!({"geographic": {"findings": [{"significant": true, "analyst": HOSTILE, "kind": HOSTILE, "names": [HOSTILE],
        "title": HOSTILE, "text": HOSTILE, "severity": HOSTILE}]}})
    .to_string();
    let joined = json!({"summary_sentences": [{"text": HOSTILE}], "confidence_assessment": {"score": 0.5}}).to_string();
    let figures =
        json!({"key_figures": [{"name": HOSTILE, "label": HOSTILE, "shown_current": HOSTILE, "current": 1.0}]})
            .to_string();
    let mut run = Run::new();
    for hash in ["x", "y"] {
        let file = |name: &str| format!("run_logs/{hash}/{name}");
        run = run
            .file(&file("events.jsonl"), &hostile_events())
            .file(&file("outputs/insights/child_insights.json"), &child)
            .file(&file("outputs/insights/coordinated_insights.json"), &joined)
            .file(&file("outputs/insights/evidence.json"), &figures);
    }
    let dashboard = Dashboard::start(run);
    let Some(browser) = entered(&dashboard, DESKTOP).await else {
        return;
    };
    let role: String = form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    let call = format!("/runs/x/calls/{}", role.replace('+', "%20"));
    for path in ["/", "/runs/x", call.as_str(), "/compare?a=x&b=y", "/explore", "/health"] {
        browser.visit(&dashboard, path).await;
        if path == "/runs/x" {
            browser.until(&format!("{LANES} === 1")).await;
            browser
                .until("return document.querySelector('#state').textContent.includes('onerror')")
                .await;
        }
        let text = browser.read("return document.body.innerText").await;
        let is_told = text.as_str().unwrap().contains("window.owned=1");
        assert_eq!(is_told, !["/explore", "/health"].contains(&path), "{path}: {text}");
        let harm = browser
            .read("return [window.owned ?? null, document.images.length, document.scripts.length]")
            .await;
        assert_eq!(harm, json!([null, 0, 1]), "{path}");
        assert_eq!(browser.complaints().await, Vec::<String>::new(), "{path}");
    }
}

#[tokio::test]
async fn every_page_fits_a_phone_and_can_be_left_by_keyboard() {
    let run = Run::council().mock().done().code(0);
    let explore = ["explore", "--topic", "tea", "--provider", "mock", "--iterations", "2"];
    let done = Run::again(run).arguments(&explore).done().code(0);
    let dashboard = Dashboard::start(Run::again(done));
    let Some(browser) = entered(&dashboard, PHONE).await else {
        return;
    };
    let pages = [
        "/",
        "/start",
        "/explore",
        "/compare?a=x&b=x",
        "/health",
        "/runs/x",
        "/runs/x/calls/coordinator",
        "/runs/~tea",
    ];
    for path in pages {
        browser.visit(&dashboard, path).await;
        let widths = browser
            .read("return [document.documentElement.scrollWidth, window.innerWidth]")
            .await;
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{path}: {widths}");
        let squeezed = "return [...document.querySelectorAll('th[scope=row], td.name')].filter((one) => \
            one.offsetWidth < 60).map((one) => one.textContent)";
        assert_eq!(
            browser.read(squeezed).await,
            json!([]),
            "{path}: words are broken into letters"
        );
        let dark = browser
            .read("return getComputedStyle(document.body).backgroundColor")
            .await;
        assert_eq!(dark, "rgb(14, 19, 24)", "{path} follows the system");
        let unnamed = "return [...document.querySelectorAll('a, button, input, select')].filter((one) => \
            !(one.textContent.trim() || one.labels?.length || one.ariaLabel)).map((one) => one.outerHTML)";
        assert_eq!(browser.read(unnamed).await, json!([]), "{path}");
        browser.press('h').await;
        browser.until("return location.pathname === '/health'").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new(), "{path}");
    }
}
