use proptest::prelude::*;

use super::*;

const LIMIT: usize = 64 * 1024;

/// `name=data` of every event, the stray text last.
fn read(chunks: &[&[u8]]) -> Vec<String> {
    let mut parser = SseParser::new(LIMIT);
    let mut shown = Vec::new();
    let mut show = |event: SseEvent<'_>| shown.push(format!("{}={}", event.name, event.data));
    for chunk in chunks {
        parser.push(chunk, &mut show).unwrap();
    }
    parser.finish(&mut show).unwrap();
    if !parser.stray().is_empty() {
        shown.push(format!("stray {}", String::from_utf8_lossy(parser.stray())));
    }
    shown
}

#[test]
fn what_the_standard_says() {
    for (stream, expected) in [
        ("data: a\n\n", &["=a"][..]),
        ("data:a\n\n", &["=a"]),
        ("data:  a\n\n", &["= a"]),
        ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", &["=a", "=b", "=c"]),
        ("\u{feff}data: a\n\n", &["=a"]),
        ("data: a\n\u{feff}data: b\n\n", &["=a", "stray \u{feff}data: b\n"]),
        ("data: a\ndata: b\n\n", &["=a\nb"]),
        ("data\n\n", &["="]),
        ("data:\n\ndata: a\n\n", &["=", "=a"]),
        (": comment\n\n:\n\ndata: a\n\n", &["=a"]),
        ("event: ping\n\ndata: a\n\n", &["=a"]),
        ("event: ping\ndata: {}\n\ndata: a\n\n", &["ping={}", "=a"]),
        ("id: 7\nretry: 10\ndata: a\n\n", &["=a"]),
        ("data: a:b: c\n\n", &["=a:b: c"]),
        ("\n\n\n", &[]),
        // The deviation: a last event without its blank line, or without any line end.
        ("data: a\n", &["=a"]),
        ("data: a", &["=a"]),
        (
            "data: a\n\n{\n \"error\": 1\n}\n",
            &["=a", "stray {\n \"error\": 1\n}\n"],
        ),
    ] {
        assert_eq!(read(&[stream.as_bytes()]), expected, "{stream:?}");
    }
}

#[test]
fn a_character_or_a_line_end_may_be_cut_anywhere() {
    let stream = "event: x\r\ndata: zażółć 🦀\r\n\r\ndata: b\r\r".as_bytes();
    let whole = read(&[stream]);
    assert_eq!(whole, ["x=zażółć 🦀", "=b"]);
    for cut in 0..stream.len() {
        assert_eq!(read(&[&stream[..cut], &stream[cut..]]), whole, "cut at {cut}");
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    assert_eq!(read(&[b"data: a\xff\xc3b\n\n"]), ["=a\u{fffd}\u{fffd}b"]);
}

#[test]
fn nothing_grows_without_an_end() {
    let endless = |line: &str| {
        let mut parser = SseParser::new(1_000);
        (0..200).try_for_each(|_| parser.push(line.as_bytes(), |_| {}))
    };
    assert_eq!(endless("data: 0123456789\n"), Err(TooLarge), "data");
    assert_eq!(endless("0123456789"), Err(TooLarge), "a line");
    assert_eq!(endless("0123456789\n"), Err(TooLarge), "stray lines");
    assert_eq!(endless("data: 0123456789\n\n"), Ok(()), "events that end");
    assert_eq!(endless(": 0123456789\n"), Ok(()), "comments");
}

/// Text in which everything that matters to the parser is frequent.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"data: ".to_vec()),
        Just(b"data:".to_vec()),
        Just(b"event: e".to_vec()),
        Just(b": note".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(BYTE_ORDER_MARK.to_vec()),
        Just("é🦀".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_events(stream in streams(), cuts in proptest::collection::vec(0_usize..200, 0..12)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut start = 0;
        for cut in cuts {
            chunks.push(&stream[start..cut]);
            start = cut;
        }
        chunks.push(&stream[start..]);
        prop_assert_eq!(read(&chunks), read(&[&stream]));
    }

    #[test]
    fn events_survive_the_trip(texts in proptest::collection::vec("[^\r\n]{0,40}", 0..8), line_end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")]) {
        let stream: String = texts.iter().map(|text| format!("data: {text}{line_end}{line_end}")).collect();
        let expected: Vec<String> = texts.iter().map(|text| format!("={text}")).collect();
        prop_assert_eq!(read(&[stream.as_bytes()]), expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), limit in 0_usize..500) {
        let mut parser = SseParser::new(limit);
        if parser.push(&bytes, |_| {}).is_ok() {
            let _ = parser.finish(|_| {});
        }
    }
}
