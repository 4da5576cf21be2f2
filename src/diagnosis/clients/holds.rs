//! What the addresses that a client holds mean.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Ruling;
use super::case::{Case, SETTLED};
use crate::diagnosis::catalog::*;
use crate::diagnosis::report::shorten;
use crate::diagnosis::verdict::NetworkState;
use crate::model::client::{ClientVerdict, HoldsSource, RegistryContact};
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::text::{count, duration, reached};

/// How long a client over DNS may hold an address that was removed: 30 s between two queries, and caches.
const ROLLOUT: Duration = Duration::from_secs(120);

/// A resolver that leaves IDLE passes on a list within the time limit of its client: 2 s in Kratos, 10 s before 2.8.1.
const RESOLVES_WITHIN: Duration = Duration::from_secs(10);

/// How many endpoints frameworks use by design.
const SUBSETS: [(usize, &str); 2] = [(25, "Kratos"), (32, "go-zero")];

/// It left IDLE, and its resolver has passed on no list since.
pub fn wedged(case: &Case<'_>) -> Option<Ruling> {
    let resolver = &case.view.resolver;
    let left_idle = resolver.left_idle?;
    let is_open = resolver.updated.is_none_or(|updated| updated < left_idle)
        && resolver.entered_idle.is_none_or(|entered| entered < left_idle);
    let same_before = case.record.first.what.resolver.left_idle == Some(left_idle);
    let watched = if same_before { case.record.watched() } else { Duration::ZERO };
    let lasted = case.view.ago(left_idle).unwrap_or_default().max(watched);
    let usable = case.members.values().flatten().filter(|seen| seen.what.status.is_usable()).count();
    if !is_open || lasted < RESOLVES_WITHIN || case.is_connected() || !case.view.holds.is_empty() || usable == 0 {
        return None;
    }
    let state = case.view.state.map_or("", ConnectivityState::as_str);
    let calls = &case.view.calls;
    let pending = match calls.pending() {
        0 => String::new(),
        pending => format!(", {} pending", count(usize::try_from(pending).unwrap_or(usize::MAX), "call")),
    };
    let text = format!(
        "left IDLE {} ago and has received no list of addresses since; it is {state}, {} of {} calls failed{pending}; {} lists {} usable",
        reached(lasted),
        calls.failed,
        calls.started,
        case.registries(),
        count(usable, "endpoint"),
    );
    Some(Ruling::new(ClientVerdict::Wedged, &crate::diagnosis::catalog::WEDGED, text).proved_by(case.answers()))
}

/// No call, no address: nothing to compare.
pub fn idle(case: &Case<'_>) -> Option<Ruling> {
    if !case.view.is_idle() {
        return None;
    }
    let last = case.view.calls.last_started.and_then(|last| case.view.ago(last));
    let last = last.map(|ago| format!(", last call {} ago", duration(ago))).unwrap_or_default();
    let text = format!("IDLE{last}: it resolves again with its next call, so nothing shows what it would notice");
    Some(Ruling::new(ClientVerdict::Idle, &IDLE_NORMAL, text))
}

/// The registry, or the client's list, is unknown.
pub fn not_comparable(case: &Case<'_>) -> Option<Ruling> {
    let why = if !case.registry_is_known() {
        "its registry could not be queried, or hides a part of its list"
    } else if case.view.holds.is_empty() {
        match case.view.state {
            Some(ConnectivityState::Connecting) => "CONNECTING, and it holds no address yet",
            _ => "the addresses that it holds are not visible",
        }
    } else {
        return None;
    };
    Some(Ruling::silent(ClientVerdict::Unknown, why.to_string()))
}

