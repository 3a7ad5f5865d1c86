//! What tells one set of source bytes from another, reckoned beside the reading of them.

use std::io::{self, Read};
use std::sync::mpsc;

use sha2::{Digest, Sha256};

/// Blocks that wait to be added: enough that neither side waits for the other.
const BLOCKS_WAITING: usize = 16;
const BLOCK: usize = 1 << 18;

/// Bytes on their way to the fingerprint.
#[derive(Debug, Clone)]
pub(super) struct Seen(mpsc::SyncSender<Vec<u8>>);

/// Adds up what is seen until nobody can see more.
#[derive(Debug)]
pub(super) struct Fingerprint(mpsc::Receiver<Vec<u8>>);

pub(super) fn fingerprint() -> (Seen, Fingerprint) {
    let (sender, receiver) = mpsc::sync_channel(BLOCKS_WAITING);
    (Seen(sender), Fingerprint(receiver))
}

impl Fingerprint {
    /// SHA-256 of all bytes in their order, in hexadecimal digits.
    pub(super) fn of_all(self) -> String {
        let mut hasher = Sha256::new();
        self.0.iter().for_each(|block| hasher.update(block));
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Seen {
    /// Passes bytes on and lets them be seen.
    pub(super) fn reader<R: Read + Send + 'static>(&self, inner: R) -> impl Read + Send + 'static {
        Reader {
            inner,
            seen: self.clone(),
        }
    }

    /// Lets all bytes be seen and keeps none.
    pub(super) fn all(&self, mut bytes: impl Read) -> io::Result<()> {
        let mut buffer = vec![0; BLOCK];
        loop {
            match bytes.read(&mut buffer)? {
                0 => return Ok(()),
                n_read => self.see(&buffer[..n_read])?,
            }
        }
    }

    fn see(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.send(bytes.to_vec()).map_err(io::Error::other)
    }
}

struct Reader<R> {
    inner: R,
    seen: Seen,
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        self.seen.see(&buffer[..n_read])?;
        Ok(n_read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_pass_and_bytes_that_are_shown_give_one_fingerprint() {
        let (seen, fingerprint) = fingerprint();
        let mut text = String::new();
        seen.reader("ab".as_bytes()).read_to_string(&mut text).unwrap();
        seen.all("c".as_bytes()).unwrap();
        drop(seen);
        assert_eq!(text, "ab");
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(fingerprint.of_all(), known);
    }
}
