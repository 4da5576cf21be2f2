//! Sessions over in-memory peers, on a paused clock: tasks that panic, times that overflow, consumers that are slow,
//! and a process that is stopped.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{self, BoxFuture};
use futures_util::stream;

use super::*;
use crate::backend::{About, Backend, Context, Description, Resolution, Settings};
use crate::model::endpoint::{Address, Endpoint};
use crate::model::event::EventKind;
use crate::model::finding::Summary;
use crate::model::registry::Registry;
use crate::model::resolution::{Answer, ResolveError, Update};
use crate::model::target::Target;
use crate::session::{Goal, Until};
use crate::transport::memory::Memory;
use crate::transport::{Io, TlsMode};

/// A backend whose behavior is named by the rest of the target.
struct Scripted;

impl Backend for Scripted {
    fn about(&self) -> &'static About {
        static SCRIPTED: Registry = Registry::named("scripted");
        static ABOUT: About = About::of(&SCRIPTED);
        &ABOUT
    }

    fn answers(&self, _: &Target) -> bool {
        true
    }

    fn query(&self, target: &Target, _: &Context) -> Resolution {
        let Target::Foreign { rest, .. } = target else { return Box::pin(stream::pending()) };
        match rest.as_str() {
            "panics" => panic!("at once"),
            "panics-later" => Box::pin(stream::unfold((), |()| async { panic!("in its stream") })),
            lists => {
                let endpoints = lists.split(',').map(|address| Endpoint::new(address.parse().unwrap())).collect();
                let answer = Ok(Update::Reset(Answer { endpoints, notes: Vec::new() }));
                Box::pin(stream::iter([answer]).chain(stream::pending()))
            }
        }
    }

    fn target_for(&self, _: &str, _: &Settings) -> Option<Target> {
        None
    }

    fn describe(&self, _: &Settings) -> Description {
        Description { active: Err(String::new()), settings: Vec::new() }
    }

    fn query_version(&self, _: &Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        Box::pin(future::ready(Ok(String::new())))
    }
}

fn plan(behaviour: &str, goal: Goal) -> Plan {
    let target = Target::Foreign { scheme: "scripted".to_string(), rest: behaviour.to_string() };
    let mut plan =
        Plan::new(vec![Source { backend: &Scripted, target, implied: false, settings: Arc::default() }], goal);
    plan.transport.tls = TlsMode::Off;
    plan
}

/// A network in which `addresses` serve, and answer each Check `after` a while.
fn serving(addresses: &[String], after: Duration) -> Memory {
    let memory = Memory::new();
    for address in addresses {
        memory.serve(address.parse().unwrap(), move |pipe| {
            tokio::spawn(async move {
                let Ok(mut connection) = h2::server::handshake(pipe).await else { return };
                let mut open = Vec::new();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    tokio::time::sleep(after).await;
                    let response = http::Response::builder().header("content-type", "application/grpc").body(());
                    let Ok(mut stream) = respond.send_response(response.unwrap(), false) else { continue };
                    let _ = stream.send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]), false);
                    if request.uri().path().ends_with("Watch") {
                        open.push(stream);
                        continue;
                    }
                    let mut trailers = http::HeaderMap::new();
                    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
                    let _ = stream.send_trailers(trailers);
                }
            });
        });
    }
    memory
}

/// Runs a session to its end.
async fn run(session: &mut Session) -> (Vec<Event>, Summary) {
    let mut events = Vec::new();
    while let Some(event) = session.next().await {
        if let EventKind::Summary(summary) = &event.kind {
            let summary = summary.clone();
            events.push(event);
            return (events, summary);
        }
        events.push(event);
    }
    panic!("no summary: {events:?}");
}

fn codes(events: &[Event]) -> Vec<&'static str> {
    let findings = events.iter().filter_map(|event| match &event.kind {
        EventKind::Finding(finding) => Some(finding.kind.code),
        _ => None,
    });
    findings.collect()
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_panics_is_an_error_of_its_source() {
    for behaviour in ["panics", "panics-later"] {
        let started_at = Instant::now();
        let mut session = Session::start_with(plan(behaviour, Goal::Probe), Arc::new(Memory::new()));
        let (events, summary) = run(&mut session).await;
        assert!(started_at.elapsed() < Duration::from_secs(1));
        assert_eq!((codes(&events), summary.exit), (vec!["GD101"], 3));
        assert!(summary.text.contains("panicked"), "{}", summary.text);
    }
}

