use std::fs;
use std::io::Write as _;

use super::*;

fn line(seq: u64) -> String {
    format!(
        "{{\"seq\":{seq},\"time\":\"t0\",\"event\":\"warning\",\"message\":\"{}\"}}\n",
        "m".repeat(100)
    )
}

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn ids(frames: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(frames).unwrap();
    let ids = text.lines().filter_map(|line| line.strip_prefix("id: "));
    ids.map(|id| id.parse().unwrap()).collect()
}

/// Everything a viewer is told until the event `last`.
fn told(viewer: &mut Viewer, last: u64) -> Vec<u64> {
    let mut all = Vec::new();
    while let Some(frames) = viewer.replay().unwrap() {
        all.extend(ids(&frames));
    }
    while all.last().is_none_or(|seen| *seen < last) {
        all.extend(ids(&viewer.pieces.blocking_recv().unwrap()));
    }
    all
}

#[test]
fn every_viewer_is_told_everything_once_whenever_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    append(&path, "");
    let followers = Followers::default();
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || (1..=2_000).for_each(|seq| append(&path, &line(seq))))
    };
    let viewers: Vec<(u64, Viewer)> = (0..20)
        .map(|number| {
            let seen = followers.watch(&path, 0).unwrap().follower.place.lock().unwrap().seq;
            let after = seen * number / 20;
            (after, followers.watch(&path, after).unwrap())
        })
        .collect();
    for (after, mut viewer) in viewers {
        let expected: Vec<u64> = (after + 1..=2_000).collect();
        assert_eq!(told(&mut viewer, 2_000), expected, "after {after}");
    }
    writer.join().unwrap();
    assert_eq!(followers.n_watched(), 0, "the last viewer is gone");
}

#[test]
fn a_replay_begins_near_its_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    append(&path, &(1..=1_000).map(line).collect::<String>());
    let followers = Followers::default();
    let mut viewer = followers.watch(&path, 900).unwrap();
    assert!(viewer.offset > 700 * line(1).len() as u64, "{}", viewer.offset);
    assert_eq!(told(&mut viewer, 1_000), (901..=1_000).collect::<Vec<u64>>());
    let mut nothing_new = followers.watch(&path, 1_000).unwrap();
    assert_eq!(nothing_new.replay().unwrap(), None);
}

#[test]
fn a_torn_line_is_told_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let whole = line(1);
    append(&path, &whole[..20]);
    let followers = Followers::default();
    let mut viewer = followers.watch(&path, 0).unwrap();
    assert_eq!(viewer.replay().unwrap(), None);
    append(&path, &whole[20..]);
    assert_eq!(told(&mut viewer, 1), [1]);
}

#[test]
fn a_run_that_begins_anew_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    append(&path, &(1..=10).map(line).collect::<String>());
    let followers = Followers::default();
    let mut viewer = followers.watch(&path, 0).unwrap();
    assert_eq!(told(&mut viewer, 10).len(), 10);
    fs::write(&path, line(1).replace("t0", "t1")).unwrap();
    assert_eq!(viewer.pieces.blocking_recv().unwrap(), REPLACED);
    assert_eq!(told(&mut viewer, 1), [1]);
    // Whoever missed it and saw more than there is starts over as well.
    let mut late = followers.watch(&path, 10).unwrap();
    assert_eq!(late.first, "t1");
    assert_eq!(told(&mut late, 1), [1]);
}
