//! Events on their way to one browser: a greeting, what was missed, then what happens, with a heartbeat where nothing does.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream::unfold;
use serde_json::json;
use tokio::sync::{broadcast, watch};

use super::follow::Viewer;
use super::seats::Seat;
use crate::clock;

/// A connection that says nothing for longer may be dead, and a proxy would think so.
const HEARTBEAT: Duration = Duration::from_secs(15);
const BEAT: &[u8] = b": still here\n\n";

/// Everything of one run after what the viewer has seen.
pub(super) fn run(viewer: Viewer, seat: Seat, ending: watch::Receiver<bool>) -> Response {
    let greeting = format!(
        "retry: 2000\nevent: opened\ndata: {}\n\n",
        json!({"first": viewer.first})
    );
    let telling = Telling {
        viewer: Some(viewer),
        step: Step::Greet(greeting),
        ending,
        seat,
    };
    response(unfold(telling, |mut telling| async move {
        let frames = telling.next().await?;
        Some((Ok::<_, std::io::Error>(frames), telling))
    }))
}

/// A word each time that the list of runs has changed.
pub(super) fn changes(mut version: watch::Receiver<u64>, seat: Seat, ending: watch::Receiver<bool>) -> Response {
    version.mark_changed();
    response(unfold(
        (version, seat, ending),
        |(mut version, seat, mut ending)| async move {
            let frames = tokio::select! {
                changed = version.changed() => {
                    changed.ok()?;
                    Bytes::from(format!("event: runs\ndata: {{\"version\":{}}}\n\n", *version.borrow_and_update()))
                }
                () = clock::sleep(HEARTBEAT) => Bytes::from_static(BEAT),
                _ = ending.wait_for(|over| *over) => return None,
            };
            Some((Ok::<_, std::io::Error>(frames), (version, seat, ending)))
        },
    ))
}

fn response(frames: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(frames)).into_response()
}

struct Telling {
    /// Away while the disk is read.
    viewer: Option<Viewer>,
    step: Step,
    ending: watch::Receiver<bool>,
    seat: Seat,
}

enum Step {
    Greet(String),
    Replay,
    Follow,
}

impl Telling {
    /// None ends the connection; the browser comes back and says what it has seen.
    async fn next(&mut self) -> Option<Bytes> {
        if let Step::Greet(greeting) = &mut self.step {
            let greeting = Bytes::from(std::mem::take(greeting));
            self.step = Step::Replay;
            return Some(greeting);
        }
        if matches!(self.step, Step::Replay) {
            let turn = Arc::clone(&self.viewer.as_ref()?.replays);
            let turn = turn.acquire_owned().await.ok()?;
            let mut viewer = self.viewer.take()?;
            let read = tokio::task::spawn_blocking(move || {
                let frames = viewer.replay();
                drop(turn);
                (viewer, frames)
            });
            let (viewer, frames) = read.await.ok()?;
            self.viewer = Some(viewer);
            match frames.ok()? {
                Some(frames) => return Some(frames),
                None => self.step = Step::Follow,
            }
        }
        let viewer = self.viewer.as_mut()?;
        tokio::select! {
            piece = viewer.pieces.recv() => match piece {
                Ok(frames) => Some(frames),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.seat.dropped();
                    None
                }
                Err(broadcast::error::RecvError::Closed) => None,
            },
            () = clock::sleep(HEARTBEAT) => Some(Bytes::from_static(BEAT)),
            _ = self.ending.wait_for(|over| *over) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use axum::body::to_bytes;

    use super::super::follow::Followers;
    use super::super::seats::Seats;
    use super::*;

    #[tokio::test]
    async fn a_viewer_who_does_not_keep_up_is_let_go_and_misses_nothing_when_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let line = |seq: u64| {
            format!(
                "{{\"seq\":{seq},\"event\":\"warning\",\"message\":\"{}\"}}\n",
                "m".repeat(900)
            )
        };
        fs::write(&path, line(1)).unwrap();
        let (followers, seats) = (Followers::default(), Seats::default());
        let (_over, ending) = watch::channel(false);
        let slow = run(followers.watch(&path, 0).unwrap(), seats.take().unwrap(), ending);
        let many: String = (2..=6_000).map(line).collect();
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(many.as_bytes())
            .unwrap();
        let length = fs::metadata(&path).unwrap().len();
        while followers.watch(&path, 0).unwrap().end < length {
            std::thread::yield_now();
        }
        let heard = to_bytes(slow.into_body(), usize::MAX).await.unwrap();
        let heard = String::from_utf8(heard.to_vec()).unwrap();
        assert_eq!(
            heard.matches("\nid: ").count(),
            1,
            "what it had missed was not kept for it"
        );
        assert_eq!((seats.n_dropped(), seats.taken()), (1, 0));
        let mut back = followers.watch(&path, 1).unwrap();
        assert!(back.replay().unwrap().unwrap().starts_with(b"id: 2\n"));
    }
}
