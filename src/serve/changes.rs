//! Looks at the folders again and again: runs that were started anywhere appear, and what they say is counted.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::PoisonError;
use std::time::Duration;

use super::{Server, Shared};
use crate::clock;

const LOOK: Duration = Duration::from_millis(300);

/// Never ends by itself.
pub(super) async fn look(server: Shared) {
    let mut before = 0;
    loop {
        let now = server.on_disk(move |server| once(server, before)).await;
        if let Ok(now) = now
            && now != before
        {
            before = now;
            server.version.send_modify(|version| *version += 1);
        }
        clock::sleep(LOOK).await;
    }
}

/// A number that is another one when a run came, grew, ended or went.
fn once(server: &Server, before: u64) -> u64 {
    let mut hash = DefaultHasher::new();
    for found in server.runs.index.list() {
        (&found.id, found.length, found.changed).hash(&mut hash);
    }
    // A run whose process was killed says nothing any more: its lock is free.
    let jobs = server.launcher.jobs();
    jobs.iter().for_each(|job| (job.pid, job.state as u8).hash(&mut hash));
    let now = hash.finish();
    if now != before {
        let runs = server.runs.list();
        let mut seen = server.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.look(&runs);
    }
    now
}
