//! From what the servers said to an update: which records count, where the port comes from, what was left out.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, maybe_done, select};
use futures_util::{FutureExt, future};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, timeout};

use super::name::full_name;
use super::notes::{Absent, Notes};
use super::outcome::{Outcome, least};
use super::question::{Asker, Reply, Said};
use super::records::{address, alias_ttl, shown_srv, srv_records};
use super::servers::{Servers, loopback, shown};
use super::{Family, PortRule};
use crate::model::endpoint::{Address, Endpoint, Instance, LayoutRule};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveCode, ResolveError, Update};
use crate::text::{count, duration};

/// The addresses do not wait longer than this for the service config.
const CONFIG_GRACE: Duration = Duration::from_millis(300);
/// How long the other address family is waited for once one has addresses: three transmissions over UDP.
const FAMILY_GRACE: Duration = Duration::from_millis(1_500);
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

/// Asks whatever it takes to say who is there.
pub(super) async fn outcome(
    wanted: &Wanted,
    servers: &Servers,
    asker: &Asker,
    family: Family,
    deadline: Instant,
) -> Result<Outcome, ResolveError> {
    let family = match family {
        Family::Both if servers.no_aaaa => Family::V4,
        family => family,
    };
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
            let typed = full_name(host)?;
            question.host(&typed, &servers.candidates(host)?, *port, otherwise).await
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
    let note = Note::new(NoteKind::Local, format!("{host} was resolved locally ({who}); no DNS query was sent"));
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
        let mut found = Found::default();
        for answered in self.both(name).await {
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

    /// The answers to A and AAAA. Once one of them has addresses, the other one has [`FAMILY_GRACE`].
    async fn both(&self, name: &Name) -> Vec<Result<Reply, ResolveError>> {
        let [first, second] = match self.family.kinds() {
            [first, second] => [*first, *second],
            kinds => return join_all(kinds.iter().map(|kind| self.ask(name, *kind))).await,
        };
        let (v4, v6) = (Box::pin(self.ask(name, first)), Box::pin(self.ask(name, second)));
        match select(v4, v6).await {
            Either::Left((v4, rest)) => {
                let v6 = late(rest, name, (first, second), &v4).await;
                vec![v4, v6]
            }
            Either::Right((v6, rest)) => {
                let v4 = late(rest, name, (second, first), &v6).await;
                vec![v4, v6]
            }
        }
    }

    async fn host(
        &self,
        typed: &Name,
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
            notes.named(name, candidates, &found.replies);
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
                if let Some(error) = failed_srv {
                    notes.skipped(error.to_string());
                }
                found.half_answered(name, &mut notes);
                notes.config(config);
                self.shadowed(typed, name, &found, &mut notes).await;
                let rule = port.map(PortRule::target).unwrap_or_else(|| otherwise.clone());
                let ttl = found.addresses.iter().map(|(_, ttl)| *ttl).min();
                let mut seen = HashSet::new();
                let addresses = found.addresses.into_iter().filter(|(ip, _)| seen.insert(*ip));
                let endpoints = addresses.map(|(ip, ttl)| rule.endpoint(ip, Some(ttl))).collect();
                return Ok(Outcome { update: Update::Reset(Answer { endpoints, notes: notes.into_vec() }), ttl });
            }
            // A server that could not be queried might have addresses, so their absence is not proved.
            if let Some(error) = found.failures.into_iter().chain(failed_srv).next() {
                return Err(error);
            }
            found.replies.iter().for_each(|reply| absent.add(reply));
        }
        Ok(absent.outcome())
    }

    /// Whether the name as it was typed has other addresses than the one that the search list found.
    async fn shadowed(&self, typed: &Name, answered: &Name, found: &Found, notes: &mut Notes) {
        // A single word is never meant to be a top-level domain.
        if typed == answered || typed.num_labels() < 2 {
            return;
        }
        let direct = self.addresses(typed).await;
        let ips = |found: &Found| found.addresses.iter().map(|(ip, _)| *ip).collect::<BTreeSet<_>>();
        let (here, there) = (ips(found), ips(&direct));
        if there.is_empty() || here == there {
            return;
        }
        let list = |ips: &BTreeSet<IpAddr>| ips.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        notes.shadowed(format!(
            "{} was completed to {} by the search list and is {} here; the name as given is {}",
            shown(typed),
            shown(answered),
            list(&here),
            list(&there)
        ));
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
            notes.named(name, candidates, [&reply]);
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
        let (usable, unusable): (Vec<_>, Vec<_>) =
            records.iter().partition(|(_, record)| record.port != 0 && !record.target.is_root());
        for (_, record) in unusable {
            let why = if record.port == 0 { "port 0" } else { "the target is \".\"" };
            notes.unusable(format!("{} ({}) cannot be used: {why}", reply.question, shown_srv(record)));
        }
        for (_, record) in &usable {
            targets.entry(record.target.clone()).or_default();
        }
        let named: Vec<String> =
            usable.iter().map(|(_, record)| format!("{}:{}", shown(&record.target), record.port)).collect();
        if !named.is_empty() {
            notes.targets(&reply.question, &named);
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
            notes.named(name, &[], &found.replies);
            if found.addresses.is_empty() && found.failures.is_empty() {
                let mut absent = Absent::default();
                found.replies.iter().for_each(|reply| absent.add(reply));
                for (_, record) in usable.iter().filter(|(_, record)| record.target == *name) {
                    let record = shown_srv(record);
                    let why = absent.text();
                    notes.unusable(format!(
                        "{} ({record}) cannot be used: its target has no address: {why}",
                        reply.question
                    ));
                }
            } else if found.addresses.is_empty() {
                for error in found.failures {
                    notes.unusable(format!(
                        "{}: the target {} could not be looked up: {error}",
                        reply.question,
                        shown(name)
                    ));
                    failures.push(error);
                }
            } else {
                found.half_answered(name, &mut notes);
            }
            targets.insert(name.clone(), found.addresses);
        }
        let mut ttl = None;
        let mut endpoints: Vec<Endpoint> = Vec::new();
        let mut seen = HashSet::new();
        for (srv_ttl, record) in usable {
            ttl = least(ttl, Some(*srv_ttl));
            for (ip, address_ttl) in targets.get(&record.target).into_iter().flatten() {
                ttl = least(ttl, Some(*address_ttl));
                let address = Address::Ip(SocketAddr::new(*ip, record.port));
                if seen.insert(address.clone()) {
                    endpoints.push(Endpoint::from(Instance {
                        priority: Some(record.priority),
                        weight: Some(record.weight.into()),
                        node: Some(shown(&record.target)),
                        ttl: Some((*srv_ttl).min(*address_ttl)),
                        layout: Some(LayoutRule::plain(format!("port from {}", reply.question))),
                        ..Instance::new(address)
                    }));
                }
            }
        }
        match failures.into_iter().next() {
            Some(error) if endpoints.is_empty() => Err(error),
            _ => {
                if endpoints.is_empty() {
                    let many = count(records.len(), "record");
                    notes.nothing_left(format!("{}: {many}, none can be used", reply.question));
                }
                Ok(Outcome { update: Update::Reset(Answer { endpoints, notes: notes.into_vec() }), ttl })
            }
        }
    }
}

