//! The messages of etcd's API that are asked or read here, written by hand so that nothing needs protoc. Numbers and
//! types are those of etcd's `api/etcdserverpb/rpc.proto` and `api/mvccpb/kv.proto` (3.4 to 3.6); what is not read is left
//! out, and prost skips it.

use crate::backend::listing::Pair;

/// `ResponseHeader`: on every answer.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ResponseHeader {
    /// The revision of the store when the answer was made.
    #[prost(int64, tag = "3")]
    pub revision: i64,
}

/// `KV/Range`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RangeRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// The first key that is no longer asked for.
    #[prost(bytes = "vec", tag = "2")]
    pub range_end: Vec<u8>,
    /// At most so many keys; 0 is all of them.
    #[prost(int64, tag = "3")]
    pub limit: i64,
    /// As of this revision; 0 is now.
    #[prost(int64, tag = "4")]
    pub revision: i64,
    #[prost(bool, tag = "8")]
    pub keys_only: bool,
}

/// What `KV/Range` answers.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RangeResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(message, repeated, tag = "2")]
    pub kvs: Vec<KeyValue>,
    /// There are more than were given.
    #[prost(bool, tag = "3")]
    pub more: bool,
}

/// A key and what is known of it. In an event of deletion, the key and `mod_revision` only.
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

/// Begins a watch on the stream it is sent on.
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

/// What comes on a watch.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WatchResponse {
    #[prost(bool, tag = "4")]
    pub canceled: bool,
    /// Set when the watch was canceled because events before this revision are no longer kept.
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

/// What `Lease/LeaseTimeToLive` answers.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LeaseTimeToLiveResponse {
    /// Whole seconds left; -1 when there is no such lease (any more).
    #[prost(int64, tag = "3")]
    pub ttl: i64,
    /// What it was granted, in seconds.
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

/// What `Auth/Authenticate` answers.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct AuthenticateResponse {
    #[prost(string, tag = "2")]
    pub token: String,
}

/// `Maintenance/Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusRequest {}

/// What `Maintenance/Status` answers.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusResponse {
    #[prost(string, tag = "2")]
    pub version: String,
    /// The leader's member id as this member knows it; 0: none.
    #[prost(uint64, tag = "4")]
    pub leader: u64,
}
