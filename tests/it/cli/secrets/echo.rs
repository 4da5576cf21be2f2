//! Registries that echo what they received.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{SECRET, percent, shown};
use crate::cause::setup::{Leaf, Setup};

/// The protocol of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/1.1: Consul and Eureka.
    Http,
    /// HTTP/1.1 over TLS, its authority in `ca.pem`: Kubernetes.
    Https,
    /// gRPC: etcd.
    Etcd,
    /// ZooKeeper's own protocol.
    Zookeeper,
}

impl Wire {
    /// The number of ways in which a registry of this kind responds.
    pub const fn answers(self) -> usize {
        match self {
            Wire::Http | Wire::Https => HTTP.len(),
            Wire::Etcd => 6,
            Wire::Zookeeper => 2,
        }
    }
}

/// A registry, and how often it received the secret.
pub struct Echo {
    /// Where it is.
    pub address: String,
    received: Arc<AtomicUsize>,
}

impl Echo {
    /// A registry that responds in its `way`, or in every way in turn.
    pub fn start(setup: &Setup, wire: Wire, way: Option<usize>) -> Echo {
        let (received, turn) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let note = Note { received: received.clone(), way, turn };
        let acceptor = setup.authority().server(Leaf::default()).alpn(&["http/1.1"]).acceptor();
        let address = setup.listen(move |stream| {
            let (note, acceptor) = (note.clone(), acceptor.clone());
            async move {
                match wire {
                    Wire::Http => http1(stream, note).await,
                    Wire::Https => match acceptor.accept(stream).await {
                        Ok(stream) => http1(stream, note).await,
                        Err(error) => panic!("{error}"),
                    },
                    Wire::Etcd => etcd(stream, note).await,
                    Wire::Zookeeper => drop(zookeeper(stream, note).await),
                }
            }
        });
        Echo { address, received }
    }

