//! Connections that end at every byte: a forwarder in front of a healthy server passes on a given number of bytes of
//! the server or of the client, and then closes both sides, in order (FIN) or at once (RST). All offsets of one
//! family are endpoints of one run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::every_fault;
use crate::cause::setup::{Answer, Leaf, Setup};
use crate::support::tool::{Finished, run};

/// The last offset at which a connection is closed.
const LAST: usize = 200;
/// Where each byte matters: the frame header and the SETTINGS, the record header and the hello.
const DENSE: usize = 40;

/// Whose bytes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Server,
    Client,
}

/// How the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Fin,
    Reset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    whose: Whose,
    at: usize,
    ending: Ending,
}

fn offsets() -> Vec<usize> {
    (0..=LAST).filter(|at| every_fault() || *at <= DENSE || at % 16 == 0).collect()
}

/// Forwards between `client` and the server at `upstream` up to the offset.
async fn forward(client: TcpStream, upstream: String, cut: Cut) {
    let Ok(server) = TcpStream::connect(&upstream).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let (of_server, of_client) = match cut.whose {
        Whose::Server => (Some(cut.at), None),
        Whose::Client => (None, Some(cut.at)),
    };
    tokio::select! {
        () = pass(&mut from_server, &mut to_client, of_server) => {}
        () = pass(&mut from_client, &mut to_server, of_client) => {}
    }
    let mut client = from_client.reunite(to_client).unwrap();
    match cut.ending {
        Ending::Reset => socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap(),
        Ending::Fin => end_with_fin(&mut client).await,
    }
}

/// Ends `stream` with FIN. Closing a socket with unread bytes resets it, so what the client still sends is read first.
async fn end_with_fin(stream: &mut TcpStream) {
    let _ = stream.shutdown().await;
    let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
}

/// Forwards bytes until the end of the stream, or until `most` have passed.
async fn pass(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), most: Option<usize>) {
    let most = most.map_or(u64::MAX, |most| most as u64);
    let _ = tokio::io::copy(&mut from.take(most), to).await;
}

/// What a run reported about one of the connections.
#[derive(Debug)]
struct Found {
    cut: Cut,
    healthy: bool,
    /// Code and text of each finding.
    findings: Vec<(String, String)>,
}

impl Found {
    fn codes(&self) -> Vec<&str> {
        self.findings.iter().map(|(code, _)| code.as_str()).collect()
    }
}

/// One `probe` of a server whose connections end at every offset in both ways.
fn swept(whose: Whose, upstream: &str, setup: &Setup, flags: &[&str]) -> Vec<Found> {
    let mut cuts = BTreeMap::new();
    for at in offsets() {
        for ending in [Ending::Fin, Ending::Reset] {
            let (cut, upstream) = (Cut { whose, at, ending }, upstream.to_string());
            let address = setup.listen(move |client| forward(client, upstream.clone(), cut));
            cuts.insert(address, cut);
        }
    }
    let registry = setup.registry("cut.json", &cuts.keys().map(String::as_str).collect::<Vec<_>>());
    let arguments = [&["probe", "-o", "json", "--connect-timeout", "5s", "-c", "64"], flags, &[&registry]].concat();
    let finished = run(&arguments);
    assert!([0, 1, 2].contains(&finished.code), "{}", finished.all());
    assert!(!finished.err.contains("panicked"), "{}", finished.err);
    assert!(finished.took < Duration::from_secs(20), "it waited for something: {:?}", finished.took);
    found(&finished, cuts)
}

fn found(finished: &Finished, cuts: BTreeMap<String, Cut>) -> Vec<Found> {
    let document: Value = serde_json::from_str(&finished.out).unwrap();
    let endpoints = document["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), cuts.len());
    let of = |(address, cut): (String, Cut)| {
        let endpoint = endpoints.iter().find(|endpoint| endpoint["address"] == address.as_str()).unwrap();
        let all = document["findings"].as_array().unwrap();
        let own = all.iter().filter(|finding| finding["address"] == address.as_str());
        let words = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_string();
        let findings = own.map(|finding| (words(finding, "code"), words(finding, "text"))).collect();
        Found { cut, healthy: endpoint["verdict"] == "healthy", findings }
    };
    let mut found: Vec<Found> = cuts.into_iter().map(of).collect();
    found.sort_by_key(|found| (found.cut.ending, found.cut.at));
    found
}

/// How many bytes a server sends before a client has sent its call: its SETTINGS.
fn greeting(setup: &Setup, address: &str) -> usize {
    let address = address.to_string();
    setup.wait(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut header = [0; 9];
        stream.read_exact(&mut header).await.unwrap();
        assert_eq!(header[3], 4, "SETTINGS");
        9 + usize::from(header[1]) * 256 + usize::from(header[2])
    })
}

