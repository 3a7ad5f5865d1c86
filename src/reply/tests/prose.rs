//! Free text against evidence.

use super::fixtures::evidence;
use crate::reply::prose;

#[test]
fn references_become_values_and_marks_stay() {
    let text = "## What moved\n\n- Active users {{move:m2.current}}.\n1. Look at it again next week.\n\n> A guess.";
    let prose = prose(text, &evidence());
    assert_eq!(prose.dropped, []);
    assert!(
        prose
            .text
            .starts_with("## What moved\n\n- Active users rose 100.7 % to 12,040"),
        "{}",
        prose.text
    );
    assert!(
        prose.text.ends_with("1. Look at it again next week.\n\n> A guess."),
        "{}",
        prose.text
    );
    assert!(prose.cells.contains(&"m2.current".to_owned()));
}

#[test]
fn a_typed_number_that_no_cell_holds_takes_its_sentence_with_it() {
    let text = "Keep the plan. Revenue will reach 987,654,321 soon. Orders came to {{m3.current}}.";
    let prose = prose(text, &evidence());
    assert_eq!(prose.dropped.len(), 1, "{prose:?}");
    assert!(prose.dropped[0].text.contains("987,654,321"));
    assert_eq!(prose.text, "Keep the plan. Orders came to 5,000.");
}

#[test]
fn an_unknown_reference_is_left_out() {
    let prose = prose("Users came to {{x9.current}}. Nothing else is known.", &evidence());
    assert_eq!(prose.text, "Nothing else is known.");
    assert!(prose.dropped[0].reason.starts_with("bad_ref"), "{prose:?}");
}

#[test]
fn a_wrong_direction_beside_a_reference_is_left_out() {
    let prose = prose("Active users fell to {{m2.current}}.", &evidence());
    assert_eq!(prose.text, "");
    assert_eq!(prose.dropped.len(), 1);
}
