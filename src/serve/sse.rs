//! Events on their way to one browser: a greeting, what was missed, then what happens, with a heartbeat where nothing does.

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
            let mut viewer = self.viewer.take()?;
            let read = tokio::task::spawn_blocking(move || {
                let frames = viewer.replay();
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
