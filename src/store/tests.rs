use std::fs;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn record(reply: &str) -> CallRecord {
    CallRecord {
        role: "geographic".into(),
        provider: "mock".into(),
        model: "mock-1".into(),
        status: "ok".into(),
        attempts: 2,
        input_tokens: 10,
        prompt: Some("the prompt".into()),
        reply: Some(reply.into()),
        ..CallRecord::default()
    }
}

impl Store {
    fn cached(&self, key: &str) -> Option<String> {
        match self.kept(key) {
            Kept::Value { value, .. } => Some(value),
            Kept::Nothing | Kept::Damaged => None,
        }
    }
}

#[test]
fn what_is_remembered_is_there_next_time() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    let store = Store::open(&path);
    store.remember("k", "v");
    store.remember("k", "newer");
    drop(store);
    let store = Store::open(&path);
    assert_eq!(store.cached("k").as_deref(), Some("newer"));
    assert_eq!(store.cached("other"), None);
    assert_eq!(store.take_warning(), None);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let store = Store::open(&folder.path().join("insights.db"));
    store.remember("k", "v");
    store.flush();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{entry:?}"
        );
    }
}

#[test]
fn prompts_are_kept_only_when_asked_for() {
    for (detail, kept) in [(Detail::Numbers, None), (Detail::Texts, Some("the prompt".to_owned()))] {
        let folder = folder();
        let path = folder.path().join("insights.db");
        let store = Store::open_with(&path, detail);
        store.start_run("run-1");
        store.record_call(record("the reply"));
        store.finish_run("run-1", "complete");
        drop(store);
        let database = Connection::open(&path).unwrap();
        let (run, prompt): (String, Option<String>) = database
            .query_row("SELECT run_hash, prompt FROM requests", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((run.as_str(), prompt), ("run-1", kept));
        let (status, attempts): (String, u32) = database
            .query_row("SELECT status, attempts FROM responses", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((status.as_str(), attempts), ("ok", 2));
        let finished: String = database
            .query_row("SELECT status FROM runs WHERE finished IS NOT NULL", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(finished, "complete");
    }
}

#[test]
fn a_damaged_file_is_put_aside() {
    for damage in [
        b"this is no database, it only has the name of one".as_slice(),
        &[0xff; 8_192],
    ] {
        let folder = folder();
        let path = folder.path().join("insights.db");
        fs::write(&path, damage).unwrap();
        let store = Store::open(&path);
        assert!(store.is_on());
        assert!(store.take_warning().unwrap().contains("damaged"));
        store.remember("k", "v");
        store.flush();
        assert_eq!(store.cached("k").as_deref(), Some("v"));
        let aside = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .find(|entry| entry.file_name().to_string_lossy().contains(".corrupt-"))
            .unwrap();
        assert_eq!(fs::read(aside.path()).unwrap(), damage);
    }
}

#[test]
fn a_page_damaged_in_the_middle_is_found() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    let store = Store::open(&path);
    for row in 0..200 {
        store.remember(&format!("key {row}"), &"x".repeat(500));
    }
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4_096].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let store = Store::open(&path);
    assert!(store.take_warning().unwrap().contains("damaged"));
    assert!(store.is_on());
}

#[test]
fn an_unusable_place_switches_the_store_off() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let store = Store::open(&file.join("insights.db"));
    assert!(!store.is_on());
    assert!(store.take_warning().unwrap().contains("nothing is stored"));
    assert_eq!(store.take_warning(), None);
    store.remember("k", "v");
    store.record_call(record("r"));
    store.flush();
    assert_eq!(store.cached("k"), None);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    std::os::unix::fs::symlink(folder.path().join("elsewhere.db"), &path).unwrap();
    let store = Store::open(&path);
    assert!(!store.is_on());
    assert!(!folder.path().join("elsewhere.db").exists());
}

#[test]
fn a_newer_file_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    drop(Store::open(&path));
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let store = Store::open(&path);
    assert!(!store.is_on());
    assert!(store.take_warning().unwrap().contains("newer version"));
}

#[test]
fn an_edited_value_is_not_believed() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    let store = Store::open(&path);
    store.remember("k", "v");
    store.flush();
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE cache SET value = 'forged'", [])
        .unwrap();
    assert_eq!(store.cached("k"), None);
}

