//! From SRV records to endpoints: the addresses of their targets, and which of them are unusable.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use hickory_resolver::proto::rr::Name;

use super::addresses::QuerySet;
use super::notes::{Absent, Notes};
use super::outcome::{Outcome, least};
use super::question::{QuestionResult, Reply};
use super::records::{address, shown_srv, srv_records};
use super::servers::shown;
use crate::model::endpoint::{Address, Endpoint, Instance, LayoutRule};
use crate::model::resolution::{Absence, AbsenceCode, Answer, ResolveError, Update};
use crate::text::count;

/// At most this many SRV targets are queried.
const MOST_TARGETS: usize = 256;

impl QuerySet<'_> {
    /// The addresses of every SRV target, from the additional section if the server included them.
    pub(super) async fn srv(&self, reply: Reply, mut notes: Notes) -> Result<Outcome, ResolveError> {
        let records = srv_records(&reply);
        let QuestionResult::Records { additionals, .. } = &reply.result else { return Ok(Outcome::empty(notes)) };
        if let [(_, record)] = &records[..]
            && record.target.is_root()
        {
            // RFC 2782: "A target of "." means that the service is decidedly not available at this domain."
            let text = format!(
                "dns server {} reports for {} that the service is not available (target .)",
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
                "{} of {} SRV targets were not looked up (limit: {MOST_TARGETS})",
                unknown.len() - MOST_TARGETS,
                unknown.len()
            ));
        }
        let lookups =
            unknown.iter().take(MOST_TARGETS).map(|name| self.addresses(name).map(move |found| (name, found)));
        let mut failures = Vec::new();
        for (name, found) in join_all(lookups).await {
            notes.queried(&found.replies);
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
                        "{}: failed to look up the target {}: {error}",
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
                    notes.nothing_left(format!("{}: {many}, none usable", reply.question));
                }
                Ok(Outcome { update: Update::Reset(Answer { endpoints, notes: notes.into_vec() }), ttl })
            }
        }
    }
}

impl Outcome {
    fn empty(notes: Notes) -> Self {
        Outcome { update: Update::Reset(Answer { endpoints: vec![], notes: notes.into_vec() }), ttl: None }
    }
}
