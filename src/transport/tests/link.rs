//! Established connections: health, events, and that closing takes effect.

use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};

use super::peers::{self, Answer, Received, SETTINGS};
use super::*;
use crate::model::grpc_status::GrpcStatus;
use crate::model::proxy::ProxyName;
use crate::model::reach::{DisconnectReason, GoAway};
use crate::model::rpc::HttpHint;
use crate::model::secret::Secret;

async fn check(answer: Answer) -> Health {
    let (address, _) = peers::health(answer).await;
    connected(&sockets(options()), address).await.check(Arc::from("pay")).await.0
}

fn failed(code: GrpcStatus, text: &str, cause: RpcCause) -> Health {
    Health::Failed { code, text: text.to_string(), cause }
}

fn lost(reason: DisconnectReason, detail: &str) -> Health {
    let disconnect = Disconnect { reason, detail: detail.to_string(), goaway: None };
    failed(GrpcStatus::Unavailable, &format!("connection lost: {disconnect}"), RpcCause::Lost(disconnect))
}

#[tokio::test]
async fn every_response_to_a_check_has_its_status() {
    assert_eq!(check(Answer::Status(0)).await, Health::Unknown);
    assert_eq!(check(Answer::Status(1)).await, Health::Serving);
    assert_eq!(check(Answer::Status(2)).await, Health::NotServing);
    assert_eq!(check(Answer::Status(3)).await, Health::ServiceUnknown);
    assert_eq!(check(Answer::Grpc("5", "")).await, Health::ServiceUnknown);
    assert_eq!(check(Answer::Grpc("12", "unknown service")).await, Health::Unimplemented);
    assert_eq!(
        check(Answer::Grpc("16", "who are you?")).await,
        failed(GrpcStatus::Unauthenticated, "who are you?", RpcCause::Status)
    );
    let reset = |code, text: &str, error| failed(code, &format!("server reset the stream: {text}"), error);
    assert_eq!(check(Answer::Reset(7)).await, reset(GrpcStatus::Unavailable, "REFUSED_STREAM", RpcCause::Reset(7)));
    assert_eq!(check(Answer::Reset(8)).await, reset(GrpcStatus::Cancelled, "CANCEL", RpcCause::Reset(8)));
    assert_eq!(check(Answer::Reset(2)).await, reset(GrpcStatus::Internal, "INTERNAL_ERROR", RpcCause::Reset(2)));
    assert_eq!(check(Answer::HalfThenGone).await, lost(DisconnectReason::Unknown, "closed by peer"));
}

#[tokio::test]
async fn a_plain_http_answer_is_reported_with_its_own_text_and_never_taken_for_a_missing_health_service() {
    let of = |status, by: Option<&str>| RpcCause::Http { status, by: by.map(ProxyName::called), hint: None };
    let page = "<html><head><title>404 Not Found</title></head></html>";
    let nginx = Answer::Page(404, &[("server", "nginx/1.25"), ("content-type", "text/html")], page);
    let text = "HTTP 404 from nginx: 404 Not Found [text/html]";
    assert_eq!(check(nginx).await, failed(GrpcStatus::Unimplemented, text, of(404, Some("nginx"))));
    let envoy = Answer::Page(503, &[("server", "envoy"), ("content-type", "text/plain")], "no healthy upstream");
    let text = "HTTP 503 from envoy: no healthy upstream [text/plain]";
    let none = RpcCause::Http { status: 503, by: Some(ProxyName::Envoy), hint: Some(HttpHint::NoBackend) };
    assert_eq!(check(envoy).await, failed(GrpcStatus::Unavailable, text, none));
    assert_eq!(
        check(Answer::Page(200, &[("content-type", "text/html")], "<title>Hello</title>")).await,
        failed(GrpcStatus::Unknown, "HTTP 200: Hello [text/html]", of(200, None))
    );
    assert_eq!(
        check(Answer::Page(401, &[], "")).await,
        failed(GrpcStatus::Unauthenticated, "HTTP 401 (unauthorized)", of(401, None))
    );
    assert_eq!(
        check(Answer::Page(429, &[("via", "1.1 edge")], "slow down")).await,
        failed(GrpcStatus::Unavailable, "HTTP 429 from edge: slow down", of(429, Some("edge")))
    );
}

