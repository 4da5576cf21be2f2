//! The messages of etcd's API that are used here, written by hand so that the build does not need protoc. Numbers and
//! types are those of etcd's `api/etcdserverpb/rpc.proto` and `api/mvccpb/kv.proto` (3.4 to 3.6); unused fields are
//! omitted, and prost skips them.

use crate::backend::listing::Pair;

/// `ResponseHeader`: in every response.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ResponseHeader {
    /// The revision of the store at the time of the response.
    #[prost(int64, tag = "3")]
    pub revision: i64,
}

/// `KV/Range`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RangeRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// The end of the range, exclusive.
    #[prost(bytes = "vec", tag = "2")]
    pub range_end: Vec<u8>,
    /// Maximum number of keys; 0 is unlimited.
    #[prost(int64, tag = "3")]
    pub limit: i64,
    /// As of this revision; 0 is now.
    #[prost(int64, tag = "4")]
    pub revision: i64,
    #[prost(bool, tag = "8")]
    pub keys_only: bool,
}

/// The response to `KV/Range`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RangeResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(message, repeated, tag = "2")]
    pub kvs: Vec<KeyValue>,
    /// The response does not include all keys.
    #[prost(bool, tag = "3")]
    pub more: bool,
}

/// A key and its properties. In a deletion event, the key and `mod_revision` only.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// The revision of its last change.
    #[prost(int64, tag = "3")]
    pub mod_revision: i64,
    #[prost(bytes = "vec", tag = "5")]
    pub value: Vec<u8>,
    /// 0: none.
    #[prost(int64, tag = "6")]
    pub lease: i64,
}

impl From<KeyValue> for Pair {
    fn from(pair: KeyValue) -> Self {
        Pair { key: pair.key, value: pair.value, revision: pair.mod_revision, owner: pair.lease }
    }
}

/// `Watch/Watch`: only its `create_request` (tag 1 of a oneof) is ever sent.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WatchRequest {
    #[prost(message, optional, tag = "1")]
    pub create: Option<WatchCreateRequest>,
}

/// Starts a watch on the stream on which it is sent.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WatchCreateRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub range_end: Vec<u8>,
    /// The first revision whose events are wanted.
    #[prost(int64, tag = "3")]
    pub start_revision: i64,
}

/// A response on a watch.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WatchResponse {
    #[prost(bool, tag = "4")]
    pub canceled: bool,
    /// Set when the watch was canceled because events before this revision were compacted.
    #[prost(int64, tag = "5")]
    pub compact_revision: i64,
    #[prost(string, tag = "6")]
    pub cancel_reason: String,
    #[prost(message, repeated, tag = "11")]
    pub events: Vec<Event>,
}

/// A change of one key.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Event {
    /// [`Event::DELETE`], or 0 for a put.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    #[prost(message, optional, tag = "2")]
    pub kv: Option<KeyValue>,
}

impl Event {
    /// `mvccpb.Event.EventType.DELETE`.
    pub(super) const DELETE: i32 = 1;
}

/// `Lease/LeaseTimeToLive`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LeaseTimeToLiveRequest {
    #[prost(int64, tag = "1")]
    pub id: i64,
}

/// The response to `Lease/LeaseTimeToLive`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LeaseTimeToLiveResponse {
    /// Whole seconds left; -1 when the lease does not exist (any more).
    #[prost(int64, tag = "3")]
    pub ttl: i64,
    /// The granted TTL, in seconds.
    #[prost(int64, tag = "4")]
    pub granted_ttl: i64,
}

/// `Auth/Authenticate`.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct AuthenticateRequest {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub password: String,
}

/// The response to `Auth/Authenticate`.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct AuthenticateResponse {
    #[prost(string, tag = "2")]
    pub token: String,
}

/// `Maintenance/Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusRequest {}

/// The response to `Maintenance/Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusResponse {
    #[prost(string, tag = "2")]
    pub version: String,
    /// The leader's member id according to this member; 0: none.
    #[prost(uint64, tag = "4")]
    pub leader: u64,
}
