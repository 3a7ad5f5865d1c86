//! Objects from a store or a web server as the source, served on loopback.

use crate::support::run::{Done, END, Run, START, small_events};
use crate::support::s3::S3;
use crate::support::server::{Manner, Rule, Server, Step};
use crate::support::tls_server::{Authority, Shown, TlsServer};

use super::*;

fn evidence(sources: &[&str]) -> Run {
    let run = Run::new().arguments(&["evidence", "--json", "--date-start", START, "--date-end", END, "--data"]);
    run.arguments(sources)
}

/// The facts of the table as a file here.
fn expected() -> Value {
    facts(
        &evidence(&["events.csv"])
            .file("events.csv", &small_events())
            .done()
            .code(0),
    )
}

fn facts(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap()
}

/// The events by country, as files of a partitioned table without that column.
fn by_country() -> Vec<(String, Vec<u8>)> {
    let text = small_events();
    let header = "user_id,event_time,event_name,revenue\n";
    let countries = ["Germany", "Brazil", "Japan"];
    let part = |country: &&str| {
        let rows = text.lines().filter(|line| line.contains(&format!(",{country},")));
        let rows = rows.map(|line| line.replace(&format!("{country},"), "") + "\n");
        let bytes = header.to_owned() + &rows.collect::<String>();
        (format!("events/country={country}/part-0.csv.gz"), gz(bytes.as_bytes()))
    };
    countries.iter().map(part).collect()
}

#[test]
fn objects_of_a_store_give_the_facts_of_the_same_files() {
    let Some(store) = S3::start() else { return };
    store.put("/shop", b"");
    store.put("/shop/one/events.csv.bz2", &bz2(small_events().as_bytes()));
    for (key, bytes) in by_country() {
        store.put(&format!("/shop/{key}"), &bytes);
    }
    store.put("/shop/events/_SUCCESS", b"");
    store.put("/shop/events/.country=Chad/part-0.csv", b"broken");
    let expected = expected();
    let of_s3 = |source: &str| {
        let run = evidence(&[source])
            .variable("AWS_ENDPOINT_URL", &store.url())
            .variable("AWS_ACCESS_KEY_ID", "key")
            .variable("AWS_SECRET_ACCESS_KEY", "hush-hush");
        run.done()
    };
    for source in [
        "s3://shop/one/events.csv.bz2",
        "s3://shop/one/",
        "s3://shop/events",
        "s3://shop/events/*/part-*.csv.gz",
        "s3://shop/**/country=*/*.gz",
    ] {
        assert_eq!(facts(&of_s3(source).code(0)), expected, "{source}");
    }
    // Google's store lists and gives objects in the same words.
    let google = evidence(&["gs://shop/events/"])
        .variable("GOOGLE_BASE_URL", &store.url())
        .variable("GOOGLE_SKIP_SIGNATURE", "true");
    assert_eq!(facts(&google.done().code(0)), expected);
    let keys_of_file = evidence(&["s3://shop/events"])
        .file(
            ".env",
            &format!(
                "AWS_ENDPOINT_URL={}\nAWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=x\n",
                store.url()
            ),
        )
        .done();
    assert_eq!(facts(&keys_of_file.code(0)), expected, "keys may be in .env");
    of_s3("s3://shop/nothing/")
        .code(2)
        .says(&["no such data file", "s3://shop/nothing"]);
    of_s3("s3://shop/one/*.parquet").code(2).says(&["no such data file"]);
    let refused = of_s3("s3://elsewhere/x.csv").code(2);
    assert!(!refused.everything().contains("hush-hush"));
}

#[test]
fn a_file_of_a_web_server_is_read_and_its_signature_not_shown() {
    let csv = small_events();
    let server = Server::start([
        Rule::on("/events.csv.gz?", [Step::status(200).body(gz(csv.as_bytes()))]),
        Rule::on(
            "/moved",
            [Step::status(302).header("location", "/events.csv.gz?sig=moved-hush")],
        ),
        Rule::on("/busy", [Step::status(503), Step::status(200).body(csv.clone())]),
        Rule::on("/cut", [Step::status(200).body(csv.clone()).manner(Manner::CutLength)]),
        Rule::any([Step::status(404)]),
    ]);
    let expected = expected();
    let of_web = |path: &str| evidence(&[&server.url(path)]).done();
    for path in [
        "/events.csv.gz?X-Amz-Signature=hush&n=1",
        "/moved?token=hush",
        "/busy/events.csv",
    ] {
        let done = of_web(path).code(0);
        assert_eq!(facts(&done), expected, "{path}");
        assert!(!done.everything().contains("hush"), "{}", done.stderr);
    }
    let asked = server.requests();
    assert!(
        asked
            .iter()
            .any(|request| request.path.ends_with("?X-Amz-Signature=hush&n=1")),
        "the signature is sent as it stands"
    );
    let missing = of_web("/gone.csv?token=hush")
        .code(2)
        .says(&["no such data file", "/gone.csv"]);
    assert!(!missing.everything().contains("hush"), "{}", missing.stderr);
    let cut = of_web("/cut.csv?token=hush")
        .code(2)
        .says(&["cannot read http://", "hint:"]);
    assert!(!cut.everything().contains("hush"), "{}", cut.stderr);
    let plain = evidence(&["http://example.invalid/x.csv"]).done();
    plain.code(2).says(&[
        "cannot read http://example.invalid/x.csv",
        "plain http is read from this machine only",
    ]);
}

#[test]
fn a_web_server_must_prove_its_name() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let authority = Authority::new();
    let good = TlsServer::start(&authority, Shown::Good, small_events());
    let other = TlsServer::start(&authority, Shown::OtherName, small_events());
    let trusting = |url: &str| {
        let run = evidence(&[url]).file("ca.pem", &authority.pem());
        let path = run.folder().join("ca.pem");
        run.variable("SSL_CERT_FILE", path.to_str().unwrap()).done()
    };
    assert_eq!(facts(&trusting(&good.url("/events.csv")).code(0)), expected());
    trusting(&other.url("/events.csv"))
        .code(2)
        .says(&["cannot read https://localhost"]);
}

#[test]
fn a_store_without_credentials_is_not_waited_for() {
    let begun = std::time::Instant::now();
    let done = evidence(&["s3://bucket/events.csv"]).done().code(2);
    let done = done.says(&[
        "cannot read s3://bucket/events.csv",
        "no credentials",
        "AWS_ACCESS_KEY_ID",
    ]);
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{}", done.stderr);
}
