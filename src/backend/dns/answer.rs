//! From what the servers said to an update: which records count, where the port comes from, what was left out.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, maybe_done, select};
use futures_util::{FutureExt, future};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::time::{Instant, timeout};

use super::notes::{Absent, Notes};
use super::question::{Asker, Reply, Said};
use super::servers::{Servers, full_name, loopback, shown};
use super::{Family, PortRule};
use crate::model::endpoint::{Address, Endpoint};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveCode, ResolveError, Update};

/// The addresses do not wait longer than this for the service config.
const CONFIG_GRACE: Duration = Duration::from_millis(300);
/// More SRV targets than this are not asked for.
const MOST_TARGETS: usize = 256;

/// What is asked for.
pub(super) enum Wanted {
    /// The addresses of a host.
    Host {
        /// The name as typed.
        host: String,
        /// The port to use, and who said so; `None`: `_grpc._tcp.HOST` SRV records are tried before `otherwise`.
        port: Option<u16>,
        /// The port when neither the target nor SRV records have one.
        otherwise: PortRule,
    },
    /// The SRV records of a name.
    Srv(String),
}

/// A whole answer.
pub(super) struct Outcome {
    /// What it says.
    pub(super) update: Update,
    /// How long it holds: the least TTL in it.
    pub(super) ttl: Option<Duration>,
}

/// Asks whatever it takes to say who is there.
pub(super) async fn outcome(
    wanted: &Wanted,
    servers: &Servers,
    asker: &Asker,
    family: Family,
    deadline: Instant,
) -> Result<Outcome, ResolveError> {
    let question = Question { asker, family, deadline };
    let (Wanted::Srv(name) | Wanted::Host { host: name, .. }) = wanted;
    if let Some(domain) = never_asked(name) {
        let text =
            format!("{name} does not exist: .{domain} names are never asked of a dns server (RFC 6761, RFC 7686)");
        return Ok(Outcome { update: Update::NotFound(Absence::new(AbsenceCode::NxDomain, text)), ttl: None });
    }
    match wanted {
        Wanted::Srv(name) => question.srv_only(&servers.candidates(name)?).await,
        Wanted::Host { host, port, otherwise } => {
            if let Some((addresses, who)) = servers.local(host, family) {
                return Ok(local(host, addresses, who, *port, otherwise));
            }
            question.host(&servers.candidates(host)?, *port, otherwise).await
        }
    }
}

/// The top-level domain that keeps `name` from being asked anywhere; the resolver answers these by itself.
fn never_asked(name: &str) -> Option<&'static str> {
    let top = name.trim_end_matches('.').rsplit('.').next()?;
    ["invalid", "onion"].into_iter().find(|domain| top.eq_ignore_ascii_case(domain))
}

fn local(host: &str, addresses: Vec<IpAddr>, who: &str, port: Option<u16>, otherwise: &PortRule) -> Outcome {
    let rule = port.map(PortRule::target).unwrap_or_else(|| otherwise.clone());
    let note =
        Note::new(NoteKind::Local, format!("{host} is answered by {who} of this machine; no dns server was asked"));
    let endpoints = addresses.into_iter().map(|ip| rule.endpoint(ip, None)).collect();
    Outcome { update: Update::Reset(Answer { endpoints, notes: vec![note] }), ttl: None }
}

struct Question<'a> {
    asker: &'a Asker,
    family: Family,
    deadline: Instant,
}

/// The addresses of one name.
#[derive(Default)]
struct Found {
    addresses: Vec<(IpAddr, Duration)>,
    replies: Vec<Reply>,
    failures: Vec<ResolveError>,
}

