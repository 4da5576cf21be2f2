//! Connections that are kept idle: exact times on a paused clock over pipes, the kernel's behavior over real sockets.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

use super::memory::Memory;
use super::peers::{self, SETTINGS};
use super::*;
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult, Interruption};
use crate::model::reach::{DisconnectReason, FailureCode, Rotation, Stage};

const SECOND: Duration = Duration::from_secs(1);
const HEADERS: u8 = 1;
const PING: u8 = 6;
const END_STREAM: u8 = 1;
/// `:status: 200` on stream 1, and nothing more: END_STREAM, END_HEADERS.
const ANSWER: &[u8] = &[0, 0, 1, HEADERS, 5, 0, 0, 0, 1, 0x88];

fn address() -> Address {
    "10.0.0.1:80".parse().unwrap()
}

/// Keeps a connection idle for 30 s to one peer that `serve` plays, and returns how long that took.
async fn checked<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(DuplexStream) -> F + Send + Sync + 'static,
) -> (IdleCheckResult, Duration) {
    let memory = Memory::new();
    memory.serve(address(), move |pipe| drop(tokio::spawn(serve(pipe))));
    let started = Instant::now();
    let result = Transport::new(options(), Arc::new(memory)).check_idle(address(), Arc::from("pay"), 30 * SECOND).await;
    (result, started.elapsed())
}

/// Greets, answers the call, and returns the pipe for what follows.
async fn greeted(pipe: DuplexStream) -> DuplexStream {
    let mut pipe = ready(pipe).await;
    answered(&mut pipe).await;
    pipe
}

