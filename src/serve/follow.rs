//! One reader per run that somebody watches: it frames what is added to `events.jsonl` once, and all viewers share the bytes.
//!
//! A viewer first reads the file up to where the reader was when the viewer came, and from there on hears the reader: no gap,
//! nothing twice, and nobody holds a whole file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{Semaphore, broadcast};

use super::lines::{Stamp, of_piece, read_piece};

/// How often a watched file is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Pieces that a viewer may lag behind before it is dropped.
const PATIENCE: usize = 256;
/// Viewers of one file that read it at once.
const READERS: usize = 4;
/// Every so many lines the place of one is remembered.
const MARK: u64 = 256;
/// So much of the beginning tells one run's file from the next one's.
const HEAD: usize = 160;

/// The readers that have viewers, by file.
#[derive(Default)]
pub(super) struct Followers {
    by_file: Mutex<HashMap<PathBuf, Weak<Follower>>>,
}

/// The reader of one file. Ends with its last viewer.
pub(super) struct Follower {
    path: PathBuf,
    place: Mutex<Place>,
    pieces: broadcast::Sender<Bytes>,
    replays: Arc<Semaphore>,
}

#[derive(Default)]
struct Place {
    /// Everything before it is told.
    offset: u64,
    /// The last event told.
    seq: u64,
    /// Events and where their lines begin.
    marks: Vec<(u64, u64)>,
    /// How the file begins.
    head: Vec<u8>,
    /// The time of the first event: another one is another run.
    first: String,
}

/// One who watches.
pub(super) struct Viewer {
    follower: Arc<Follower>,
    /// What of the file it has still to read, from `offset` to `end`; only events after `after` are wanted.
    pub(super) offset: u64,
    pub(super) end: u64,
    pub(super) after: u64,
    /// The time of the first event.
    pub(super) first: String,
    pub(super) pieces: broadcast::Receiver<Bytes>,
    /// Whoever replays holds a permit: a crowd that comes at once needs no crowd of threads.
    pub(super) replays: Arc<Semaphore>,
}

impl Followers {
    /// Begins to watch after the event `after`. Reads the disk.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn watch(&self, path: &Path, after: u64) -> io::Result<Viewer> {
        // Held while a new reader catches up, so that two viewers who come at once share one.
        let mut by_file = self.by_file.lock().unwrap_or_else(PoisonError::into_inner);
        by_file.retain(|_, follower| follower.strong_count() > 0);
        if let Some(follower) = by_file.get(path).and_then(Weak::upgrade) {
            return Ok(follower.viewer(after));
        }
        let follower = Follower::start(path)?;
        by_file.insert(path.to_owned(), Arc::downgrade(&follower));
        Ok(follower.viewer(after))
    }

    /// Files that are watched now.
    pub(super) fn n_watched(&self) -> usize {
        let by_file = self.by_file.lock().unwrap_or_else(PoisonError::into_inner);
        by_file.values().filter(|follower| follower.strong_count() > 0).count()
    }
}

impl Follower {
    fn start(path: &Path) -> io::Result<Arc<Self>> {
        let follower = Arc::new(Self {
            path: path.to_owned(),
            place: Mutex::default(),
            pieces: broadcast::Sender::new(PATIENCE),
            replays: Arc::new(Semaphore::new(READERS)),
        });
        while follower.look()? {}
        let weak = Arc::downgrade(&follower);
        std::thread::Builder::new().name("follow".to_owned()).spawn(move || {
            while let Some(follower) = weak.upgrade() {
                // A file that went away, or a disk that hiccups: the next look may find it again.
                let more = follower.look().unwrap_or(false);
                drop(follower);
                if !more {
                    std::thread::sleep(LOOK);
                }
            }
        })?;
        Ok(follower)
    }

    fn viewer(self: Arc<Self>, after: u64) -> Viewer {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody who saw more than there is watched an earlier run of that name.
        let after = if after > place.seq { 0 } else { after };
        let begun = place.marks.partition_point(|(seq, _)| *seq <= after + 1);
        let offset = begun.checked_sub(1).map_or(0, |index| place.marks[index].1);
        let (end, first) = (place.offset, place.first.clone());
        let pieces = self.pieces.subscribe();
        drop(place);
        Viewer {
            replays: Arc::clone(&self.replays),
            follower: self,
            offset,
            end,
            after,
            first,
            pieces,
        }
    }

    /// Tells the next piece, if there is one. Only one thread calls this at a time.
    fn look(&self) -> io::Result<bool> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let (offset, head) = {
            let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
            (place.offset, place.head.len())
        };
        if length == offset {
            return Ok(false);
        }
        let mut begins = vec![0; HEAD.min(usize::try_from(length).unwrap_or(HEAD))];
        file.read_exact(&mut begins)?;
        if length < offset || !self.still(&begins, head) {
            return Ok(self.begin_again());
        }
        let piece = read_piece(&mut file, offset, length)?;
        if piece.is_empty() {
            return Ok(false);
        }
        self.tell(&piece, begins);
        Ok(true)
    }

    fn still(&self, begins: &[u8], known: usize) -> bool {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        begins.get(..known).is_some_and(|begins| begins == place.head)
    }

    /// Another run has taken the file: whoever watches starts over.
    fn begin_again(&self) -> bool {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Place::default();
        let _nobody_watches = self.pieces.send(Bytes::from_static(REPLACED));
        true
    }

    fn tell(&self, piece: &[u8], begins: Vec<u8>) {
        let watched = self.pieces.receiver_count() > 0;
        let mut frames = Vec::with_capacity(if watched { piece.len() * 5 / 4 } else { 0 });
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        for line in of_piece(piece) {
            let Some(stamp) = Stamp::of(line) else { continue };
            if place.marks.last().is_none_or(|(seq, _)| stamp.seq >= seq + MARK) {
                // Where the line stands within the piece that it is a part of.
                let within = line.as_ptr().addr() - piece.as_ptr().addr();
                let offset = place.offset + within as u64;
                place.marks.push((stamp.seq, offset));
            }
            if place.seq == 0 {
                place.first = stamp.time.clone().into_owned();
            }
            place.seq = stamp.seq;
            stamp.frame(line, &mut frames);
        }
        place.offset += piece.len() as u64;
        place.head = begins;
        let told = usize::try_from(place.offset).unwrap_or(HEAD);
        place.head.truncate(told);
        // Sent before the lock is free: whoever comes now has either read this piece or hears it.
        if !frames.is_empty() {
            let _nobody_watches = self.pieces.send(Bytes::from(frames));
        }
    }
}

/// Told to viewers when the file of the run begins anew.
const REPLACED: &[u8] = b"event: replaced\ndata: {}\n\n";

impl Viewer {
    /// The next frames of what was there before, or nothing when that is told. Reads the disk.
    ///
    /// # Errors
    /// The file cannot be read, or is not the same any more.
    pub(super) fn replay(&mut self) -> io::Result<Option<Bytes>> {
        let mut file = File::open(&self.follower.path)?;
        while self.offset < self.end {
            let piece = read_piece(&mut file, self.offset, self.end)?;
            if piece.is_empty() {
                return Err(io::Error::other("the file was replaced"));
            }
            self.offset += piece.len() as u64;
            let mut frames = Vec::with_capacity(piece.len() * 5 / 4);
            let stamps = of_piece(&piece).filter_map(|line| Some((Stamp::of(line)?, line)));
            for (stamp, line) in stamps.filter(|(stamp, _)| stamp.seq > self.after) {
                stamp.frame(line, &mut frames);
            }
            if !frames.is_empty() {
                return Ok(Some(Bytes::from(frames)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
