use std::cell::Cell;

use super::*;

thread_local! {
    static CLOCK: Cell<i64> = const { Cell::new(1_000_000) };
}

const WINDOW: i64 = 60_000;

/// Two processes' views of one file, on a clock that the test moves.
fn two(folder: &tempfile::TempDir) -> [Rows; 2] {
    [(); 2].map(|()| {
        let path = folder.path().join("limits.db");
        Rows {
            connection: open::open(&path, &rows::SCHEMA, &Trouble::default()).unwrap(),
            now: || CLOCK.with(Cell::get),
        }
    })
}

fn later(millis: i64) {
    CLOCK.with(|clock| clock.set(clock.get() + millis));
}

fn ask(limit: u64) -> Ask {
    Ask {
        key: "k".to_owned(),
        model: "m".to_owned(),
        need: Amounts {
            requests: 1,
            input_tokens: 10,
            output_tokens: 10,
        },
        key_rates: Rates {
            requests: Some(limit),
            ..Rates::default()
        },
        window_millis: WINDOW,
        ..Ask::default()
    }
}

fn is_granted(answer: Answer) -> bool {
    matches!(answer, Answer::Granted { .. })
}

fn ticket(answer: Answer) -> Option<i64> {
    match answer {
        Answer::Wait { ticket, .. } => Some(ticket),
        _ => None,
    }
}

#[test]
fn grants_of_all_processes_count_and_age_out() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut two] = two(&folder);
    assert!(is_granted(one.reserve(&ask(2)).unwrap()));
    later(10_000);
    assert!(is_granted(two.reserve(&ask(2)).unwrap()));
    let answer = one.reserve(&ask(2)).unwrap();
    assert!(
        matches!(
            answer,
            Answer::Wait {
                millis: 50_000,
                because: Some(Dimension::Requests),
                ..
            }
        ),
        "{answer:?}"
    );
    later(50_000);
    let again = Ask {
        ticket: ticket(answer),
        ..ask(2)
    };
    assert!(is_granted(one.reserve(&again).unwrap()));
    assert!(is_granted(
        two.reserve(&Ask {
            key: "other".into(),
            ..ask(2)
        })
        .unwrap()
    ));
}

#[test]
fn settling_gives_back_or_takes_more() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut two] = two(&folder);
    let tokens = |input_tokens| Amounts {
        requests: 1,
        input_tokens,
        output_tokens: 0,
    };
    let ask = |input_tokens| Ask {
        need: tokens(input_tokens),
        key_rates: Rates {
            input_tokens: Some(100),
            ..Rates::default()
        },
        ..ask(1)
    };
    let Answer::Granted { grant } = one.reserve(&ask(90)).unwrap() else {
        panic!("an empty ledger has room");
    };
    one.settle(grant, &ask(90), tokens(20)).unwrap();
    let Answer::Granted { grant } = two.reserve(&ask(50)).unwrap() else {
        panic!("70 were given back");
    };
    two.settle(grant, &ask(50), tokens(80)).unwrap();
    assert!(ticket(one.reserve(&ask(1)).unwrap()).is_some());
    one.release(grant).unwrap();
    assert!(is_granted(
        one.reserve(&Ask {
            need: tokens(50),
            ..ask(1)
        })
        .unwrap()
    ));
}

#[test]
fn a_clock_that_was_set_back_shuts_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut two] = two(&folder);
    assert!(is_granted(one.reserve(&ask(1)).unwrap()));
    one.pause("k", "", 1_000_000).unwrap();
    one.learn("k", "m", &ask(1).key_rates).unwrap();
    later(-7_200_000);
    assert!(
        is_granted(two.reserve(&ask(1)).unwrap()),
        "grant and pause lie in the future"
    );
    let learned = two.known("k", "m").unwrap().learned.unwrap();
    assert_eq!(learned.age_millis, u64::MAX, "nobody knows how old it is");
    two.pause("k", "", 5_000).unwrap();
    assert_eq!(one.reserve(&ask(1)).unwrap(), Answer::Paused { millis: 5_000 });
}

#[test]
fn whoever_waits_longer_goes_first_and_the_dead_hold_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut two] = two(&folder);
    assert!(is_granted(one.reserve(&ask(1)).unwrap()));
    let first = ticket(two.reserve(&ask(1)).unwrap());
    assert!(first.is_some());
    for _ in 0..60 {
        later(1_000);
        let again = Ask {
            ticket: first,
            ..ask(1)
        };
        // Never granted to the one that does not stand in line, though it asks first each time.
        assert!(!is_granted(one.reserve(&ask(1)).unwrap()));
        if is_granted(two.reserve(&again).unwrap()) {
            break;
        }
    }
    let left = ticket(two.reserve(&ask(1)).unwrap());
    assert!(left.is_some(), "its turn came and went");
    // From here on that process is dead: its ticket and those of the ones that only asked once age out.
    later(60_000);
    assert!(is_granted(one.reserve(&ask(1)).unwrap()));
}