#[tokio::test]
async fn a_negative_response_is_followed_by_the_servers_other_services() {
    const NAMES: &[(&str, u8)] = &[("", 1), ("pay", 2), ("stock", 1)];
    let others = async |answer, service: &str| {
        let (address, received) = peers::health(answer).await;
        let reach = sockets(options()).reach(address, Arc::from(service)).await;
        assert_eq!(received.connections.load(std::sync::atomic::Ordering::SeqCst), 1, "all on one connection");
        (reach.outcome.unwrap().0, reach.others)
    };
    let (health, known) = others(Answer::Knows(NAMES, true), "py").await;
    assert_eq!(health, Health::ServiceUnknown);
    let of = |name: &str, health| (name.to_string(), health);
    assert_eq!(known, [of("", Health::Serving), of("pay", Health::NotServing), of("stock", Health::Serving)]);
    let (health, known) = others(Answer::Knows(NAMES, true), "pay").await;
    assert_eq!(health, Health::NotServing);
    assert_eq!(known, [of("", Health::Serving), of("stock", Health::Serving)]);
    // Without List, the server as a whole is checked, unless it was the original query.
    let (_, known) = others(Answer::Knows(NAMES, false), "py").await;
    assert_eq!(known, [of("", Health::Serving)]);
    assert_eq!(others(Answer::Knows(&[("pay", 1)], false), "").await, (Health::ServiceUnknown, vec![]));
    assert_eq!(others(Answer::Knows(NAMES, true), "stock").await, (Health::Serving, vec![]), "a yes is enough");
}

#[tokio::test]
async fn a_goaway_in_the_middle_of_a_call_is_the_calls_cause() {
    let (address, sender) = puppet().await;
    let connection = connected(&sockets(options()), address).await;
    let check = tokio::spawn(connection.check(Arc::from("")));
    sender.send(Some(peers::goaway(0, 11, "too_many_pings"))).unwrap();
    sender.send(None).unwrap();
    let (health, _) = check.await.unwrap();
    let Health::Failed { cause: RpcCause::GoAway(goaway), .. } = health else { panic!("{health:?}") };
    assert!(goaway.limits_pings());
}

#[tokio::test]
async fn a_watch_reports_every_status_and_its_end() {
    let (address, _) = peers::health(Answer::Status(2)).await;
    let connection = connected(&sockets(options()), address).await;
    let mut watch = connection.watch(Arc::from("pay"));
    assert_eq!(watch.next().await, Some(Health::NotServing));
    assert_eq!(watch.next().now_or_never(), None, "the watch stays open");
    drop(connection);
    assert_eq!(watch.next().await, Some(lost(DisconnectReason::SubchannelShutdown, "closed by us")));
    assert_eq!(watch.next().await, None);

    let (address, _) = peers::health(Answer::Grpc("5", "")).await;
    let connection = connected(&sockets(options()), address).await;
    assert_eq!(connection.watch(Arc::from("pay")).collect::<Vec<_>>().await, [Health::ServiceUnknown]);
}

#[tokio::test]
async fn metadata_is_sent_and_never_shown() {
    let (address, received) = peers::health(Answer::Status(1)).await;
    let metadata = vec![("authorization".to_string(), Secret::new("Bearer hunter2"))];
    let transport = sockets(Options { metadata, authority: Some("pay.example:80".to_string()), ..options() });
    transport.reach(address.clone(), Arc::from("")).await;
    {
        let requests = received.requests.lock().unwrap();
        assert_eq!(requests[0].headers["authorization"], "Bearer hunter2");
        assert_eq!(requests[0].uri.authority().unwrap(), "pay.example:80");
    }
    let bad = vec![("x y".to_string(), Secret::new("hunter2"))];
    let (health, _) =
        sockets(Options { metadata: bad, ..options() }).reach(address, Arc::from("")).await.outcome.unwrap();
    assert_eq!(health, failed(GrpcStatus::InvalidArgument, "invalid metadata name \"x y\"", RpcCause::Client));
}