/// The answer of the other family: [`FAMILY_GRACE`] when this one has addresses, else as long as it takes.
async fn late(
    rest: impl Future<Output = Result<Reply, ResolveError>>,
    name: &Name,
    (answered, waiting): (RecordType, RecordType),
    answer: &Result<Reply, ResolveError>,
) -> Result<Reply, ResolveError> {
    let has_addresses = matches!(answer, Ok(Reply { said: Said::Records { answers, .. }, .. })
        if answers.iter().any(|record| record.record_type() == answered));
    if !has_addresses {
        return rest.await;
    }
    timeout(FAMILY_GRACE, rest).await.unwrap_or_else(|_| {
        let grace = duration(FAMILY_GRACE);
        let text = format!("no answer for {waiting} {} within {grace}", shown(name));
        Err(ResolveError::ambient(ResolveCode::Timeout, text))
    })
}

impl Found {
    /// Reports that A is answered and AAAA is not, or the other way round: some resolvers fail both.
    fn half_answered(&self, name: &Name, notes: &mut Notes) {
        let has_addresses = |reply: &&Reply| matches!(reply.said, Said::Records { .. });
        let Some(answered) = self.replies.iter().find(has_addresses) else { return };
        for error in &self.failures {
            let who = match error.failure().code {
                ResolveCode::Timeout => {
                    "musl's resolver (Alpine) would fail the whole lookup, glibc's and Go's would wait for their timeout first"
                }
                _ => "musl's resolver (Alpine) would fail the whole lookup",
            };
            notes.half_answered(format!("{error}, although {} is answered; {who}", answered.question));
        }
        for reply in &self.replies {
            if let Said::Nothing { code: AbsenceCode::NxDomain, .. } = reply.said {
                notes.half_answered(format!(
                    "dns server {} answers NXDOMAIN for {}, although {} is answered: NXDOMAIN means that {} does not exist at \
                     all; musl's resolver (Alpine) and caches that follow RFC 8020 would fail the whole lookup",
                    reply.server,
                    reply.question,
                    answered.question,
                    shown(name)
                ));
            }
        }
    }
}

impl Outcome {
    fn empty(notes: Notes) -> Self {
        Outcome { update: Update::Reset(Answer { endpoints: vec![], notes: notes.into_vec() }), ttl: None }
    }
}

/// Asks for anything at all, to see whether the servers answer.
pub(super) async fn sign_of_life(servers: &Servers, asker: &Asker, deadline: Instant) -> Result<String, ResolveError> {
    let reply = asker.ask(&full_name(".")?, RecordType::NS, deadline).await;
    let others = servers.addresses.len().saturating_sub(1);
    let also = if others == 0 { String::new() } else { format!(" (of {} servers)", others + 1) };
    match reply {
        Ok(reply) => Ok(format!("dns server {} answered in {}{also}", reply.server, duration(reply.took))),
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
