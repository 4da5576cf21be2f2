//! From the messages of channelz to a [`ClientView`]. Of every message only the facts are kept.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::address;
use super::messages::{Channel, ChannelData, Socket, Subchannel, Timestamp};
use super::trace::{self, ChannelEvents, SubchannelEvents};
use crate::model::client::{ClientCalls, ClientView, HeldAddress, HeldConnection, HoldsSource, ResolverTrace, Runtime};
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::net::tls::certificate;
use crate::text::shorten;

/// How much of a name is kept.
const NAME: usize = 256;

/// A channel.
#[derive(Debug)]
pub(super) struct ChannelFacts {
    /// False for a channel inside of another.
    pub is_top: bool,
    target: String,
    state: Option<ConnectivityState>,
    calls: ClientCalls,
    events: ChannelEvents,
    pub channels: Vec<i64>,
    pub subchannels: Vec<i64>,
    /// The channels inside of it, at any depth.
    pub descendants: Vec<i64>,
}

impl ChannelFacts {
    pub fn top(channel: &Channel) -> ChannelFacts {
        ChannelFacts { is_top: true, ..ChannelFacts::inner(channel) }
    }

    pub fn inner(channel: &Channel) -> ChannelFacts {
        let data = channel.data.as_ref();
        ChannelFacts {
            is_top: false,
            target: data.map(|data| shorten(&data.target, NAME).into_owned()).unwrap_or_default(),
            state: data.and_then(state),
            calls: data.map(calls).unwrap_or_default(),
            events: data.and_then(|data| data.trace.as_ref()).map(trace::channel).unwrap_or_default(),
            channels: channel.channel_ref.iter().map(|inner| inner.channel_id).collect(),
            subchannels: channel.subchannel_ref.iter().map(|inner| inner.subchannel_id).collect(),
            descendants: Vec::new(),
        }
    }
}

/// A subchannel.
#[derive(Debug)]
pub(super) struct SubchannelFacts {
    address: Option<Address>,
    is_core: bool,
    state: Option<ConnectivityState>,
    events: SubchannelEvents,
    pub sockets: Vec<i64>,
}

impl SubchannelFacts {
    pub fn of(subchannel: &Subchannel) -> SubchannelFacts {
        let data = subchannel.data.as_ref();
        let target = data.map(|data| data.target.as_str()).unwrap_or_default();
        SubchannelFacts {
            address: address::parse(target),
            is_core: target.starts_with("ipv4:") || target.starts_with("ipv6:"),
            state: data.and_then(state),
            events: data.and_then(|data| data.trace.as_ref()).map(trace::subchannel).unwrap_or_default(),
            sockets: subchannel.socket_ref.iter().map(|socket| socket.socket_id).collect(),
        }
    }
}

/// A socket, of a client or of a server.
#[derive(Debug)]
pub(super) struct SocketFacts {
    pub local: Option<Address>,
    pub remote: Option<Address>,
    pub connection: HeldConnection,
    /// When the peer last started a call (on a server's socket).
    pub last_remote_stream: Option<SystemTime>,
}

impl SocketFacts {
    pub fn of(socket: &Socket) -> SocketFacts {
        let data = socket.data.as_ref();
        let local = socket.local.as_ref().and_then(address::of_socket);
        let time = |stamp: Option<Timestamp>| stamp.and_then(Timestamp::time);
        let der = socket.security.as_ref().and_then(|security| security.tls.as_ref());
        let expires = der.and_then(|tls| certificate::read(&tls.remote_certificate));
        let expires = expires.and_then(|leaf| u64::try_from(leaf.not_after).ok());
        SocketFacts {
            remote: socket.remote.as_ref().and_then(address::of_socket),
            last_remote_stream: time(data.and_then(|data| data.last_remote_stream)),
            connection: HeldConnection {
                local: local.clone(),
                streams_started: counter(data.map(|data| data.streams_started)),
                streams_succeeded: counter(data.map(|data| data.streams_succeeded)),
                streams_failed: counter(data.map(|data| data.streams_failed)),
                last_stream: time(data.and_then(|data| data.last_local_stream)),
                last_received: time(data.and_then(|data| data.last_message_received)),
                keepalives_sent: counter(data.map(|data| data.keep_alives_sent)),
                certificate_expires: expires.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_secs(at))),
                unacknowledged: None,
                retransmits: None,
            },
            local,
        }
    }
}

/// The client that `parts` show: a top channel, and the channels inside of it.
pub(super) fn client(
    mut view: ClientView,
    parts: &[&ChannelFacts],
    subchannels: &BTreeMap<i64, SubchannelFacts>,
    sockets: &BTreeMap<i64, SocketFacts>,
) -> ClientView {
    let Some(top) = parts.first() else { return view };
    let own: Vec<&SubchannelFacts> =
        parts.iter().flat_map(|part| &part.subchannels).filter_map(|id| subchannels.get(id)).collect();
    view.target = top.target.clone();
    view.state = top.state;
    view.calls = top.calls;
    view.runtime = runtime(parts, &own);
    view.framework = parts.iter().any(|part| part.events.is_kratos).then_some(super::super::KRATOS);
    let events = &top.events;
    view.resolver = ResolverTrace {
        updated: events.updated,
        error: events.error.clone(),
        entered_idle: events.entered_idle,
        left_idle: events.left_idle,
        is_complete: events.is_complete,
    };
    (view.holds, view.source) = holds(top, &own, sockets);
    view.limits = limits(&view, &own);
    view
}