/// Greets, and returns the pipe after the client's preface and SETTINGS: its call follows.
async fn ready(mut pipe: DuplexStream) -> DuplexStream {
    let mut hello = [0; 24 + 9 + 6];
    pipe.read_exact(&mut hello).await.unwrap();
    assert_eq!(&hello[..24], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(hello[24..27], [0, 0, 6], "SETTINGS follow at once");
    pipe.write_all(SETTINGS).await.unwrap();
    let mut ack = [0; 9];
    pipe.read_exact(&mut ack).await.unwrap();
    assert_eq!(ack, [0, 0, 0, 4, 1, 0, 0, 0, 0]);
    pipe
}

/// Reads the one call, and answers it.
async fn answered(pipe: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let (kind, _, block) = next(pipe).await.unwrap();
    assert_eq!(kind, HEADERS);
    assert!(block.windows(28).any(|bytes| bytes == b"/grpc.health.v1.Health/Check"), "{block:?}");
    let (kind, flags, _) = next(pipe).await.unwrap();
    assert_eq!((kind, flags), (0, END_STREAM), "the message, and the end of the request");
    pipe.write_all(ANSWER).await.unwrap();
}

/// The next frame: kind, flags, payload.
async fn next(pipe: &mut (impl AsyncRead + Unpin)) -> Option<(u8, u8, Vec<u8>)> {
    let mut header = [0; 9];
    pipe.read_exact(&mut header).await.ok()?;
    let mut payload = vec![0; usize::from(header[1]) << 8 | usize::from(header[2])];
    pipe.read_exact(&mut payload).await.ok()?;
    Some((header[3], header[4], payload))
}

async fn pong(pipe: &mut DuplexStream, payload: &[u8]) {
    let mut frame = peers::frame(PING, payload);
    frame[4] = 1;
    pipe.write_all(&frame).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_in_the_idle_period_and_the_ping_after_it_is_answered() {
    let (result, took) = checked(|pipe| async {
        let mut pipe = greeted(pipe).await;
        let started = Instant::now();
        let (kind, flags, payload) = next(&mut pipe).await.unwrap();
        assert_eq!((kind, flags, payload.len()), (PING, 0, 8));
        assert_eq!(started.elapsed(), 30 * SECOND);
        sleep(Duration::from_millis(40)).await;
        // The response to another ping does not count.
        pong(&mut pipe, &[0xee; 8]).await;
        sleep(Duration::from_millis(60)).await;
        pong(&mut pipe, &payload).await;
        assert_eq!(next(&mut pipe).await.unwrap().0, 7, "GOAWAY, then the end");
        assert_eq!(next(&mut pipe).await, None);
    })
    .await;
    let outcome = IdleCheckOutcome::Alive { rtt: Duration::from_millis(100) };
    assert_eq!(result, IdleCheckResult { measured_idle: 30 * SECOND, interrupted: None, outcome });
    assert_eq!(took, 30 * SECOND + Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_the_opening_is_not_part_of_the_idle_period() {
    let (result, took) = checked(|pipe| async {
        let mut pipe = greeted(pipe).await;
        sleep(Duration::from_millis(200)).await;
        pipe.write_all(&[0, 0, 0, 4, 1, 0, 0, 0, 0]).await.unwrap();
        let (_, _, payload) = next(&mut pipe).await.unwrap();
        pong(&mut pipe, &payload).await;
        peers::until_gone(&mut pipe).await;
    })
    .await;
    assert_eq!((result.measured_idle, result.interrupted, took), (30 * SECOND, None, Duration::from_millis(30_200)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_ping_is_waited_for_as_long_as_an_rpc() {
    let (result, took) = checked(|pipe| async {
        let mut pipe = greeted(pipe).await;
        peers::until_gone(&mut pipe).await;
    })
    .await;
    let outcome = IdleCheckOutcome::Dropped { waited: 5 * SECOND, tcp: None };
    assert_eq!(result, IdleCheckResult { measured_idle: 30 * SECOND, interrupted: None, outcome });
    assert_eq!(took, 35 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_servers_own_rules_are_distinguished_by_its_goaway() {
    for (debug, rule) in [("max_idle", Rotation::Idle), ("max_age", Rotation::Age)] {
        let (result, took) = checked(move |pipe| async move {
            let mut pipe = greeted(pipe).await;
            sleep(12 * SECOND).await;
            pipe.write_all(&peers::goaway(0x7fff_ffff, 0, debug)).await.unwrap();
        })
        .await;
        let IdleCheckOutcome::Closed { after, disconnect, pinged: false } = result.outcome else {
            panic!("{result:?}")
        };
        assert_eq!((after, result.measured_idle, took), (12 * SECOND, 12 * SECOND, 12 * SECOND));
        assert_eq!(disconnect.reason, DisconnectReason::GoAway(0));
        assert_eq!(disconnect.goaway.and_then(|goaway| goaway.rotation()), Some(rule));
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_without_goaway_is_reported_with_its_time() {
    let (result, _) = checked(|pipe| async {
        let pipe = greeted(pipe).await;
        sleep(20 * SECOND).await;
        drop(pipe);
    })
    .await;
    let IdleCheckOutcome::Closed { after, disconnect, pinged: false } = result.outcome else { panic!("{result:?}") };
    assert_eq!((after, disconnect.to_string().as_str()), (20 * SECOND, "closed by peer"));
}

#[tokio::test(start_paused = true)]
async fn an_end_in_response_to_the_ping_is_reported_as_such() {
    let (result, took) = checked(|pipe| async {
        let mut pipe = greeted(pipe).await;
        next(&mut pipe).await.unwrap();
    })
    .await;
    assert!(matches!(result.outcome, IdleCheckOutcome::Closed { pinged: true, .. }), "{result:?}");
    assert_eq!((result.measured_idle, took), (30 * SECOND, 30 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_pings_is_answered_and_shortens_the_idle_period() {
    let (result, took) = checked(|pipe| async {
        let mut pipe = greeted(pipe).await;
        for _ in 0..2 {
            sleep(12 * SECOND).await;
            pipe.write_all(&peers::frame(PING, &[7; 8])).await.unwrap();
            assert_eq!(next(&mut pipe).await.unwrap(), (PING, 1, vec![7; 8]));
        }
        let (_, _, payload) = next(&mut pipe).await.unwrap();
        pong(&mut pipe, &payload).await;
    })
    .await;
    let interrupted = Some(Interruption { after: 12 * SECOND, frame: "PING".to_string(), times: 2 });
    assert_eq!(
        result,
        IdleCheckResult {
            measured_idle: 12 * SECOND,
            interrupted,
            outcome: IdleCheckOutcome::Alive { rtt: Duration::ZERO }
        }
    );
    assert_eq!(took, 30 * SECOND, "it ends");
}

#[tokio::test(start_paused = true)]
async fn hostile_peers_are_left_and_do_no_harm() {
    // A frame longer than HTTP/2 allows: what follows could not be parsed as frames.
    let (result, took) = checked(|pipe| async {
        let mut pipe = greeted(pipe).await;
        sleep(3 * SECOND).await;
        pipe.write_all(&[0xff; 64]).await.unwrap();
        peers::until_gone(&mut pipe).await;
    })
    .await;
    let IdleCheckOutcome::Closed { disconnect, .. } = result.outcome else { panic!("{result:?}") };
    assert!(disconnect.detail.contains("a frame of 16777215 bytes is longer than HTTP/2 allows"), "{disconnect}");
    assert_eq!(took, 3 * SECOND);

    // Endless pings, from a peer that does not read the responses.
    let memory = Memory::new();
    memory.serve(address(), |pipe| {
        tokio::spawn(async move {
            let mut pipe = greeted(pipe).await;
            while pipe.write_all(&peers::frame(PING, &[7; 8]).repeat(200)).await.is_ok() {}
        });
    });
    let result = Transport::new(options(), Arc::new(memory)).check_idle(address(), Arc::from("pay"), 30 * SECOND).await;
    let IdleCheckOutcome::Closed { disconnect, .. } = result.outcome else { panic!("{result:?}") };
    assert!(disconnect.detail.contains("does not read the acknowledgements that it requests"), "{disconnect}");
}

#[tokio::test(start_paused = true)]
async fn noise_never_panics() {
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..200 {
        let mut noise: Vec<u8> = (0..random.usize(1..200)).map(|_| random.u8(..)).collect();
        if random.bool() {
            noise.splice(0..0, peers::frame(random.u8(0..10), &[random.u8(..); 8]));
        }
        let greets = random.bool();
        let (_, took) = checked(move |mut pipe| {
            let noise = noise.clone();
            async move {
                if greets {
                    let _ = pipe.write_all(SETTINGS).await;
                    peers::first_data(&mut pipe).await;
                    let _ = pipe.write_all(ANSWER).await;
                    sleep(2 * SECOND).await;
                }
                let _ = pipe.write_all(&noise).await;
                sleep(SECOND).await;
            }
        })
        .await;
        assert!(took <= 35 * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_reached_shows_which_stage_failed() {
    let transport = Transport::new(options(), Arc::new(Memory::new()));
    let result = transport.check_idle(address(), Arc::from("pay"), 30 * SECOND).await;
    let IdleCheckOutcome::NotReached(failure) = result.outcome else { panic!("{result:?}") };
    assert_eq!((failure.stage, failure.code), (Stage::Tcp, FailureCode::Refused));
    let (result, took) = checked(|mut pipe| async move { drop(peers::until_gone(&mut pipe).await) }).await;
    let IdleCheckOutcome::NotReached(failure) = result.outcome else { panic!("{result:?}") };
    assert_eq!((failure.stage, failure.code, took), (Stage::Http2, FailureCode::TimedOut, 5 * SECOND));
    let (result, _) = checked(|mut pipe| async move {
        pipe.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        peers::until_gone(&mut pipe).await;
    })
    .await;
    assert!(
        matches!(&result.outcome, IdleCheckOutcome::NotReached(failure) if failure.code == FailureCode::Http1),
        "{result:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_answered_is_no_idle_period() {
    let (unresponsive, took) = checked(|pipe| async { drop(peers::until_gone(&mut ready(pipe).await).await) }).await;
    let IdleCheckOutcome::NotReached(failure) = unresponsive.outcome else { panic!("{unresponsive:?}") };
    assert_eq!((failure.stage, failure.code, took), (Stage::Health, FailureCode::TimedOut, 5 * SECOND));

    let (gone, _) = checked(|pipe| async { drop(next(&mut ready(pipe).await).await) }).await;
    let IdleCheckOutcome::NotReached(failure) = gone.outcome else { panic!("{gone:?}") };
    assert_eq!((failure.stage, failure.code), (Stage::Health, FailureCode::Closed));

    // The call's stream is reset, and the connection stays open.
    let (reset, _) = checked(|pipe| async {
        let mut pipe = ready(pipe).await;
        assert_eq!((next(&mut pipe).await.unwrap().0, next(&mut pipe).await.unwrap().0), (HEADERS, 0));
        pipe.write_all(&[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7]).await.unwrap();
        peers::until_gone(&mut pipe).await;
    })
    .await;
    assert!(matches!(reset.outcome, IdleCheckOutcome::Dropped { .. }), "{reset:?}");
}

#[test]
fn an_idle_check_is_small() {
    let memory = Transport::new(options(), Arc::new(Memory::new()));
    let check = memory.check_idle(address(), Arc::from(""), SECOND);
    assert!(size_of_val(&check) <= 896, "{} bytes", size_of_val(&check));
}

#[tokio::test]
async fn a_reset_and_what_tcp_knows_come_from_the_kernel() {
    let greets = |mut stream: tokio::net::TcpStream| async move {
        peers::first_data(&mut stream).await;
        stream.write_all(SETTINGS).await.unwrap();
        // Not before the client is READY, and has its response.
        stream.read_exact(&mut [0; 9]).await.unwrap();
        answered(&mut stream).await;
        stream
    };
    let reset = peers::listen(move |stream| async move {
        let stream = greets(stream).await;
        let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    })
    .await;
    let short = Duration::from_millis(300);
    let result = sockets(options()).check_idle(reset, Arc::from(""), short).await;
    let IdleCheckOutcome::Closed { disconnect, pinged: false, .. } = result.outcome else { panic!("{result:?}") };
    assert_eq!(disconnect.reason, DisconnectReason::ConnectionReset);

    let unresponsive =
        peers::listen(move |stream| async move { drop(peers::until_gone(&mut greets(stream).await).await) }).await;
    let patient = Options { rpc_timeout: Duration::from_millis(200), ..options() };
    let result = sockets(patient).check_idle(unresponsive, Arc::from(""), short).await;
    let IdleCheckOutcome::Dropped { tcp, .. } = result.outcome else { panic!("{result:?}") };
    if cfg!(target_os = "linux") {
        assert!(tcp.is_some_and(|tcp| tcp.delivered()), "{tcp:?}");
    }
}

#[tokio::test]
async fn a_keepalive_of_tcp_interrupts_the_idle_time_although_no_data_was_sent() {
    let address = peers::listen(|mut stream| async move {
        // The kernel's own interval is 75 s: without an explicit one, a single probe is sent, at the moment of the
        // first look.
        let keepalive = socket2::TcpKeepalive::new().with_time(SECOND).with_interval(SECOND);
        socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive).unwrap();
        peers::first_data(&mut stream).await;
        stream.write_all(SETTINGS).await.unwrap();
        stream.read_exact(&mut [0; 9]).await.unwrap();
        answered(&mut stream).await;
        peers::until_gone(&mut stream).await;
    })
    .await;
    let patient = Options { rpc_timeout: Duration::from_millis(50), ..options() };
    let result = sockets(patient).check_idle(address, Arc::from(""), Duration::from_millis(3_500)).await;
    assert!(matches!(result.outcome, IdleCheckOutcome::Dropped { .. }), "{result:?}");
    if cfg!(target_os = "linux") {
        let by = result.interrupted.expect("the kernel counts segments");
        assert_eq!(by.frame, "TCP keepalive");
        assert!(result.measured_idle <= 2 * SECOND, "{:?}", result.measured_idle);
    }
}
