//! Reads the channels of a process: the top channels in pages, then what they consist of, a few at a time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use prost::Message as _;
use tokio::time::Instant;
use tokio::time::error::Elapsed;
use tonic::Code;

use super::budget::{Budget, CHUNK, LONGEST};
use super::messages::*;
use super::view::{self, ChannelFacts, SocketFacts, SubchannelFacts};
use super::{now, partial};
use crate::model::client::{ClientId, ClientView};
use crate::transport::{Connection, RpcFailure};
use crate::witness::{ReadScope, Reading};

const TOP_CHANNELS: &str = "/grpc.channelz.v1.Channelz/GetTopChannels";
const CHANNEL: &str = "/grpc.channelz.v1.Channelz/GetChannel";
const SUBCHANNEL: &str = "/grpc.channelz.v1.Channelz/GetSubchannel";
pub(super) const SOCKET: &str = "/grpc.channelz.v1.Channelz/GetSocket";

/// How many channels one page has at most. A channel has up to 30 events, and an event may contain a list of hundreds of
/// addresses.
const PAGE: i64 = 10;

/// How deep channels inside of channels are followed.
const DEEPEST: usize = 4;

/// The clients of the process at `process`.
///
/// # Errors
///
/// The first response is a failure: nothing was read. Later failures leave out what they are about.
pub(super) async fn clients(connection: &Connection, process: &str, scope: &ReadScope) -> Result<Reading, RpcFailure> {
    let mut budget = Budget::new();
    let mut channels = match scope {
        ReadScope::Everything => top_channels(connection, &mut budget).await?,
        ReadScope::Channels(ids) => some_channels(connection, ids, &mut budget).await?,
    };
    inner_channels(connection, &mut channels, &mut budget).await;
    let subchannels = subchannels(connection, &channels, &mut budget).await;
    let wanted = subchannels.values().flat_map(|subchannel| subchannel.sockets.iter().copied());
    let sockets = sockets(connection, wanted.collect(), &mut budget).await;
    let read = now();
    let clients = channels.iter().filter(|(_, channel)| channel.is_top).map(|(id, channel)| {
        let id = ClientId { process: process.to_string(), channel: u64::try_from(*id).ok() };
        let mut parts = vec![channel];
        parts.extend(channel.descendants.iter().filter_map(|id| channels.get(id)));
        view::client(ClientView::new(id, super::NAME, read), &parts, &subchannels, &sockets)
    });
    Ok(Reading { clients: clients.collect(), partial: budget.cut.map(|why| partial(process, why)) })
}

async fn top_channels(connection: &Connection, budget: &mut Budget) -> Result<BTreeMap<i64, ChannelFacts>, RpcFailure> {
    let mut channels = BTreeMap::new();
    let (mut next, mut size) = (0, PAGE);
    let mut is_first = true;
    while budget.is_open() {
        budget.page();
        let request = GetTopChannelsRequest { start_channel_id: next, max_results: size };
        let called = connection.call(TOP_CHANNELS, request, LONGEST);
        let page: GetTopChannelsResponse = match tokio::time::timeout_at(budget.until(), called).await {
            Ok(Ok(page)) => page,
            // A page that is too large may be small enough with one channel.
            Ok(Err(failure)) if size > 1 && failure.code == Code::ResourceExhausted => {
                size = 1;
                continue;
            }
            Ok(Err(failure)) if is_first => return Err(failure),
            Ok(Err(failure)) => {
                budget.cut_short(format!("a page of its channels could not be read: {}", failure.text));
                break;
            }
            // The budget shows it.
            Err(_) => continue,
        };
        is_first = false;
        budget.read(page.encoded_len());
        let allowed = budget.objects(page.channel.len());
        let before = next;
        for channel in page.channel.iter().take(allowed) {
            let Some(id) = channel.r#ref.as_ref().map(|channel| channel.channel_id) else { continue };
            next = next.max(id.saturating_add(1));
            channels.insert(id, ChannelFacts::top(channel));
        }
        if page.end || page.channel.is_empty() {
            break;
        }
        if next == before {
            budget.cut_short("its pages of channels do not end: their ids do not increase".to_string());
        }
    }
    Ok(channels)
}

