//! A plain grpc-go client that queries DNS.

use std::time::{Duration, Instant};

use super::recorded::{Recorded, Server, What};
use super::stage::{Glimpse, IDLE, PAUSE, TIME_LIMIT};
use crate::support::grpc::{GrpcServer, Kind};
use crate::support::hosts::Hosts;
use crate::support::kratos::{Called, Client, KratosClient};

/// grpc-go queries DNS at most once in this time (`MinResolutionInterval` of its resolver).
const MINIMUM: Duration = Duration::from_secs(30);

/// Time limit for any step on a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// A completed play.
#[derive(Debug)]
pub struct Ended {
    /// Everything that happened.
    pub recorded: Vec<Recorded>,
    /// The state of the channel at some moments of the play.
    pub glimpses: Vec<Glimpse>,
    /// When the client queried DNS.
    pub questions: Vec<Duration>,
    /// When calls started, their results, and which server responded.
    pub calls: Vec<(Duration, Called, Option<Server>)>,
    /// When the name moved from A to B.
    pub moved: Duration,
}

/// One client, and one name that resolves to A first and to B later: 127.0.0.2 and 127.0.0.3, on the same port.
struct Stage {
    name: &'static str,
    hosts: Hosts,
    client: KratosClient,
    started_at: Instant,
    a: Option<GrpcServer>,
    _b: GrpcServer,
    ended: Ended,
    answered: usize,
}

impl Stage {
    fn set(name: &'static str, idle: Option<Duration>) -> Option<Stage> {
        let a = GrpcServer::start_on(Kind::Go, "127.0.0.2:0", &[])?;
        let port = a.address.port();
        let b = GrpcServer::start_on(Kind::Go, &format!("127.0.0.3:{port}"), &[])?;
        let mut hosts = Hosts::start()?;
        hosts.set(name, &["127.0.0.2"]);
        let started_at = Instant::now();
        let lists = Recorded { at: Duration::ZERO, what: What::Lists(["A"].into()) };
        let opened = Recorded { at: Duration::ZERO, what: What::Opened { channel: 1, idle } };
        let idle = format!("{}ms", idle.unwrap_or_default().as_millis());
        let args = ["--target", &hosts.target(name, port), "--idle", &idle, "--timeout", "5s"];
        let client = KratosClient::start(Client::GrpcGo, &args)?;
        let ended = Ended {
            recorded: vec![lists, opened],
            glimpses: Vec::new(),
            questions: Vec::new(),
            calls: Vec::new(),
            moved: Duration::ZERO,
        };
        Some(Stage { name, hosts, client, started_at, a: Some(a), _b: b, ended, answered: 0 })
    }

    fn record(&mut self, what: What) {
        self.ended.recorded.push(Recorded { at: self.started_at.elapsed(), what });
    }

    fn call(&mut self) -> Option<Server> {
        let at = self.started_at.elapsed();
        self.record(What::CallStarted { channel: 1 });
        let called = self.client.call(1);
        self.answered = self.client.mark();
        self.record(What::CallEnded { channel: 1, ok: called.code == "OK" });
        let by = called.peer.as_deref().and_then(server);
        self.ended.calls.push((at, called, by));
        by
    }

    fn glimpse(&mut self) {
        let state = self.client.state(1);
        let holds = state.holds().iter().map(|address| server(address).expect("A or B")).collect();
        self.ended.glimpses.push(Glimpse { at: self.started_at.elapsed(), holds });
    }

    fn moves(&mut self) {
        self.hosts.set(self.name, &["127.0.0.3"]);
        self.record(What::Lists(["B"].into()));
        self.ended.moved = self.started_at.elapsed();
    }

    fn lose_a(&mut self) {
        self.a.take().expect("a server").kill();
        self.record(What::Lost("A"));
    }

    fn over(mut self) -> Ended {
        self.glimpse();
        let questions = self.hosts.questions(self.name);
        self.ended.questions = questions.iter().map(|at| at.saturating_duration_since(self.started_at)).collect();
        self.ended
    }
}

