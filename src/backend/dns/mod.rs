//! `dns:`, `srv:`, `host:port` and bare names: A, AAAA, SRV and TXT records, queried again before they expire.
//!
//! Nothing is cached: an answer is as fresh as the server's. Addresses are queried again after their TTL (at least 1
//! s, at most 5 s or `--dns-interval`), and at once when a connection failed ([`Context::resolve_now`]). What gRPC's
//! own resolvers do (no query while a connection is up, else 30 s apart) is a lens, not this backend.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, sleep_until, timeout};

use super::ip::{endless, refused};
use super::settings::configure;
use super::*;
use crate::model::endpoint::{Address, Endpoint, Instance, LayoutRule};
use crate::model::host_port::bracketed;
use crate::model::resolution::EndpointSet;
use crate::model::resolution::{Answer, Note, NoteKind};
use crate::model::time::Elapsed;
use crate::platform::clock;
use crate::platform::{interface, resolver};
use crate::text::{duration, exact_duration};

mod addresses;
mod answer;
mod error;
pub(super) mod example;
mod exchange;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod name;
mod notes;
mod outcome;
mod question;
mod records;
mod registry;
mod resolv_conf;
mod schedule;
mod servers;
mod service_config;
mod settings;
mod srv;
pub(super) mod target;
mod zone;

pub use registry::REGISTRY;

use answer::Lookup;
use outcome::Outcome;
use question::DnsClient;
use schedule::Schedule;
use servers::Servers;
pub use settings::{DnsSettings, Family};
pub use target::DnsTarget;
use target::NAME;

/// gRPC's default port.
const GRPC_PORT: u16 = 443;

/// The domain name system.
pub struct Dns;

/// The port of an address record, and where it came from.
#[derive(Debug, Clone)]
struct PortRule {
    port: u16,
    rule: &'static str,
    /// Neither the target nor a setting has a port.
    is_default: bool,
}

impl PortRule {
    fn target(port: u16) -> Self {
        PortRule { port, rule: "port from the target", is_default: false }
    }

    /// For names without a port and without SRV records.
    fn otherwise(settings: &super::Settings) -> Self {
        match settings.port {
            Some(port) => PortRule { port, rule: "port from --port", is_default: false },
            None => PortRule { port: GRPC_PORT, rule: "no port given, gRPC's default", is_default: true },
        }
    }

    /// A note for `host`, whose port was not given.
    fn note(&self, host: &str) -> Option<Note> {
        let port = self.port;
        let mended = format!("{}:PORT", bracketed(host));
        let text = format!("no port given: {port} was tried, as gRPC does; write {mended}, or add --port PORT");
        self.is_default.then(|| Note::new(NoteKind::DefaultPort, text))
    }

    fn endpoint(&self, ip: IpAddr, ttl: Option<Duration>) -> Endpoint {
        let address = Address::Ip(SocketAddr::new(ip, self.port));
        Instance { ttl, layout: Some(LayoutRule::plain(self.rule)), ..Instance::new(address) }.into()
    }
}

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`host:port`, `dns:[//server[:port]/]host[:port]`, `srv:[//server[:port]/]name`",
    examples: target::EXAMPLES,
    bare_names: "always",
    changes: "queries again after the TTL (at least 1 s, at most 5 s or `--dns-interval`), and at once when a connection fails",
    settings: settings::SETTINGS,
    configure: configure::<DnsSettings>,
    ..About::of(&REGISTRY)
};

