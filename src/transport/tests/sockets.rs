//! Reaching real sockets: every way in which a peer is not a gRPC server has its own text.

use std::time::{Duration, Instant};

use super::peers::{self, Answer, SETTINGS};
use super::*;
use crate::model::reach::{FailureCode, PeerSettings, PhaseDetail, Stage};

#[tokio::test]
async fn ready_means_that_settings_were_read() {
    let address = peers::answers(SETTINGS.to_vec()).await;
    let (connection, phases) = connect(&sockets(options()), address).await;
    assert!(connection.is_ok());
    assert_eq!(phases.iter().map(|p| p.stage).collect::<Vec<_>>(), [Stage::Tcp, Stage::Http2]);
    let expected = PeerSettings { max_concurrent_streams: Some(100), ..PeerSettings::default() };
    assert_eq!(phases[1].detail, PhaseDetail::Settings(expected));
}

#[tokio::test]
async fn one_probe_shows_phases_and_health() {
    let (address, received) = peers::health(Answer::Status(1)).await;
    let reach = sockets(options()).reach(address.clone(), Arc::from("pay")).await;
    assert_eq!(reach.outcome.as_ref().map(|(health, _)| health), Ok(&Health::Serving));
    assert_eq!(reach.phases.iter().map(|p| p.stage).collect::<Vec<_>>(), [Stage::Tcp, Stage::Http2]);
    let requests = received.requests.lock().unwrap();
    let head = &requests[0];
    assert_eq!(head.uri.to_string(), format!("http://{address}/grpc.health.v1.Health/Check"));
    assert_eq!(head.headers["te"], "trailers");
    assert_eq!(head.headers["user-agent"], concat!("grpc-discover/", env!("CARGO_PKG_VERSION")));
    assert_eq!(head.headers["content-type"], "application/grpc");
    assert_eq!(head.headers["grpc-timeout"], "5000000u");
    assert_eq!(received.bodies.lock().unwrap()[0], &b"\0\0\0\0\x05\x0a\x03pay"[..]);
}

