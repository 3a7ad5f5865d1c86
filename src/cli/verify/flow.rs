//! Lines from one reader to several threads and back in order: many lines at once, one line as soon as it is there.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// Many lines: what they cost outweighs the way to a thread and back.
const MANY: usize = 256 * 1024;

/// So many pieces are on their way for each thread: none waits for the reader, and few lie about.
const AHEAD: usize = 2;

/// Some whole lines of the input.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// The number of the first one, from 1.
    first: usize,
}

impl Lines {
    /// Each line with its number, without its end.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut rest = Some(self.bytes.as_slice());
        let lines = std::iter::from_fn(move || {
            let own = rest.filter(|rest| !rest.is_empty())?;
            match memchr::memchr(b'\n', own) {
                Some(end) => {
                    rest = Some(&own[end + 1..]);
                    Some(&own[..end])
                }
                None => rest.take(),
            }
        });
        (self.first..).zip(lines)
    }
}

/// What a piece of the input comes to, or the error that ended the reading.
type Outcome<T> = io::Result<T>;

/// A piece on its way: whoever takes it on answers here.
type Piece<T> = (Lines, SyncSender<Outcome<T>>);

/// What each piece of the input comes to, in order. `worker` makes what one thread works with; there is one thread a core. A piece
/// is what the reader has at hand, so whoever writes one line and waits for its answer gets it.
pub(super) fn in_order<T, W>(input: Box<dyn Read + Send>, worker: impl Fn() -> W) -> impl Iterator<Item = Outcome<T>>
where
    T: Send + 'static,
    W: FnMut(&Lines) -> T + Send + 'static,
{
    let n_threads = thread::available_parallelism().map_or(1, |cores| cores.get());
    let (work, taken) = sync_channel::<Piece<T>>(n_threads * AHEAD);
    let (promised, outcomes) = sync_channel::<Receiver<Outcome<T>>>(n_threads * AHEAD);
    let taken = Arc::new(Mutex::new(taken));
    for _ in 0..n_threads {
        let (taken, mut work) = (Arc::clone(&taken), worker());
        // They end with the input, or when nobody takes the outcomes any more.
        thread::spawn(move || {
            while let Some((lines, answer)) = next(&taken) {
                let _nobody_asks = answer.send(Ok(work(&lines)));
            }
        });
    }
    thread::spawn(move || deal(input, &work, &promised));
    let lost = |_| Err(io::Error::other("a thread that judged them ended"));
    outcomes
        .into_iter()
        .map(move |outcome| outcome.recv().unwrap_or_else(lost))
}

fn next<T>(taken: &Mutex<Receiver<Piece<T>>>) -> Option<Piece<T>> {
    taken.lock().ok()?.recv().ok()
}

/// Cuts the input at line ends and deals it, until it ends or nobody listens.
fn deal<T>(
    input: Box<dyn Read + Send>,
    work: &SyncSender<Piece<T>>,
    promised: &SyncSender<Receiver<Outcome<T>>>,
) -> Option<()> {
    let mut input = BufReader::with_capacity(MANY, input);
    let (mut kept, mut first) = (Vec::new(), 1);
    loop {
        let read = more(&mut input, &mut kept);
        let is_end = !matches!(read, Ok(n) if n > 0);
        let end = match memchr::memrchr(b'\n', &kept) {
            _ if is_end => kept.len(),
            Some(end) => end + 1,
            None => 0,
        };
        let rest = kept.split_off(end);
        let bytes = std::mem::replace(&mut kept, rest);
        let lines = Lines { first, bytes };
        first += memchr::memchr_iter(b'\n', &lines.bytes).count();
        if !lines.bytes.is_empty() {
            let (answer, outcome) = sync_channel(1);
            promised.send(outcome).ok()?;
            work.send((lines, answer)).ok()?;
        }
        if let Err(error) = read {
            let (answer, outcome) = sync_channel(1);
            answer.send(Err(error)).ok()?;
            promised.send(outcome).ok()?;
        }
        if is_end {
            return Some(());
        }
    }
}

/// Reads once, as much as is there up to `MANY`.
fn more(input: &mut impl BufRead, kept: &mut Vec<u8>) -> io::Result<usize> {
    let read = loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => break done?,
        }
    };
    kept.extend_from_slice(read);
    let n = read.len();
    input.consume(n);
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives few bytes at a time, then an error if there is one.
    struct Slow {
        bytes: Vec<u8>,
        step: usize,
        broken: bool,
    }

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = self.step.min(self.bytes.len()).min(into.len());
            if n == 0 && self.broken {
                return Err(io::Error::other("the disk is gone"));
            }
            into[..n].copy_from_slice(&self.bytes[..n]);
            self.bytes.drain(..n);
            Ok(n)
        }
    }

    fn told(text: &str, step: usize, broken: bool) -> (String, usize) {
        let input = Slow {
            bytes: text.as_bytes().to_vec(),
            step,
            broken,
        };
        let echo = || {
            |lines: &Lines| {
                let each = lines
                    .each()
                    .map(|(number, line)| format!("{number}:{}|", String::from_utf8_lossy(line)));
                each.collect::<String>()
            }
        };
        let all: Vec<io::Result<String>> = in_order(Box::new(input), echo).collect();
        let n_errors = all.iter().filter(|part| part.is_err()).count();
        (all.into_iter().filter_map(Result::ok).collect(), n_errors)
    }

    #[test]
    fn every_line_comes_back_once_in_order_with_its_number() {
        for text in ["", "a", "a\n", "a\nb", "\n\nab\n\n", "one\ntwo\nthree\nfour"] {
            let expected: String = (1..)
                .zip(text.lines())
                .map(|(number, line)| format!("{number}:{line}|"))
                .collect();
            for step in [1, 2, 3, 1000] {
                assert_eq!(told(text, step, false), (expected.clone(), 0), "{text:?} by {step}");
            }
        }
        let long: String = (1..=50_000).map(|number| format!("line {number}\n")).collect();
        let expected: String = (1..=50_000).map(|number| format!("{number}:line {number}|")).collect();
        assert_eq!(told(&long, 4_000, false), (expected, 0));
    }

    #[test]
    fn what_was_read_before_an_error_is_told_before_it() {
        assert_eq!(told("a\nb", 2, true), ("1:a|2:b|".to_owned(), 1));
    }

    #[test]
    fn a_reader_that_nobody_listens_to_ends() {
        let endless = Box::new(io::repeat(b'\n'));
        let lines = in_order(endless, || |lines: &Lines| lines.each().count());
        assert!(lines.take(3).all(|part| part.is_ok_and(|n| n > 0)));
    }
}
