//! GD614: connections that were closed while no call was on them, the channel's own and those of idle-connection
//! checks. Rules that a GOAWAY names (GD412), closes that form a pattern (GD412, GD413), and checks whose connection
//! was dropped (GD612) have findings of their own.

use std::time::Duration;

use super::catalog::IDLE_CONNECTION_ENDED;
use super::connection;
use super::ledger::{Ledger, Loss, Observed};
use super::tolerance::Proof;
use crate::model::endpoint::Address;
use crate::model::finding::Finding;
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckReport};
use crate::model::proxy::ProxyName;
use crate::model::reach::{Disconnect, DisconnectReason};
use crate::text::duration;

/// A connection that was idle for a shorter time had no chance of a call yet.
const IDLE: Duration = Duration::from_secs(1);

/// One finding for every listed address that closed an idle connection.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let left = |address: &Address| ledger.departures.iter().any(|d| d.what.endpoint.address == *address);
    let listing = ledger.listing();
    let listed = listing.addresses().filter(|address| !left(address));
    listed.filter_map(|address| ended(ledger, address)).collect()
}

fn ended(ledger: &Ledger, address: &Address) -> Option<Finding> {
    let mut own: Vec<(&Disconnect, Duration, u64)> = match ledger.losses.get(address) {
        Some(losses) if !connection::is_reported(address, losses) => losses.iter().filter_map(of_channel).collect(),
        Some(_) | None => Vec::new(),
    };
    let mut checks = ledger.idle_checks.iter().filter(|check| check.what.address == *address);
    if checks.any(|check| Proof::of(&check.what.result) == Proof::Cut(check.what.result.measured_idle)) {
        // GD612 reports them together with the checks whose connection was dropped.
        own.retain(|(disconnect, ..)| disconnect.goaway.is_some());
    }
    let checks: Vec<(&Disconnect, Duration, u64)> =
        ledger.idle_checks.iter().filter(|check| check.what.address == *address).filter_map(of_check).collect();
    let least = own.iter().chain(&checks).min_by_key(|(_, idle, _)| *idle)?;
    let (disconnect, idle, _) = least;
    let whose = match (own.len(), checks.len()) {
        (0, _) => "an idle-connection check",
        (_, 0) => "the channel's own connection",
        (_, _) => "the channel's own connection and idle-connection checks",
    };
    let how = match disconnect.goaway {
        Some(_) => disconnect.to_string(),
        None => format!("no GOAWAY, {disconnect}"),
    };
    let proxy = ledger.proxies.get(address).map(|seen| &seen.what.name);
    let who = proxy.map(|name| format!(" (a proxy, {name})")).unwrap_or_default();
    let text = format!("{address}{who} closed {whose} after {} without a call: {how}", duration(*idle));
    let evidence = own.iter().chain(&checks).map(|(_, _, seq)| *seq).collect();
    let kind = &IDLE_CONNECTION_ENDED;
    Some(Finding { kind, address: Some(address.clone()), cause: None, text, evidence, remedy: remedy(proxy, *idle) })
}

/// The closes of the channel's own connections to `address` that came without GOAWAY while they were idle.
pub(super) fn cut_too(ledger: &Ledger, address: &Address) -> Vec<u64> {
    let losses = ledger.losses.get(address).into_iter().flatten();
    let cut = losses.filter_map(of_channel).filter(|(disconnect, ..)| disconnect.goaway.is_none());
    cut.map(|(_, _, seq)| seq).collect()
}

fn of_channel(seen: &Observed<Loss>) -> Option<(&Disconnect, Duration, u64)> {
    let idle = seen.what.idle.filter(|idle| *idle >= IDLE)?;
    let disconnect = &seen.what.disconnect;
    let reported = disconnect.reason == DisconnectReason::SubchannelShutdown
        || disconnect.goaway.as_ref().is_some_and(|goaway| goaway.limits_pings() || goaway.names_rotation());
    (!reported).then_some((disconnect, idle, seen.seq))
}

/// A check whose connection was closed with GOAWAY before its PING.
fn of_check(seen: &Observed<IdleCheckReport>) -> Option<(&Disconnect, Duration, u64)> {
    let result = &seen.what.result;
    match &result.outcome {
        IdleCheckOutcome::Closed { disconnect, pinged: false, .. } => {
            let goaway = disconnect.goaway.as_ref()?;
            (!goaway.names_rotation()).then_some((disconnect, result.measured_idle, seen.seq))
        }
        IdleCheckOutcome::Closed { .. }
        | IdleCheckOutcome::Alive { .. }
        | IdleCheckOutcome::Dropped { .. }
        | IdleCheckOutcome::NotReached(_) => None,
    }
}

/// The setting that closes idle connections, where the software is known.
pub(super) fn setting(proxy: Option<&ProxyName>) -> Option<&'static str> {
    Some(match proxy? {
        ProxyName::Nginx | ProxyName::OpenResty | ProxyName::Tengine => "nginx: keepalive_timeout, 75s by default",
        ProxyName::Envoy | ProxyName::IstioEnvoy => "Envoy: idle_timeout of the HTTP connection manager, 1h by default",
        ProxyName::Haproxy => "HAProxy: timeout client and timeout http-keep-alive",
        ProxyName::AwsLoadBalancer => "AWS ALB: idle_timeout.timeout_seconds, 60s by default",
        ProxyName::Google | ProxyName::GoogleFrontend | ProxyName::Linkerd | ProxyName::Other(_) => return None,
    })
}

fn remedy(proxy: Option<&ProxyName>, idle: Duration) -> String {
    let setting = setting(proxy).map(|setting| format!(" ({setting})")).unwrap_or_default();
    format!(
        "Nothing, if that limit is intended: clients reconnect with their next call, but a call that starts at that moment may fail with UNAVAILABLE. To avoid both, let channels go idle before {}, or raise the limit{setting}.",
        duration(idle)
    )
}
