//! `insights explain`: from a sentence of the report down to the queries and the files.

use serde_json::Value;

use crate::support::run::{Done, Run};

/// A council that found something, and the first finding that its summary rests on.
fn council() -> (Done, String) {
    let done = Run::council().mock().done().code(0);
    let joined = done.json("coordinated_insights.json");
    let uses = joined["summary_sentences"].as_array().unwrap().iter();
    let finding = uses
        .filter_map(|sentence| sentence["uses"][0].as_str())
        .next()
        .unwrap()
        .to_owned();
    (done, finding)
}

fn explained(done: Done, arguments: &[&str]) -> (Done, String) {
    let hash = done.json("execution_summary.json")["run_hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut all = vec!["explain", hash.as_str()];
    all.extend(arguments);
    let done = Run::again(done).arguments(&all).done();
    let text = done.stdout.clone();
    (done, text)
}

#[test]
fn a_finding_is_followed_from_its_sentence_to_the_file() {
    let (done, id) = council();
    let fingerprint = done.json("execution_summary.json")["data"]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    let (done, text) = explained(done, &[&id]);
    let done = done.code(0);
    for link in [
        "sentence    ",
        &format!("finding     {id} of "),
        "evidence    ",
        "query       ",
        "SELECT",
        &fingerprint,
        "model       mock:",
        "review      round 1: ",
        "confidence  ",
    ] {
        assert!(text.contains(link), "no {link}in\n{text}");
    }
    let (done, text) = explained(done, &[&id, "--json"]);
    done.code(0);
    let chain: Value = serde_json::from_str(&text).unwrap();
    let link = &chain[0];
    let factors = ["real", "text", "data"].map(|name| link["confidence"][name].as_f64().unwrap());
    let score = link["confidence"]["score"].as_f64().unwrap();
    assert!((factors.iter().product::<f64>() - score).abs() < 0.03, "{link:#}");
    assert!(!link["evidence"].as_array().unwrap().is_empty(), "{link:#}");
    let queries = link["queries"].as_array().unwrap().iter();
    let queries: Vec<&str> = queries.map(|query| query["sql"].as_str().unwrap()).collect();
    for query in &queries {
        assert!(!query.contains(['{', '}']), "a placeholder is left: {query}");
    }
    // The window's days since 1970, and the columns of this source.
    assert!(
        queries
            .iter()
            .any(|query| query.contains("20148") && query.contains("20161")),
        "{queries:#?}"
    );
    assert!(
        queries
            .iter()
            .any(|query| query.contains("local_micros(\"event_time\")")),
        "{queries:#?}"
    );
}

/// Somebody's own definition is what ran, so it is what is shown.
#[test]
fn a_definition_of_ones_own_is_shown_as_it_ran() {
    let run = Run::council().mock();
    let printed = Run::new().arguments(&["sql", "daily"]).done().code(0).stdout;
    let own = format!("-- Counted by us.\n{printed}");
    let done = run
        .file("mine/daily.sql", &own)
        .arguments(&["--metrics", "mine"])
        .done()
        .code(0);
    let (done, text) = explained(done, &["F1"]);
    done.code(0);
    assert!(text.contains("-- Counted by us."), "{text}");
}

#[test]
fn a_sentence_a_cell_and_words_lead_to_the_same_finding() {
    let (done, id) = council();
    let (done, text) = explained(done, &[&id, "--json"]);
    let chain: Value = serde_json::from_str(&text).unwrap();
    let title = chain[0]["finding"]["title"].as_str().unwrap().to_owned();
    let cell = chain[0]["finding"]["evidence"][0].as_str().unwrap().to_owned();
    let mut done = done;
    for claim in [title.as_str(), cell.as_str()] {
        let text;
        (done, text) = explained(done.code(0), &[claim]);
        assert!(text.contains(&format!("finding     {id} of ")), "{claim}\n{text}");
    }
    let (done, text) = explained(done.code(0), &[]);
    done.code(0);
    assert!(
        text.starts_with("S1  ") && text.contains(&format!("\n{id}  ")),
        "{text}"
    );
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let (done, id) = council();
    let (done, _) = explained(done, &["F9999"]);
    done.code(2).says(&["F9999", &id]);
    Run::new()
        .arguments(&["explain", "nowhere"])
        .done()
        .code(2)
        .says(&["there is no run `nowhere`", "insights demo"]);
}
