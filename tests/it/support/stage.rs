//! A whole session on a paused clock: a scripted registry, servers behind in-memory pipes, and all events.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use grpc_discover::backend::{About, Backend, Context, Description, Resolution, Settings};
use grpc_discover::channel;
use grpc_discover::model::connectivity::Scope;
use grpc_discover::model::endpoint::{Address, Endpoint};
use grpc_discover::model::event::{Event, EventKind};
use grpc_discover::model::registry::Registry as Kind;
use grpc_discover::model::resolution::{Answer, ResolveCode, ResolveError, Update};
use grpc_discover::model::target::Target;
use grpc_discover::session::{EndpointWatch, Goal, Plan, Session, Source};
use grpc_discover::transport::memory::Memory;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, watch};

/// A server's empty SETTINGS frame.
pub const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// GOAWAY with NO_ERROR and `debug`.
pub fn goaway(debug: &str) -> Vec<u8> {
    let mut frame = vec![0, 0, 8 + debug.len() as u8, 7, 0, 0, 0, 0, 0];
    frame.extend([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(debug.as_bytes());
    frame
}

/// A registry that a test writes: its list, or `None` while it is unreachable.
pub struct Registry {
    list: watch::Sender<Option<Vec<Address>>>,
}

struct Scripted(watch::Receiver<Option<Vec<Address>>>);

impl Backend for Scripted {
    fn about(&self) -> &'static About {
        static SCRIPTED: Kind = Kind::named("scripted");
        static ABOUT: About = About::of(&SCRIPTED);
        &ABOUT
    }

    fn answers(&self, _: &Target) -> bool {
        true
    }

    fn query(&self, _: &Target, _: &Context) -> Resolution {
        let mut list = self.0.clone();
        list.mark_changed();
        let answers = futures_util::stream::unfold((list, false), |(mut list, broken)| async move {
            if broken || list.changed().await.is_err() {
                return None;
            }
            let now = list.borrow_and_update().clone();
            let broken = now.is_none();
            let word = match now {
                Some(list) => Ok(Update::Reset(Answer {
                    endpoints: list.into_iter().map(Endpoint::new).collect(),
                    notes: Vec::new(),
                })),
                None => Err(ResolveError::ambient(ResolveCode::Unreachable, "the registry is away")),
            };
            Some((word, (list, broken)))
        });
        answers.boxed()
    }

    fn target_for(&self, _: &str, _: &Settings) -> Option<Target> {
        None
    }

    fn describe(&self, _: &Settings) -> Description {
        Description { active: Ok("scripted".to_string()), settings: Vec::new() }
    }

    fn query_version(&self, _: &Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        Box::pin(async { Ok("scripted".to_string()) })
    }
}

impl Registry {
    /// Replaces the list.
    pub fn lists(&self, addresses: &[&str]) {
        self.list.send_replace(Some(addresses.iter().map(|a| a.parse().unwrap()).collect()));
    }

    /// Breaks every watch; queries get no response.
    pub fn is_away(&self) {
        self.list.send_replace(None);
    }
}

/// A session and its environment.
pub struct Stage {
    /// The servers.
    pub net: Memory,
    /// The registry.
    pub registry: Registry,
    plan: Plan,
}

impl Stage {
    /// An environment in which the registry lists `addresses`, none of which is served yet.
    pub fn new(goal: Goal, addresses: &[&str]) -> Stage {
        let (list, seen) = watch::channel(None);
        let backend: &'static Scripted = Box::leak(Box::new(Scripted(seen)));
        let registry = Registry { list };
        registry.lists(addresses);
        let target = Target::Bare("pay".to_string());
        let source = Source { backend, target, implied: false, settings: Default::default() };
        let mut plan = Plan::new(vec![source], goal);
        plan.transport.tls = grpc_discover::transport::TlsMode::Off;
        Stage { net: Memory::new(), registry, plan }
    }

    /// Changes the channel's options.
    pub fn channel(mut self, change: impl FnOnce(&mut channel::Options)) -> Stage {
        change(&mut self.plan.channel);
        self
    }

    /// Changes the plan.
    pub fn plan(mut self, change: impl FnOnce(&mut Plan)) -> Stage {
        change(&mut self.plan);
        self
    }

    /// Serves `address`: each connection runs `server`.
    pub fn serve<F>(&self, address: &str, server: impl Fn(DuplexStream) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.net.serve(address.parse().unwrap(), move |pipe| {
            tokio::spawn(server(pipe));
        });
    }

    /// Starts the session.
    pub fn start(self) -> Play {
        let session = Session::start_with(self.plan, Arc::new(self.net.clone()));
        Play { session, net: self.net, registry: self.registry, events: Vec::new(), over: false }
    }

    /// Follows the endpoints only.
    pub fn follow(self) -> (EndpointWatch, Registry) {
        (EndpointWatch::start(self.plan), self.registry)
    }
}

/// A running session.
pub struct Play {
    session: Session,
    /// The servers.
    pub net: Memory,
    /// The registry.
    pub registry: Registry,
    /// Every event so far.
    pub events: Vec<Event>,
    /// The summary has been received.
    pub over: bool,
}

impl Play {
    /// Lets time pass and keeps the events.
    pub async fn pass(&mut self, time: Duration) {
        let until = tokio::time::Instant::now() + time;
        while !self.over {
            match tokio::time::timeout_at(until, self.session.next()).await {
                Ok(Some(event)) => self.events.push(event),
                Ok(None) => self.over = true,
                Err(_) => return,
            }
        }
    }

    /// The channel's states, in order.
    pub fn channel(&self) -> Vec<&'static str> {
        self.transitions(&Scope::Channel).into_iter().map(|(state, _)| state).collect()
    }

    /// States and the milliseconds at which they were entered.
    pub fn transitions(&self, scope: &Scope) -> Vec<(&'static str, u64)> {
        let transitions = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Transition(t) if t.scope == *scope => Some((t.to.as_str(), event.at.as_millis())),
            _ => None,
        });
        transitions.collect()
    }

    /// The codes of the findings.
    pub fn findings(&self) -> Vec<&'static str> {
        let findings = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Finding(finding) => Some(finding.kind.code),
            _ => None,
        });
        findings.collect()
    }
}