impl Question<'_> {
    async fn ask(&self, name: &Name, kind: RecordType) -> Result<Reply, ResolveError> {
        self.asker.ask(name, kind, self.deadline).await
    }

    /// A and AAAA at the same time, as far as the family wants them.
    async fn addresses(&self, name: &Name) -> Found {
        if name.is_localhost() {
            // The resolver would answer this by itself, in the server's name.
            let addresses = loopback(self.family).into_iter().map(|ip| (ip, Duration::MAX)).collect();
            return Found { addresses, ..Found::default() };
        }
        let kinds = self.family.kinds().iter().map(|kind| self.ask(name, *kind));
        let mut found = Found::default();
        for answered in join_all(kinds).await {
            match answered {
                Ok(reply) => {
                    if let Said::Records { answers, .. } = &reply.said {
                        let alias = alias_ttl(answers);
                        let addresses = answers.iter().filter_map(address);
                        found.addresses.extend(addresses.map(|(ip, ttl)| (ip, ttl.min(alias))));
                    }
                    found.replies.push(reply);
                }
                Err(error) => found.failures.push(error),
            }
        }
        found
    }

    async fn host(
        &self,
        candidates: &[Name],
        port: Option<u16>,
        otherwise: &PortRule,
    ) -> Result<Outcome, ResolveError> {
        let mut absent = Absent::default();
        for name in candidates {
            let service = self.service_name(name).filter(|_| port.is_none());
            let srv = async {
                match &service {
                    Some(service) => Some(self.ask(service, RecordType::SRV).await),
                    None => None,
                }
            };
            let (found, srv, config) = self.with_config(name, future::join(self.addresses(name), srv)).await;
            let mut notes = Notes::default();
            notes.completed(name, candidates);
            notes.asked(&found.replies);
            let failed_srv = match srv {
                Some(Ok(reply)) if !srv_records(&reply).is_empty() => {
                    notes.asked([&reply]);
                    notes.config(config);
                    return self.srv(reply, notes).await;
                }
                Some(Ok(reply)) => {
                    notes.asked([&reply]);
                    absent.add(&reply);
                    None
                }
                Some(Err(error)) => Some(error),
                None => None,
            };
            if !found.addresses.is_empty() {
                for error in found.failures.iter().chain(&failed_srv) {
                    notes.skipped(error.to_string());
                }
                notes.config(config);
                let rule = port.map(PortRule::target).unwrap_or_else(|| otherwise.clone());
                let ttl = found.addresses.iter().map(|(_, ttl)| *ttl).min();
                let mut seen = HashSet::new();
                let addresses = found.addresses.into_iter().filter(|(ip, _)| seen.insert(*ip));
                let endpoints = addresses.map(|(ip, ttl)| rule.endpoint(ip, Some(ttl))).collect();
                return Ok(Outcome { update: Update::Reset(Answer { endpoints, notes: notes.into_vec() }), ttl });
            }
            // Whoever could not be asked might have known: that is no absence.
            if let Some(error) = found.failures.into_iter().chain(failed_srv).next() {
                return Err(error);
            }
            found.replies.iter().for_each(|reply| absent.add(reply));
        }
        Ok(absent.outcome())
    }

    async fn srv_only(&self, candidates: &[Name]) -> Result<Outcome, ResolveError> {
        let mut absent = Absent::default();
        for name in candidates {
            let reply = self.ask(name, RecordType::SRV).await?;
            if srv_records(&reply).is_empty() {
                absent.add(&reply);
                continue;
            }
            let mut notes = Notes::default();
            notes.completed(name, candidates);
            notes.asked([&reply]);
            return self.srv(reply, notes).await;
        }
        Ok(absent.outcome())
    }

    /// `_grpc._tcp.NAME`, unless the name is one already or has no room for it.
    fn service_name(&self, name: &Name) -> Option<Name> {
        if name.iter().next().is_some_and(|label| label.starts_with(b"_")) {
            return None;
        }
        let service = name.prepend_label("_tcp").and_then(|name| name.prepend_label("_grpc"));
        service.ok()
    }

    /// `main`, and beside it the service config of `name`, which may come a little later but not much.
    async fn with_config<A, B>(
        &self,
        name: &Name,
        main: impl Future<Output = (A, B)>,
    ) -> (A, B, Option<Result<Reply, ResolveError>>) {
        let asked = async {
            match name.prepend_label("_grpc_config") {
                Ok(config) => Some(self.ask(&config, RecordType::TXT).await),
                Err(_) => None,
            }
        };
        let mut config = pin!(maybe_done(asked));
        let (a, b) = match select(pin!(main), config.as_mut()).await {
            Either::Left((main, _)) => main,
            Either::Right(((), main)) => main.await,
        };
        let late = timeout(CONFIG_GRACE, config.as_mut()).await.is_err();
        let config = config.take_output().flatten();
        let config = config.or_else(|| {
            late.then(|| {
                let text = format!("TXT _grpc_config.{} was not answered in time", shown(name));
                Err(ResolveError::ambient(ResolveCode::Timeout, text))
            })
        });
        (a, b, config)
    }

    /// The addresses of every SRV target, from the additional section where the server put them there.
    async fn srv(&self, reply: Reply, mut notes: Notes) -> Result<Outcome, ResolveError> {
        let records = srv_records(&reply);
        let Said::Records { additionals, .. } = &reply.said else { return Ok(Outcome::empty(notes)) };
        if let [(_, record)] = &records[..]
            && record.target.is_root()
        {
            // RFC 2782: "A target of "." means that the service is decidedly not available at this domain."
            let text = format!(
                "dns server {} says for {} that the service is not offered (target .)",
                reply.server, reply.question
            );
            return Ok(Outcome {
                update: Update::NotFound(Absence::new(AbsenceCode::NoData, text)),
                ttl: records.first().map(|(ttl, _)| *ttl),
            });
        }
        let mut targets: BTreeMap<Name, Vec<(IpAddr, Duration)>> = BTreeMap::new();
        for (_, record) in &records {
            targets.entry(record.target.clone()).or_default();
        }
        for added in additionals {
            if let (Some(known), Some((ip, ttl))) = (targets.get_mut(&added.name), address(added))
                && self.family.wants(&ip)
            {
                known.push((ip, ttl));
            }
        }
        let unknown: Vec<Name> =
            targets.iter().filter(|(_, known)| known.is_empty()).map(|(name, _)| name.clone()).collect();
        if unknown.len() > MOST_TARGETS {
            notes.skipped(format!(
                "{} of {} SRV targets were not looked up (at most {MOST_TARGETS} are)",
                unknown.len() - MOST_TARGETS,
                unknown.len()
            ));
        }
        let lookups =
            unknown.iter().take(MOST_TARGETS).map(|name| self.addresses(name).map(move |found| (name, found)));
        let mut failures = Vec::new();
        for (name, found) in join_all(lookups).await {
            notes.asked(&found.replies);
            if found.addresses.is_empty() && found.failures.is_empty() {
                notes.skipped(format!("SRV target {} has no address", shown(name)));
            }
            for error in found.failures {
                notes.skipped(format!("SRV target {}: {error}", shown(name)));
                failures.push(error);
            }
            targets.insert(name.clone(), found.addresses);
        }
        let mut ttl = None;
        let mut endpoints: Vec<Endpoint> = Vec::new();
        let mut seen = HashSet::new();
        for (srv_ttl, record) in &records {
            ttl = least(ttl, Some(*srv_ttl));
            for (ip, address_ttl) in targets.get(&record.target).into_iter().flatten() {
                ttl = least(ttl, Some(*address_ttl));
                let address = Address::Ip(SocketAddr::new(*ip, record.port));
                if seen.insert(address.clone()) {
                    endpoints.push(Endpoint {
                        priority: Some(record.priority),
                        weight: Some(record.weight.into()),
                        node: Some(shown(&record.target)),
                        ttl: Some((*srv_ttl).min(*address_ttl)),
                        layout: Some(format!("port from {}", reply.question)),
                        ..Endpoint::new(address)
                    });
                }
            }
        }
        match failures.into_iter().next() {
            Some(error) if endpoints.is_empty() => Err(error),
            _ => Ok(Outcome { update: Update::Reset(Answer { endpoints, notes: notes.into_vec() }), ttl }),
        }
    }
}

