use super::*;
use crate::llm::types::Class;

fn http(body: &str) -> HttpRequest {
    HttpRequest {
        path: "/chat/completions".into(),
        headers: Vec::new(),
        body: body.into(),
    }
}

fn reply(status: u16, body: &str) -> Taken {
    Taken {
        reply: Some(HttpReply {
            status,
            headers: vec![
                ("retry-after".into(), "2".into()),
                ("set-cookie".into(), "CANARY-cookie".into()),
                ("x-ratelimit-limit-tokens".into(), "9".into()),
            ],
            body: body.into(),
        }),
        fault: None,
        took: Duration::from_micros(1_234),
    }
}

/// A recording of these exchanges of `geographic` with `lab:m`.
fn recorded(exchanges: &[(&str, Taken)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tape.jsonl");
    let redactor = Redactor::new(["CANARY-key-1".to_owned().into()]);
    let recorder = Recorder::create(&path, redactor).unwrap();
    let target = Target::new("lab", "m");
    for (body, taken) in exchanges {
        let asked = Sent::of(&http(body));
        recorder
            .add("geographic", &target, "http://lab/v1", &asked, taken)
            .unwrap();
    }
    (folder, path)
}

fn take(tape: &Tape, model: &str, role: &str, body: &str) -> Result<String, String> {
    let taken = tape.take(role, &Target::new("lab", model), &http(body))?;
    Ok(match (taken.reply, taken.fault) {
        (Some(reply), _) => format!("{} {}", reply.status, reply.text()),
        (None, Some(fault)) => format!("{:?} {}", fault.class, fault.message),
        (None, None) => String::new(),
    })
}

#[test]
fn equal_requests_are_answered_in_the_recorded_order() {
    let lost = Taken {
        reply: None,
        fault: Some(Fault::new(Class::Transient, "cut").code("cut_off")),
        took: Duration::ZERO,
    };
    let (_folder, path) = recorded(&[
        (r#"{"a":1}"#, reply(429, "later")),
        (r#"{"a":2}"#, reply(200, "other")),
        (r#"{"a":1}"#, lost),
        (r#"{"a":1}"#, reply(200, "done")),
    ]);
    let tape = Tape::read(&path).unwrap();
    let answers: Vec<_> = (0..4).map(|_| take(&tape, "m", "geographic", r#"{"a":1}"#)).collect();
    let [Ok(first), Ok(second), Ok(third), Err(why)] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    assert_eq!(
        (first.as_str(), second.as_str(), third.as_str()),
        ("429 later", "Transient cut", "200 done")
    );
    assert!(why.contains("fewer times") && why.contains("geographic"), "{why}");
    for (model, role, body, said) in [
        ("m", "geographic", "{}", "asked something else"),
        ("n", "geographic", "{}", "this role asked lab:m"),
        ("m", "coordinator", "{}", "no request of this role"),
    ] {
        let why = take(&tape, model, role, body).unwrap_err();
        assert!(
            why.contains(said) && why.contains(&format!("`{role}` to lab:{model}")),
            "{why}"
        );
    }
}

#[test]
fn no_key_and_no_cookie_is_written() {
    let (_folder, path) = recorded(&[(r#"{"a":"CANARY-key-1"}"#, reply(200, "say CANARY-key-1"))]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("CANARY"), "{text}");
    assert!(text.contains("x-ratelimit-limit-tokens") && text.contains("retry-after"));
    let tape = Tape::read(&path).unwrap();
    assert!(
        take(&tape, "m", "geographic", r#"{"a":"CANARY-key-1"}"#).is_ok(),
        "matched by the bytes that were sent"
    );
}

#[test]
fn a_killed_recording_is_usable_and_a_damaged_one_is_named_by_its_line() {
    let (_folder, path) = recorded(&[("{}", reply(200, "a")), ("{}", reply(200, "b"))]);
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let tape = Tape::read(&path).unwrap();
    assert!(tape.is_cut && take(&tape, "m", "geographic", "{}").is_ok());
    for (text, said) in [
        (whole.replacen("\"version\":1", "\"version\":x", 1), "damaged in line 1"),
        (format!("{whole}not json\n"), "damaged in line 3"),
        (
            whole.replacen("\"version\":1", "\"version\":9", 1),
            "version 9 in line 1",
        ),
        (String::new(), "holds no exchange"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Tape::read(&path).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(
        Tape::read(Path::new("nowhere.jsonl"))
            .unwrap_err()
            .to_string()
            .contains("cannot be read")
    );
}
