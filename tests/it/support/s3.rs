//! An S3-compatible server, `moto_server` of the Python package `moto[server]`, on loopback with nothing in it.
#![allow(unreachable_pub, reason = "a toolbox of one binary")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct S3 {
    server: Child,
    port: u16,
}

impl S3 {
    /// None, and a printed reason, where it cannot be started.
    pub fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let server = match started {
            Ok(server) => server,
            Err(error) => {
                println!("skipped: `moto_server` (pip install 'moto[server]') cannot be started: {error}");
                return None;
            }
        };
        let mut server = Self { server, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.server.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > Duration::from_secs(60) {
                println!("skipped: `moto_server` does not serve ({ended:?})");
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes a bucket (`/bucket`) or an object (`/bucket/key`), open to everybody.
    #[track_caller]
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let credential = "AWS4-HMAC-SHA256 Credential=key/20250101/us-east-1/s3/aws4_request";
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nauthorization: {credential}\r\nx-amz-acl: public-read\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            self.port,
            bytes.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _it_may_be_gone = self.server.kill();
        let _it_may_be_gone = self.server.wait();
    }
}