    /// How many requests with the secret it received.
    pub fn received(&self) -> usize {
        self.received.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
struct Note {
    received: Arc<AtomicUsize>,
    way: Option<usize>,
    turn: Arc<AtomicUsize>,
}

impl Note {
    /// Counts `sent` when the secret is in it.
    fn take(&self, sent: &str) {
        if shown(sent).is_some() {
            self.received.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The way of the next response.
    fn way(&self, of: usize) -> usize {
        self.way.unwrap_or_else(|| self.turn.fetch_add(1, Ordering::SeqCst)) % of
    }
}

/// Status, a header and the body of a response to a request for a path, whose secret parts are echoed.
type Answer = fn(&str, &str) -> (u16, Option<(&'static str, String)>, String);

const HTTP: [Answer; 8] = [
    |_, sent| (401, Some(("WWW-Authenticate", format!("Bearer realm={sent}"))), format!("you sent {sent}")),
    |_, sent| {
        let text = format!("forbidden: {sent}");
        (
            403,
            None,
            json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": text, "code": 403 })
                .to_string(),
        )
    },
    |_, sent| {
        (500, None, format!("<html><title>500 {}</title></html>", sent.replace('&', "&amp;").replace('"', "&quot;")))
    },
    |_, sent| (503, None, STANDARD.encode(sent)),
    |_, sent| (200, None, format!("you sent {sent}, and this is not JSON")),
    |_, sent| (302, Some(("Location", format!("http://127.0.0.1:9/{}", percent(sent)))), String::new()),
    |_, sent| (200, None, json!([[{ "sent": sent }], sent]).to_string()),
    |path, sent| (200, Some(("X-Consul-Index", "7".to_string())), good(path, sent).to_string()),
];

/// A usable response, with what was sent in every text.
fn good(path: &str, sent: &str) -> Value {
    if path.contains("/v1/status/leader") {
        return json!(format!("127.0.0.1:8300 {sent}"));
    }
    if path.contains("/v1/agent/self") {
        return json!({ "Config": { "Version": sent, "Datacenter": sent, "NodeName": sent } });
    }
    if path.contains("/v1/") {
        return json!([{
            "Node": { "Node": sent, "Address": "127.0.0.1", "Datacenter": sent },
            "Service": { "ID": sent, "Service": "pay", "Tags": [sent], "Meta": { "m": sent }, "Address": "127.0.0.1", "Port": 9 },
            "Checks": [{ "CheckID": sent, "Name": sent, "Status": "passing", "Output": sent }],
        }]);
    }
    if path.contains("/eureka/") {
        let instance = json!({
            "instanceId": sent, "app": "PAY", "hostName": "127.0.0.1", "ipAddr": "127.0.0.1", "status": "UP",
            "port": { "$": 9, "@enabled": "true" }, "metadata": { "m": sent, "zone": sent },
        });
        let application = json!({ "name": "PAY", "instance": [instance] });
        return json!({ "application": application, "applications": { "apps__hashcode": sent, "application": [application] } });
    }
    let slice = json!({
        "metadata": { "name": sent, "resourceVersion": "7", "labels": { "kubernetes.io/service-name": "pay" } },
        "addressType": "IPv4", "ports": [{ "name": sent, "port": 9 }],
        "endpoints": [{ "addresses": ["127.0.0.1"], "nodeName": sent, "zone": sent, "targetRef": { "kind": "Pod", "name": sent } }],
    });
    json!({ "kind": "EndpointSliceList", "gitVersion": sent, "metadata": { "resourceVersion": "7" }, "items": [slice] })
}

async fn http1(mut stream: impl AsyncRead + AsyncWrite + Unpin, note: Note) {
    let mut read = Vec::new();
    loop {
        while !read.ends_with(b"\r\n\r\n") {
            if !stream.read_buf(&mut read).await.is_ok_and(|read| read > 0) {
                return;
            }
        }
        let head = String::from_utf8_lossy(&std::mem::take(&mut read)).into_owned();
        note.take(&head);
        let sent = repeated(&head);
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (status, header, body) = HTTP[note.way(HTTP.len())](path, &sent);
        let header = header.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
        let answer = format!(
            "HTTP/1.1 {status} you sent {sent}\r\nX-Echo: {sent}\r\n{header}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The lines of a request that contain the secret, with a decoded login beside it.
fn repeated(head: &str) -> String {
    let decoded = |line: &str| {
        let login = line.split_once("Basic ").and_then(|(_, login)| STANDARD.decode(login.trim()).ok());
        login
            .and_then(|login| String::from_utf8(login).ok())
            .map_or(line.to_string(), |login| format!("{login} {line}"))
    };
    head.lines().filter(|line| shown(line).is_some()).map(decoded).collect::<Vec<_>>().join(" ")
}

/// The ways: rejected login, rejected list, the token of the login in a message, plain HTTP, keys and values, bytes
/// that are not a message.
async fn etcd(stream: TcpStream, note: Note) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (parts, mut body) = request.into_parts();
        let reads_login = parts.uri.path().ends_with("Authenticate");
        let mut sent = Vec::new();
        // The connection has to be driven while the body is read.
        let mut is_read = !reads_login;
        while !is_read {
            tokio::select! {
                data = body.data() => match data {
                    Some(Ok(data)) => sent.extend_from_slice(&data),
                    _ => is_read = true,
                },
                _ = std::future::poll_fn(|context| connection.poll_closed(context)) => return,
            }
        }
        let token = parts.headers.get("token").or(parts.headers.get("authorization"));
        let token = token.and_then(|token| token.to_str().ok()).unwrap_or_default();
        let sent = format!("{} {token}", String::from_utf8_lossy(&sent).replace(char::is_control, " "));
        note.take(&sent);
        let grpc = || Response::builder().header("content-type", "application/grpc");
        let refusal = |code: &str, text: &str| {
            grpc().header("grpc-status", code).header("grpc-message", percent(text)).body(()).unwrap()
        };
        let message = |message: Vec<u8>| {
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            [&[0][..], &length, &message].concat()
        };
        let way = note.way(Wire::Etcd.answers());
        let (head, bytes) = match (way, reads_login) {
            (0, _) => (refusal("3", &format!("etcdserver: authentication failed: {sent}")), None),
            (1, false) => (refusal("7", &format!("etcdserver: permission denied: {sent}")), None),
            (2, false) => (refusal("13", &STANDARD.encode(&sent)), None),
            (3, _) => (Response::builder().status(403).body(()).unwrap(), Some(format!("no {sent}").into_bytes())),
            (4, false) => (grpc().body(()).unwrap(), Some(message(range(&sent)))),
            (5, false) => (grpc().body(()).unwrap(), Some(sent.clone().into_bytes())),
            // The token contains the secret, and is a secret itself.
            _ => (grpc().body(()).unwrap(), Some(message(field(2, format!("{SECRET}.7").as_bytes())))),
        };
        let plain = head.status() != 200;
        let _ = respond.send_response(head, bytes.is_none()).and_then(|mut stream| {
            let Some(bytes) = bytes else { return Ok(()) };
            stream.send_data(Bytes::from(bytes), plain)?;
            let ok = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
            if plain { Ok(()) } else { stream.send_trailers(HeaderMap::from_iter([ok])) }
        });
    }
}

/// A field of a message: its number and its bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap();
    let length = if length < 128 { vec![length] } else { vec![length, 1] };
    [&[number << 3 | 2], &length[..], bytes].concat()
}

/// `RangeResponse` with one key, whose name and value echo what was sent.
fn range(sent: &str) -> Vec<u8> {
    let key = field(1, format!("pay/{sent}").as_bytes());
    let value = field(5, json!({ "Addr": "127.0.0.1:9", "Metadata": sent }).to_string().as_bytes());
    [field(1, &[8, 1, 24, 7]), field(2, &[key, vec![16, 1, 24, 1, 32, 1], value].concat())].concat()
}

/// The ways: nodes and values, an error for everything.
async fn zookeeper(mut stream: TcpStream, note: Note) -> std::io::Result<()> {
    let mut sent = String::new();
    let reply = |body: &[u8]| [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).await?;
        if &length == b"srvr" {
            return stream
                .write_all(format!("Zookeeper version: 3.9 {sent} {SECRET}\nMode: {SECRET}\n").as_bytes())
                .await;
        }
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut frame).await?;
        // A session is requested with a password of 16 zeros; every other request has a number and a kind.
        let (number, kind) = (&frame[..4], &frame[4..8]);
        let bytes = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat();
        let stat = [0; 68];
        let body = match u32::from_be_bytes(kind.try_into().unwrap()) {
            0 if number == [0; 4] => {
                stream.write_all(&reply(&[&[0, 0, 0, 0, 0, 0, 39, 16, 0, 0, 0, 0, 0, 0, 0, 7][..], &bytes(&[0; 16]), &[0]].concat())).await?;
                continue;
            }
            100 => {
                sent = String::from_utf8_lossy(&frame[12..]).replace(char::is_control, " ");
                note.take(&sent);
                Vec::new()
            }
            12 => [&[0, 0, 0, 1][..], &bytes(format!("pay-{}", sent.replace('/', "%2F")).as_bytes()), &stat].concat(),
            4 => [&bytes(json!({ "id": sent, "name": sent, "address": "127.0.0.1", "port": 9, "payload": { "metadata": { "m": sent } } }).to_string().as_bytes())[..], &stat].concat(),
            _ => stat.to_vec(),
        };
        let is_refused = note.way(Wire::Zookeeper.answers()) == 1 && number != 0xffff_fffc_u32.to_be_bytes();
        let error: &[u8] = if is_refused { &[255, 255, 255, 154] } else { &[0; 4] };
        let head = [number, &[0; 8], error].concat();
        stream.write_all(&reply(&if is_refused { head } else { [head, body].concat() })).await?;
    }
}
