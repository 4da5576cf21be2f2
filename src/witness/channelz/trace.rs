//! The events of channels and subchannels. Each gRPC implementation words them differently, so the wording also shows
//! which one it is.

use std::time::SystemTime;

use super::address;
use super::messages::{ChannelTrace, TraceEvent};
use crate::model::client::{HeldFailure, Runtime};
use crate::model::endpoint::Address;
use crate::text::shorten;

/// How much of an error is kept.
const QUOTED: usize = 300;
/// How many addresses of a list are kept: more are a sign of a hostile peer.
const MOST_ADDRESSES: usize = 4096;

/// What the events of a channel show.
#[derive(Debug, Default)]
pub(super) struct ChannelEvents {
    pub runtime: Option<Runtime>,
    pub is_kratos: bool,
    /// When the resolver last passed on a list.
    pub updated: Option<SystemTime>,
    /// That list, where the event names its addresses.
    pub addresses: Option<Vec<Address>>,
    pub error: Option<(SystemTime, String)>,
    pub entered_idle: Option<SystemTime>,
    pub left_idle: Option<SystemTime>,
    /// No event was dropped.
    pub is_complete: bool,
}

/// What the events of a subchannel show.
#[derive(Debug, Default)]
pub(super) struct SubchannelEvents {
    pub runtime: Option<Runtime>,
    /// When its state last changed.
    pub changed: Option<SystemTime>,
    pub failure: Option<HeldFailure>,
    /// The address that it last picked.
    pub picked: Option<Address>,
}

/// The wording that only one implementation uses. C core's and Node's are parts of each other's, so the order counts.
const WORDINGS: &[(&str, Runtime)] = &[
    ("Resolver state updated", Runtime::Go),
    ("Channel Connectivity change to", Runtime::Go),
    ("Subchannel Connectivity change to", Runtime::Go),
    ("parsed dial target", Runtime::Go),
    ("Channel switches to new LB policy", Runtime::Go),
    ("Entering IDLE state", Runtime::Java),
    ("Exiting idle mode", Runtime::Java),
    ("Address resolved:", Runtime::Java),
    ("Address resolution succeeded", Runtime::Node),
    ("Connectivity state change to", Runtime::Node),
    ("Address list became", Runtime::Core),
    ("Channel state change to", Runtime::Core),
    ("Subchannel state change to", Runtime::Core),
];

fn runtime(events: &[TraceEvent]) -> Option<Runtime> {
    events.iter().find_map(|event| {
        let known = WORDINGS.iter().find(|(wording, _)| event.description.contains(wording));
        known.map(|(_, runtime)| *runtime)
    })
}

/// The events in the order in which they happened, each with its time.
fn in_order(trace: &ChannelTrace) -> Vec<(SystemTime, &str)> {
    let timed = |event: &TraceEvent| event.timestamp.and_then(super::messages::Timestamp::time);
    let mut events: Vec<(SystemTime, &str)> =
        trace.events.iter().filter_map(|event| Some((timed(event)?, event.description.as_str()))).collect();
    events.sort_by_key(|(at, _)| *at);
    events
}

/// Reads the events of a channel.
pub(super) fn channel(trace: &ChannelTrace) -> ChannelEvents {
    let mut seen = ChannelEvents {
        runtime: runtime(&trace.events),
        is_complete: usize::try_from(trace.num_events_logged).is_ok_and(|logged| logged <= trace.events.len()),
        ..ChannelEvents::default()
    };
    for (at, text) in in_order(trace) {
        if text.starts_with("Resolver state updated") {
            seen.updated = Some(at);
            seen.addresses = addresses(text);
            seen.is_kratos |= text.contains("rawServiceInstance");
        } else if text.contains("Address resolution succeeded") || text.contains("Address resolved:") {
            seen.updated = Some(at);
        } else if let Some((_, error)) = text.split_once("reporting error to cc: ") {
            seen.error = Some((at, shorten(error, QUOTED).into_owned()));
        } else if text.contains("Address resolution failed") || text.contains("Failed to resolve name") {
            seen.error = Some((at, shorten(text, QUOTED).into_owned()));
        } else if text.contains("entering idle mode") || text.contains("Entering IDLE state") {
            seen.entered_idle = Some(at);
        } else if text.contains("exiting idle mode") || text.contains("Exiting idle mode") {
            seen.left_idle = Some(at);
        } else if text.contains("Channel state change to IDLE") || text.ends_with("Connectivity state change to IDLE") {
            seen.entered_idle = Some(at);
        }
    }
    seen
}

/// Reads the events of a subchannel.
pub(super) fn subchannel(trace: &ChannelTrace) -> SubchannelEvents {
    let mut seen = SubchannelEvents { runtime: runtime(&trace.events), ..SubchannelEvents::default() };
    for (at, text) in in_order(trace) {
        if text.contains("onnectivity change to") || text.contains("tate change to") {
            seen.changed = Some(at);
            let error = text.split_once("last error: ").or_else(|| text.split_once("TRANSIENT_FAILURE: "));
            if let Some((_, error)) = error {
                seen.failure = Some(HeldFailure { at: Some(at), text: shorten(error, QUOTED).into_owned() });
            }
        } else if let Some((_, error)) = text.split_once("createTransport failed to connect to ") {
            let error = error.split_once(". Err: ").map_or(error, |(_, error)| error);
            seen.failure = Some(HeldFailure { at: Some(at), text: shorten(error, QUOTED).into_owned() });
        } else if let Some((_, picked)) = text.split_once("picks a new address ") {
            seen.picked = picked.split('"').nth(1).and_then(address::parse);
        }
    }
    seen
}

/// The addresses in grpc-go's `Resolver state updated: {…}`: JSON whose attributes may not be valid JSON. `None` when
/// the text has none in this form: grpc-go before 1.59 prints `{}`.
fn addresses(text: &str) -> Option<Vec<Address>> {
    const KEY: &str = "\"Addr\"";
    let mut found: Vec<Address> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(KEY) {
        rest = &rest[at + KEY.len()..];
        let Some(value) = rest.trim_start().strip_prefix(':').map(str::trim_start) else { continue };
        let Some(value) = value.strip_prefix('"') else { continue };
        let value = value.split('"').next().unwrap_or_default();
        // Newer versions repeat the addresses as endpoints.
        if let Some(address) = address::parse(value).filter(|address| !found.contains(address)) {
            found.push(address);
        }
        if found.len() == MOST_ADDRESSES {
            break;
        }
    }
    let says_none =
        text.contains("\"Addresses\": []") || text.contains("\"Addresses\": null") || text.contains("\"Endpoints\"");
    (!found.is_empty() || says_none).then_some(found)
}

#[cfg(test)]
mod tests;
