//! Findings on the addresses themselves: those that mean something else on other machines, and IPv6 addresses that
//! are unreachable.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::catalog::*;
use super::dns;
use super::ledger::{Contact, Ledger, Observed, SourceRecord};
use super::report::{finding, name, shorten};
use super::verdict::NetworkState;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::finding::Finding;
use crate::model::reach::{FailureCode, Stage};
use crate::model::registry::RegistryKind;
use crate::model::resolution::NoteKind;

/// What is wrong with the addresses that registries list.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in ledger.sources.iter().filter(|source| is_registry(source)) {
        for (key, seen) in &source.listed {
            let Address::Ip(socket) = key.address() else { continue };
            let contact = ledger.contacts.get(key.address());
            let Some(why) = not_for_others(socket.ip(), &seen.what, contact) else { continue };
            let text = format!("{} is registered in {}: {why}", key.address(), name(ledger, source));
            let mut evidence = vec![seen.seq];
            evidence.extend(contact.map(|contact| contact.seq));
            findings.push(finding(&ADDRESS_NOT_FOR_OTHERS, Some(key.address().clone()), text, evidence));
        }
        findings.extend(ipv6_leads_nowhere(ledger, source));
    }
    findings
}

/// True when the addresses come from a registry: not typed here, not read from this machine's hosts file.
fn is_registry(source: &SourceRecord) -> bool {
    source.registry().kind != RegistryKind::Literal && source.note(NoteKind::Local).is_none()
}

/// Why other clients do not reach this instance at `ip`; `None` when they may, or when it cannot be proved.
fn not_for_others(ip: IpAddr, endpoint: &Endpoint, contact: Option<&Observed<Contact>>) -> Option<String> {
    let ip = ip.to_canonical();
    if ip.is_unspecified() {
        return Some("an unspecified address, meant for listening, not for connecting".to_string());
    }
    if is_link_local(ip) {
        return Some("a link-local address, valid only within its own network segment".to_string());
    }
    let node = endpoint.node_address.map(|node| node.to_canonical());
    if ip.is_loopback() {
        let node = node.filter(|node| !node.is_loopback() && !node.is_unspecified())?;
        return Some(format!(
            "a loopback address, although its node is at {node}: on every other host it points to that host itself"
        ));
    }
    if is_docker_bridge(ip) && node != Some(ip) {
        let Some(Contact::Failed(failure)) = contact.map(|contact| &contact.what) else { return None };
        return leads_nowhere(failure.code, failure.stage).then(|| {
            format!("an address of Docker's default bridge, unreachable from here ({failure}): such an address is valid only on its own host")
        });
    }
    None
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn is_docker_bridge(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.octets()[..2] == [172, 17])
}

/// True when the failure is one of the path, not of the server at its end.
fn leads_nowhere(code: FailureCode, stage: Stage) -> bool {
    match code {
        FailureCode::Unreachable => true,
        FailureCode::TimedOut => stage <= Stage::Tcp,
        _ => false,
    }
}

/// A name with addresses of both families, of which every IPv6 address is unreachable while IPv4 works.
fn ipv6_leads_nowhere(ledger: &Ledger, source: &SourceRecord) -> Option<Finding> {
    if !source.registry().resolves_names() {
        return None;
    }
    let mut families: BTreeMap<bool, Vec<(&Address, &Observed<Endpoint>)>> = BTreeMap::new();
    for (key, seen) in &source.listed {
        if let Address::Ip(socket) = key.address() {
            families.entry(socket.is_ipv6()).or_default().push((key.address(), seen));
        }
    }
    let (v4, v6) = (families.get(&false)?, families.get(&true)?);
    let spared = dns::spared(ledger);
    if v6.iter().all(|(address, _)| spared.contains_key(*address)) {
        return None;
    }
    let mut evidence = Vec::new();
    let mut why = None;
    for (address, seen) in v6 {
        let contact = ledger.contacts.get(*address)?;
        let Contact::Failed(failure) = &contact.what else { return None };
        if !leads_nowhere(failure.code, failure.stage) {
            return None;
        }
        why.get_or_insert_with(|| failure.to_string());
        evidence.extend([seen.seq, contact.seq]);
    }
    let reached: Vec<_> = v4.iter().filter_map(|(address, _)| ledger.contacts.get(*address)).collect();
    let works = reached.iter().find(|contact| NetworkState::of(Some(&contact.what)) == NetworkState::Serving)?;
    evidence.push(works.seq);
    evidence.sort_unstable();
    evidence.dedup();
    let addresses: Vec<String> = v6.iter().map(|(address, _)| address.to_string()).collect();
    let text = format!(
        "{} has IPv6 addresses that are unreachable from here ({}: {}), while IPv4 works: clients that try IPv6 first lose time on every connection",
        source.source,
        shorten(&addresses),
        why?
    );
    Some(finding(&IPV6_UNREACHABLE_FIRST, None, text, evidence))
}