/// A network in which dialing panics.
struct Trap;

impl Dial for Trap {
    fn dial(&self, _: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        Box::pin(async { panic!("in the dialler") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_and_a_connection_that_panic_are_errors_of_this_machine() {
    let started_at = Instant::now();
    let mut session = Session::start_with(plan("10.0.0.1:80", Goal::Probe), Arc::new(Trap));
    let (events, summary) = run(&mut session).await;
    assert_eq!((codes(&events), summary.exit), (vec!["GD208"], 3));
    let mut session = Session::start_with(plan("10.0.0.1:80", Goal::Watch { until: None }), Arc::new(Trap));
    loop {
        let event = session.next().await.unwrap();
        if let EventKind::Connection(report) = event.kind {
            assert!(report.result.unwrap_err().text.contains("in the dialler"));
            break;
        }
    }
    assert!(started_at.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn never_is_a_time_like_any_other() {
    let goals = [Goal::Probe, Goal::Watch { until: Some(Until::Ready) }, Goal::ProbeIdle(Duration::from_secs(30))];
    for goal in goals {
        let mut plan = plan("10.0.0.1:80", goal);
        plan.transport.connect_timeout = Duration::MAX;
        plan.transport.rpc_timeout = Duration::MAX;
        plan.transport.keepalive =
            Some(crate::transport::Keepalive { time: Duration::MAX, timeout: Duration::MAX, without_calls: true });
        plan.limits.max_time = Some(Duration::MAX);
        plan.limits.run_for = Some(Duration::MAX);
        plan.channel.backoff.min_connect_timeout = Duration::MAX;
        plan.channel.backoff.max = Duration::MAX;
        if !matches!(goal, Goal::ProbeIdle(_)) {
            plan.channel.idle_timeout = Some(Duration::MAX);
        }
        let memory = serving(&["10.0.0.1:80".to_string()], Duration::ZERO);
        let mut session = Session::start_with(plan, Arc::new(memory));
        let summary = tokio::time::timeout(Duration::from_secs(600), run(&mut session)).await.unwrap().1;
        assert_eq!(summary.exit, 0, "{goal:?}: {}", summary.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_slow_changes_no_verdict_and_nothing_starts_meanwhile() {
    let addresses: Vec<String> = (0..3_000).map(|n| format!("10.1.{}.{}:80", n / 250, n % 250)).collect();
    let memory = serving(&addresses, Duration::from_millis(20));
    let mut session = Session::start_with(plan(&addresses.join(","), Goal::Probe), Arc::new(memory.clone()));
    for _ in 0..100 {
        session.next().await;
    }
    let dialled = || addresses.iter().filter(|address| memory.dials(&address.parse().unwrap()) > 0).count();
    let before = dialled();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(dialled() <= before + 256, "what was in flight ends, nothing new starts");
    let (events, summary) = run(&mut session).await;
    assert_eq!((codes(&events), summary.exit), (vec![], 0));
    assert_eq!(summary.counts.endpoints, 3_000);
}

#[tokio::test(start_paused = true)]
async fn what_timed_out_while_the_process_was_stopped_is_repeated_and_reported_once() {
    let addresses: Vec<String> = (1..=20).map(|n| format!("10.0.0.{n}:80")).collect();
    let memory = serving(&addresses, Duration::from_secs(1));
    let mut session = Session::start_with(plan(&addresses.join(","), Goal::Probe), Arc::new(memory));
    // The list, and the running probes.
    session.next().await;
    let running = async {
        let mut events = Vec::new();
        while let Some(event) = session.next().await {
            events.push(event);
        }
        events
    };
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        tokio::time::advance(Duration::from_secs(7)).await;
    };
    let (events, ()) = future::join(running, stopping).await;
    let Some(EventKind::Summary(summary)) = events.last().map(|event| &event.kind) else { panic!("{events:?}") };
    assert_eq!((codes(&events), summary.exit), (vec!["GD903"], 0), "{}", summary.text);
    let stalls = events.iter().filter(|event| matches!(event.kind, EventKind::Stall(_))).count();
    assert_eq!(stalls, 1);
}