/// The registry lists nothing, and the client keeps its last list.
pub fn fail_static(case: &Case<'_>) -> Option<Ruling> {
    if !case.members.is_empty() {
        return None;
    }
    let text =
        format!("{} lists no endpoint, and the client keeps {}", case.registries(), shorten(&words(&case.stale)));
    let since = case.stalest().map(|address| case.stale_for(address)).unwrap_or_default();
    if since < SETTLED {
        return Some(Ruling::silent(ClientVerdict::Behind, text));
    }
    let text = format!("{text}, for at least {}", reached(since));
    Some(Ruling::new(ClientVerdict::FailStatic, &FAIL_STATIC_EMPTY, text).proved_by(case.answers()))
}

/// It holds addresses that a registry lists for another service only.
pub fn cross_wired(case: &Case<'_>) -> Option<Ruling> {
    let of_others = |address: &&Address| case.ledger.other_services.contains_key(*address);
    let foreign: Vec<&Address> = case.stale.iter().filter(of_others).collect();
    let first = *foreign.first()?;
    let other = case.ledger.other_services.get(first)?;
    let foreign: Vec<Address> = foreign.into_iter().cloned().collect();
    let text = format!("holds {}, which {other} lists, and {} does not", shorten(&words(&foreign)), case.registries());
    Some(Ruling::new(ClientVerdict::CrossWired, &CROSS_WIRED, text).about(Some(first)).proved_by(case.answers()))
}

/// A client over DNS, moments after an address was removed.
pub fn rollout(case: &Case<'_>) -> Option<Ruling> {
    let address = case.stalest()?;
    let (_, was_seen) = case.stale_since(address)?;
    let held = case.held(address)?;
    // A client that works with a removed address may have done so for days, unless this session saw it leave.
    let failing = held.state == Some(ConnectivityState::TransientFailure);
    let failing_for = held.since.filter(|_| failing).and_then(|since| case.view.ago(since)).unwrap_or_default();
    let since = case.stale_for(address).max(failing_for);
    if !case.is_over_dns() || !(was_seen || failing) || since >= ROLLOUT {
        return None;
    }
    let text = match was_seen {
        true => format!("still holds {address}, which left {} {} ago", case.registries(), duration(since)),
        false => format!(
            "still holds {address}, which {} does not list; its connections to it have failed for {}",
            case.registries(),
            duration(since)
        ),
    };
    Some(Ruling::new(ClientVerdict::Rollout, &ROLLOUT_WINDOW, text).about(Some(address)).proved_by(case.answers()))
}

/// A client over DNS that works with removed addresses: it resolves again only when a connection fails.
pub fn stale_over_dns(case: &Case<'_>) -> Option<Ruling> {
    let address = case.stalest()?;
    let works = case.stale.iter().all(|address| {
        case.held(address)
            .is_some_and(|held| held.state.is_none_or(|state| state != ConnectivityState::TransientFailure))
    });
    if !case.is_over_dns() || !works || !case.is_connected() {
        return None;
    }
    let text = format!(
        "works with {}, which {} does not list (for at least {}){}",
        shorten(&words(&case.stale)),
        case.registries(),
        reached(case.stale_for(address)),
        and_lacks(&case.missing),
    );
    Some(Ruling::new(ClientVerdict::DnsBlind, &DNS_BLIND, text).about(Some(address)).proved_by(case.answers()))
}

/// It holds an address that left the registry long enough ago.
pub fn frozen(case: &Case<'_>) -> Option<Ruling> {
    let address = case.stalest()?;
    let (_, was_seen) = case.stale_since(address)?;
    let since = case.stale_for(address);
    if since < SETTLED {
        return None;
    }
    let least = if was_seen { "" } else { "at least " };
    let state = case.held(address).and_then(|held| held.state).map(|state| format!(" in {state}")).unwrap_or_default();
    let all: Vec<Address> =
        std::iter::once(address).chain(case.stale.iter().filter(|other| *other != address)).cloned().collect();
    let mut text = format!(
        "still holds {}{state}, which {} has not listed for {least}{}{}",
        shorten(&words(&all)),
        case.registries(),
        reached(since),
        and_lacks(&case.missing),
    );
    let resolver = &case.view.resolver;
    if let Some(ago) = resolver.updated.and_then(|updated| case.view.ago(updated)) {
        text.push_str(&format!("; its resolver passed on this list {} ago", duration(ago)));
    }
    if let Some(failure) = case.held(address).and_then(|held| held.failure.as_ref()) {
        text.push_str(&format!("; its last attempt: {}", crate::text::shorten(&failure.text, 160)));
    }
    text.push_str(&fate(case, address));
    text.push_str(known_bug(case));
    let answers = case.answers();
    Some(Ruling::new(ClientVerdict::Frozen, &FROZEN, text).about(Some(address)).proved_by(answers))
}