/// The addresses, in the order of what is most reliable: the resolver's last list, the targets of subchannels, the
/// addresses that they picked, the peers of sockets.
fn holds(
    top: &ChannelFacts,
    own: &[&SubchannelFacts],
    sockets: &BTreeMap<i64, SocketFacts>,
) -> (Vec<HeldAddress>, HoldsSource) {
    let mut held: Vec<HeldAddress> = Vec::new();
    let mut source = HoldsSource::None;
    // A list from before the last idle period is not held any more.
    let is_current = match (top.events.updated, top.events.left_idle.max(top.events.entered_idle)) {
        (Some(updated), Some(idle)) => updated >= idle,
        (updated, None) => updated.is_some(),
        (None, Some(_)) => false,
    };
    if let Some(list) = top.events.addresses.as_ref().filter(|_| is_current) {
        held.extend(list.iter().cloned().map(HeldAddress::new));
        source = HoldsSource::ResolverUpdate;
    }
    for subchannel in own {
        let peers = subchannel.sockets.iter().filter_map(|id| sockets.get(id));
        let of_socket = || peers.clone().find_map(|socket| socket.remote.clone());
        let (address, from) = match (&subchannel.address, &subchannel.events.picked) {
            // The first address of a group that picks others.
            (Some(_), Some(picked)) => (picked.clone(), HoldsSource::Subchannels),
            (Some(address), None) => (address.clone(), HoldsSource::Subchannels),
            (None, Some(picked)) => (picked.clone(), HoldsSource::PickedAddresses),
            (None, None) => match of_socket() {
                Some(peer) => (peer, HoldsSource::Sockets),
                None => continue,
            },
        };
        let at = match held.iter().position(|known| known.address == address) {
            Some(at) => at,
            // The resolver's last list is what counts: another subchannel is one that is being closed.
            None if source == HoldsSource::ResolverUpdate => continue,
            None => {
                source = if source == HoldsSource::None { from } else { source.max(from) };
                held.push(HeldAddress::new(address));
                held.len() - 1
            }
        };
        let Some(entry) = held.get_mut(at) else { continue };
        entry.state = subchannel.state.or(entry.state);
        entry.since = subchannel.events.changed.or(entry.since);
        entry.failure = subchannel.events.failure.clone().or(entry.failure.take());
        entry.connections.extend(peers.map(|socket| socket.connection.clone()));
    }
    (held, source)
}

fn runtime(parts: &[&ChannelFacts], own: &[&SubchannelFacts]) -> Runtime {
    if own.iter().any(|subchannel| subchannel.is_core) {
        return Runtime::Core;
    }
    let by_channel = parts.iter().find_map(|part| part.events.runtime);
    by_channel.or_else(|| own.iter().find_map(|subchannel| subchannel.events.runtime)).unwrap_or(Runtime::Unknown)
}

/// What is not visible of this client.
fn limits(view: &ClientView, own: &[&SubchannelFacts]) -> Vec<String> {
    let mut limits = Vec::new();
    if view.source != HoldsSource::ResolverUpdate && !view.is_idle() {
        let only_used = "what its resolver received is not visible, only the addresses for which it has subchannels";
        match view.runtime {
            Runtime::Go => limits.push(
                "grpc-go: its resolver's last list is not among its last 30 events; only the addresses of its subchannels are visible"
                    .to_string(),
            ),
            Runtime::Core | Runtime::Node => limits.push(format!("{}: {only_used}", view.runtime)),
            Runtime::Java => {
                limits.push(format!("grpc-java: {only_used}; it has no events unless the channel sets maxTraceEvents"));
            }
            Runtime::Unknown => limits.push(format!("it reports no events: {only_used}")),
        }
    }
    if view.runtime == Runtime::Go && own.iter().any(|subchannel| subchannel.address.is_none()) {
        limits.push("grpc-go up to 1.63: subchannels that were never connected have no address".to_string());
    }
    limits
}

fn state(data: &ChannelData) -> Option<ConnectivityState> {
    match data.state.as_ref()?.state {
        1 => Some(ConnectivityState::Idle),
        2 => Some(ConnectivityState::Connecting),
        3 => Some(ConnectivityState::Ready),
        4 => Some(ConnectivityState::TransientFailure),
        5 => Some(ConnectivityState::Shutdown),
        _ => None,
    }
}

fn calls(data: &ChannelData) -> ClientCalls {
    ClientCalls {
        started: counter(Some(data.calls_started)),
        succeeded: counter(Some(data.calls_succeeded)),
        failed: counter(Some(data.calls_failed)),
        last_started: data.last_call_started.and_then(Timestamp::time),
    }
}

fn counter(value: Option<i64>) -> u64 {
    value.and_then(|value| u64::try_from(value).ok()).unwrap_or_default()
}
