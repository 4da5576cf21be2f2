//! GD902: a proxy in the environment, through which other clients would dial. This tool connects directly.

use super::catalog::PROXY_ENV;
use super::ledger::{Ledger, SourceRecord};
use super::report::finding;
use crate::model::finding::Finding;
use crate::text::plural;

/// The host that a DNS source is queried for: clients compare it with `no_proxy` before they resolve it.
fn host_of(source: &SourceRecord) -> Option<&str> {
    source.source.target.host().map(|host| host.trim_end_matches('.'))
}

/// Reports the proxy when addresses were contacted directly that other clients would reach through it.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let Some(proxy) = &ledger.proxy else { return Vec::new() };
    let left_out = |index: usize| {
        let host = host_of(&ledger.sources[index]).map(str::to_lowercase);
        host.is_some_and(|host| host == "localhost" || proxy.leaves_out(&host, host.parse().ok(), None))
    };
    let mut evidence = Vec::new();
    for (address, listed) in ledger.listing().iter() {
        let Some(contact) = ledger.contacts.get(address) else { continue };
        if proxy.takes(address) && !listed.iter().all(|(index, _)| left_out(*index)) {
            evidence.push(contact.seq);
        }
    }
    if evidence.is_empty() {
        return Vec::new();
    }
    let many = format!("{} {}", evidence.len(), plural(evidence.len(), "address", "addresses"));
    let text = format!(
        "{} is set to {}: {} clients with this environment connect to {many} of this service through that proxy; this tool connected directly",
        proxy.variable, proxy.proxy, proxy.readers
    );
    vec![finding(&PROXY_ENV, None, text, evidence)]
}
