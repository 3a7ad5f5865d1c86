use super::*;

fn guard() -> (Guard, String) {
    let token = Token::random().unwrap();
    let word = token.reveal().to_owned();
    (
        Guard::new(token, vec!["127.0.0.1:80".to_owned(), "localhost:80".to_owned()]),
        word,
    )
}

/// The status of the refusal, or `0` for whoever may enter.
fn judged(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let (guard, word) = guard();
    let cookie = guard.cookie.clone();
    let mut request = Request::builder().method(method).uri(path.replace("TOKEN", &word));
    for (name, value) in headers {
        request = request.header(*name, value.replace("TOKEN", &word).replace("COOKIE", &cookie));
    }
    match guard.judge(&request.body(()).unwrap()) {
        Verdict::Enter => 0,
        Verdict::Exchange { .. } => 303,
        Verdict::Refuse(problem) => problem.status.as_u16(),
    }
}

const HOST: (&str, &str) = ("host", "127.0.0.1:80");
const BEARER: (&str, &str) = ("authorization", "Bearer TOKEN");

#[test]
fn only_our_names_are_answered_to() {
    for (hosts, status) in [
        (vec![HOST], 0),
        (vec![("host", "LOCALHOST:80")], 0),
        (vec![("host", "evil.example:80")], 421),
        (vec![("host", "127.0.0.1")], 421),
        (vec![("host", "127.0.0.1:81")], 421),
        (vec![("host", "127.0.0.1:80.evil.example")], 421),
        (vec![], 421),
        (vec![HOST, ("host", "evil.example")], 421),
    ] {
        let headers: Vec<_> = hosts.into_iter().chain([BEARER]).collect();
        assert_eq!(judged("GET", "/metrics", &headers), status, "{headers:?}");
    }
    assert_eq!(judged("GET", "http://evil.example/", &[HOST, BEARER]), 421);
}

#[test]
fn the_token_is_a_cookie_or_a_bearer() {
    for (headers, status) in [
        (vec![HOST], 401),
        (vec![HOST, BEARER], 0),
        (vec![HOST, ("cookie", "a=b; COOKIE=TOKEN")], 0),
        (vec![HOST, ("cookie", "other=TOKEN")], 401),
        (vec![HOST, ("cookie", "COOKIE=")], 401),
        (vec![HOST, ("authorization", "Bearer wrong")], 401),
        (vec![HOST, ("authorization", "Basic TOKEN")], 401),
        // A wrong bearer is not made good by a cookie.
        (
            vec![HOST, ("authorization", "Bearer "), ("cookie", "COOKIE=TOKEN")],
            401,
        ),
    ] {
        assert_eq!(judged("GET", "/api/runs", &headers), status, "{headers:?}");
    }
}

#[test]
fn the_token_of_the_url_counts_at_the_door_only() {
    assert_eq!(judged("GET", "/?token=TOKEN", &[HOST]), 303);
    assert_eq!(judged("GET", "/?token=wrong", &[HOST]), 401);
    assert_eq!(judged("POST", "/?token=TOKEN", &[HOST]), 401);
    assert_eq!(judged("GET", "/api/runs?token=TOKEN", &[HOST]), 401);
    // From a link on another page: the token itself is the proof.
    assert_eq!(
        judged("GET", "/?token=TOKEN", &[HOST, ("sec-fetch-site", "cross-site")]),
        303
    );
}

#[test]
fn other_sites_are_refused_even_with_the_cookie() {
    let cookie = ("cookie", "COOKIE=TOKEN");
    for (more, status) in [
        (("origin", "http://127.0.0.1:80"), 0),
        (("origin", "http://localhost:80"), 0),
        (("origin", "https://127.0.0.1:80"), 0),
        (("origin", "http://127.0.0.1:81"), 403),
        (("origin", "http://evil.example"), 403),
        (("origin", "null"), 403),
        (("sec-fetch-site", "same-origin"), 0),
        (("sec-fetch-site", "none"), 0),
        (("sec-fetch-site", "cross-site"), 403),
        (("sec-fetch-site", "same-site"), 403),
    ] {
        for method in ["GET", "POST"] {
            assert_eq!(
                judged(method, "/api/start", &[HOST, cookie, more]),
                status,
                "{method} {more:?}"
            );
        }
    }
}
