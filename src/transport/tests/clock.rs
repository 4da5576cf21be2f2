//! Exact times, on a paused clock over pipes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::{Instant, sleep};

use super::memory::Memory;
use super::peers::{self, Answer, SETTINGS};
use super::*;
use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::{DisconnectReason, FailureCode, Stage};

const SECOND: Duration = Duration::from_secs(1);

fn address() -> Address {
    "10.0.0.1:80".parse().unwrap()
}

/// A transport to one peer that `serve` plays.
fn to<F: Future<Output = ()> + Send + 'static>(
    options: Options,
    serve: impl Fn(DuplexStream) -> F + Send + Sync + 'static,
) -> (Transport, Memory) {
    let memory = Memory::new();
    memory.serve(address(), move |pipe| drop(tokio::spawn(serve(pipe))));
    (Transport::new(options, Arc::new(memory.clone())), memory)
}

async fn idle_until_gone(mut pipe: DuplexStream) {
    peers::until_gone(&mut pipe).await;
}

/// SETTINGS, then nothing.
async fn frozen(mut pipe: DuplexStream) {
    pipe.write_all(SETTINGS).await.unwrap();
    idle_until_gone(pipe).await;
}

#[tokio::test(start_paused = true)]
async fn the_connect_deadline_is_kept_in_every_stage() {
    let long = Options { connect_timeout: 20 * SECOND, ..options() };

    let memory = Memory::new();
    memory.hang(address());
    let started = Instant::now();
    let failed = failure(&Transport::new(long.clone(), Arc::new(memory)), address()).await;
    assert_eq!((failed.stage, failed.code, failed.waited), (Stage::Tcp, FailureCode::TimedOut, 20 * SECOND));
    assert_eq!(failed.text, "no response to SYN within 20.0s (packets dropped, or the host is down)");
    assert_eq!(started.elapsed(), 20 * SECOND);

    let short = Options { connect_timeout: 2 * SECOND, ..options() };
    let started = Instant::now();
    let failed =
        failure(&to(Options { tls: TlsMode::On, insecure: true, ..short.clone() }, idle_until_gone).0, address()).await;
    assert_eq!((failed.stage, failed.code, failed.waited), (Stage::Tls, FailureCode::TimedOut, 2 * SECOND));
    assert_eq!(failed.text, "no response to the TLS handshake within 2.0s");
    assert_eq!(started.elapsed(), 2 * SECOND);

    let started = Instant::now();
    let failed = failure(&to(short, idle_until_gone).0, address()).await;
    assert_eq!((failed.stage, failed.code, failed.waited), (Stage::Http2, FailureCode::TimedOut, 2 * SECOND));
    assert_eq!(failed.text, "accepted the connection, but sent no HTTP/2 SETTINGS within 2.0s");
    assert_eq!(started.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_all_stages() {
    /// Takes 1.5 s to connect.
    struct Slow(Memory);
    impl Dial for Slow {
        fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
            let dialling = self.0.dial(address);
            Box::pin(sleep(Duration::from_millis(1_500)).then(|()| dialling))
        }
    }
    let (_, memory) = to(options(), idle_until_gone);
    let transport = Transport::new(Options { connect_timeout: 2 * SECOND, ..options() }, Arc::new(Slow(memory)));
    let started = Instant::now();
    let failed = failure(&transport, address()).await;
    assert_eq!((failed.stage, failed.waited), (Stage::Http2, Duration::from_millis(500)));
    assert_eq!(failed.text, "no HTTP/2 SETTINGS when the attempt timed out after 2.0s: the earlier stages left 500ms");
    assert_eq!(started.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn late_settings_are_waited_for() {
    let late = |mut pipe: DuplexStream| async move {
        sleep(3 * SECOND).await;
        frozen_after(&mut pipe, SETTINGS).await;
    };
    async fn frozen_after(pipe: &mut DuplexStream, bytes: &[u8]) {
        pipe.write_all(bytes).await.unwrap();
        peers::until_gone(pipe).await;
    }
    let (connection, phases) = connect(&to(options(), late).0, address()).await;
    assert!(connection.is_ok());
    assert_eq!(
        phases.iter().map(|p| (p.stage, p.took)).collect::<Vec<_>>(),
        [(Stage::Tcp, Duration::ZERO), (Stage::Http2, 3 * SECOND)]
    );
}

#[tokio::test(start_paused = true)]
async fn settings_split_byte_by_byte_are_settings() {
    let dripping = |mut pipe: DuplexStream| async move {
        for byte in SETTINGS {
            sleep(Duration::from_millis(10)).await;
            pipe.write_all(&[*byte]).await.unwrap();
        }
        idle_until_gone(pipe).await;
    };
    assert!(connect(&to(options(), dripping).0, address()).await.0.is_ok());
}

fn keepalive(without_calls: bool) -> Options {
    Options { keepalive: Some(Keepalive { time: 10 * SECOND, timeout: 20 * SECOND, without_calls }), ..options() }
}

#[tokio::test(start_paused = true)]
async fn keepalive_gives_a_frozen_peer_up() {
    let mut connection = connected(&to(keepalive(true), frozen).0, address()).await;
    let started = Instant::now();
    let ConnectionEvent::Lost(lost) = connection.event().await else { panic!("no GOAWAY was sent") };
    assert_eq!(started.elapsed(), 30 * SECOND, "10 s idle, then 20 s without a response");
    assert_eq!(lost.reason, DisconnectReason::ConnectionTimedOut);
    assert_eq!(lost.to_string(), "connection timed out (keepalive: no response within 20.0s)");
}

#[tokio::test(start_paused = true)]
async fn keepalive_leaves_a_peer_that_answers_alone() {
    let mut connection = connected(
        &to(keepalive(true), |pipe| peers::serve_health(pipe, Answer::Status(1), Arc::default())).0,
        address(),
    )
    .await;
    assert!(tokio::time::timeout(3_600 * SECOND, connection.event()).await.is_err());
    assert_eq!(connection.check(Arc::from("")).await.0, Health::Serving);
}

#[tokio::test(start_paused = true)]
async fn any_byte_is_a_sign_of_life() {
    let chatty = |mut pipe: DuplexStream| async move {
        pipe.write_all(SETTINGS).await.unwrap();
        for _ in 0..20 {
            // Answers no ping; frames are further apart than the keepalive time, and closer than its timeout.
            sleep(15 * SECOND).await;
            pipe.write_all(&peers::frame(8, &[0, 0, 0, 1])).await.unwrap();
        }
        idle_until_gone(pipe).await;
    };
    let mut connection = connected(&to(keepalive(true), chatty).0, address()).await;
    let started = Instant::now();
    assert!(matches!(connection.event().await, ConnectionEvent::Lost(_)));
    assert_eq!(started.elapsed(), (20 * 15 + 30) * SECOND);
}

#[tokio::test(start_paused = true)]
async fn keepalive_sends_nothing_without_rpcs_and_is_on_time_with_one() {
    let options = Options { rpc_timeout: 60 * SECOND, ..keepalive(false) };
    let mut connection = connected(&to(options, frozen).0, address()).await;
    assert!(tokio::time::timeout(3_600 * SECOND, connection.event()).await.is_err(), "no RPC, no ping");
    let (health, took) = connection.check(Arc::from("")).await;
    assert_eq!(took, 20 * SECOND, "a stream after a long idle time pings at once");
    let text = "connection lost: connection timed out (keepalive: no response within 20.0s)";
    assert!(matches!(&health, Health::Failed { text: got, cause: RpcCause::Lost(_), .. } if got == text), "{health:?}");
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_check_shows_what_waited_and_how_long() {
    let (transport, _) = to(options(), |pipe| peers::serve_health(pipe, Answer::NoResponse, Arc::default()));
    let reach = transport.reach(address(), Arc::from("")).await;
    let text = "no response to grpc.health.v1.Health/Check within 5.0s".to_string();
    let expected =
        Health::Failed { code: GrpcStatus::DeadlineExceeded, text, cause: RpcCause::Unanswered(Unanswered::default()) };
    assert_eq!(reach.outcome, Ok((expected, 5 * SECOND)));
    assert_eq!(reach.total(), 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_watch_has_no_deadline() {
    let (transport, _) = to(options(), |pipe| peers::serve_health(pipe, Answer::Status(1), Arc::default()));
    let connection = connected(&transport, address()).await;
    let mut watch = connection.watch(Arc::from(""));
    assert_eq!(watch.next().await, Some(Health::Serving));
    assert!(tokio::time::timeout(3_600 * SECOND, watch.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn close_takes_a_second_at_most_when_the_peer_reads_nothing() {
    /// A pipe so narrow that our first bytes do not fit.
    struct Narrow;
    impl Dial for Narrow {
        fn dial(&self, _address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
            let (ours, mut theirs) = tokio::io::duplex(32);
            tokio::spawn(async move {
                theirs.write_all(SETTINGS).await.unwrap();
                sleep(3_600 * SECOND).await;
                drop(theirs);
            });
            Box::pin(async move { Ok(Box::new(ours) as Box<dyn Io>) })
        }
    }
    let connection = connected(&Transport::new(options(), Arc::new(Narrow)), address()).await;
    let started = Instant::now();
    connection.close().await;
    assert_eq!(started.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn auto_does_not_try_an_unresponsive_port_twice() {
    let options = Options { tls: TlsMode::Auto, connect_timeout: 2 * SECOND, ..options() };
    let (transport, memory) = to(options, idle_until_gone);
    let failed = failure(&transport, address()).await;
    assert_eq!((failed.stage, failed.code), (Stage::Http2, FailureCode::TimedOut));
    assert_eq!(memory.dials(&address()), 1);
}

/// Counts the writes to the peer.
struct Counting {
    io: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl Io for Counting {}

impl AsyncRead for Counting {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_takes_two_writes() {
    struct Counted(Arc<AtomicUsize>);
    impl Dial for Counted {
        fn dial(&self, _address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(peers::serve_health(theirs, Answer::Status(1), Arc::default()));
            let counting = Counting { io: ours, writes: self.0.clone() };
            Box::pin(async move { Ok(Box::new(counting) as Box<dyn Io>) })
        }
    }
    let writes = Arc::new(AtomicUsize::new(0));
    let transport = Transport::new(options(), Arc::new(Counted(writes.clone())));
    let reach = transport.reach(address(), Arc::from("pay")).await;
    assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
    // Preface, SETTINGS and the request; the acknowledgement of the server's SETTINGS and GOAWAY.
    assert_eq!(writes.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn settings_are_acknowledged_at_once_although_the_answer_is_late() {
    const ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let (transport, _) = to(options(), move |mut pipe| {
        let sender = sender.clone();
        async move {
            pipe.write_all(SETTINGS).await.unwrap();
            let (started, mut read) = (Instant::now(), Vec::new());
            while !read.ends_with(ACK) {
                tokio::io::AsyncReadExt::read_buf(&mut pipe, &mut read).await.unwrap();
            }
            sender.send(started.elapsed()).unwrap();
            idle_until_gone(pipe).await;
        }
    });
    let reach = transport.reach(address(), Arc::from("")).await;
    assert_eq!(reach.outcome.map(|(_, took)| took), Ok(5 * SECOND));
    assert_eq!(receiver.recv().await, Some(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_response_is_not_delayed_by_the_list_of_services() {
    let serve = |pipe| peers::serve_health(pipe, Answer::NotServingWithoutMore, Arc::default());
    let started = Instant::now();
    let reach = to(options(), serve).0.reach(address(), Arc::from("")).await;
    assert_eq!(reach.outcome.unwrap().0, Health::NotServing);
    assert_eq!((reach.others, started.elapsed()), (vec![], SECOND));
}