#[tokio::test]
async fn a_refused_port_is_reported_at_once() {
    let address = peers::nobody().await;
    let started = Instant::now();
    let failure = failure(&sockets(options()), address).await;
    assert_eq!((failure.stage, failure.code), (Stage::Tcp, FailureCode::Refused));
    assert_eq!(failure.text, "connection refused");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn every_wrong_answer_has_its_own_text() {
    use FailureCode as Code;
    let goaway = peers::goaway(0, 11, "too_many_pings");
    let cases: [(&[u8], Code, &str); 11] = [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            Code::Http1,
            r#"peer uses HTTP/1, not HTTP/2: it sent "HTTP/1.1 400 Bad Request\r\n\r\n""#,
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Code::NotHttp2, r#"this is an SSH server: it sent "SSH-2.0-OpenSSH_9.2\r\n""#),
        (b"220 mail ESMTP\r\n", Code::NotHttp2, r#"this is a mail or FTP server: it sent "220 mail ESMTP\r\n""#),
        (b"-ERR unknown\r\n", Code::NotHttp2, r#"peer does not use HTTP/2: it sent "-ERR unknown\r\n""#),
        (&[0x15, 3, 1, 0, 2, 2, 22], Code::TlsExpected, "peer responded with a TLS record: this port requires TLS"),
        (&goaway, Code::GoAway, r#"server sent GOAWAY ENHANCE_YOUR_CALM before SETTINGS, debug data "too_many_pings""#),
        (
            &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
            Code::ProtocolError,
            "first frame is PING, expected SETTINGS",
        ),
        (
            &[0, 0, 0, 4, 1, 0, 0, 0, 0],
            Code::ProtocolError,
            "first frame acknowledges SETTINGS instead of being the server's SETTINGS",
        ),
        (&[0, 0, 5, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5], Code::ProtocolError, "malformed SETTINGS: 5 bytes on stream 0"),
        (
            &[0, 0, 4, 7, 0, 0, 0, 0, 0, 1, 2, 3, 4],
            Code::ProtocolError,
            "first frame is a GOAWAY with a payload of 4 bytes, expected at least 8",
        ),
        (
            &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0],
            Code::NoStreams,
            "the server's SETTINGS allow no RPC: MAX_CONCURRENT_STREAMS is 0",
        ),
    ];
    let transport = sockets(options());
    for (bytes, code, text) in cases {
        for closes in [false, true] {
            let address = match closes {
                false => peers::answers(bytes.to_vec()).await,
                true => peers::answers_and_closes(bytes.to_vec()).await,
            };
            let failure = failure(&transport, address).await;
            assert_eq!((failure.stage, failure.code, failure.text.as_str()), (Stage::Http2, code, text));
            assert_eq!(failure.tls, None);
        }
    }
}

#[tokio::test]
async fn closing_before_settings_is_reported() {
    let closing = peers::listen(|stream| async move { drop(stream) }).await;
    let failed = failure(&sockets(options()), closing).await;
    // Closing with our preface unread may arrive as a reset.
    assert!(matches!(failed.code, FailureCode::Closed | FailureCode::Reset), "{failed:?}");
    assert_eq!(failed.stage, Stage::Http2);

    let reading = peers::answers_and_closes(Vec::new()).await;
    let failed = failure(&sockets(options()), reading).await;
    assert_eq!((failed.stage, failed.code), (Stage::Http2, FailureCode::Closed));
    assert_eq!(failed.text, "closed the connection before sending SETTINGS");

    let half = peers::answers_and_closes(SETTINGS[..7].to_vec()).await;
    assert_eq!(failure(&sockets(options()), half).await.code, FailureCode::Closed);
}

#[tokio::test]
async fn a_reset_before_settings_is_reported() {
    let address = peers::listen(|mut stream| async move {
        peers::first_data(&mut stream).await;
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await;
    let failure = failure(&sockets(options()), address).await;
    assert_eq!((failure.stage, failure.code), (Stage::Http2, FailureCode::Reset));
    assert_eq!(failure.text, "connection reset by peer before sending SETTINGS");
}

#[tokio::test]
async fn an_unresponsive_port_fails_in_the_stage_that_waited() {
    let address = peers::listen(|mut stream| async move { drop(peers::until_gone(&mut stream).await) }).await;
    let transport = sockets(Options { connect_timeout: Duration::from_millis(60), ..options() });
    let failure = failure(&transport, address).await;
    assert_eq!((failure.stage, failure.code), (Stage::Http2, FailureCode::TimedOut));
    assert!(
        failure.text.starts_with("accepted the connection, but sent no HTTP/2 SETTINGS within "),
        "{}",
        failure.text
    );
}

#[tokio::test]
async fn a_name_is_resolved_and_its_addresses_tried_in_order() {
    let (address, _) = peers::health(Answer::Status(1)).await;
    let port = peers::port(&address).port();
    let name = Address::Name { host: "localhost".to_string(), port };
    let reach = sockets(options()).reach(name, Arc::from("")).await;
    assert_eq!(reach.outcome.as_ref().map(|(health, _)| health), Ok(&Health::Serving));
    assert_eq!(reach.phases[0].stage, Stage::Resolve);
    let PhaseDetail::Resolved(addresses) = &reach.phases[0].detail else { panic!("{:?}", reach.phases) };
    assert!(addresses.contains(&std::net::IpAddr::from([127, 0, 0, 1])));
}

#[tokio::test]
async fn unix_sockets_are_reached_and_missing_ones_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("health.sock");
    let missing = failure(&sockets(options()), Address::Unix(path.clone())).await;
    assert_eq!((missing.stage, missing.code), (Stage::Unix, FailureCode::NoSocket));
    assert_eq!(missing.text, "no socket file at this path");

    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let received = Arc::new(peers::Received::default());
    let seen = received.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            peers::serve_health(stream, Answer::Status(1), seen.clone()).await;
        }
    });
    let reach = sockets(options()).reach(Address::Unix(path), Arc::from("")).await;
    assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
    assert_eq!(received.requests.lock().unwrap()[0].uri.authority().unwrap(), "localhost");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn abstract_sockets_are_reached() {
    let name = format!("grpc-discover-test-{}", std::process::id());
    let listener = tokio::net::UnixListener::bind(format!("\0{name}")).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            peers::serve_health(stream, Answer::Status(1), Arc::default()).await;
        }
    });
    let reach = sockets(options()).reach(Address::UnixAbstract(name), Arc::from("")).await;
    assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
}

/// How many bytes a peer receives before it has sent anything.
async fn first_read(options: Options) -> usize {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let address = peers::listen(move |mut stream| {
        let sender = sender.clone();
        async move {
            let mut bytes = [0; 1024];
            let read = tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await.unwrap_or_default();
            let _ = sender.send(read);
        }
    })
    .await;
    let failed = sockets(options).reach(address, Arc::from("")).await.outcome.unwrap_err();
    assert_eq!(failed.stage, Stage::Http2, "{failed}");
    receiver.recv().await.unwrap()
}

#[tokio::test]
async fn the_request_is_sent_with_the_preface_only_where_plaintext_was_requested_and_without_metadata() {
    // 24 bytes of preface and the SETTINGS frame; the request is longer than both.
    const PREFACE_AND_SETTINGS: usize = 60;
    assert!(first_read(options()).await > PREFACE_AND_SETTINGS + 60);
    assert!(first_read(Options { tls: TlsMode::Auto, ..options() }).await < PREFACE_AND_SETTINGS);
    let metadata = vec![("authorization".to_string(), crate::model::secret::Secret::new("s3cret"))];
    assert!(first_read(Options { metadata, ..options() }).await < PREFACE_AND_SETTINGS);
}

#[tokio::test]
async fn a_probe_in_flight_takes_little_room() {
    // 256 of them are in flight, and each is moved into its task: a rare stage that is not boxed would make all of
    // them large.
    let size = size_of_val(&sockets(options()).reach("127.0.0.1:1".parse().unwrap(), Arc::from("")));
    assert!(size <= 4096, "{size} bytes");
}