#[test]
fn two_stores_write_side_by_side() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let path = path.clone();
            scope.spawn(move || {
                let store = Store::open(&path);
                for row in 0..100 {
                    store.remember(&format!("{writer} {row}"), "v");
                }
                store.flush();
                assert_eq!(store.take_warning(), None);
            });
        }
    });
    let database = Connection::open(&path).unwrap();
    let rows: u32 = database
        .query_row("SELECT count(*) FROM cache", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 200);
}

#[test]
fn how_a_model_did_lately_is_told_with_its_open_breakers() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    let store = Store::open(&path);
    for (millis, error) in [(100, None), (300, None), (9_000, Some("503: down")), (200, None)] {
        store.record_call(CallRecord {
            provider: "lab".into(),
            status: if error.is_some() { "transient" } else { "ok" }.into(),
            error: error.map(str::to_owned),
            millis,
            ..record("r")
        });
    }
    store.record_call(CallRecord {
        provider: "lab".into(),
        cached: true,
        ..record("kept from an earlier run")
    });
    let open = BreakerRecord {
        key: "lab|fingerprint|url".into(),
        provider: "lab".into(),
        base_url: "url".into(),
        class: "quota".into(),
        reason: "no credit".into(),
        since_millis: 1,
        until_millis: 2,
        reset_millis: Some(2),
        failures: 1,
        ..BreakerRecord::default()
    };
    store.keep_breaker(open.clone());
    drop(store);
    let store = Store::open(&path);
    assert_eq!(store.breakers(), std::slice::from_ref(&open));
    let health = store.health();
    assert_eq!(health.len(), 1);
    assert_eq!((health[0].calls, health[0].success_rate()), (4, Some(0.75)));
    assert_eq!(
        (health[0].mean_millis, health[0].p50_millis, health[0].p95_millis),
        (Some(200.0), Some(200), Some(300))
    );
    assert_eq!(health[0].last_error.as_ref().unwrap().message, "503: down");
    assert_eq!(health[0].breakers, std::slice::from_ref(&open));
    store.forget_breaker(&open.key);
    store.flush();
    assert!(store.breakers().is_empty());
}

#[test]
fn a_damaged_row_is_put_aside_and_a_forgotten_one_is_gone() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    let store = Store::open(&path);
    for key in ["whole", "edited", "bytes", "useless"] {
        store.remember(key, "v");
    }
    store.flush();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute("UPDATE cache SET value = 'w' WHERE key = 'edited'", [])
        .unwrap();
    other
        .execute("UPDATE cache SET value = x'ff00' WHERE key = 'bytes'", [])
        .unwrap();
    assert_eq!(
        (store.kept("edited"), store.kept("bytes")),
        (Kept::Damaged, Kept::Damaged)
    );
    store.set_aside("edited");
    store.set_aside("bytes");
    store.forget("useless");
    store.flush();
    assert!(
        ["edited", "bytes", "useless"]
            .iter()
            .all(|key| store.kept(key) == Kept::Nothing)
    );
    assert_eq!(store.cached("whole").as_deref(), Some("v"));
    let aside: Vec<String> = other
        .prepare("SELECT key FROM cache_aside ORDER BY id")
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .unwrap();
    assert_eq!(aside, ["edited", "bytes"]);
}

#[test]
fn kept_replies_have_a_bound_in_age_and_number() {
    let folder = folder();
    let path = folder.path().join("insights.db");
    let store = Store::open(&path);
    for key in ["a", "b", "c", "d"] {
        store.remember(key, "v");
    }
    store.flush();
    let other = rusqlite::Connection::open(&path).unwrap();
    for (key, created) in [("a", "2026-01-01T00:00:00Z"), ("b", "2026-03-01T00:00:00Z")] {
        let sql = "UPDATE cache SET created = ?2 WHERE key = ?1";
        other.execute(sql, [key, created]).unwrap();
    }
    store.trim_cache("2026-02-01T00:00:00Z".parse().unwrap(), 2);
    store.flush();
    let left: Vec<bool> = ["a", "b", "c", "d"]
        .iter()
        .map(|key| store.cached(key).is_some())
        .collect();
    assert_eq!(left, [false, false, true, true]);
}
