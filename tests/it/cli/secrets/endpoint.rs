//! Endpoints that echo the metadata that they received.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use tokio::net::TcpStream;

use super::{SECRET, percent, shown, shows_nothing};
use crate::cause::setup::Setup;
use crate::support::tool::{Finished, run};

/// A secret that is valid as a part of a header's name.
const PLAIN: &str = "hunter2-CORE.plain";

/// How an endpoint echoes the metadata `authorization` that it received.
enum Reply {
    /// Trailers only: `grpc-status` and `grpc-message`.
    Status(String, String),
    /// A plain HTTP response: status, a header, the body.
    Http(u16, String, String, String),
    /// These bytes instead of a response, then the end.
    Raw(Vec<u8>),
    /// A message of a gRPC response.
    Message(Vec<u8>),
}

type Kind = (&'static str, fn(&str, &str) -> Reply);

/// The ways in which an endpoint echoes the `sent` metadata in its response to a call of `path`.
const KINDS: [Kind; 20] = [
    ("grpc-message", |sent, _| status("13", &format!("you sent {sent}"))),
    ("grpc-message, percent-encoded", |sent, _| status("16", &percent(&format!("you sent {sent}")))),
    ("grpc-message of everything in base64", |sent, _| {
        status("13", &STANDARD.encode(format!("authorization: {sent}\r\n")))
    }),
    ("grpc-message that a proxy wrote", |sent, _| status("14", &format!("no healthy upstream for {sent}"))),
    ("grpc-status", |sent, _| status(sent, "")),
    ("title of a page", |sent, _| page(403, &format!("<html><title>no {sent}</title></html>"))),
    ("body in JSON", |sent, _| page(500, &serde_json::json!({ "sent": sent }).to_string())),
    ("body with JSON in JSON", |sent, _| page(500, &serde_json::json!({ "sent": format!("{sent:?}") }).to_string())),
    ("body in HTML", |sent, _| page(502, &sent.replace('&', "&amp;").replace('"', "&#34;"))),
    ("body that is cut in the secret", |sent, _| page(500, &format!("{}{sent}", "x ".repeat(72)))),
    ("location", |sent, _| http(302, "location", &format!("https://login.example/{sent}"))),
    ("www-authenticate", |sent, _| http(401, "www-authenticate", token_of(sent))),
    ("content-type", |sent, _| http(200, "content-type", &format!("text/{}", token_of(sent)))),
    ("via", |sent, _| http(503, "via", &format!("1.1 {}", token_of(sent)))),
    ("header name", |_, _| http(503, &format!("x-envoy-{}", PLAIN.to_lowercase()), "1")),
    ("field name in upper case", |_, _| Reply::Raw(headers(PLAIN.to_uppercase().as_bytes(), b"1"))),
    ("field value with a control character", |sent, _| Reply::Raw(headers(b"sent", format!("{sent}\u{1}").as_bytes()))),
    ("debug data of GOAWAY", |sent, _| {
        Reply::Raw(frame(7, 0, 0, &[&[0, 0, 0, 0, 0, 0, 0, 11], sent.as_bytes()].concat()))
    }),
    ("bytes in the place of a message", |sent, _| Reply::Message(token_of(sent).as_bytes().to_vec())),
    ("names of Health/List", |sent, path| match path.ends_with("List") {
        true => Reply::Message(message(&field(&[field(sent.as_bytes()), vec![0x12, 2, 8, 1]].concat()))),
        false => Reply::Message(message(&[8, 2])),
    }),
];

fn status(status: &str, message: &str) -> Reply {
    Reply::Status(status.to_string(), message.to_string())
}

fn http(status: u16, name: &str, value: &str) -> Reply {
    Reply::Http(status, name.to_string(), value.to_string(), String::new())
}

fn page(status: u16, body: &str) -> Reply {
    Reply::Http(status, "content-type".to_string(), "text/html".to_string(), body.to_string())
}

/// The value without its scheme.
fn token_of(sent: &str) -> &str {
    sent.split_once(' ').map_or(sent, |(_, token)| token)
}

fn field(bytes: &[u8]) -> Vec<u8> {
    [&[0x0a, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn message(bytes: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// HEADERS of stream 1 that end it: `:status 200` and a literal field.
fn headers(name: &[u8], value: &[u8]) -> Vec<u8> {
    let length = |text: &[u8]| u8::try_from(text.len()).unwrap();
    frame(1, 5, 1, &[&[0x88, 0, length(name)], name, &[length(value)], value].concat())
}

/// The kinds of servers that received the secret.
type Received = Arc<Mutex<BTreeSet<&'static str>>>;

async fn serve(stream: TcpStream, (name, reply): Kind, received: Received) {
    let stream = stream.into_std().unwrap();
    let mut raw = stream.try_clone().unwrap();
    let Ok(mut connection) = h2::server::handshake(TcpStream::from_std(stream).unwrap()).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let sent = header("authorization");
        if sent.contains(SECRET) && header("x-session-token") == PLAIN {
            received.lock().unwrap().insert(name);
        }
        let grpc = || Response::builder().header("content-type", "application/grpc");
        let _ = match reply(sent, request.uri().path()) {
            Reply::Status(status, message) => {
                let head = grpc().header("grpc-status", status).header("grpc-message", message);
                respond.send_response(head.body(()).unwrap(), true).map(drop)
            }
            Reply::Http(status, name, value, body) => {
                let head = Response::builder().status(status).header(name, value).body(()).unwrap();
                respond.send_response(head, false).and_then(|mut stream| stream.send_data(Bytes::from(body), true))
            }
            Reply::Message(message) => respond.send_response(grpc().body(()).unwrap(), false).and_then(|mut stream| {
                stream.send_data(Bytes::from(message), false)?;
                let ok = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
                stream.send_trailers(HeaderMap::from_iter([ok]))
            }),
            Reply::Raw(bytes) => {
                raw.write_all(&bytes).unwrap();
                let _ = raw.shutdown(std::net::Shutdown::Write);
                return crate::cause::setup::until_gone(&mut TcpStream::from_std(raw).unwrap()).await;
            }
        };
    }
}

/// One server of every kind: their names and addresses, and which of them received the secret.
fn servers(setup: &Setup) -> (Vec<(&'static str, String)>, Received) {
    let received = Received::default();
    let listen = |kind: Kind| {
        let received = received.clone();
        (kind.0, setup.listen(move |stream| serve(stream, kind, received.clone())))
    };
    (KINDS.into_iter().map(listen).collect(), received)
}

#[test]
fn metadata_that_endpoints_send_back_is_in_no_output() {
    let (bearer, token) = (format!("authorization: Bearer {SECRET}"), format!("x-session-token: {PLAIN}"));
    let commands: [&[&str]; 7] = [
        &["probe", "-o", "ndjson"],
        &["probe", "-v"],
        &["probe", "-o", "json"],
        &["probe", "-o", "wide", "-v"],
        &["watch", "--for", "2s", "-o", "ndjson", "-v"],
        &["watch", "--for", "2s", "-v"],
        &["probe", "--idle", "300ms", "--lb", "round_robin", "-v"],
    ];
    for command in commands {
        let setup = Setup::new();
        let (servers, received) = servers(&setup);
        let addresses: Vec<&str> = servers.iter().map(|(_, address)| address.as_str()).collect();
        let target = format!("ipv4:{}", addresses.join(","));
        let arguments = [command, &["--plaintext", "-H", &bearer, "-H", &token, &target]].concat();
        let finished = run(&arguments);
        let all: BTreeSet<_> = KINDS.iter().map(|(name, _)| *name).collect();
        assert_eq!(*received.lock().unwrap(), all, "received by: {command:?}: {}", finished.all());
        shows_nothing(&finished, &format!("{command:?}"));
        assert!(finished.all().contains("***"), "{command:?}: {}", finished.all());
        if command[..] == ["probe", "-o", "ndjson"] {
            every_kind_is_masked(&finished, &servers);
        }
    }
}

/// The response of every server was printed, with the mask instead of the secret.
fn every_kind_is_masked(finished: &Finished, servers: &[(&str, String)]) {
    for (name, address) in servers {
        let own: Vec<_> = finished.out.lines().filter(|line| line.contains(&format!("\"{address}\""))).collect();
        assert!(own.iter().any(|line| line.contains("***")), "{name}: {}", own.join("\n"));
    }
}

#[test]
fn metadata_of_every_origin_is_masked() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("headers");
    std::fs::write(&file, format!("x-session-token: {SECRET}\nauthorization: Bearer {SECRET}\n")).unwrap();
    let login = format!("authorization: Basic {}", STANDARD.encode(format!("ann:{SECRET}")));
    for header in [format!("@{}", file.display()), login.clone()] {
        let setup = Setup::new();
        let echo = |sent: &str| {
            let decoded = sent.strip_prefix("Basic ").map(|login| STANDARD.decode(login).unwrap());
            decoded.map_or(sent.to_string(), |login| String::from_utf8(login).unwrap())
        };
        let address = setup.listen(move |stream| async move {
            let Ok(mut connection) = h2::server::handshake(stream).await else { return };
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let sent = echo(request.headers()["authorization"].to_str().unwrap());
                assert!(shown(&sent).is_some());
                let head = Response::builder().header("content-type", "application/grpc").header("grpc-status", "13");
                let _ = respond.send_response(head.header("grpc-message", percent(&sent)).body(()).unwrap(), true);
            }
        });
        let finished = run(&["probe", "-o", "ndjson", "--plaintext", "-H", &header, &address]);
        shows_nothing(&finished, &header);
        assert!(finished.out.contains("***"), "{header}: {}", finished.all());
        assert!(finished.took < Duration::from_secs(5), "{}", finished.all());
    }
}