impl Outcome {
    fn empty(notes: Notes) -> Self {
        Outcome { update: Update::Reset(Answer { endpoints: vec![], notes: notes.into_vec() }), ttl: None }
    }
}

pub(super) fn least(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    a.into_iter().chain(b).min()
}

fn address(record: &Record) -> Option<(IpAddr, Duration)> {
    record.data.ip_addr().map(|ip| (ip, seconds(record.ttl)))
}

/// The least TTL of the aliases on the way; they expire too.
fn alias_ttl(answers: &[Record]) -> Duration {
    let aliases = answers.iter().filter(|record| record.record_type() == RecordType::CNAME);
    aliases.map(|record| seconds(record.ttl)).min().unwrap_or(Duration::MAX)
}

fn seconds(ttl: u32) -> Duration {
    Duration::from_secs(ttl.into())
}

/// The SRV records of an answer, best first.
fn srv_records(reply: &Reply) -> Vec<(Duration, hickory_resolver::proto::rr::rdata::SRV)> {
    let Said::Records { answers, .. } = &reply.said else { return vec![] };
    let alias = alias_ttl(answers);
    let mut records: Vec<_> = answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(srv) => Some((seconds(record.ttl).min(alias), srv.clone())),
            _ => None,
        })
        .collect();
    records.sort_by_key(|(_, srv)| (srv.priority, u16::MAX - srv.weight));
    records
}

/// Asks for anything at all, to see whether the servers answer.
pub(super) async fn sign_of_life(servers: &Servers, asker: &Asker, deadline: Instant) -> Result<String, ResolveError> {
    let reply = asker.ask(&full_name(".")?, RecordType::NS, deadline).await;
    let others = servers.addresses.len().saturating_sub(1);
    let also = if others == 0 { String::new() } else { format!(" (of {} servers)", others + 1) };
    match reply {
        Ok(reply) => {
            Ok(format!("dns server {} answered in {:.1} ms{also}", reply.server, reply.took.as_secs_f64() * 1e3))
        }
        // A server that refuses or fails this question is there all the same.
        Err(error)
            if matches!(
                error.failure().code,
                ResolveCode::Refused | ResolveCode::ServFail | ResolveCode::ServerError | ResolveCode::BadAnswer
            ) =>
        {
            Ok(error.to_string())
        }
        Err(error) => Err(error),
    }
}
