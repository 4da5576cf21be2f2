//! Our requests on the wire, compared with those of gRPC's own clients: a server records the bytes of one health
//! Check of each.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

#[cfg(feature = "consul")]
use crate::support::kratos::{Client, KratosClient};
use crate::support::peers::provided;
use crate::support::tool::run;

/// Time limit for a client to send its request.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A frame header: type, flags, stream (RFC 9113, 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame(u8, u8, u32);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// One request, as it arrived.
struct Recorded {
    /// The frames up to the end of the request.
    frames: Vec<Frame>,
    /// `:method`, `:scheme`, `:path`, `:authority`.
    pseudo: [String; 4],
    /// The other headers, in order.
    headers: Vec<(String, String)>,
}

impl Recorded {
    fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn value(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// A server of one connection and one request.
struct Recorder {
    address: SocketAddr,
    recorded: JoinHandle<Recorded>,
}

impl Recorder {
    fn start() -> Recorder {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let recorded = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime
                .block_on(async move { tokio::time::timeout(TIME_LIMIT, record(listener)).await.expect("a request") })
        });
        Recorder { address, recorded }
    }

    fn recorded(self) -> Recorded {
        self.recorded.join().expect("a recorded request")
    }
}

async fn record(listener: std::net::TcpListener) -> Recorded {
    let (socket, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
    let bytes = Arc::<Mutex<Vec<u8>>>::default();
    let mut connection = h2::server::handshake(Recording { socket, bytes: bytes.clone() }).await.unwrap();
    let (request, mut respond) = connection.accept().await.expect("a request").expect("a valid request");
    let (head, mut body) = request.into_parts();
    let reply = async {
        while let Some(chunk) = body.data().await {
            let _ = body.flow_control().release_capacity(chunk.unwrap().len());
        }
        let sent = bytes.lock().unwrap().clone();
        let response = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
        let mut stream = respond.send_response(response, false).unwrap();
        // The message `status: SERVING`, after its prefix of five bytes.
        stream.send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        stream.send_trailers(trailers).unwrap();
        sent
    };
    let sent = tokio::select! {
        sent = reply => sent,
        _ = connection.accept() => panic!("the connection ended within the request"),
    };
    // Until the client hangs up.
    while let Some(Ok(_)) = connection.accept().await {}
    let authority = head.uri.authority().map(ToString::to_string).unwrap_or_default();
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Recorded {
        frames: frames(&sent),
        pseudo: [
            head.method.to_string(),
            head.uri.scheme_str().unwrap_or_default().to_string(),
            head.uri.path().to_string(),
            authority,
        ],
        headers: head.headers.iter().map(text).collect(),
    }
}

/// The frames behind the preface.
fn frames(sent: &[u8]) -> Vec<Frame> {
    let mut rest = sent.strip_prefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("the preface");
    let mut frames = Vec::new();
    while let Some(([a, b, c, kind, flags, stream @ ..], after)) = rest.split_first_chunk::<9>() {
        frames.push(Frame(*kind, *flags, u32::from_be_bytes(*stream)));
        rest = &after[u32::from_be_bytes([0, *a, *b, *c]) as usize..];
    }
    frames
}

/// A socket whose incoming bytes are kept.
struct Recording {
    socket: TcpStream,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Recording {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        self.bytes.lock().unwrap().extend_from_slice(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recording {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// The recorded headers of grpc-go 1.85.0: no compressor is registered, so none is offered.
const GRPC_GO: &[&str] = &["content-type", "user-agent", "te", "grpc-timeout"];
/// Those of grpcio 1.85.1 (the C core), recorded, as a set: their order depends on its compiled-in encoder.
const GRPCIO: &[&str] = &["content-type", "user-agent", "te", "grpc-timeout", "grpc-accept-encoding"];

/// What the requests of all clients, including ours, have in common.
fn is_a_clients_request(recorded: &Recorded, address: SocketAddr) {
    let pseudo = ["POST", "http", "/grpc.health.v1.Health/Check", &address.to_string()].map(str::to_string);
    assert_eq!(recorded.pseudo, pseudo);
    assert_eq!(recorded.value("content-type"), "application/grpc");
    assert_eq!(recorded.value("te"), "trailers");
    let (number, unit) = recorded.value("grpc-timeout").split_at(recorded.value("grpc-timeout").len() - 1);
    assert!(number.len() <= 8 && number.parse::<u32>().is_ok() && "HMSmun".contains(unit), "{:?}", recorded.headers);
    let names: BTreeSet<&str> = recorded.names().into_iter().collect();
    assert_eq!(names.len(), recorded.names().len(), "a header twice: {:?}", recorded.headers);
    // SETTINGS first; then the single request: a header block in one frame and its message, which ends the stream.
    // Between them only frames that every client may send.
    let frames = &recorded.frames;
    assert_eq!(frames[0], Frame(SETTINGS, 0, 0), "{frames:?}");
    let request: Vec<Frame> = frames.iter().copied().filter(|frame| frame.2 != 0 && frame.0 != WINDOW_UPDATE).collect();
    assert_eq!(request[0], Frame(HEADERS, END_HEADERS, 1), "{frames:?}");
    assert!(request[1..].iter().all(|frame| frame.0 == DATA && frame.2 == 1), "{frames:?}");
    assert_eq!(request.last().map(|frame| frame.1), Some(END_STREAM), "{frames:?}");
    let others = frames.iter().filter(|frame| frame.2 == 0).map(|frame| frame.0);
    assert!(others.collect::<BTreeSet<_>>().is_subset(&BTreeSet::from([SETTINGS, PING, WINDOW_UPDATE])), "{frames:?}");
}

#[test]
fn a_request_of_ours_has_the_headers_of_grpc_go_in_its_order() {
    for flags in [&["--plaintext"][..], &[]] {
        let recorder = Recorder::start();
        let address = recorder.address;
        let run = run(&[&["probe"], flags, &[&address.to_string()]].concat());
        assert_eq!(run.code, 0, "{}", run.all());
        let recorded = recorder.recorded();
        is_a_clients_request(&recorded, address);
        assert_eq!(recorded.names(), GRPC_GO);
        assert!(recorded.value("user-agent").starts_with("grpc-discover/"), "{:?}", recorded.headers);
    }
}

#[cfg(feature = "consul")]
#[test]
fn the_recorded_headers_are_those_of_grpc_go() {
    let recorder = Recorder::start();
    let address = recorder.address;
    let target = format!("passthrough:///{address}");
    let Some(mut client) = KratosClient::start(Client::GrpcGo, &["--target", &target, "--idle", "0"]) else { return };
    assert_eq!(client.call(1).code, "OK");
    drop(client);
    let recorded = recorder.recorded();
    is_a_clients_request(&recorded, address);
    assert_eq!(recorded.names(), GRPC_GO);
    assert!(recorded.value("user-agent").contains("grpc-go/"), "{:?}", recorded.headers);
}

#[test]
fn the_recorded_headers_are_those_of_grpcio() {
    let Some(grpcio) = provided("GRPC_DISCOVER_TEST_GRPCIO") else { return };
    let recorder = Recorder::start();
    let address = recorder.address;
    let output = Command::new(grpcio).args(["--check", &address.to_string()]).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("SERVING"), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let recorded = recorder.recorded();
    is_a_clients_request(&recorded, address);
    let names: BTreeSet<&str> = recorded.names().into_iter().collect();
    assert_eq!(names, GRPCIO.iter().copied().collect::<BTreeSet<_>>());
    assert!(recorded.value("user-agent").starts_with("grpc-python/"), "{:?}", recorded.headers);
}
