//! What a wire can do wrong, byte by byte: replies cut anywhere, reset, dripped, unpacked to a bomb, streams that break.
//!
//! A `Wire` is a reply that may be spoilt; its methods give `Act`s, and `Server` (which records requests) performs them
//! in place of an orderly answer: `Server::with([Step::acts(Wire::json(200, &body).short(500))])`.
#![allow(dead_code, unreachable_pub, reason = "a toolbox: not every test uses every tool")]

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One thing that a server does to a connection.
#[derive(Clone)]
pub enum Act {
    Send(Vec<u8>),
    /// `size` bytes, a pause, and so on.
    Drip {
        bytes: Vec<u8>,
        size: usize,
        pause: Duration,
    },
    Wait(Duration),
    /// Takes what has come by then: unread bytes would turn the end into a reset.
    Read,
    /// An orderly end.
    Close,
    /// A TCP reset: lingers for zero seconds, then drops.
    Reset,
    /// Never does anything again, and never closes.
    Hang,
}

/// Does them in order; `None` ends the connection.
pub async fn perform(stream: &mut TcpStream, acts: &[Act]) -> Option<()> {
    for act in acts {
        match act {
            Act::Send(bytes) => stream.write_all(bytes).await.ok()?,
            Act::Drip { bytes, size, pause } => {
                for part in bytes.chunks(*size) {
                    stream.write_all(part).await.ok()?;
                    tokio::time::sleep(*pause).await;
                }
            }
            Act::Wait(wait) => tokio::time::sleep(*wait).await,
            Act::Read => {
                let mut bytes = vec![0; 64 * 1024];
                let _any = stream.read(&mut bytes).await.ok()?;
            }
            Act::Close => {
                let _ = stream.shutdown().await;
                return None;
            }
            Act::Reset => {
                let _ = stream.set_zero_linger();
                return None;
            }
            Act::Hang => std::future::pending().await,
        }
    }
    Some(())
}

/// A reply on its way, to be spoilt.
#[derive(Clone)]
pub struct Wire {
    head: String,
    body: Vec<u8>,
}

impl Wire {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            head: format!("HTTP/1.1 {status} Scripted\r\ncontent-type: {content_type}\r\n"),
            body: body.into(),
        }
    }

    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "application/json", body)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// As it should be.
    pub fn whole(self) -> Vec<Act> {
        let head = format!("{}content-length: {}\r\n\r\n", self.head, self.body.len());
        vec![Act::Send([head.into_bytes(), self.body].concat())]
    }

    /// Promises `length` bytes, sends the first `sent`, closes.
    pub fn cut(self, length: usize, sent: usize) -> Vec<Act> {
        let head = format!("{}content-length: {length}\r\n\r\n", self.head);
        vec![Act::Send([head.as_bytes(), &self.body[..sent]].concat()), Act::Close]
    }

    /// Names no length and closes after `sent` bytes: whole, as far as HTTP can tell.
    pub fn unsized_cut(self, sent: usize) -> Vec<Act> {
        let head = format!("{}connection: close\r\n\r\n", self.head);
        vec![Act::Send([head.as_bytes(), &self.body[..sent]].concat()), Act::Close]
    }

    /// One chunk of which only `sent` bytes come.
    pub fn chunk_cut(self, sent: usize) -> Vec<Act> {
        let head = format!(
            "{}transfer-encoding: chunked\r\n\r\n{:x}\r\n",
            self.head,
            self.body.len()
        );
        vec![Act::Send([head.as_bytes(), &self.body[..sent]].concat()), Act::Close]
    }

    /// Head and body, `size` bytes a pause.
    pub fn drip(self, size: usize, pause: Duration) -> Vec<Act> {
        let head = format!("{}content-length: {}\r\n\r\n", self.head, self.body.len());
        let bytes = [head.into_bytes(), self.body].concat();
        vec![Act::Drip { bytes, size, pause }]
    }

    /// The body as HTTP chunks of `size` bytes: cuts through lines, letters and events.
    pub fn chunked(self, size: usize) -> Vec<Act> {
        let mut bytes = format!("{}transfer-encoding: chunked\r\n\r\n", self.head).into_bytes();
        for part in self.body.chunks(size) {
            bytes.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        vec![Act::Send(bytes)]
    }
}

/// Server-sent events; the parts are small, so that a reader meets every cut.
pub fn sse(text: impl Into<Vec<u8>>) -> Vec<Act> {
    Wire::new(200, "text/event-stream", text).chunked(7)
}

/// 200 with one header of 600 kB.
pub fn large_head() -> Vec<Act> {
    Wire::json("{}").header("x-padding", &"x".repeat(600_000)).whole()
}

/// 256 MiB of white space in about 260 kB of gzip: sixteen times the same 16 MiB, which gzip allows.
pub fn gzip_bomb() -> Vec<Act> {
    static BODY: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![b' '; 16 << 20]).repeat(16));
    assert!(BODY.len() < 600_000, "{} bytes", BODY.len());
    Wire::json(BODY.clone()).header("content-encoding", "gzip").whole()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