impl Backend for Dns {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        let (server, wanted) = match target.of() {
            Some(DnsTarget::Host { server, host, port }) => {
                let otherwise = PortRule::otherwise(&context.settings);
                match literal(host, port.unwrap_or(otherwise.port)) {
                    Ok(None) => {}
                    Ok(Some(socket)) => {
                        let rule = port.map_or(otherwise, PortRule::target);
                        return endless(Ok(literal_answer(host, socket, &rule)));
                    }
                    Err(error) => return Box::pin(stream::once(std::future::ready(Err(error)))),
                }
                (server.clone(), Lookup::Host { host: host.clone(), port: *port, otherwise })
            }
            Some(DnsTarget::Srv { server, name }) => (server.clone(), Lookup::Srv(name.clone())),
            None => return refused(NAME, target),
        };
        Box::pin(stream::unfold(State::New { server, wanted, context: context.clone() }, State::next))
    }

    fn target_for(&self, service: &str, _settings: &super::Settings) -> Option<Target> {
        name::full_name(service).ok()?;
        Some(DnsTarget::Host { server: None, host: service.to_string(), port: None }.into())
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        let dns = settings.of::<DnsSettings>();
        let mut rows = Vec::new();
        match &dns.server {
            Some(server) => rows.push(("server", server.value.to_string(), server.origin.clone())),
            None => {
                let origin = Origin::System(resolver::SOURCE.to_string());
                match Servers::system() {
                    Ok(system) => {
                        rows.push(("server", list(&system.addresses), origin.clone()));
                        if !system.search.is_empty() {
                            rows.push(("search", list(&system.search), origin.clone()));
                        }
                        rows.push(("ndots", system.ndots.to_string(), origin));
                    }
                    Err(error) => rows.push(("server", error.to_string(), origin)),
                }
            }
        }
        let interval = dns.interval.unwrap_or(schedule::LONGEST);
        let origin = dns.interval.map_or(Origin::Default, |_| Origin::Flag("--dns-interval"));
        rows.push(("interval", format!("the TTL, at most {}", exact_duration(interval)), origin));
        match dns.family {
            Family::Both => rows.push(("family", "IPv4 and IPv6".to_string(), Origin::Default)),
            Family::V4 => rows.push(("family", "IPv4".to_string(), Origin::Flag("-4"))),
            Family::V6 => rows.push(("family", "IPv6".to_string(), Origin::Flag("-6"))),
        }
        Description { active: Ok("always".to_string()), settings: rows }
    }

    fn query_version(&self, settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        let (dns, limit) = (settings.of::<DnsSettings>(), settings.response_limit());
        Box::pin(async move {
            let servers = Servers::of(None, &dns).await?;
            let client = DnsClient::new(&servers);
            answer::sign_of_life(&servers, &client, clock::after(limit)).await
        })
    }
}