/// It holds an address that left the registry a moment ago.
pub fn behind(case: &Case<'_>) -> Option<Ruling> {
    let address = case.stalest()?;
    let since = duration(case.stale_for(address));
    let text = format!("holds {address}, which {} has not listed for {since}", case.registries());
    Some(Ruling::silent(ClientVerdict::Behind, text))
}

/// A part of the list, by design.
pub fn subset(case: &Case<'_>) -> Option<Ruling> {
    let listed = case.view.holds.len() + case.missing.len();
    let (size, framework) = SUBSETS.into_iter().find(|(size, _)| *size == case.view.holds.len())?;
    if case.missing.is_empty() {
        return None;
    }
    let text =
        format!("holds {size} of {listed} endpoints: a client-side subset of {size}, as {framework} has by design");
    Some(Ruling::new(ClientVerdict::Subset, &SUBSET, text).proved_by(case.answers()))
}

/// Exactly one slice of several.
pub fn one_slice(case: &Case<'_>) -> Option<Ruling> {
    if case.missing.is_empty() {
        return None;
    }
    let held: BTreeSet<&Address> = case.view.holds.iter().map(|held| &held.address).collect();
    for source in case.sources() {
        let usable = || source.listed.values().map(|seen| &seen.what).filter(|endpoint| endpoint.status.is_usable());
        let names: BTreeSet<&str> =
            usable().flat_map(|endpoint| endpoint.slices()).map(|slice| slice.name.as_str()).collect();
        for name in &names {
            let members: BTreeSet<&Address> = usable()
                .filter(|endpoint| endpoint.slices().iter().any(|slice| slice.name == *name))
                .map(|endpoint| &endpoint.address)
                .collect();
            if names.len() > 1 && members == held {
                let text = format!(
                    "holds {} of {} endpoints: exactly those of the slice {name:?}, one of {}",
                    held.len(),
                    held.len() + case.missing.len(),
                    names.len()
                );
                return Some(Ruling::new(ClientVerdict::OneSlice, &ONE_SLICE, text).proved_by(case.answers()));
            }
        }
    }
    None
}

/// A client over DNS without the endpoints that were added.
pub fn dns_blind(case: &Case<'_>) -> Option<Ruling> {
    let address = case.missing.first()?;
    if !case.is_over_dns() {
        return None;
    }
    let text = format!(
        "works with {} of {} endpoints and does not know {}, which {} lists: it resolves again only when a connection fails",
        case.view.holds.len(),
        case.view.holds.len() + case.missing.len(),
        shorten(&words(&case.missing)),
        case.registries(),
    );
    Some(Ruling::new(ClientVerdict::DnsBlind, &DNS_BLIND, text).about(Some(address)).proved_by(case.answers()))
}

/// A client with a watch that did not receive an added instance.
pub fn latent_missing(case: &Case<'_>) -> Option<Ruling> {
    let address = case.missing.iter().max_by_key(|address| case.missing_for(address))?;
    let since = case.missing_for(address);
    if since < SETTLED {
        let text = format!("does not hold {address}, which has been listed for {}", duration(since));
        return Some(Ruling::silent(ClientVerdict::Behind, text));
    }
    let text = format!(
        "works with {}, and has not received {}, which {} has listed for at least {}{}",
        shorten(&words(&held(case))),
        shorten(&words(&case.missing)),
        case.registries(),
        reached(since),
        known_bug(case),
    );
    let answers = case.answers();
    Some(Ruling::new(ClientVerdict::FrozenLatent, &FROZEN_LATENT, text).about(Some(address)).proved_by(answers))
}

