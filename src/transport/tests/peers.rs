//! Peers for the tests: scripts of raw bytes, and a health server.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::model::endpoint::Address;

pub const SETTINGS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];

/// A frame on stream 0.
pub fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, (payload.len() >> 8) as u8, payload.len() as u8, kind, 0, 0, 0, 0, 0];
    bytes.extend(payload);
    bytes
}

pub fn goaway(last: u32, code: u32, debug: &str) -> Vec<u8> {
    let mut payload = last.to_be_bytes().to_vec();
    payload.extend(code.to_be_bytes());
    payload.extend(debug.as_bytes());
    frame(7, &payload)
}

/// Listens on a free port and runs `peer` for every connection.
pub async fn listen<F: Future<Output = ()> + Send + 'static>(
    peer: impl Fn(TcpStream) -> F + Send + 'static,
) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(peer(stream));
        }
    });
    Address::Ip(address)
}

/// Reads the client's first bytes, responds with `bytes`, and reads on until the client closes.
pub async fn answers(bytes: Vec<u8>) -> Address {
    listen(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            first_data(&mut stream).await;
            stream.write_all(&bytes).await.unwrap();
            until_gone(&mut stream).await;
        }
    })
    .await
}

/// [`answers`], then closes.
pub async fn answers_and_closes(bytes: Vec<u8>) -> Address {
    listen(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            first_data(&mut stream).await;
            let _ = stream.write_all(&bytes).await;
        }
    })
    .await
}

pub async fn first_data(stream: &mut (impl AsyncRead + Unpin)) {
    let mut words = [0; 4096];
    let _ = stream.read(&mut words).await;
}

/// Reads to the end: everything that was received.
pub async fn until_gone(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    rest
}

/// A port on which nothing listens.
pub async fn nobody() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Address::Ip(listener.local_addr().unwrap())
}

pub fn port(address: &Address) -> SocketAddr {
    match address {
        Address::Ip(socket) => *socket,
        other => panic!("{other} has no socket address"),
    }
}

/// How a health server responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// One message with this status; `Watch` stays open.
    Status(u8),
    /// Has these names, and `List` (gRFC A90) if the flag is set.
    Knows(&'static [(&'static str, u8)], bool),
    /// The server as a whole does not serve, and `List` is never answered.
    NotServingWithoutMore,
    /// Trailers only.
    Grpc(&'static str, &'static str),
    /// A plain HTTP response: status, headers, body.
    Page(u16, &'static [(&'static str, &'static str)], &'static str),
    /// Headers, then nothing.
    NoResponse,
    /// RST_STREAM with this code.
    Reset(u32),
    /// Half a message, then the connection is dropped.
    HalfThenGone,
}

/// The requests that a health server received.
#[derive(Debug, Default)]
pub struct Received {
    pub requests: std::sync::Mutex<Vec<http::request::Parts>>,
    pub bodies: std::sync::Mutex<Vec<Bytes>>,
    pub connections: AtomicUsize,
}

/// The path of the newest request.
fn head_path(received: &Received) -> String {
    received.requests.lock().unwrap().last().unwrap().uri.path().to_string()
}

/// Responds to one request of [`Answer::Knows`].
async fn knows(
    names: &[(&str, u8)],
    has_list: bool,
    path: String,
    body: h2::RecvStream,
    mut respond: h2::server::SendResponse<Bytes>,
) {
    let name = requested_service(body).await;
    let response = http::Response::builder().header("content-type", "application/grpc");
    let known = names.iter().find(|(known, _)| known.as_bytes() == name);
    let message: Vec<u8> = match (path.ends_with("List"), known) {
        (true, _) if has_list => names.iter().flat_map(|(name, status)| entry(name, *status)).collect(),
        (false, Some((_, status))) => vec![8, *status],
        (is_list, _) => {
            let response = response.header("grpc-status", if is_list { "12" } else { "5" });
            respond.send_response(response.body(()).unwrap(), true).unwrap();
            return;
        }
    };
    let mut stream = respond.send_response(response.body(()).unwrap(), false).unwrap();
    let mut data = vec![0, 0, 0, 0, message.len() as u8];
    data.extend(message);
    stream.send_data(data.into(), false).unwrap();
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    stream.send_trailers(trailers).unwrap();
}