#[test]
fn a_full_model_does_not_hold_up_another() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut two] = two(&folder);
    let of = |model: &str| Ask {
        model: model.to_owned(),
        key_rates: Rates::default(),
        model_rates: ask(1).key_rates,
        ..ask(1)
    };
    assert!(is_granted(one.reserve(&of("small")).unwrap()));
    assert!(ticket(one.reserve(&of("small")).unwrap()).is_some());
    later(500);
    assert!(is_granted(two.reserve(&of("large")).unwrap()));
}

#[test]
fn learned_limits_are_kept_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut two] = two(&folder);
    let rates = Rates {
        requests: Some(50),
        tokens: Some(1_000),
        ..Rates::default()
    };
    one.learn("k", "m", &rates).unwrap();
    later(5_000);
    let learned = two.known("k", "m").unwrap().learned.unwrap();
    assert_eq!((learned.rates, learned.age_millis), (rates, 5_000));
    assert_eq!(two.known("k", "other").unwrap().learned, None);
    one.learn("k", "m", &Rates::default()).unwrap();
    assert_eq!(two.learned().unwrap(), []);
}

fn answer(ledger: &Ledger, ask: Ask) -> Answer {
    let (sender, receiver) = mpsc::channel();
    ledger.reserve(ask, move |answer| sender.send(answer).is_ok());
    receiver.recv().unwrap()
}

#[test]
fn a_damaged_file_is_replaced_and_one_that_cannot_be_used_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("limits.db");
    std::fs::write(&path, [0xff; 8_192]).unwrap();
    let ledger = Ledger::at([path.clone()]);
    assert!(is_granted(answer(&ledger, ask(1))));
    assert!(ledger.take_warning().unwrap().contains("damaged"));
    let ledger = Ledger::at([path.join("limits.db"), folder.path().join("second.db")]);
    assert!(is_granted(answer(&ledger, ask(1))), "the second place is used");
    assert_eq!(ledger.take_warning(), None);
    let ledger = Ledger::at([path.join("limits.db")]);
    assert_eq!(answer(&ledger, ask(1)), Answer::Unavailable);
    assert!(ledger.take_warning().unwrap().contains("for this process only"));
    assert_eq!(
        (answer(&ledger, ask(1)), ledger.take_warning()),
        (Answer::Unavailable, None)
    );
}

#[test]
fn a_locked_file_is_given_up_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("limits.db");
    let ledger = Ledger::at([path.clone()]);
    assert!(is_granted(answer(&ledger, ask(5))));
    let hog = rusqlite::Connection::open(&path).unwrap();
    hog.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_eq!(answer(&ledger, ask(5)), Answer::Unavailable);
    assert!(ledger.take_warning().unwrap().contains("locked"));
}

#[test]
fn a_grant_that_nobody_takes_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::at([folder.path().join("limits.db")]);
    ledger.reserve(ask(1), |_| false);
    assert!(is_granted(answer(&ledger, ask(1))));
}

#[test]
fn what_is_in_use_is_what_all_processes_use() {
    let folder = tempfile::tempdir().unwrap();
    let [mut one, mut two] = two(&folder);
    assert_eq!(two.in_use().unwrap(), []);
    assert!(is_granted(one.reserve(&ask(1)).unwrap()));
    assert!(ticket(one.reserve(&ask(1)).unwrap()).is_some());
    one.pause("k", "", 5_000).unwrap();
    let limit = Rates {
        requests: Some(1),
        ..Rates::default()
    };
    one.learn("k", "m", &limit).unwrap();
    let seen = two.in_use().unwrap();
    let [rests, uses] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!((rests.model.as_str(), rests.paused_millis), ("", Some(5_000)));
    assert_eq!((uses.model.as_str(), uses.used, uses.waiting), ("m", ask(1).need, 1));
    assert_eq!(uses.learned, Some(limit));
    later(WINDOW);
    let seen = two.in_use().unwrap();
    assert!(
        matches!(seen.as_slice(), [known] if known.used.is_zero() && known.waiting == 0 && known.learned == Some(limit))
    );
}
