//! Whether there is a scheduler with executors behind an address, before any table goes there: its readiness page tells.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::{Address, DataError};

const LIMIT: Duration = Duration::from_secs(10);
/// A status line and a sentence.
const MOST_BYTES: u64 = 4_096;

pub(super) async fn check(scheduler: &Address) -> Result<(), DataError> {
    let unreachable = |why: String| DataError::NoScheduler {
        scheduler: scheduler.to_string(),
        why,
    };
    let answer = match tokio::time::timeout(LIMIT, ask(scheduler)).await {
        Ok(answer) => answer.map_err(|error| unreachable(error.to_string()))?,
        Err(_) => return Err(unreachable(format!("no answer in {}s", LIMIT.as_secs()))),
    };
    match status(&answer) {
        Some(200) => Ok(()),
        Some(503) => Err(DataError::NoExecutors(scheduler.to_string())),
        _ => Err(unreachable("what answers there is no Ballista scheduler".to_owned())),
    }
}

async fn ask(scheduler: &Address) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(scheduler.to_string()).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {scheduler}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn status(answer: &str) -> Option<u16> {
    let line = answer.lines().next()?.strip_prefix("HTTP/1.")?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// What is said of somebody who answers so.
    async fn said_of(answer: &'static str) -> Result<(), DataError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1_024];
            let n_read = stream.read(&mut request).await.unwrap();
            assert!(request[..n_read].starts_with(b"GET /readyz "));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let said = check(&Address::parse(&address).unwrap()).await;
        answering.await.unwrap();
        said
    }

    #[tokio::test]
    async fn a_scheduler_is_told_from_one_without_executors_and_from_anything_else() {
        said_of("HTTP/1.1 200 OK\r\n\r\nready: 1 executors registered\n")
            .await
            .unwrap();
        let idle = said_of("HTTP/1.1 503 Service Unavailable\r\n\r\nnot ready\n")
            .await
            .unwrap_err();
        assert!(matches!(idle, DataError::NoExecutors(_)), "{idle}");
        for answer in ["HTTP/1.1 404 Not Found\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n", ""] {
            let other = said_of(answer).await.unwrap_err();
            assert!(matches!(other, DataError::NoScheduler { .. }), "{answer}: {other}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_told_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let error = check(&Address::parse(&address).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains(&address), "{error}");
        assert!(error.hint().contains("insights engine scheduler"), "{}", error.hint());
    }
}
