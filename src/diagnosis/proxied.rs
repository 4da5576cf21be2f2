//! GD420: health responses that a proxy passed on. They are samples of the servers behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalog::BEHIND_A_PROXY;
use super::ledger::{Contact, Ledger, Observed};
use super::report::join;
use crate::model::endpoint::Address;
use crate::model::event::EndpointReport;
use crate::model::finding::Finding;
use crate::model::proxy::{Proxy, ProxyName};
use crate::model::reach::Health;
use crate::model::rpc::RpcCause;
use crate::model::verdict::EndpointVerdict;
use crate::text::few;

/// How many addresses are named in a sentence.
const NAMED: usize = 3;

/// An address, and the proxy that its health response came through.
type Answered<'a> = (&'a Address, &'a Observed<Arc<Proxy>>);

/// One finding for every proxy that passed health responses on.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut by_name: BTreeMap<&str, Vec<Answered<'_>>> = BTreeMap::new();
    for address in ledger.listing().addresses() {
        if let Some(seen) = passed_on(ledger, address) {
            by_name.entry(seen.what.name.as_str()).or_default().push((address, seen));
        }
    }
    by_name.into_values().filter_map(|answered| on_proxy(&answered)).collect()
}

fn on_proxy(answered: &[Answered<'_>]) -> Option<Finding> {
    let (first, seen) = answered.first()?;
    let Proxy { name, header } = &*seen.what;
    let (address, text) = match answered {
        [_] => {
            let text =
                format!("{first} responded through a proxy ({name}): one sample of the servers behind it ({header})");
            (Some((*first).clone()), text)
        }
        several => {
            let text = format!(
                "{} endpoints responded through a proxy ({name}): one sample each of the servers behind it ({}; {header})",
                several.len(),
                few(several.iter().map(|(address, _)| address), ", ", NAMED),
            );
            (None, text)
        }
    };
    let evidence = answered.iter().map(|(_, seen)| seen.seq).collect();
    Some(Finding { kind: &BEHIND_A_PROXY, address, cause: None, text, evidence, remedy: remedy(name) })
}

/// The proxy through which the last health response of `address` came. A failure that the proxy itself caused has a
/// finding of its own (GD407).
fn passed_on<'a>(ledger: &'a Ledger, address: &Address) -> Option<&'a Observed<Arc<Proxy>>> {
    match &ledger.contacts.get(address)?.what {
        Contact::Answered(Health::Failed { cause: RpcCause::Status, .. }) => {}
        Contact::Answered(Health::Failed { .. }) | Contact::Connected | Contact::Failed(_) => return None,
        Contact::Answered(_) => {}
    }
    ledger.proxies.get(address)
}

/// For the verdict's sentence: through which proxies the endpoints that count as healthy responded.
pub fn sentence(ledger: &Ledger, listed: &[&EndpointReport]) -> Option<String> {
    let good = listed.iter().filter(|report| report.verdict == EndpointVerdict::Healthy);
    let seen: Vec<_> = good.filter_map(|report| passed_on(ledger, &report.address)).collect();
    let names: Vec<&str> = seen.iter().map(|seen| seen.what.name.as_str()).collect();
    let names = join(&names);
    match (seen.len(), listed.len()) {
        (0, _) => None,
        (1, 1) => {
            Some(format!("the only endpoint responded through a proxy ({names}): one sample of the servers behind it"))
        }
        (count, all) if count == all => {
            Some(format!("all of them responded through a proxy ({names}): one sample each of the servers behind it"))
        }
        (count, _) => Some(format!(
            "{count} of them responded through a proxy ({names}): one sample each of the servers behind it"
        )),
    }
}

/// How to list the servers behind this proxy.
fn remedy(name: &ProxyName) -> String {
    let list = match name {
        ProxyName::Envoy => "`curl http://ADMIN/clusters` on Envoy's admin port lists them with their health",
        ProxyName::IstioEnvoy => "`istioctl proxy-config endpoints POD` lists them with their health",
        ProxyName::Nginx | ProxyName::OpenResty | ProxyName::Tengine => {
            "they are the servers of the `upstream` or `grpc_pass` in its configuration (`nginx -T`)"
        }
        ProxyName::Haproxy => "`show servers state` on HAProxy's admin socket lists them with their health",
        ProxyName::AwsLoadBalancer => {
            "`aws elbv2 describe-target-health --target-group-arn ARN` lists them with their health"
        }
        ProxyName::Google | ProxyName::GoogleFrontend => {
            "`gcloud compute backend-services get-health NAME --global` lists them with their health"
        }
        ProxyName::Linkerd => "`linkerd diagnostics endpoints NAME.NAMESPACE.svc.cluster.local:PORT` lists them",
        ProxyName::Other(_) => "see the registry or the configuration that lists its servers",
    };
    format!("Probe the servers behind the proxy at their own addresses: {list}.")
}
