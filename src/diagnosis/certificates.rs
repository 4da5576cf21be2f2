//! Findings on certificates that verify, and expire soon or differ between the endpoints of one service (GD310,
//! GD311), or are refused by some client stacks (GD312).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::catalog::*;
use super::ledger::{Handshake, Ledger, Observed};
use super::stacks;
use crate::model::certificate::AlternativeName;
use crate::model::dates;
use crate::model::endpoint::Address;
use crate::model::finding::{Finding, FindingKind};
use crate::model::reach::Certificate;

/// How many names of a certificate are listed in a sentence.
const NAMED: usize = 4;

/// The successful handshakes with addresses that are listed: a failed one has its own finding.
fn passed(ledger: &Ledger) -> impl Iterator<Item = (&Address, &Observed<Handshake>)> {
    let listing = ledger.listing();
    let listed = ledger.handshakes.iter().filter(move |(address, _)| listing.contains(address));
    listed.filter(|(_, seen)| seen.what.passed)
}

/// One finding for every certificate of a chain that expires within `limit` (none when it is zero), by the wall clock
/// of the handshake that showed it.
pub fn expiring(ledger: &Ledger, limit: Duration) -> Vec<Finding> {
    let limit = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
    let mut findings = Vec::new();
    for (address, seen) in passed(ledger).filter(|_| limit > 0) {
        let now = seconds(seen.what.time);
        let left = |certificate: &Certificate| certificate.not_after.saturating_sub(now);
        let soonest = seen.what.chain.iter().enumerate().min_by_key(|(_, certificate)| left(certificate));
        let Some((at, certificate)) = soonest.filter(|(_, certificate)| (0..limit).contains(&left(certificate))) else {
            continue;
        };
        let whose = match at {
            0 => "certificate".to_string(),
            _ => format!("certificate of the issuer \"{}\"", certificate.subject),
        };
        let text = format!("{address}: tls: {whose} expires {}", dates::ahead(certificate.not_after, now));
        findings.push(finding(&CERTIFICATE_EXPIRES_SOON, Some(address), text, vec![seen.seq]));
    }
    findings
}

/// One finding for every address whose certificate, or whose issuers', some client stacks refuse.
pub fn refused_by_some(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (address, seen) in passed(ledger) {
        let Handshake { chain, server_name, anchor, limit, time, .. } = &seen.what;
        let odd = stacks::odd(chain, server_name, anchor.as_deref(), seconds(*time));
        let what = match (odd.as_slice(), limit) {
            ([], None) => continue,
            ([], Some(why)) => why.clone(),
            // With several oddities, a stack that refuses any of them refuses the chain: only a single one shows
            // which stacks accept it.
            ([only], _) => format!("certificate has {}: {}; {}", only.what, only.refused(), only.accepted()),
            (several, _) => {
                let each: Vec<String> =
                    several.iter().map(|oddity| format!("{}: {}", oddity.what, oddity.refused())).collect();
                format!("certificate has {}", each.join("; it has "))
            }
        };
        let unverified = match limit {
            Some(_) => "; this tool could not verify it, so it connected without verification and sent no metadata",
            None => "",
        };
        let text = format!("{address}: tls: {what}{unverified}");
        let better: Vec<&str> = odd.iter().map(|oddity| oddity.better.as_str()).collect();
        let remedy = match better.as_slice() {
            [] => CERTIFICATE_REJECTED_BY_SOME.remedy.to_string(),
            better => format!("Reissue the server's certificate {}.", better.join(", ")),
        };
        findings
            .push(Finding { remedy, ..finding(&CERTIFICATE_REJECTED_BY_SOME, Some(address), text, vec![seen.seq]) });
    }
    findings
}

/// What makes two certificates different to a client. Dates and keys are left out: they differ in every rotation.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity<'a> {
    issuer: &'a str,
    /// As printed, sorted.
    names: Vec<String>,
}

impl<'a> Identity<'a> {
    /// The endpoint's own address among the names does not count: certificates that are made for each endpoint differ
    /// there. `None` when nothing was presented, or the address has no name to compare.
    fn of(handshake: &'a Handshake, address: &Address) -> Option<Identity<'a>> {
        let leaf = handshake.chain.first()?;
        let own = match address {
            Address::Ip(socket) => AlternativeName::Ip(socket.ip()),
            Address::Name { host, .. } => AlternativeName::Dns(host.clone()),
            Address::Unix(_) | Address::UnixAbstract(_) => return None,
        };
        let mut names: Vec<String> =
            leaf.names.iter().filter(|name| **name != own).map(AlternativeName::to_string).collect();
        names.sort_unstable();
        Some(Identity { issuer: &leaf.issuer, names })
    }

    fn words(&self) -> String {
        let mut names = self.names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        if self.names.len() > NAMED {
            names.push_str(", …");
        }
        format!("[{names}] issued by \"{}\"", self.issuer)
    }
}

/// One finding when the endpoints do not all present the same names from the same issuer.
pub fn differ(ledger: &Ledger) -> Vec<Finding> {
    let mut groups: BTreeMap<Identity<'_>, Vec<(&Address, u64)>> = BTreeMap::new();
    for (address, seen) in passed(ledger) {
        if let Some(identity) = Identity::of(&seen.what, address) {
            groups.entry(identity).or_default().push((address, seen.seq));
        }
    }
    if groups.len() < 2 {
        return Vec::new();
    }
    // The fewer endpoints present a certificate, the more likely it is the wrong one.
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, who)| who.len());
    let words: Vec<String> = groups
        .iter()
        .take(3)
        .map(|(identity, who)| {
            let shown = match who.as_slice() {
                [(address, _)] => address.to_string(),
                [(address, _), rest @ ..] => format!("{address} and {} more", rest.len()),
                [] => String::new(),
            };
            format!("{shown} {}", identity.words())
        })
        .collect();
    let text = format!("endpoints present {} kinds of certificate: {}", groups.len(), words.join("; "));
    let evidence = groups.iter().flat_map(|(_, who)| who.iter().take(2).map(|(_, seq)| *seq)).collect();
    vec![finding(&CERTIFICATES_DIFFER, None, text, evidence)]
}

pub(super) fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}

fn finding(kind: &'static FindingKind, address: Option<&Address>, text: String, evidence: Vec<u64>) -> Finding {
    Finding { kind, address: address.cloned(), cause: None, text, evidence, remedy: kind.remedy.to_string() }
}
