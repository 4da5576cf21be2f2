//! Events of running clients.

use std::time::SystemTime;

use grpc_discover::model::client::{
    ClientCalls, ClientId, ClientReport, ClientVerdict, ClientView, HeldAddress, HeldConnection, HeldFailure,
    HoldsSource, JudgedClient, RegistryContact, ResolverTrace, Runtime, ServedClients, ServedConnection, Unread,
};
use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::witness::{KRATOS, WITNESSES};

use super::fields::{FieldError, Fields, HEARS};

/// `client`.
pub fn report(of: &Fields<'_>) -> Result<ClientReport, FieldError> {
    if of.maybe_text("address")?.is_some() {
        return served(of).map(ClientReport::Served);
    }
    let Some(channel) = of.maybe_object("channel")? else { return unread(of).map(ClientReport::Unread) };
    let view = view(of, &channel)?;
    Ok(match of.maybe_text("verdict")? {
        None => ClientReport::Seen(view),
        Some(_) => ClientReport::Judged(JudgedClient {
            view,
            verdict: of.word("verdict", ClientVerdict::ALL, |verdict| verdict.as_str())?,
            stale: of.addresses("stale")?,
            missing: of.addresses("missing")?,
            text: of.text("text")?.to_string(),
        }),
    })
}

fn witness(of: &Fields<'_>) -> Result<&'static str, FieldError> {
    let names: Vec<&'static str> = WITNESSES.iter().map(|witness| witness.name()).collect();
    of.word("witness", &names, |name| name)
}

fn unread(of: &Fields<'_>) -> Result<Unread, FieldError> {
    Ok(Unread {
        process: of.text("client")?.to_string(),
        witness: witness(of)?,
        why: of.text("text")?.to_string(),
        remedy: of.maybe_text("remedy")?.map(str::to_string),
        is_partial: false,
    })
}

fn served(of: &Fields<'_>) -> Result<ServedClients, FieldError> {
    let connection = |of: &Fields<'_>| {
        Ok(ServedConnection {
            remote: of.address("remote")?,
            streams_started: of.number("streams_started")?,
            streams_open: of.number("streams_open")?,
            last_stream: maybe_time(of, "last_stream")?,
        })
    };
    Ok(ServedClients {
        endpoint: of.address("address")?,
        witness: witness(of)?,
        running_for: of.maybe_millis("running_ms")?,
        connections: of.objects("connections")?.iter().map(connection).collect::<Result<_, _>>()?,
    })
}

fn view(of: &Fields<'_>, channel: &Fields<'_>) -> Result<ClientView, FieldError> {
    let text = of.text("client")?;
    let parts = text.rsplit_once(" channel ").and_then(|(process, id)| Some((process, id.parse().ok()?)));
    let (process, id) = parts.map_or((text, None), |(process, id)| (process, Some(id)));
    let id = ClientId { process: process.to_string(), channel: id };
    let hears = of.maybe_text("hears_text")?.unwrap_or_default().to_string();
    let read = channel.time("read")?;
    let resolver_error = channel.maybe_text("resolver_error")?.map(|text| (read, text.to_string()));
    Ok(ClientView {
        runtime: channel.word("runtime", Runtime::ALL, |runtime| runtime.as_str())?,
        framework: match channel.maybe_text("framework")? {
            Some(_) => Some(channel.word("framework", &[KRATOS], |name| name)?),
            None => None,
        },
        target: channel.text("target")?.to_string(),
        state: state(channel)?,
        calls: ClientCalls {
            started: channel.number("calls_started")?,
            succeeded: channel.number("calls_succeeded")?,
            failed: channel.number("calls_failed")?,
            last_started: maybe_time(channel, "last_call")?,
        },
        holds: of.objects("holds")?.iter().map(held).collect::<Result<_, _>>()?,
        source: channel.word("source", HoldsSource::ALL, |source| source.as_str())?,
        resolver: ResolverTrace {
            updated: maybe_time(channel, "resolved")?,
            error: resolver_error,
            entered_idle: maybe_time(channel, "entered_idle")?,
            left_idle: maybe_time(channel, "left_idle")?,
            is_complete: false,
        },
        registry: match of.text(HEARS)? {
            "yes" => RegistryContact::Seen { how: hears },
            "no" => RegistryContact::NotSeen { watched: Default::default(), period: Default::default(), how: hears },
            _ => RegistryContact::Unknown { why: hears },
        },
        limits: channel.texts("limits")?.into_iter().map(str::to_string).collect(),
        ..ClientView::new(id, witness(of)?, read)
    })
}

fn held(of: &Fields<'_>) -> Result<HeldAddress, FieldError> {
    let failure = of.maybe_text("error")?.map(|text| HeldFailure { at: None, text: text.to_string() });
    Ok(HeldAddress {
        state: state(of)?,
        since: maybe_time(of, "since")?,
        failure,
        connections: vec![HeldConnection::default(); of.count("connections")?.min(MOST_CONNECTIONS)],
        ..HeldAddress::new(of.address("address")?)
    })
}

/// A recording is a file of any origin: a larger number of connections to one address is not believed.
const MOST_CONNECTIONS: usize = 10_000;

fn state(of: &Fields<'_>) -> Result<Option<ConnectivityState>, FieldError> {
    match of.maybe_text("state")? {
        Some(_) => of.word("state", ConnectivityState::ALL, |state| state.as_str()).map(Some),
        None => Ok(None),
    }
}

fn maybe_time(of: &Fields<'_>, name: &str) -> Result<Option<SystemTime>, FieldError> {
    match of.maybe_text(name)? {
        Some(_) => of.time(name).map(Some),
        None => Ok(None),
    }
}
