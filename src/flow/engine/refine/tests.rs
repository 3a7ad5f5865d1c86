use super::*;

fn answer(better: &str) -> Answer {
    Answer {
        value: Some(json!({"better": better, "reason": format!("{better} wins")})),
        ..Answer::default()
    }
}

fn round(score: Option<f64>, comparison: Option<(u32, u32)>) -> Round {
    Round {
        score,
        comparison: comparison.map(|(wins, losses)| Comparison {
            wins,
            losses,
            ..Comparison::default()
        }),
        ..Round::default()
    }
}

/// Which of the rounds holds the best version.
fn best(rounds: &[Round]) -> usize {
    let mut bench = Bench {
        versions: Vec::new(),
        best: 0,
    };
    for (index, round) in rounds.iter().enumerate() {
        bench.take(Answer::default(), round, &rounds[..index]);
    }
    bench.best
}

#[test]
fn the_highest_score_is_best_and_the_later_of_two() {
    let scores = |scores: &[Option<f64>]| best(&scores.iter().map(|score| round(*score, None)).collect::<Vec<_>>());
    assert_eq!(scores(&[Some(0.3), Some(0.7), Some(0.4)]), 1);
    assert_eq!(scores(&[Some(0.5), Some(0.5)]), 1);
    assert_eq!(scores(&[Some(0.1), None]), 0);
    assert_eq!(scores(&[None]), 0);
}

#[test]
fn a_comparison_counts_more_than_the_score() {
    let pairs = |second: Round| best(&[round(Some(0.5), None), second]);
    assert_eq!(pairs(round(Some(0.9), Some((0, 2)))), 0);
    assert_eq!(pairs(round(Some(0.9), Some((1, 1)))), 0, "a draw keeps the older one");
    assert_eq!(pairs(round(Some(0.4), Some((2, 0)))), 1);
    assert_eq!(
        pairs(round(None, Some((2, 0)))),
        0,
        "nobody knows whether it is good enough"
    );
}

#[test]
fn a_liking_for_one_place_cancels_out() {
    let told = |new_second: &str, new_first: &str| {
        let comparison = compared(0, &[answer(new_second)], &[answer(new_first)]);
        (
            comparison.wins,
            comparison.losses,
            comparison.ties,
            comparison.is_better(),
        )
    };
    assert_eq!(told("first", "first"), (1, 1, 0, false));
    assert_eq!(told("second", "first"), (2, 0, 0, true));
    assert_eq!(told("first", "second"), (0, 2, 0, false));
    assert_eq!(told("second", "tie"), (1, 0, 1, true));
    let missing = compared(0, &[Answer::default()], &[answer("first")]);
    assert_eq!((missing.wins, missing.losses), (1, 0));
}

#[test]
fn feedback_is_told_once() {
    assert_eq!(distinct(["a", " A ", "", "b"].into_iter()), ["a", "b"]);
}