/// A peer that sends SETTINGS and then what the test requests: bytes, or (`None`) the end.
async fn puppet() -> (Address, mpsc::UnboundedSender<Option<Vec<u8>>>) {
    let (sender, words) = mpsc::unbounded_channel::<Option<Vec<u8>>>();
    let words = Arc::new(tokio::sync::Mutex::new(words));
    let address = peers::listen(move |mut stream| {
        let words = words.clone();
        async move {
            peers::first_data(&mut stream).await;
            stream.write_all(SETTINGS).await.unwrap();
            let (mut read, mut write) = stream.into_split();
            // Unread bytes would turn the close into a reset.
            tokio::spawn(async move { peers::until_gone(&mut read).await });
            while let Some(Some(bytes)) = words.lock().await.recv().await {
                write.write_all(&bytes).await.unwrap();
            }
        }
    })
    .await;
    (address, sender)
}

#[tokio::test]
async fn a_closed_connection_is_reported_at_once() {
    let (address, sender) = puppet().await;
    let mut connection = connected(&sockets(options()), address).await;
    assert_eq!(connection.event().now_or_never(), None);
    sender.send(None).unwrap();
    let started = Instant::now();
    let ConnectionEvent::Lost(lost) = connection.event().await else { panic!("no GOAWAY was sent") };
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!((lost.reason, lost.to_string().as_str()), (DisconnectReason::Unknown, "closed by peer"));
    assert_eq!(lost.goaway, None);
    assert_eq!(connection.event().await, ConnectionEvent::Lost(lost), "the end stays the end");
    let (health, _) = connection.check(Arc::from("")).await;
    assert_eq!(health, self::lost(DisconnectReason::Unknown, "closed by peer"));
}

