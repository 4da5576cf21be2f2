//! A scripted agent for tests, over sockets or in-memory pipes.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;

use crate::model::endpoint::Address;
use crate::net::dial::{Dial, Io};

/// What the agent does with one request.
pub(super) enum Act {
    /// Sends these bytes.
    Respond(Vec<u8>),
    /// Sends these bytes after a delay.
    Later(Duration, Vec<u8>),
    /// Keeps the connection open and sends nothing more.
    Hang,
    /// Sends these bytes and closes.
    Close(Vec<u8>),
}

/// `200 OK` with `headers` (lines without line endings) and `body`.
pub(super) fn ok(headers: &[&str], body: &str) -> Act {
    Act::Respond(http(200, headers, body))
}

pub(super) fn http(status: u16, headers: &[&str], body: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// Chooses an action by the number of the request (from 0) and its head.
pub(super) type Script = Arc<dyn Fn(usize, &str) -> Act + Send + Sync>;

/// The requests that the agent received, and its connections.
#[derive(Clone, Default)]
pub(super) struct Journal(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    heads: Vec<String>,
    opened: usize,
    closed: usize,
}

impl Journal {
    /// Every head, in order.
    pub(super) fn heads(&self) -> Vec<String> {
        self.0.lock().unwrap().heads.clone()
    }

    /// The text between `GET ` and ` HTTP/1.1` of each request, in order, without liveness checks.
    pub(super) fn paths(&self) -> Vec<String> {
        let path = |head: &String| head.split(' ').nth(1).unwrap_or_default().to_string();
        self.heads().iter().map(path).filter(|path| !path.contains("/status/leader")).collect()
    }

    /// Connections opened and closed so far.
    pub(super) fn connections(&self) -> (usize, usize) {
        let entries = self.0.lock().unwrap();
        (entries.opened, entries.closed)
    }
}

/// Serves one connection until it ends.
pub(super) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Script, journal: Journal) {
    journal.0.lock().unwrap().opened += 1;
    let mut read = Vec::new();
    'talk: loop {
        while !read.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut chunk = [0; 4096];
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => break 'talk,
                Ok(n) => read.extend_from_slice(&chunk[..n]),
            }
        }
        let head = String::from_utf8_lossy(&std::mem::take(&mut read)).into_owned();
        // Additional queries are not answered here, and no script counts them.
        if ["/v1/health/connect/", "/v1/catalog/"].iter().any(|path| head.contains(path)) {
            match stream.write_all(&http(404, &[], "")).await {
                Ok(()) => continue,
                Err(_) => break,
            }
        }
        let number = {
            let mut entries = journal.0.lock().unwrap();
            let path = |head: &str| head.contains("/v1/status/leader");
            let number = entries.heads.iter().filter(|old| path(old) == path(&head)).count();
            entries.heads.push(head.clone());
            number
        };
        let written = match script(number, &head) {
            Act::Respond(bytes) => stream.write_all(&bytes).await,
            Act::Later(time, bytes) => {
                let mut gone = [0; 1];
                tokio::select! {
                    () = tokio::time::sleep(time) => stream.write_all(&bytes).await,
                    _ = stream.read(&mut gone) => break 'talk,
                }
            }
            Act::Hang => {
                let mut gone = [0; 1];
                let _ = stream.read(&mut gone).await;
                break 'talk;
            }
            Act::Close(bytes) => {
                let _ = stream.write_all(&bytes).await;
                break 'talk;
            }
        };
        if written.is_err() {
            break;
        }
    }
    drop(stream);
    journal.0.lock().unwrap().closed += 1;
}

/// An agent behind in-memory pipes: for tests with a paused clock.
pub(super) struct Pipes {
    script: Script,
    journal: Journal,
}

impl Pipes {
    pub(super) fn new(script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> (Arc<Self>, Journal) {
        let journal = Journal::default();
        (Arc::new(Pipes { script: Arc::new(script), journal: journal.clone() }), journal)
    }
}

impl Dial for Pipes {
    fn dial(&self, _: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(serve(theirs, self.script.clone(), self.journal.clone()));
        Box::pin(async move { Ok(Box::new(ours) as Box<dyn Io>) })
    }
}

/// An agent behind a socket. Stops when dropped.
pub(super) struct Fake {
    /// The value for `CONSUL_HTTP_ADDR`.
    pub address: String,
    pub journal: Journal,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// On a free port of `host` (`127.0.0.1`, `[::1]`).
    pub(super) async fn on(host: &str, script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(format!("{host}:0")).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (journal, script): (_, Script) = (Journal::default(), Arc::new(script));
        let of_task = journal.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), of_task.clone()));
            }
        });
        Fake { address, journal, task }
    }

    /// On a Unix socket.
    pub(super) async fn unix(
        path: &std::path::Path,
        script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let (journal, script): (_, Script) = (Journal::default(), Arc::new(script));
        let of_task = journal.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), of_task.clone()));
            }
        });
        Fake { address: format!("unix://{}", path.display()), journal, task }
    }

    /// Over TLS, on 127.0.0.1.
    pub(super) async fn tls(
        config: tokio_rustls::rustls::ServerConfig,
        script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let (journal, script): (_, Script) = (Journal::default(), Arc::new(script));
        let of_task = journal.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, script, journal) = (acceptor.clone(), script.clone(), of_task.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, script, journal).await;
                    }
                });
            }
        });
        Fake { address, journal, task }
    }
}
