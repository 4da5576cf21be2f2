//! The types of running clients.

use std::time::SystemTime;

use grpc_discover::model::client::{self, ClientReport, JudgedClient, ServedClients, Unread};
use grpc_discover::model::endpoint::Address;
use serde::Serialize;

use super::text::{rfc3339, whole_milliseconds};

/// What a witness showed of a running client, the verdict on it, or the clients of an endpoint.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Client {
    /// The service.
    pub target: String,
    /// What was shown.
    #[serde(flatten)]
    pub view: ClientEntry,
}

/// A running client, a process that could not be read, or the clients of an endpoint.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClientEntry {
    /// What showed it: `channelz`.
    pub witness: &'static str,
    /// The process and its channel: `10.0.0.9:9000 channel 3`; absent for the clients of an endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The verdict, at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// Why, with a verdict; or why the process could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What makes the process readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The client as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ClientChannel>,
    /// Addresses that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Vec<Held>>,
    /// Whether it queries its registry: `yes`, `no` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hears: Option<&'static str>,
    /// What was seen of that, or why nothing shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hears_text: Option<String>,
    /// With a verdict: held, and listed by no registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<Vec<String>>,
    /// With a verdict: listed as usable, and not held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// The endpoint whose clients these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// How long its server has been running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_ms: Option<u64>,
    /// Its clients, one for each connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<Vec<ServedConnection>>,
}

/// A client's channel, as the client shows it. Times are those of the client's clock.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClientChannel {
    /// The target as the client has it.
    pub target: String,
    /// gRPC's name of its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// The gRPC implementation: `grpc-go`, `grpc-core`, `grpc-js`, `grpc-java` or `unknown`.
    pub runtime: &'static str,
    /// The framework: `kratos`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<&'static str>,
    /// Calls that it started.
    pub calls_started: u64,
    /// Calls that ended with status OK.
    pub calls_succeeded: u64,
    /// Calls that ended with another status.
    pub calls_failed: u64,
    /// When the last call started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_call: Option<String>,
    /// Where the list of addresses comes from: `resolver-update`, `subchannels`, `picked-addresses`, `sockets` or
    /// `none`.
    pub source: &'static str,
    /// When its resolver passed on its last list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// The last error of its resolver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolver_error: Option<String>,
    /// When it last entered IDLE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_idle: Option<String>,
    /// When it last left IDLE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_idle: Option<String>,
    /// When it was read, by our clock.
    pub read: String,
    /// What is not visible of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}

/// An address that a client holds.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Held {
    /// The address.
    pub address: String,
    /// gRPC's name of the state of its subchannel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The error of the last attempt to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many connections are open.
    pub connections: usize,
}

/// A client's connection to an endpoint.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ServedConnection {
    /// The client's address.
    pub remote: String,
    /// Calls that it started.
    pub streams_started: u64,
    /// Calls that have not ended.
    pub streams_open: u64,
    /// When it last started a call, by the server's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_stream: Option<String>,
}

impl From<&ClientReport> for ClientEntry {
    fn from(report: &ClientReport) -> ClientEntry {
        match report {
            ClientReport::Seen(view) => ClientEntry::from(view),
            ClientReport::Judged(judged) => ClientEntry::from(judged),
            ClientReport::Unread(unread) => ClientEntry::from(unread),
            ClientReport::Served(served) => ClientEntry::from(served),
            _ => ClientEntry::default(),
        }
    }
}

impl From<&client::ClientView> for ClientEntry {
    fn from(view: &client::ClientView) -> ClientEntry {
        ClientEntry {
            witness: view.witness,
            client: Some(view.id.to_string()),
            channel: Some(ClientChannel {
                target: view.target.clone(),
                state: view.state.map(|state| state.as_str()),
                runtime: view.runtime.as_str(),
                framework: view.framework,
                calls_started: view.calls.started,
                calls_succeeded: view.calls.succeeded,
                calls_failed: view.calls.failed,
                last_call: view.calls.last_started.map(rfc3339),
                source: view.source.as_str(),
                resolved: view.resolver.updated.map(rfc3339),
                resolver_error: view.resolver.error.as_ref().map(|(_, text)| text.clone()),
                entered_idle: view.resolver.entered_idle.map(rfc3339),
                left_idle: view.resolver.left_idle.map(rfc3339),
                read: rfc3339(view.read),
                limits: view.limits.clone(),
            }),
            holds: Some(view.holds.iter().map(Held::from).collect()),
            hears: Some(view.registry.as_str()),
            hears_text: Some(view.registry.text().to_string()),
            ..ClientEntry::default()
        }
    }
}

impl From<&JudgedClient> for ClientEntry {
    fn from(judged: &JudgedClient) -> ClientEntry {
        let words = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect();
        ClientEntry {
            verdict: Some(judged.verdict.as_str()),
            text: Some(judged.text.clone()),
            stale: Some(words(&judged.stale)),
            missing: Some(words(&judged.missing)),
            ..ClientEntry::from(&judged.view)
        }
    }
}

impl From<&Unread> for ClientEntry {
    fn from(unread: &Unread) -> ClientEntry {
        ClientEntry {
            witness: unread.witness,
            client: Some(unread.process.clone()),
            text: Some(unread.why.clone()),
            remedy: unread.remedy.clone(),
            ..ClientEntry::default()
        }
    }
}

impl From<&ServedClients> for ClientEntry {
    fn from(served: &ServedClients) -> ClientEntry {
        ClientEntry {
            witness: served.witness,
            address: Some(served.endpoint.to_string()),
            running_ms: served.running_for.map(whole_milliseconds),
            connections: Some(served.connections.iter().map(ServedConnection::from).collect()),
            ..ClientEntry::default()
        }
    }
}

impl From<&client::HeldAddress> for Held {
    fn from(held: &client::HeldAddress) -> Held {
        let time = |time: SystemTime| rfc3339(time);
        Held {
            address: held.address.to_string(),
            state: held.state.map(|state| state.as_str()),
            since: held.since.map(time),
            error: held.failure.as_ref().map(|failure| failure.text.clone()),
            connections: held.connections.len(),
        }
    }
}

impl From<&client::ServedConnection> for ServedConnection {
    fn from(connection: &client::ServedConnection) -> ServedConnection {
        ServedConnection {
            remote: connection.remote.to_string(),
            streams_started: connection.streams_started,
            streams_open: connection.streams_open,
            last_stream: connection.last_stream.map(rfc3339),
        }
    }
}