#[tokio::test]
async fn a_reset_is_reported_as_one() {
    let address = peers::listen(|mut stream| async move {
        stream.write_all(SETTINGS).await.unwrap();
        // Preface and SETTINGS in one piece, then the acknowledgement: the client is READY.
        peers::first_data(&mut stream).await;
        peers::first_data(&mut stream).await;
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await;
    let mut connection = connected(&sockets(options()), address).await;
    let ConnectionEvent::Lost(lost) = connection.event().await else { panic!("no GOAWAY was sent") };
    assert_eq!(lost.reason, DisconnectReason::ConnectionReset);
    assert_eq!(lost.to_string(), "connection reset");
}

#[tokio::test]
async fn goaway_is_reported_with_code_and_debug_data_then_the_end() {
    let (address, sender) = puppet().await;
    let mut connection = connected(&sockets(options()), address).await;
    sender.send(Some(peers::goaway(0, 0, "max_age"))).unwrap();
    let expected = GoAway { last_stream: 0, code: 0, debug: "max_age".to_string() };
    let ConnectionEvent::GoingAway(got) = connection.event().await else { panic!("GOAWAY comes first") };
    assert_eq!((got.reason, got.goaway.as_ref()), (DisconnectReason::GoAway(0), Some(&expected)));
    assert_eq!(got.to_string(), "GOAWAY NO_ERROR (max_age)");
    // The peer keeps its side open: without streams the connection is closed all the same.
    let ConnectionEvent::Lost(lost) = connection.event().await else { panic!("one GoingAway only") };
    assert_eq!(lost, got, "the first cause wins");
    let (health, _) = connection.check(Arc::from("")).await;
    assert!(
        matches!(health, Health::Failed { code, text, .. } if code == GrpcStatus::Unavailable && text.contains("GOAWAY NO_ERROR"))
    );
}

#[tokio::test]
async fn the_two_goaways_of_a_graceful_shutdown_are_one_event() {
    let (address, sender) = puppet().await;
    let mut connection = connected(&sockets(options()), address).await;
    let mut watch = connection.watch(Arc::from(""));
    assert_eq!(watch.next().now_or_never(), None);
    tokio::task::yield_now().await;
    sender.send(Some(peers::goaway(0x7fff_ffff, 0, "graceful_stop"))).unwrap();
    assert!(matches!(connection.event().await, ConnectionEvent::GoingAway(_)));
    assert_eq!(connection.event().now_or_never(), None, "a stream is open: the connection lives on");
    sender.send(Some(peers::goaway(1, 0, ""))).unwrap();
    sender.send(None).unwrap();
    let ConnectionEvent::Lost(lost) = connection.event().await else { panic!("two GoingAway") };
    assert_eq!(lost.to_string(), "GOAWAY NO_ERROR (graceful_stop)");
    assert!(matches!(watch.next().await, Some(Health::Failed { code, .. }) if code == GrpcStatus::Unavailable));
}

/// A health server that never responds and returns what the client sent last, once the connection was closed.
async fn mute() -> (Address, oneshot::Receiver<Vec<u8>>) {
    let (sender, receiver) = oneshot::channel();
    let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
    let address = peers::listen(move |mut stream| {
        let sender = sender.clone();
        async move {
            stream.write_all(SETTINGS).await.unwrap();
            let all = peers::until_gone(&mut stream).await;
            if let Some(sender) = sender.lock().unwrap().take() {
                let _ = sender.send(all);
            }
        }
    })
    .await;
    (address, receiver)
}

#[tokio::test]
async fn close_sends_goaway_and_closes_whatever_is_in_flight() {
    let (address, receiver) = mute().await;
    let connection = connected(&sockets(options()), address).await;
    let rpc = tokio::spawn(connection.check(Arc::from("")));
    let mut watch = connection.watch(Arc::from(""));
    assert_eq!(watch.next().now_or_never(), None);
    tokio::task::yield_now().await;
    let started = Instant::now();
    connection.close().await;
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    let got = receiver.await.unwrap();
    assert_eq!(&got[got.len() - 17..], peers::goaway(0, 0, ""), "the last frame is GOAWAY");
    let gone = lost(DisconnectReason::SubchannelShutdown, "closed by us");
    assert_eq!(rpc.await.unwrap().0, gone);
    assert_eq!(watch.next().await, Some(gone));
}

#[tokio::test]
async fn dropping_a_connection_closes_it() {
    let (address, receiver) = mute().await;
    let connection = connected(&sockets(options()), address).await;
    let rpc = connection.check(Arc::from(""));
    drop(connection);
    receiver.await.unwrap();
    assert!(matches!(rpc.await.0, Health::Failed { code, .. } if code == GrpcStatus::Unavailable));
}

#[tokio::test]
async fn no_task_outlives_a_connection() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (address, _receiver) = mute().await;
    let before = tasks();
    let connection = connected(&sockets(options()), address).await;
    assert!(tasks() > before);
    connection.close().await;
    while tasks() > before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_probe_uses_no_task_and_ends_with_goaway() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (address, receiver) = mute().await;
    let transport = sockets(Options { rpc_timeout: Duration::from_millis(50), ..options() });
    let reach = transport.reach(address, Arc::from("")).await;
    assert_eq!(
        reach.outcome.unwrap().0,
        failed(
            GrpcStatus::DeadlineExceeded,
            "no response to grpc.health.v1.Health/Check within 50ms",
            RpcCause::Unanswered(Unanswered {
                // Linux reports it: the kernel of a process that does not respond still acknowledges.
                acknowledged: cfg!(target_os = "linux").then_some(true),
                last_response: None,
            })
        )
    );
    let got = receiver.await.unwrap();
    assert_eq!(&got[got.len() - 17..], peers::goaway(0, 0, ""));
    assert!(tasks() <= 1, "only the listener is left");
}

#[tokio::test]
async fn many_checks_share_one_connection() {
    let (address, received) = peers::health(Answer::Status(1)).await;
    let connection = connected(&sockets(options()), address).await;
    let checks = (0..50).map(|_| connection.check(Arc::from("pay")));
    let answers = futures_util::future::join_all(checks).await;
    assert!(answers.iter().all(|(health, _)| *health == Health::Serving));
    assert_eq!(received.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    let _: &Received = &received;
}
