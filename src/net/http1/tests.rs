//! Responses that arrive slowly, stop, or are encoded, over in-memory pipes: the transport of Consul, Eureka and
//! Kubernetes.

use std::io;
use std::sync::Mutex as Lock;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::sleep;

use super::*;

const LIMIT: Duration = Duration::from_secs(5);

/// One connection.
struct Pipe(Lock<Option<DuplexStream>>);

impl Dial for Pipe {
    fn dial(&self, _: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let stream = self.0.lock().unwrap().take();
        Box::pin(
            async move { stream.map(|stream| Box::new(stream) as Box<dyn Io>).ok_or_else(|| io::Error::other("used")) },
        )
    }
}

/// The result of `GET /` when the registry sends `head` and then `pieces` of 1,000 bytes, one per second, and nothing
/// more.
async fn answer(head: &str, pieces: usize) -> (Result<usize, HttpError>, Duration) {
    let (ours, mut theirs) = duplex(1 << 16);
    let head = head.to_string();
    let registry = tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(theirs.read_buf(&mut request).await.unwrap(), 0);
        }
        theirs.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..pieces {
            sleep(Duration::from_secs(1)).await;
            theirs.write_all(&[b'x'; 1000]).await.unwrap();
        }
        std::future::pending::<()>().await;
        drop(theirs);
    });
    let address = Address::from_host_port("registry", 80);
    let http = Http::new(Arc::new(Pipe(Lock::new(Some(ours)))), address, None, LIMIT);
    let started = Instant::now();
    let request = http::Request::get("/").header("host", "registry").body(Empty::new()).unwrap();
    let answer = http.query(request, LIMIT).await.map(|answer| answer.into_body().len());
    registry.abort();
    (answer, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_used_when_it_is_complete() {
    let (answer, took) = answer("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", 20).await;
    assert_eq!(answer.unwrap(), 20_000);
    assert_eq!(took.as_secs(), 20, "1 kB/s");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stops_half_way_is_reported_with_what_came() {
    let (answer, took) = answer("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", 3).await;
    let stopped = answer.unwrap_err();
    assert!(matches!(stopped, HttpError::Stopped { after: 3000, limit: LIMIT }), "{stopped:?}");
    assert_eq!(stopped.to_string(), "the response stopped after 3000 bytes: no more data within 5.0s");
    assert_eq!(took.as_secs(), 8);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_ends_is_given_up() {
    let (answer, took) = answer("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", 2000).await;
    assert!(matches!(answer, Err(HttpError::TooSlow { after: 601_000, limit: LONGEST })), "{answer:?}");
    assert_eq!(took.as_secs(), 601);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_head_is_no_answer() {
    let (answer, took) = answer("HTTP/1.1 200 OK\r\n", 0).await;
    assert!(matches!(answer, Err(HttpError::NoAnswer(LIMIT))), "{answer:?}");
    assert_eq!(took.as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_encoding_that_was_not_requested_is_named() {
    for encoding in ["gzip", "br", "x-unknown"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 1000\r\n\r\n");
        let Err(error @ HttpError::Encoded(_)) = answer(&head, 1).await.0 else { panic!("{encoding}") };
        let text = error.to_string();
        assert!(text.contains(encoding) && text.contains("was not requested"), "{text}");
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1000\r\n\r\n";
    assert_eq!(answer(head, 1).await.0.unwrap(), 1000);
}
