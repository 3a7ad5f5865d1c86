use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const EXACT: Options = Options {
    near: None,
    semantic: None,
};

fn known(options: Options, forms: &[&str]) -> Known {
    let mut known = Known::new(options);
    for form in forms {
        known.accept(form, None);
    }
    known
}

fn kept(known: &Known) -> Vec<&str> {
    (0..known.len()).map(|number| known.text(number as u32)).collect()
}

fn merged(known: &Known) -> Vec<String> {
    let forms = known.forms();
    forms
        .map(|(number, how, form)| format!("{form} -> {} ({how:?})", known.text(number)))
        .collect()
}

#[test]
fn the_first_form_is_kept_and_the_others_are_listed_once() {
    let known = known(
        EXACT,
        &[
            "Thick Glass",
            "the thick glasses",
            "thick glass",
            "the thick glasses",
            "Thick Glass",
            "thin glass",
        ],
    );
    assert_eq!(kept(&known), ["Thick Glass", "thin glass"]);
    assert_eq!(
        merged(&known),
        [
            "the thick glasses -> Thick Glass (Exact)",
            "thick glass -> Thick Glass (Exact)"
        ]
    );
    assert_eq!(known.popular(), [0]);
}

#[test]
fn the_popular_ones_are_those_said_again_most_often() {
    let mut known = Known::new(Options {
        near: None,
        semantic: None,
    });
    let name = |number: u32| format!("attribute {number}");
    for number in 0..300 {
        known.accept(&name(number), None);
    }
    for round in 0..100 {
        // Number 0 once, number 1 twice, number 2 three times and so on, in turns.
        for number in round..300 {
            known.accept(&name(number), None);
        }
    }
    let popular = known.popular();
    assert_eq!(popular.len(), 128);
    assert!(popular.iter().all(|number| *number >= 99), "{popular:?}");
}

#[test]
fn most_common_words_make_two_forms_one() {
    let forms = [
        "soft warm light of the evening",
        "the evening's soft warm light",
        "soft light",
        "light, soft",
        "soft warm light of the morning hours",
    ];
    let near = known(Options::default(), &forms);
    assert_eq!(
        kept(&near),
        [
            "soft warm light of the evening",
            "soft light",
            "soft warm light of the morning hours"
        ]
    );
    assert_eq!(
        merged(&near).last().map(String::as_str),
        Some("light, soft -> soft light (Near)")
    );
    let exact = known(EXACT, &forms);
    assert_eq!(exact.len(), forms.len());
    let loose = Options {
        near: Some(0.3),
        semantic: None,
    };
    assert_eq!(known(loose, &forms).len(), 1);
}

#[test]
fn a_meaning_that_is_near_enough_is_merged() {
    let vector = |x: f32, y: f32| Vector::of(&[x, y]).unwrap();
    let mut known = Known::new(Options {
        near: None,
        semantic: Some(0.95),
    });
    assert_eq!(known.accept("cheap", Some(&vector(1.0, 0.0))), Decision::New(0));
    assert_eq!(known.accept("heavy", Some(&vector(0.0, 1.0))), Decision::New(1));
    known.accept("inexpensive", Some(&vector(1.0, 0.1)));
    assert_eq!(merged(&known), ["inexpensive -> cheap (Semantic)"]);
    // The second time nobody needs its meaning.
    let again = known.accept("Inexpensive!", None);
    assert!(
        matches!(
            again,
            Decision::Known {
                number: 0,
                how: How::Semantic,
                ..
            }
        ),
        "{again:?}"
    );
}

#[test]
fn what_was_restored_is_as_it_was() {
    let forms = [
        "soft light",
        "light, soft",
        "Soft Light",
        "hard light",
        "a quiet place by the sea",
        "quiet place by the seas, a",
    ];
    let first = known(Options::default(), &forms);
    let mut second = Known::new(Options::default());
    (0..first.len()).for_each(|number| {
        second.restore(first.text(number as u32));
    });
    first
        .forms()
        .for_each(|(number, how, form)| second.restore_merged(form, number, how));
    assert_eq!((kept(&first), merged(&first)), (kept(&second), merged(&second)));
    for form in forms {
        assert!(
            matches!(
                second.accept(form, None),
                Decision::Known {
                    first_so_written: false,
                    ..
                }
            ),
            "{form}"
        );
    }
}

/// Wordings of a few attributes, many of them the same but for what does not count.
fn wordings() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "glass", "Glass", "glasses", "box", "boxes", "light", "é", "e\u{301}", "C++", "2",
    ]);
    let gap = prop::sample::select(vec![" ", "  ", "-", ", "]);
    let article = prop::sample::select(vec!["", "the ", "The ", "a "]);
    let wording =
        (article, word.clone(), gap, word).prop_map(|(article, one, gap, other)| format!("{article}{one}{gap}{other}"));
    prop::collection::vec(wording, 1..60)
}

/// The normal forms of what was kept.
fn normals(known: &Known) -> BTreeSet<String> {
    kept(known)
        .into_iter()
        .map(|form| Normal::of(form).text().to_owned())
        .collect()
}

proptest! {
    #[test]
    fn the_exact_set_does_not_depend_on_the_order(forms in wordings(), seed in any::<u64>()) {
        let mut shuffled = forms.clone();
        shuffled.sort_by_key(|form| hash::mixed(hash::narrow(form) ^ seed));
        let texts = |forms: &[String]| {
            let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
            known(EXACT, &forms)
        };
        let (one, other) = (texts(&forms), texts(&shuffled));
        prop_assert_eq!(normals(&one), normals(&other));
        prop_assert_eq!(one.len(), normals(&one).len(), "no normal form is kept twice");
    }

    #[test]
    fn the_first_form_stays_and_no_form_is_lost(forms in wordings()) {
        let known = known(EXACT, &forms.iter().map(String::as_str).collect::<Vec<_>>());
        let mut firsts: BTreeMap<String, &str> = BTreeMap::new();
        for form in &forms {
            firsts.entry(Normal::of(form).text().to_owned()).or_insert(form);
        }
        let mut by_coming = Vec::new();
        for form in &forms {
            let first = firsts[Normal::of(form).text()];
            if !by_coming.contains(&first) {
                by_coming.push(first);
            }
        }
        prop_assert_eq!(kept(&known), by_coming);
        let mut listed: BTreeSet<&str> = kept(&known).into_iter().collect();
        for (number, _, form) in known.forms() {
            prop_assert!(listed.insert(form), "{} is listed twice", form);
            let (form, first) = (Normal::of(form), Normal::of(known.text(number)));
            prop_assert_eq!(form.text(), first.text());
        }
        let said: BTreeSet<&str> = forms.iter().map(String::as_str).collect();
        prop_assert_eq!(listed, said);
    }
}