/// The service of a `HealthCheckRequest`.
async fn requested_service(mut body: h2::RecvStream) -> Vec<u8> {
    let message = body.data().await.unwrap().unwrap();
    message.get(7..).unwrap_or_default().to_vec()
}

/// An entry of a `HealthListResponse`: name and status.
fn entry(name: &str, status: u8) -> Vec<u8> {
    let mut bytes = vec![10, name.len() as u8 + 6, 10, name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.extend([18, 2, 8, status]);
    bytes
}

/// Responds with `answer` to every request on `io`, until the client closes.
pub async fn serve_health<T: AsyncRead + AsyncWrite + Unpin>(io: T, answer: Answer, received: Arc<Received>) {
    received.connections.fetch_add(1, Ordering::SeqCst);
    let Ok(mut connection) = h2::server::handshake(io).await else { return };
    let mut open = Vec::new();
    let mut kept = Vec::new();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (head, mut body) = request.into_parts();
        received.requests.lock().unwrap().push(head);
        if let Answer::Knows(names, has_list) = answer {
            tokio::spawn(knows(names, has_list, head_path(&received), body, respond));
            continue;
        }
        if let Answer::NotServingWithoutMore = answer {
            match head_path(&received) {
                path if path.ends_with("List") => kept.push(respond),
                path => drop(tokio::spawn(knows(&[("", 2)], false, path, body, respond))),
            }
            continue;
        }
        let seen = received.clone();
        tokio::spawn(async move {
            while let Some(Ok(data)) = body.data().await {
                seen.bodies.lock().unwrap().push(data);
            }
        });
        let response = http::Response::builder().header("content-type", "application/grpc");
        match answer {
            Answer::Status(status) => {
                let mut stream = respond.send_response(response.body(()).unwrap(), false).unwrap();
                stream.send_data(Bytes::from(vec![0, 0, 0, 0, 2, 8, status]), false).unwrap();
                let watch = received.requests.lock().unwrap().last().unwrap().uri.path().ends_with("Watch");
                if watch {
                    open.push(stream);
                } else {
                    let mut trailers = http::HeaderMap::new();
                    trailers.insert("grpc-status", "0".parse().unwrap());
                    stream.send_trailers(trailers).unwrap();
                }
            }
            Answer::Knows(..) | Answer::NotServingWithoutMore => {}
            Answer::Grpc(status, message) => {
                let response = response.header("grpc-status", status).header("grpc-message", message);
                respond.send_response(response.body(()).unwrap(), true).unwrap();
            }
            Answer::Page(status, headers, page) => {
                let plain = http::Response::builder().status(status);
                let plain = headers.iter().fold(plain, |plain, (name, value)| plain.header(*name, *value));
                let mut stream = respond.send_response(plain.body(()).unwrap(), page.is_empty()).unwrap();
                if !page.is_empty() {
                    stream.send_data(Bytes::from_static(page.as_bytes()), true).unwrap();
                }
            }
            Answer::NoResponse => open.push(respond.send_response(response.body(()).unwrap(), false).unwrap()),
            Answer::Reset(code) => respond.send_reset(code.into()),
            Answer::HalfThenGone => {
                let mut stream = respond.send_response(response.body(()).unwrap(), false).unwrap();
                stream.send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8]), false).unwrap();
                let _ = futures_util::poll!(std::pin::pin!(connection.accept()));
                return;
            }
        }
    }
}

/// A health server on a free port.
pub async fn health(answer: Answer) -> (Address, Arc<Received>) {
    let received = Arc::new(Received::default());
    let seen = received.clone();
    let address = listen(move |stream| {
        let seen = seen.clone();
        async move { serve_health(stream, answer, seen).await }
    })
    .await;
    (address, received)
}