fn list(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The socket address of `host`; `None` for a name. An address with a zone that does not exist on this machine is an
/// error.
fn literal(host: &str, port: u16) -> Result<Option<SocketAddr>, ResolveError> {
    match zone::socket(host, port) {
        None if host.contains(':') => {
            let listed = interface::LISTED_BY;
            let text = format!("{host}: the zone is not a network interface of this machine (see `{listed}`)");
            Err(ResolveError::fatal(ResolveCode::BadTarget, text))
        }
        socket => Ok(socket),
    }
}

fn literal_answer(host: &str, socket: SocketAddr, rule: &PortRule) -> Update {
    let layout = Some(LayoutRule::plain(rule.rule));
    let endpoint = Endpoint::from(Instance { layout, ..Instance::new(Address::Ip(socket)) });
    let note = Note::new(NoteKind::Local, format!("{host} is an IP address; no DNS query was sent"));
    let notes = std::iter::once(note).chain(rule.note(host)).collect();
    Update::Reset(Answer { endpoints: vec![endpoint], notes })
}

enum State {
    New { server: Option<String>, wanted: Lookup, context: Context },
    Watching(Box<DnsWatch>),
    Ended,
}

impl State {
    async fn next(self) -> Option<(Result<Update, ResolveError>, State)> {
        let started = match self {
            State::Ended => return None,
            State::New { server, wanted, context } => DnsWatch::start(server, wanted, &context).await.map(Box::new),
            State::Watching(watch) => Ok(watch),
        };
        let reported = match started {
            Ok(mut watch) => watch.next().await.map(|update| (update, watch)),
            Err(error) => Err(error),
        };
        Some(match reported {
            Ok((update, watch)) => (Ok(update), State::Watching(watch)),
            // The engine queries again: it has the backoff.
            Err(error) => (Err(error), State::Ended),
        })
    }
}

struct DnsWatch {
    wanted: Lookup,
    servers: Servers,
    client: DnsClient,
    family: Family,
    limit: Duration,
    schedule: Schedule,
    started_at: Instant,
    resolve_now: Arc<Notify>,
    /// Waits for a hint since before the last query was sent, so that none is lost.
    hint: Pin<Box<OwnedNotified>>,
    reported: Option<LastReport>,
}

/// The last update, and when its answer arrived.
struct LastReport {
    answered: Elapsed,
    ttl: Option<Duration>,
    update: Update,
    set: EndpointSet,
}

impl DnsWatch {
    async fn start(server: Option<String>, wanted: Lookup, context: &Context) -> Result<Self, ResolveError> {
        let limit = context.settings.response_limit();
        let settings = context.settings.of::<DnsSettings>();
        let is_set = !context.settings.resolve_timeout.is_zero();
        let servers = timeout(limit, Servers::of(server.as_deref(), &settings)).await.unwrap_or_else(|_| {
            let server = server.as_deref().unwrap_or_default();
            let text = format!("cannot resolve the DNS server's own name {server} within {}", duration(limit));
            Err(ResolveError::ambient(ResolveCode::Timeout, text))
        })?;
        // The system's own time limits apply unless a shorter one is set.
        let limit = if is_set { limit } else { servers.limit().unwrap_or(limit) };
        Ok(DnsWatch {
            wanted,
            client: DnsClient::new(&servers),
            servers,
            family: settings.family,
            limit,
            schedule: Schedule::new(settings.interval),
            started_at: Instant::now(),
            resolve_now: context.resolve_now.clone(),
            hint: listen(&context.resolve_now),
            reported: None,
        })
    }

    /// The first answer, or the next one that differs. After an error, nothing follows.
    async fn next(&mut self) -> Result<Update, ResolveError> {
        loop {
            if let Some(reported) = &self.reported {
                let (answered, ttl) = (reported.answered, reported.ttl);
                self.wait(answered, ttl).await;
            }
            let deadline = clock::after(self.limit);
            let Outcome { update, ttl } =
                answer::outcome(&self.wanted, &self.servers, &self.client, self.family, deadline).await?;
            let answered = self.now();
            let mut set = self.reported.take().map(|reported| (reported.set, reported.update));
            let changed = match &mut set {
                None => true,
                Some((set, before)) => !set.apply(update.clone()).is_empty() || has_changed(before, &update),
            };
            let set = match set {
                Some((set, _)) => set,
                None => {
                    let mut set = EndpointSet::default();
                    set.apply(update.clone());
                    set
                }
            };
            self.reported = Some(LastReport { answered, ttl, update: update.clone(), set });
            if changed {
                return Ok(update);
            }
        }
    }

    async fn wait(&mut self, answered: Elapsed, ttl: Option<Duration>) {
        let regular = self.started_at + self.schedule.after(answered, ttl).since_start();
        tokio::select! {
            () = sleep_until(regular) => {}
            () = self.hint.as_mut() => {
                let at = self.schedule.hinted(answered, self.now());
                sleep_until(self.started_at + at.since_start()).await;
                // Hints that arrived meanwhile are covered by the same query.
                self.hint = listen(&self.resolve_now);
            }
        }
    }

    fn now(&self) -> Elapsed {
        Elapsed::new(self.started_at.elapsed())
    }
}

fn listen(hints: &Arc<Notify>) -> Pin<Box<OwnedNotified>> {
    let mut hint = Box::pin(hints.clone().notified_owned());
    hint.as_mut().enable();
    hint
}

/// Differences beyond the endpoints: another kind of answer, another service config, or another finding.
fn has_changed(before: &Update, now: &Update) -> bool {
    let configs = |answer: &Answer| -> Vec<String> {
        let is_config = |kind| matches!(kind, NoteKind::ServiceConfig | NoteKind::InvalidServiceConfig);
        answer.notes.iter().filter(|note| is_config(note.kind)).map(|note| note.text.clone()).collect()
    };
    let findings = |answer: &Answer| -> BTreeSet<&'static str> {
        let is_finding =
            |kind| matches!(kind, NoteKind::Cut | NoteKind::Shadowed | NoteKind::Unusable | NoteKind::HalfAnswered);
        answer.notes.iter().filter(|note| is_finding(note.kind)).map(|note| note.kind.as_str()).collect()
    };
    match (before, now) {
        (Update::Reset(before), Update::Reset(now)) => {
            let other_config = !notes::config_is_unknown(now) && configs(before) != configs(now);
            other_config || findings(before) != findings(now)
        }
        (Update::NotFound(before), Update::NotFound(now)) => before.code != now.code,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