async fn some_channels(
    connection: &Connection,
    ids: &[u64],
    budget: &mut Budget,
) -> Result<BTreeMap<i64, ChannelFacts>, RpcFailure> {
    let wanted: Vec<i64> = ids.iter().filter_map(|id| i64::try_from(*id).ok()).collect();
    let facts = |response: GetChannelResponse| Some(ChannelFacts::top(&response.channel?));
    let Responses { read, failure } = each(connection, CHANNEL, wanted, budget, facts).await;
    match failure {
        Some(failure) if read.is_empty() => Err(failure),
        _ => Ok(read),
    }
}

/// Channels inside of channels: those of xDS, and of look-aside load balancers. Each is read once, so cycles end.
async fn inner_channels(connection: &Connection, channels: &mut BTreeMap<i64, ChannelFacts>, budget: &mut Budget) {
    let mut layer: BTreeMap<i64, i64> =
        channels.iter().flat_map(|(top, channel)| channel.channels.iter().map(|inner| (*inner, *top))).collect();
    for _ in 0..DEEPEST {
        layer.retain(|inner, _| !channels.contains_key(inner));
        if layer.is_empty() || !budget.is_open() {
            return;
        }
        let facts = |response: GetChannelResponse| Some(ChannelFacts::inner(&response.channel?));
        let wanted = layer.keys().copied().collect();
        let mut deeper = BTreeMap::new();
        for (id, facts) in each(connection, CHANNEL, wanted, budget, facts).await.read {
            let Some(top) = layer.get(&id).copied() else { continue };
            deeper.extend(facts.channels.iter().map(|inner| (*inner, top)));
            channels.insert(id, facts);
            if let Some(top) = channels.get_mut(&top) {
                top.descendants.push(id);
            }
        }
        layer = deeper;
    }
}

async fn subchannels(
    connection: &Connection,
    channels: &BTreeMap<i64, ChannelFacts>,
    budget: &mut Budget,
) -> BTreeMap<i64, SubchannelFacts> {
    let wanted: BTreeSet<i64> = channels.values().flat_map(|channel| channel.subchannels.iter().copied()).collect();
    let facts = |response: GetSubchannelResponse| Some(SubchannelFacts::of(&response.subchannel?));
    each(connection, SUBCHANNEL, wanted.into_iter().collect(), budget, facts).await.read
}

/// The sockets with these ids.
pub(super) async fn sockets(
    connection: &Connection,
    wanted: BTreeSet<i64>,
    budget: &mut Budget,
) -> BTreeMap<i64, SocketFacts> {
    let facts = |response: GetSocketResponse| Some(SocketFacts::of(&response.socket?));
    each(connection, SOCKET, wanted.into_iter().collect(), budget, facts).await.read
}

/// What several calls returned.
struct Responses<T> {
    read: BTreeMap<i64, T>,
    /// The last failure. An object that is gone meanwhile is none.
    failure: Option<RpcFailure>,
}

/// One call for each id, a few at a time, within the budget. Of each response only the `facts` are kept: a hostile
/// peer's are much larger.
async fn each<A: prost::Message + Default, T>(
    connection: &Connection,
    path: &'static str,
    mut ids: Vec<i64>,
    budget: &mut Budget,
    facts: impl Fn(A) -> Option<T>,
) -> Responses<T> {
    let mut responses = Responses { read: BTreeMap::new(), failure: None };
    if !budget.is_open() {
        return responses;
    }
    ids.truncate(budget.objects(ids.len()));
    for some in ids.chunks(CHUNK) {
        let calls: FuturesUnordered<_> = some.iter().map(|id| call(connection, path, *id, budget.until())).collect();
        let mut calls = std::pin::pin!(calls);
        while let Some((id, response)) = calls.next().await {
            match response {
                Ok(Ok(response)) => {
                    let response: A = response;
                    budget.read(response.encoded_len());
                    if let Some(facts) = facts(response) {
                        responses.read.insert(id, facts);
                    }
                }
                Ok(Err(failure)) if failure.code == Code::NotFound => {}
                Ok(Err(failure)) => responses.failure = Some(failure),
                // The budget shows it.
                Err(_) => {}
            }
            if !budget.is_open() {
                return responses;
            }
        }
    }
    responses
}

async fn call<A: prost::Message + Default>(
    connection: &Connection,
    path: &'static str,
    id: i64,
    until: Instant,
) -> (i64, Result<Result<A, RpcFailure>, Elapsed>) {
    (id, tokio::time::timeout_at(until, connection.call(path, GetRequest { id }, LONGEST)).await)
}