/// A client that no longer contacts its registry.
pub fn latent_unqueried(case: &Case<'_>) -> Option<Ruling> {
    let RegistryContact::NotSeen { watched, period, how } = &case.view.registry else { return None };
    // An IDLE channel has no reason to contact its registry, and no call shows that it was in use.
    if *watched < period.saturating_mul(2) || case.record.was_idle || !case.record.makes_calls() {
        return None;
    }
    let calls = case.view.calls.started.saturating_sub(case.record.first.what.calls.started);
    let text = format!(
        "works with {} and no longer queries its registry: {how} for {}, while it started {}{}",
        shorten(&words(&held(case))),
        reached(*watched),
        count(usize::try_from(calls).unwrap_or(usize::MAX), "call"),
        known_bug(case),
    );
    Some(Ruling::new(ClientVerdict::FrozenLatent, &FROZEN_LATENT, text).proved_by([case.record.first.seq]))
}

/// Nothing is wrong.
pub fn up_to_date(case: &Case<'_>) -> Option<Ruling> {
    let all = match case.missing.len() {
        0 if case.view.source == HoldsSource::ResolverUpdate => "holds all".to_string(),
        _ => "holds".to_string(),
    };
    let hears = match &case.view.registry {
        RegistryContact::Seen { how } => format!("; it queries its registry: {how}"),
        RegistryContact::NotSeen { .. } | RegistryContact::Unknown { .. } if case.is_over_dns() => String::new(),
        RegistryContact::NotSeen { watched, period, .. } => {
            format!(
                "; whether it queries its registry is unknown: observed for {}, less than twice {}",
                duration(*watched),
                duration(*period)
            )
        }
        RegistryContact::Unknown { why } => format!("; whether it would notice the next change is unknown: {why}"),
    };
    let text = format!("{all} {} of {}{hears}", count(case.view.holds.len(), "endpoint"), case.registries());
    Some(Ruling::silent(ClientVerdict::UpToDate, text))
}

fn words(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn held(case: &Case<'_>) -> Vec<Address> {
    case.view.holds.iter().map(|held| held.address.clone()).collect()
}

/// `; it does not know 10.0.0.9:80`.
fn and_lacks(missing: &[Address]) -> String {
    if missing.is_empty() { String::new() } else { format!(", and does not know {}", shorten(&words(missing))) }
}

/// What a connection from here to the address shows.
fn fate(case: &Case<'_>, address: &Address) -> String {
    let Some(contact) = case.ledger.contacts.get(address) else { return String::new() };
    match NetworkState::of(Some(&contact.what)) {
        NetworkState::Serving | NetworkState::Connected | NetworkState::NotServing | NetworkState::Unjudged => {
            "; the old address still responds, so calls succeed until it stops".to_string()
        }
        NetworkState::Dead => "; nothing listens at the old address".to_string(),
        NetworkState::BlackHole => "; the old address does not respond".to_string(),
        _ => String::new(),
    }
}

/// The versions that are known for it, by what the client's events show.
fn known_bug(case: &Case<'_>) -> &'static str {
    if case.view.framework != Some("kratos") {
        return "";
    }
    let resolver = &case.view.resolver;
    match (resolver.left_idle, resolver.updated) {
        (Some(left), Some(updated)) if updated >= left => {
            "; known in Kratos 2.5.4 to 2.7.2 after an idle period, and in 2.7.3 to 2.8.0 after a short one"
        }
        (None, _) => {
            "; without an idle period of its own: another client of the same registry object in this process was idle or closed (Kratos 2.5.4 to 2.7.2)"
        }
        _ => "",
    }
}