fn server(address: &str) -> Option<Server> {
    match address.split(':').next() {
        Some("127.0.0.2") => Some("A"),
        Some("127.0.0.3") => Some("B"),
        _ => None,
    }
}

/// All plays, which run at the same time. `None` if something is not available.
#[derive(Debug)]
pub struct Played {
    /// The name no longer resolves to A, which keeps serving.
    pub serving: Ended,
    /// A is killed when the name has moved.
    pub killed: Ended,
    /// The same while the channel is idle.
    pub idle: Ended,
}

pub fn play() -> Option<Played> {
    std::thread::scope(|scope| {
        let (serving, killed, idle) = (scope.spawn(serving), scope.spawn(killed), scope.spawn(idle));
        Some(Played { serving: serving.join().ok()??, killed: killed.join().ok()??, idle: idle.join().ok()?? })
    })
}

fn serving() -> Option<Ended> {
    let mut stage = Stage::set("serving", None)?;
    stage.call();
    stage.moves();
    while stage.started_at.elapsed() < MINIMUM + SOON {
        stage.call();
        stage.glimpse();
        std::thread::sleep(5 * PAUSE);
    }
    Some(stage.over())
}

fn killed() -> Option<Ended> {
    let mut stage = Stage::set("killed", None)?;
    stage.call();
    stage.moves();
    stage.lose_a();
    while stage.call() != Some("B") {
        assert!(stage.started_at.elapsed() < TIME_LIMIT, "{:?}", stage.ended);
        std::thread::sleep(PAUSE);
    }
    Some(stage.over())
}

fn idle() -> Option<Ended> {
    let mut stage = Stage::set("idle", Some(IDLE))?;
    stage.call();
    assert!(stage.client.wait_for_state(stage.answered, 1, "IDLE", TIME_LIMIT), "it does not idle");
    stage.moves();
    stage.lose_a();
    stage.call();
    Some(stage.over())
}

mod claims {
    use super::super::plays::played_over_dns;
    use super::*;

    #[test]
    fn grpc_go_never_notices_that_its_name_moved_while_the_old_server_answers() {
        let Some(Ended { questions, calls, glimpses, .. }) = played_over_dns().map(|played| &played.serving) else {
            return;
        };
        assert_eq!(questions.len(), 1, "{questions:?}");
        assert!(calls.iter().all(|(_, _, by)| *by == Some("A")), "{calls:?}");
        assert!(glimpses.iter().all(|glimpse| glimpse.holds == ["A"].into()), "{glimpses:?}");
    }

    #[test]
    fn grpc_go_queries_dns_again_thirty_seconds_after_its_last_question_when_its_server_died() {
        let Some(Ended { questions, calls, moved, .. }) = played_over_dns().map(|played| &played.killed) else {
            return;
        };
        assert!(*moved < MINIMUM, "{moved:?}");
        let [first, second] = questions[..] else { panic!("{questions:?}") };
        let apart = second - first;
        // The log records a query slightly after it was received.
        assert!(apart > MINIMUM - Duration::from_millis(100) && apart < MINIMUM + SOON, "{apart:?}");
        let (at, ..) = calls.iter().find(|(_, _, by)| *by == Some("B")).expect("it found B");
        assert!(*at < second + SOON, "{at:?}, queried at {second:?}");
        // Until then every call fails. A call that waits during a query succeeds, and the log records both queries
        // slightly late: a call that ended a second before the next allowed query cannot have used it.
        let waiting = calls.iter().filter(|(at, called, _)| {
            *at > *moved + Duration::from_secs(1) && *at + called.took < first + MINIMUM - Duration::from_secs(1)
        });
        assert!(waiting.clone().count() > 0 && waiting.clone().all(|(_, called, _)| called.code != "OK"), "{calls:?}");
    }

    #[test]
    fn grpc_go_queries_dns_at_once_when_it_leaves_idle() {
        let Some(Ended { questions, calls, .. }) = played_over_dns().map(|played| &played.idle) else { return };
        let [first, second] = questions[..] else { panic!("{questions:?}") };
        assert!(second - first < MINIMUM, "{questions:?}");
        let [.., (_, called, Some("B"))] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!(called.code, "OK", "{called:?}");
    }
}