/// Sends SETTINGS and keeps reading until the client closes the connection.
pub async fn settings(mut pipe: DuplexStream) {
    if pipe.write_all(&SETTINGS).await.is_ok() {
        drop_packets(pipe).await;
    }
}

/// Reads until the client leaves.
pub async fn drop_packets(mut pipe: DuplexStream) {
    let mut buffer = [0; 1024];
    while pipe.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

/// SETTINGS, then everything sent over the channel is written; dropping the channel closes the connection.
pub fn directed() -> (mpsc::UnboundedSender<Vec<u8>>, impl Fn(DuplexStream) -> BoxFuture<'static, ()> + Send + Sync) {
    let (sender, receiver) = mpsc::unbounded_channel::<Vec<u8>>();
    let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
    let serve = move |pipe: DuplexStream| {
        let receiver = receiver.clone();
        let served: BoxFuture<'static, ()> = Box::pin(async move {
            let (mut read, mut write) = tokio::io::split(pipe);
            let mut receiver = receiver.lock().await;
            let mut buffer = [0; 1024];
            let _ = write.write_all(&SETTINGS).await;
            loop {
                tokio::select! {
                    order = receiver.recv() => match order {
                        Some(bytes) => {
                            let _ = write.write_all(&bytes).await;
                        }
                        None => return,
                    },
                    read = read.read(&mut buffer) => {
                        if !read.is_ok_and(|read| read > 0) {
                            return;
                        }
                    }
                }
            }
        });
        served
    };
    (sender, serve)
}
