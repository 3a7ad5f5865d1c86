use serde_json::json;

use super::*;
use crate::prompt::Combine;

fn criterion(name: &str, weight: f64) -> Criterion {
    Criterion {
        name: name.to_owned(),
        weight,
        ..Criterion::default()
    }
}

fn review(score: f64) -> Review {
    Review {
        stage: "refine".into(),
        judge: "j".into(),
        of: "refine".into(),
        score,
        feedback: String::new(),
        suggestions: Vec::new(),
    }
}

/// The score of `text` by a mix, with reviews of weight, score and criteria.
fn scored(
    mix: &[(Scorer, f64)],
    text: &str,
    criteria: &[Criterion],
    judged: &[(f64, f64, Value)],
    combine: Combine,
) -> (Option<f64>, Vec<String>) {
    let reviews: Vec<(f64, Review, &Value)> = judged
        .iter()
        .map(|(weight, score, value)| (*weight, review(*score), value))
        .collect();
    let judged: Vec<Judged<'_>> = reviews
        .iter()
        .map(|(weight, review, value)| Judged {
            weight: *weight,
            review,
            value,
        })
        .collect();
    let subject = Subject {
        text,
        question: "q",
        goal: None,
        criteria,
        judged: &judged,
        combine,
    };
    let (score, parts) = Mix { parts: mix.to_vec() }.score(&subject);
    let told = parts
        .into_iter()
        .flat_map(|(_, scored)| std::iter::once(scored.feedback).chain(scored.suggestions));
    (score, told.filter(|text| !text.is_empty()).collect())
}

#[test]
fn reviewers_count_by_weight_or_by_the_middle() {
    let judged = [(3.0, 0.9, json!({})), (1.0, 0.1, json!({})), (1.0, 0.3, json!({}))];
    let by = |combine| scored(&[(Scorer::Llm, 1.0)], "t", &[], &judged, combine).0;
    assert_eq!(by(Combine::Mean), Some(0.62));
    assert_eq!(by(Combine::Median), Some(0.3));
    assert_eq!(scored(&[(Scorer::Llm, 1.0)], "t", &[], &[], Combine::Mean).0, None);
}

#[test]
fn a_part_that_is_missing_makes_the_whole_missing() {
    let length = Scorer::Length(Words { least: 1, most: 9 });
    let mix = [(Scorer::Llm, 0.7), (length, 0.3)];
    assert_eq!(scored(&mix, "two words", &[], &[], Combine::Mean).0, None);
    assert_eq!(
        scored(&mix, "two words", &[], &[(1.0, 0.5, json!({}))], Combine::Mean).0,
        Some(0.65)
    );
}

#[test]
fn lengths_score_by_how_far_they_miss() {
    for (text, score) in [
        ("", 0.0),
        ("a", 0.5),
        ("a b", 1.0),
        ("a b c d", 1.0),
        ("a b c d e f g h", 0.5),
    ] {
        let words = Words { least: 2, most: 4 };
        assert_eq!(words.score(text), score, "{text}");
        let told = scored(&[(Scorer::Length(words), 1.0)], text, &[], &[], Combine::Mean).1;
        assert_eq!(told.is_empty(), score == 1.0, "{told:?}");
    }
}

#[test]
fn a_schema_scores_by_its_faults() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": false});
    for (text, score) in [
        ("{\"a\": 1}", 1.0),
        ("{\"a\": \"x\"}", 0.5),
        ("{}", 0.5),
        ("Here it is: {\"a\": 1}", 0.5),
        ("no json", 0.0),
        ("", 0.0),
    ] {
        let (found, told) = scored(&[(Scorer::Schema(schema.clone()), 1.0)], text, &[], &[], Combine::Mean);
        assert_eq!(found, Some(score), "{text}: {told:?}");
        assert_eq!(told.is_empty(), score == 1.0, "{text}: {told:?}");
    }
}

#[test]
fn a_rubric_weighs_what_judges_and_the_program_say() {
    let checked = Criterion {
        contains: vec!["Sunday".into()],
        forbids: vec!["synergy".into()],
        ..criterion("words", 1.0)
    };
    let criteria = [criterion("tone", 2.0), criterion("clear", 1.0), checked];
    let judged = [(1.0, 0.4, json!({"criteria": [{"name": "tone", "score": 1.0}]}))];
    let rubric = [(Scorer::Rubric, 1.0)];
    // tone 1.0 × 2, clear falls back on the whole 0.4, words: one of two checks.
    let (score, told) = scored(&rubric, "On sunday: synergy", &criteria, &judged, Combine::Mean);
    assert_eq!(score, Some(0.725));
    assert!(
        told.iter().any(|text| text.contains("must not hold \"synergy\"")),
        "{told:?}"
    );
    assert_eq!(scored(&rubric, "x", &criteria, &[], Combine::Mean).0, None);
    assert_eq!(
        scored(&rubric, "sunday", &criteria[2..], &[], Combine::Mean).0,
        Some(1.0)
    );
    let mix = Mix::of(Scorer::Rubric);
    assert!(mix.wants_judges(&criteria) && !mix.wants_judges(&criteria[2..]));
}

#[test]
fn a_review_asks_for_judged_criteria_only() {
    let schema = json!({"type": "object", "properties": {"score": {}}});
    let checked = Criterion {
        words: Some(Words { least: 0, most: 9 }),
        ..criterion("short", 1.0)
    };
    let with = criteria::with_criteria(schema.clone(), &[criterion("tone", 1.0), checked.clone()]);
    assert_eq!(
        with.pointer("/properties/criteria/items/properties/name/enum"),
        Some(&json!(["tone"]))
    );
    assert_eq!(criteria::with_criteria(schema.clone(), &[checked]), schema);
}
