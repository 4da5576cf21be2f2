//! From the servers' answers to an update: which records count, where the port comes from, what was left out.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{self, Either, maybe_done, select};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, timeout};

use super::addresses::{FoundAddresses, QuerySet};
use super::name::full_name;
use super::notes::{Absent, Notes};
use super::outcome::Outcome;
use super::question::{DnsClient, Reply};
use super::records::srv_records;
use super::servers::{Servers, shown};
use super::{Family, PortRule};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveCode, ResolveError, Update};
use crate::text::duration;

/// How long the addresses wait for the service config.
const CONFIG_GRACE: Duration = Duration::from_millis(300);

/// What is queried.
pub(super) enum Lookup {
    /// The addresses of a host.
    Host {
        /// The name as typed.
        host: String,
        /// The port to use, and where it came from; `None`: `_grpc._tcp.HOST` SRV records are tried before
        /// `otherwise`.
        port: Option<u16>,
        /// The port when neither the target nor SRV records have one.
        otherwise: PortRule,
    },
    /// The SRV records of a name.
    Srv(String),
}

/// Sends every query that is needed for a full update.
pub(super) async fn outcome(
    wanted: &Lookup,
    servers: &Servers,
    client: &DnsClient,
    family: Family,
    deadline: Instant,
) -> Result<Outcome, ResolveError> {
    let family = match family {
        Family::Both if servers.no_aaaa => Family::V4,
        family => family,
    };
    let question = QuerySet { client, family, deadline };
    let (Lookup::Srv(name) | Lookup::Host { host: name, .. }) = wanted;
    if let Some(domain) = is_local(name) {
        let text =
            format!("{name} does not exist: .{domain} names are never sent to a DNS server (RFC 6761, RFC 7686)");
        return Ok(Outcome { update: Update::NotFound(Absence::new(AbsenceCode::NxDomain, text)), ttl: None });
    }
    match wanted {
        Lookup::Srv(name) => question.srv_only(&servers.candidates(name)?).await,
        Lookup::Host { host, port, otherwise } => {
            if let Some((addresses, who)) = servers.local(host, family) {
                return Ok(local(host, addresses, who, *port, otherwise));
            }
            let typed = full_name(host)?;
            question.host(&typed, &servers.candidates(host)?, *port, otherwise).await
        }
    }
}

/// The top-level domain for which `name` is never sent to a server; the resolver answers such names by itself.
fn is_local(name: &str) -> Option<&'static str> {
    let top = name.trim_end_matches('.').rsplit('.').next()?;
    ["invalid", "onion"].into_iter().find(|domain| top.eq_ignore_ascii_case(domain))
}

fn local(host: &str, addresses: Vec<IpAddr>, who: &str, port: Option<u16>, otherwise: &PortRule) -> Outcome {
    let rule = port.map(PortRule::target).unwrap_or_else(|| otherwise.clone());
    let note = Note::new(NoteKind::Local, format!("{host} was resolved locally ({who}); no DNS query was sent"));
    let endpoints = addresses.into_iter().map(|ip| rule.endpoint(ip, None)).collect();
    let notes = std::iter::once(note).chain(rule.note(host)).collect();
    Outcome { update: Update::Reset(Answer { endpoints, notes }), ttl: None }
}

impl QuerySet<'_> {
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
                    Some(service) => Some(self.query(service, RecordType::SRV).await),
                    None => None,
                }
            };
            let (found, srv, config) = self.with_config(name, future::join(self.addresses(name), srv)).await;
            let mut notes = Notes::default();
            notes.named(name, candidates, &found.replies);
            notes.queried(&found.replies);
            let failed_srv = match srv {
                Some(Ok(reply)) if !srv_records(&reply).is_empty() => {
                    notes.queried([&reply]);
                    notes.config(config);
                    return self.srv(reply, notes).await;
                }
                Some(Ok(reply)) => {
                    notes.queried([&reply]);
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
                notes.default_port(rule.note(typed.to_ascii().trim_end_matches('.')));
                let ttl = found.addresses.iter().map(|(_, ttl)| *ttl).min();
                let mut seen = HashSet::new();
                let addresses = found.addresses.into_iter().filter(|(ip, _)| seen.insert(*ip));
                let endpoints = addresses.map(|(ip, ttl)| rule.endpoint(ip, Some(ttl))).collect();
                return Ok(Outcome { update: Update::Reset(Answer { endpoints, notes: notes.into_vec() }), ttl });
            }
            // A server that could not be queried may have addresses, so their absence is not proved.
            if let Some(error) = found.failures.into_iter().chain(failed_srv).next() {
                return Err(error);
            }
            found.replies.iter().for_each(|reply| absent.add(reply));
        }
        Ok(absent.outcome())
    }

    /// Whether the name as typed has addresses other than those that the search list found.
    async fn shadowed(&self, typed: &Name, answered: &Name, found: &FoundAddresses, notes: &mut Notes) {
        // A single label is never meant to be a top-level domain.
        if typed == answered || typed.num_labels() < 2 {
            return;
        }
        let direct = self.addresses(typed).await;
        let ips = |found: &FoundAddresses| found.addresses.iter().map(|(ip, _)| *ip).collect::<BTreeSet<_>>();
        let (here, there) = (ips(found), ips(&direct));
        if there.is_empty() || here == there {
            return;
        }
        let list = |ips: &BTreeSet<IpAddr>| ips.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        notes.shadowed(format!(
            "the search list expanded {} to {}, which resolves to {}; the name as given resolves to {}",
            shown(typed),
            shown(answered),
            list(&here),
            list(&there)
        ));
    }

    async fn srv_only(&self, candidates: &[Name]) -> Result<Outcome, ResolveError> {
        let mut absent = Absent::default();
        for name in candidates {
            let reply = self.query(name, RecordType::SRV).await?;
            if srv_records(&reply).is_empty() {
                absent.add(&reply);
                continue;
            }
            let mut notes = Notes::default();
            notes.named(name, candidates, [&reply]);
            notes.queried([&reply]);
            return self.srv(reply, notes).await;
        }
        Ok(absent.outcome())
    }

    /// `_grpc._tcp.NAME`, unless the name already has that form or would become too long.
    fn service_name(&self, name: &Name) -> Option<Name> {
        if name.iter().next().is_some_and(|label| label.starts_with(b"_")) {
            return None;
        }
        let service = name.prepend_label("_tcp").and_then(|name| name.prepend_label("_grpc"));
        service.ok()
    }

    /// `main`, and in parallel the service config of `name`, which may arrive slightly later.
    async fn with_config<A, B>(
        &self,
        name: &Name,
        main: impl Future<Output = (A, B)>,
    ) -> (A, B, Option<Result<Reply, ResolveError>>) {
        let queried = async {
            match name.prepend_label("_grpc_config") {
                Ok(config) => Some(self.query(&config, RecordType::TXT).await),
                Err(_) => None,
            }
        };
        let mut config = pin!(maybe_done(queried));
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
}

/// Sends any query to see whether the servers respond.
pub(super) async fn sign_of_life(
    servers: &Servers,
    client: &DnsClient,
    deadline: Instant,
) -> Result<String, ResolveError> {
    let reply = client.query(&full_name(".")?, RecordType::NS, deadline).await;
    let others = servers.addresses.len().saturating_sub(1);
    let also = if others == 0 { String::new() } else { format!(" (of {} servers)", others + 1) };
    match reply {
        Ok(reply) => Ok(format!("dns server {} answered in {}{also}", reply.server, duration(reply.took))),
        // A server that returns an error for this query is nevertheless reachable.
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
