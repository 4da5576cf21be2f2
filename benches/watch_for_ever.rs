//! Claim: a watch without an end needs no more memory than one of a minute. The mark: over 500,000 events, in which
//! 50,000 addresses are added and removed, the resident memory of the process grows by at most 1 MiB after the first
//! 10,000 events.
//!
//! One process, in memory: a registry that removes its oldest address whenever it adds one, servers that serve (or,
//! one in ten, refuse connections), and the session of `watch`. A removed address is never added again.

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::{self, BoxFuture};
use futures_util::stream;
use grpc_discover::backend::{About, Backend, Context, Description, Resolution, Settings};
use grpc_discover::model::connectivity::{ConnectivityState, Scope};
use grpc_discover::model::endpoint::{Address, Endpoint, EndpointStatus};
use grpc_discover::model::event::EventKind;
use grpc_discover::model::registry::Registry;
use grpc_discover::model::resolution::{Answer, ResolveError, Update};
use grpc_discover::model::target::Target;
use grpc_discover::session::plan::Source;
use grpc_discover::session::{Goal, Plan, Session};
use grpc_discover::transport::{Dial, Io, TlsMode};
use support::{Result, mark, say};
use tokio::sync::Semaphore;

const EVENTS: usize = 500_000;
const FIRST: usize = 10_000;
const ADDRESSES: usize = 50_000;
/// Number of addresses listed at a time.
const LISTED: usize = 20;
const KIB: usize = 1024;

/// Permits to replace the oldest address.
static TURNS: Semaphore = Semaphore::const_new(0);
static CAME: AtomicUsize = AtomicUsize::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let source = Source {
        backend: &Churn,
        target: Target::Foreign { scheme: "churn".to_string(), rest: "pay".to_string() },
        implied: false,
        settings: Arc::default(),
    };
    let mut plan = Plan::new(vec![source], Goal::Watch { until: None });
    plan.transport.tls = TlsMode::Off;
    let mut session = Session::start_with(plan, Arc::new(Servers));
    let (mut events, mut first, mut most) = (0, 0, 0);
    while events < EVENTS || CAME.load(Ordering::Relaxed) < ADDRESSES {
        let Some(event) = session.next().await else { break };
        events += 1;
        // The newest address is settled: it is connected and healthy, or it refused the connection.
        let is_settled = match &event.kind {
            EventKind::Health(_) => true,
            EventKind::Transition(t) => {
                t.to == ConnectivityState::TransientFailure && matches!(t.scope, Scope::Subchannel(_))
            }
            _ => false,
        };
        if is_settled && TURNS.available_permits() == 0 {
            TURNS.add_permits(1);
        }
        if events == FIRST {
            first = resident()?;
        } else if events > FIRST && events % FIRST == 0 {
            most = most.max(resident()?);
            if events % (10 * FIRST) == 0 {
                say(format_args!("{events} events: {} KiB", resident()?))?;
            }
        }
    }
    let (came, grown) = (CAME.load(Ordering::Relaxed), most.saturating_sub(first));
    say(format_args!("{events} events, {came} addresses came and {} left", came.saturating_sub(LISTED)))?;
    say(format_args!("resident after {FIRST} events: {} KiB; at most {} KiB later: {grown} KiB more", first, most))?;
    mark(grown <= KIB)
}

/// The resident memory of this process in KiB.
fn resident() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// A registry that replaces its oldest instance on demand.
struct Churn;

fn instance(n: usize) -> Endpoint {
    let address = Address::Ip(([10, (n >> 16) as u8, (n >> 8) as u8, n as u8], 50051).into());
    let mut endpoint = Endpoint::new(address);
    (endpoint.id, endpoint.status) = (Some(format!("pay-{n}")), EndpointStatus::Healthy);
    endpoint
}

impl Backend for Churn {
    fn about(&self) -> &'static About {
        static CHURN: Registry = Registry::named("churn");
        static ABOUT: About = About::of(&CHURN);
        &ABOUT
    }

    fn answers(&self, _: &Target) -> bool {
        true
    }

    fn query(&self, _: &Target, _: &Context) -> Resolution {
        let listed: VecDeque<usize> = (0..LISTED).collect();
        Box::pin(stream::unfold((listed, true), |(mut listed, first)| async move {
            if !first {
                TURNS.acquire().await.ok()?.forget();
                let new = CAME.load(Ordering::Relaxed);
                listed.pop_front();
                listed.push_back(new);
            }
            CAME.store(listed.back()? + 1, Ordering::Relaxed);
            let endpoints = listed.iter().copied().map(instance).collect();
            Some((Ok(Update::Reset(Answer { endpoints, notes: Vec::new() })), (listed, false)))
        }))
    }

    fn target_for(&self, _: &str, _: &Settings) -> Option<Target> {
        None
    }

    fn describe(&self, _: &Settings) -> Description {
        Description { active: Err(String::new()), settings: Vec::new() }
    }

    fn query_version(&self, _: &Settings) -> BoxFuture<'static, std::result::Result<String, ResolveError>> {
        Box::pin(future::ready(Ok(String::new())))
    }
}

/// Servers at every address; one in ten refuses connections.
struct Servers;

impl Dial for Servers {
    fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let refuses = matches!(address, Address::Ip(socket) if match socket.ip() {
            std::net::IpAddr::V4(v4) => v4.octets()[3] % 10 == 9,
            std::net::IpAddr::V6(_) => false,
        });
        Box::pin(async move {
            if refuses {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (ours, theirs) = tokio::io::duplex(16 * 1024);
            tokio::spawn(serve(theirs));
            Ok(Box::new(ours) as Box<dyn Io>)
        })
    }
}

/// SERVING, as long as a client watches.
async fn serve(pipe: tokio::io::DuplexStream) {
    let Ok(mut connection) = h2::server::handshake(pipe).await else { return };
    let mut open = Vec::new();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let response = http::Response::builder().header("content-type", "application/grpc").body(());
        let Ok(response) = response else { return };
        let Ok(mut stream) = respond.send_response(response, false) else { return };
        if stream.send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]), false).is_ok() {
            open.push(stream);
        }
    }
}
