//! The messages of `grpc.channelz.v1`, written by hand so that the build does not need protoc. Numbers and types are
//! those of gRPC's `grpc/channelz/v1/channelz.proto`; unused fields are omitted, and prost skips them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Timestamp {
    /// `None` for the zero value, which stands for "never".
    pub fn time(self) -> Option<SystemTime> {
        let seconds = u64::try_from(self.seconds).ok().filter(|seconds| *seconds > 0)?;
        let nanos = u32::try_from(self.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
        UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ChannelRef {
    #[prost(int64, tag = "1")]
    pub channel_id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SubchannelRef {
    #[prost(int64, tag = "7")]
    pub subchannel_id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SocketRef {
    #[prost(int64, tag = "3")]
    pub socket_id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServerRef {
    #[prost(int64, tag = "5")]
    pub server_id: i64,
}

/// `Channel`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Channel {
    #[prost(message, optional, tag = "1")]
    pub r#ref: Option<ChannelRef>,
    #[prost(message, optional, tag = "2")]
    pub data: Option<ChannelData>,
    #[prost(message, repeated, tag = "3")]
    pub channel_ref: Vec<ChannelRef>,
    #[prost(message, repeated, tag = "4")]
    pub subchannel_ref: Vec<SubchannelRef>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ChannelData {
    #[prost(message, optional, tag = "1")]
    pub state: Option<ChannelState>,
    #[prost(string, tag = "2")]
    pub target: String,
    #[prost(message, optional, tag = "3")]
    pub trace: Option<ChannelTrace>,
    #[prost(int64, tag = "4")]
    pub calls_started: i64,
    #[prost(int64, tag = "5")]
    pub calls_succeeded: i64,
    #[prost(int64, tag = "6")]
    pub calls_failed: i64,
    #[prost(message, optional, tag = "7")]
    pub last_call_started: Option<Timestamp>,
}

/// `ChannelConnectivityState`: 1 IDLE, 2 CONNECTING, 3 READY, 4 TRANSIENT_FAILURE, 5 SHUTDOWN.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct ChannelState {
    #[prost(int32, tag = "1")]
    pub state: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ChannelTrace {
    #[prost(int64, tag = "1")]
    pub num_events_logged: i64,
    #[prost(message, optional, tag = "2")]
    pub created: Option<Timestamp>,
    #[prost(message, repeated, tag = "3")]
    pub events: Vec<TraceEvent>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TraceEvent {
    #[prost(string, tag = "1")]
    pub description: String,
    #[prost(message, optional, tag = "3")]
    pub timestamp: Option<Timestamp>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Server {
    #[prost(message, optional, tag = "1")]
    pub r#ref: Option<ServerRef>,
    #[prost(message, optional, tag = "2")]
    pub data: Option<ServerData>,
    #[prost(message, repeated, tag = "3")]
    pub listen_socket: Vec<SocketRef>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ServerData {
    #[prost(message, optional, tag = "1")]
    pub trace: Option<ChannelTrace>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Socket {
    #[prost(message, optional, tag = "2")]
    pub data: Option<SocketData>,
    #[prost(message, optional, tag = "3")]
    pub local: Option<SocketAddress>,
    #[prost(message, optional, tag = "4")]
    pub remote: Option<SocketAddress>,
    #[prost(message, optional, tag = "5")]
    pub security: Option<Security>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SocketData {
    #[prost(int64, tag = "1")]
    pub streams_started: i64,
    #[prost(int64, tag = "2")]
    pub streams_succeeded: i64,
    #[prost(int64, tag = "3")]
    pub streams_failed: i64,
    #[prost(int64, tag = "6")]
    pub keep_alives_sent: i64,
    #[prost(message, optional, tag = "7")]
    pub last_local_stream: Option<Timestamp>,
    #[prost(message, optional, tag = "8")]
    pub last_remote_stream: Option<Timestamp>,
    #[prost(message, optional, tag = "10")]
    pub last_message_received: Option<Timestamp>,
}

/// `Address`, as far as it is an IP address or a Unix socket.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SocketAddress {
    #[prost(message, optional, tag = "1")]
    pub tcpip: Option<TcpIpAddress>,
    #[prost(message, optional, tag = "2")]
    pub unix: Option<UnixAddress>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TcpIpAddress {
    #[prost(bytes = "vec", tag = "1")]
    pub ip_address: Vec<u8>,
    #[prost(int32, tag = "2")]
    pub port: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct UnixAddress {
    #[prost(string, tag = "1")]
    pub filename: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Security {
    #[prost(message, optional, tag = "1")]
    pub tls: Option<Tls>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Tls {
    #[prost(bytes = "vec", tag = "4")]
    pub remote_certificate: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct GetTopChannelsRequest {
    #[prost(int64, tag = "1")]
    pub start_channel_id: i64,
    #[prost(int64, tag = "2")]
    pub max_results: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetTopChannelsResponse {
    #[prost(message, repeated, tag = "1")]
    pub channel: Vec<Channel>,
    #[prost(bool, tag = "2")]
    pub end: bool,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct GetServersRequest {
    #[prost(int64, tag = "1")]
    pub start_server_id: i64,
    #[prost(int64, tag = "2")]
    pub max_results: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetServersResponse {
    #[prost(message, repeated, tag = "1")]
    pub server: Vec<Server>,
    #[prost(bool, tag = "2")]
    pub end: bool,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct GetServerSocketsRequest {
    #[prost(int64, tag = "1")]
    pub server_id: i64,
    #[prost(int64, tag = "2")]
    pub start_socket_id: i64,
    #[prost(int64, tag = "3")]
    pub max_results: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetServerSocketsResponse {
    #[prost(message, repeated, tag = "1")]
    pub socket_ref: Vec<SocketRef>,
    #[prost(bool, tag = "2")]
    pub end: bool,
}

/// `GetChannelRequest`, `GetSubchannelRequest` and `GetSocketRequest`: an id.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct GetRequest {
    #[prost(int64, tag = "1")]
    pub id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetChannelResponse {
    #[prost(message, optional, tag = "1")]
    pub channel: Option<Channel>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetSubchannelResponse {
    #[prost(message, optional, tag = "1")]
    pub subchannel: Option<Subchannel>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Subchannel {
    #[prost(message, optional, tag = "2")]
    pub data: Option<ChannelData>,
    #[prost(message, repeated, tag = "5")]
    pub socket_ref: Vec<SocketRef>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetSocketResponse {
    #[prost(message, optional, tag = "1")]
    pub socket: Option<Socket>,
}