/// Each connection has exactly one finding of those that are correct for its offset, or is healthy.
fn holds(found: &[Found], expected: impl Fn(Cut) -> Vec<&'static str>) {
    for one in found {
        let allowed = expected(one.cut);
        let is_true = match one.codes()[..] {
            [] => one.healthy && allowed.contains(&"healthy"),
            [code] => !one.healthy && allowed.contains(&code),
            _ => false,
        };
        assert!(is_true, "one of {allowed:?} is true, not {one:?}");
    }
}

#[test]
fn a_server_whose_bytes_end_anywhere_is_reported_by_what_it_sent() {
    let setup = Setup::new();
    let upstream = setup.serves_on("127.0.0.1:0", Answer::Status(1));
    let settings = greeting(&setup, &upstream);
    for flags in [&["--tls", "auto"][..], &["--plaintext"]] {
        let found = swept(Whose::Server, &upstream, &setup, flags);
        holds(&found, |cut| match (cut.at < settings, cut.ending) {
            (true, Ending::Fin) => vec!["GD205"],
            (true, Ending::Reset) => vec!["GD203"],
            (false, Ending::Fin) => vec!["GD414", "healthy"],
            // A reset may overtake data that was sent before it.
            (false, Ending::Reset) => vec!["GD203", "GD414", "healthy"],
        });
        let fin = found.iter().filter(|found| found.cut.ending == Ending::Fin);
        let healthy: Vec<bool> = fin.map(|found| found.healthy).collect();
        assert!(healthy.is_sorted(), "once the response is complete, later ends change nothing: {healthy:?}");
        assert_eq!((healthy[0], healthy[healthy.len() - 1]), (false, true));
    }
}

#[test]
fn a_client_whose_bytes_end_anywhere_gets_the_end() {
    let setup = Setup::new();
    let upstream = setup.serves_on("127.0.0.1:0", Answer::Status(1));
    let found = swept(Whose::Client, &upstream, &setup, &["--tls", "auto"]);
    // Whether the server's SETTINGS arrive before the end depends on timing.
    holds(&found, |cut| match cut.ending {
        Ending::Fin => vec!["GD205", "GD414", "healthy"],
        Ending::Reset => vec!["GD203", "GD414", "healthy"],
    });
}

#[test]
fn a_tls_server_whose_bytes_end_anywhere_is_reported_as_tls() {
    let setup = Setup::new();
    let upstream = setup.serves_tls_on("127.0.0.1:0", setup.authority().server(Leaf::default()));
    let authority = setup.path("ca.pem").display().to_string();
    for mode in ["auto", "on"] {
        for whose in [Whose::Server, Whose::Client] {
            let found = swept(whose, &upstream, &setup, &["--tls", mode, "--cacert", &authority]);
            holds(&found, |cut| match (mode, whose, cut.at, cut.ending) {
                // Possibly no byte has arrived that identifies the protocol: a server that got no complete
                // ClientHello sends nothing.
                ("auto", Whose::Server, 0..3, Ending::Fin) | ("auto", Whose::Client, _, Ending::Fin) => {
                    vec!["GD205", "GD309"]
                }
                (_, _, _, Ending::Fin) => vec!["GD309"],
                (_, _, _, Ending::Reset) => vec!["GD203"],
            });
            let in_tls = found.iter().filter(|found| whose == Whose::Server && found.cut.at > 3);
            for one in in_tls {
                assert!(one.findings[0].1.contains(": tls: "), "{one:?}");
            }
        }
    }
}

/// A TLS server that resets connections that do not start with a TLS record, and closes TLS connections after a
/// successful handshake.
async fn ends_after_the_handshake(stream: TcpStream, acceptor: TlsAcceptor, ending: Ending) {
    let mut first = [0];
    let uses_tls = stream.peek(&mut first).await.is_ok() && first[0] == 0x16;
    let mut stream = match uses_tls {
        true => match acceptor.accept(stream).await {
            Ok(secured) => secured.into_inner().0,
            Err(_) => return,
        },
        false => stream,
    };
    if !uses_tls || ending == Ending::Reset {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    } else {
        end_with_fin(&mut stream).await;
    }
}

#[test]
fn a_tls_server_that_ends_after_a_good_handshake_is_reported_as_tls() {
    let setup = Setup::new();
    let acceptor = setup.authority().server(Leaf::default()).acceptor();
    let authority = setup.path("ca.pem").display().to_string();
    for ending in [Ending::Fin, Ending::Reset] {
        let acceptor = acceptor.clone();
        let address = setup.listen(move |stream| ends_after_the_handshake(stream, acceptor.clone(), ending));
        let finished = run(&["probe", "-o", "ndjson", "--cacert", &authority, &address]);
        let events = finished.events();
        let tls = events.iter().find(|event| event["kind"] == "connection" && event["tls"]["version"] == "TLSv1.3");
        assert!(tls.is_some(), "the handshake is reported: {}", finished.all());
        let finding = events.iter().find(|event| event["kind"] == "finding").unwrap();
        assert_eq!(finding["code"], if ending == Ending::Fin { "GD205" } else { "GD203" }, "{}", finished.all());
        assert!(!finished.out.contains("PROXY protocol"), "{}", finished.all());
    }
}
