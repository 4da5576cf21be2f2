//! How a client is connected to the addresses that it holds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Ruling;
use super::case::Case;
use crate::diagnosis::catalog::*;
use crate::diagnosis::ledger::{Ledger, Observed};
use crate::diagnosis::report::finding;
use crate::diagnosis::verdict::NetworkState;
use crate::model::client::{ClientVerdict, HeldConnection};
use crate::model::connectivity::ConnectivityState;
use crate::model::dates;
use crate::model::finding::Finding;
use crate::text::{count, duration};

/// gRPC's longest backoff, with its jitter of 20%.
const LONGEST_BACKOFF: Duration = Duration::from_secs(144);

/// A call that nothing was received for, for so long, is not merely slow to start.
const UNANSWERED: Duration = Duration::from_secs(10);

/// It waits in backoff for an address that serves again.
pub fn backoff(case: &Case<'_>) -> Vec<Ruling> {
    let mut rulings = Vec::new();
    for held in &case.view.holds {
        let Some(contact) = case.ledger.contacts.get(&held.address) else { continue };
        let serves = matches!(NetworkState::of(Some(&contact.what)), NetworkState::Serving | NetworkState::Connected);
        let last = held.failure.as_ref().and_then(|failure| failure.at).or(held.since);
        let ago = last.and_then(|last| case.view.ago(last));
        let is_listed = case.members.contains_key(&held.address);
        let is_failing = held.state == Some(ConnectivityState::TransientFailure);
        if !serves || !is_listed || !is_failing || ago.is_none_or(|ago| ago >= LONGEST_BACKOFF) {
            continue;
        }
        let ago = ago.unwrap_or_default();
        let text = format!(
            "is in TRANSIENT_FAILURE for {}, which serves again: its last attempt failed {} ago, the next one follows within {}",
            held.address,
            duration(ago),
            duration(LONGEST_BACKOFF.saturating_sub(ago)),
        );
        let ruling = Ruling::new(ClientVerdict::Unknown, &RECONNECT_BACKOFF, text).about(Some(&held.address));
        rulings.push(ruling.proved_by([contact.seq]));
    }
    rulings
}

/// It sends calls on a connection whose peer is gone.
pub fn blackholed(case: &Case<'_>) -> Vec<Ruling> {
    let mut rulings = Vec::new();
    for held in case.view.holds.iter().filter(|held| held.state == Some(ConnectivityState::Ready)) {
        let contact = case.ledger.contacts.get(&held.address);
        let contact = contact.filter(|seen| NetworkState::of(Some(&seen.what)) == NetworkState::BlackHole);
        for connection in &held.connections {
            let Some(silent) = unanswered_for(case, connection).filter(|silent| *silent >= UNANSWERED) else {
                continue;
            };
            // Without a second proof the server may only be slow.
            let unacknowledged = connection.unacknowledged.filter(|bytes| *bytes > 0);
            let (proof, seq) = match (contact, unacknowledged) {
                (Some(contact), _) => ("a connection from here gets no response either".to_string(), Some(contact.seq)),
                (None, Some(bytes)) => (format!("{bytes} bytes are not acknowledged"), None),
                (None, None) => continue,
            };
            let open = connection.streams_started
                - connection
                    .streams_succeeded
                    .saturating_add(connection.streams_failed)
                    .min(connection.streams_started);
            let pings = match connection.keepalives_sent {
                0 => "; no keepalive was sent on it".to_string(),
                sent => format!("; {} sent", count(usize::try_from(sent).unwrap_or(usize::MAX), "keepalive ping")),
            };
            let text = format!(
                "its connection to {} is READY and dead: {} pending, nothing received for {}, and {proof}{pings}",
                held.address,
                count(usize::try_from(open).unwrap_or(usize::MAX), "call"),
                duration(silent),
            );
            let ruling = Ruling::new(ClientVerdict::Unknown, &BLACKHOLED, text).about(Some(&held.address));
            rulings.push(ruling.proved_by(seq));
        }
    }
    rulings
}

/// How long the oldest possible pending call has been without a received message.
fn unanswered_for(case: &Case<'_>, connection: &HeldConnection) -> Option<Duration> {
    let ended = connection.streams_succeeded.saturating_add(connection.streams_failed);
    if connection.streams_started <= ended {
        return None;
    }
    let started = connection.last_stream?;
    // A message that arrived after the last call started shows that the peer is there.
    if connection.last_received.is_some_and(|received| received > started) {
        return None;
    }
    case.view.ago(started)
}

/// One finding for every certificate on a client's open connection that has expired or expires within `limit` (none
/// when it is zero).
pub fn expiring(ledger: &Ledger, limit: Duration) -> Vec<Finding> {
    let limit = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
    let mut findings = Vec::new();
    for record in ledger.clients.values().filter(|_| limit > 0) {
        let case = Case::new(ledger, record);
        let Observed { what: view, seq, .. } = &record.last;
        let now = seconds(view.read);
        for held in &view.holds {
            let expires = held.connections.iter().filter_map(|connection| connection.certificate_expires).min();
            let Some(expires) = expires.map(seconds).filter(|expires| expires.saturating_sub(now) < limit) else {
                continue;
            };
            let when = match expires <= now {
                true => format!("expired {}", dates::ago(expires, now)),
                false => format!("expires {}", dates::ahead(expires, now)),
            };
            let text = format!(
                "{}: the certificate on its open connection to {} {when}; read from its {}",
                case.name(),
                held.address,
                view.witness
            );
            findings.push(finding(&CERTIFICATE_IN_USE_EXPIRES, Some(held.address.clone()), text, vec![*seq]));
        }
    }
    findings
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
