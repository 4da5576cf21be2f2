//! One endpoint of a watch: how it is reached, since when, and its health.

use std::sync::Arc;

use grpc_discover::model::connectivity::{CauseCode, ConnectivityState, Transition};
use grpc_discover::model::event::HealthReport;
use grpc_discover::model::grpc_status::GrpcStatus;
use grpc_discover::model::reach::{Disconnect, Health};
use grpc_discover::model::registry::SourceId;
use grpc_discover::model::time::Elapsed;
use grpc_discover::text::duration;

use super::change::ChangeKind;
use crate::render::lines;

/// One endpoint.
#[derive(Debug, Default)]
pub struct WatchedEndpoint {
    /// Which sources list it, and how many instances of each are at this address.
    pub listed: Vec<(Arc<SourceId>, usize)>,
    /// The state of its subchannel; `None` while the channel has none for it.
    pub state: Option<ConnectivityState>,
    /// How it is reached.
    pub contact: Contact,
    /// Since when `contact`, or the health of a connected endpoint, is as it is.
    pub since: Elapsed,
    /// Attempts that failed since it was last connected.
    pub failed: u32,
    /// When the next attempt may start.
    pub retry_at: Option<Elapsed>,
    /// The last status of each service, and the one before it.
    health: Vec<ServiceHealth>,
}

/// How an endpoint is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Contact {
    /// The channel has not connected to it, and no attempt has failed.
    #[default]
    None,
    /// It is connected.
    Connected,
    /// The connection was lost, and no attempt has failed since.
    Lost(String),
    /// The last attempt failed.
    Failed(String),
}

/// The health of one service of an endpoint.
#[derive(Debug)]
struct ServiceHealth {
    service: String,
    now: Health,
    /// The status before this one.
    before: Option<String>,
    /// It was received on the present connection.
    is_current: bool,
}

impl WatchedEndpoint {
    /// An endpoint that was listed at this time.
    pub fn new(since: Elapsed) -> WatchedEndpoint {
        WatchedEndpoint { since, ..WatchedEndpoint::default() }
    }

    /// True while the first result of its connection is missing.
    pub fn is_awaited(&self) -> bool {
        match self.contact {
            Contact::None => matches!(self.state, Some(ConnectivityState::Connecting | ConnectivityState::Idle)),
            Contact::Connected => self.health.is_empty(),
            Contact::Lost(_) | Contact::Failed(_) => false,
        }
    }

    /// True when no source lists it and the channel does not use it.
    pub fn is_gone(&self) -> bool {
        self.listed.is_empty() && matches!(self.state, None | Some(ConnectivityState::Shutdown))
    }

    /// The worst status of the services on the present connection: the first one that a client with health checking
    /// would not use, else the first one.
    pub fn health(&self) -> Option<&Health> {
        let current = || self.health.iter().filter(|health| health.is_current);
        current().find(|health| !health.now.is_usable()).or_else(|| current().next()).map(|health| &health.now)
    }

    /// The worst status as text, with the one before it: `NOT_SERVING (was SERVING)`.
    pub fn health_text(&self) -> String {
        let Some(worst) = self.health() else { return String::new() };
        let known = self.health.iter().find(|health| health.now == *worst);
        match known.and_then(|health| health.before.as_deref()) {
            Some(before) if !worst.is_usable() => format!("{} (was {before})", status(worst)),
            _ => status(worst),
        }
    }

    /// Its subchannel changed its state. The change to report, if there is one.
    pub fn transition(&mut self, transition: &Transition, at: Elapsed, is_phase: bool) -> Option<ChangeKind> {
        let before = self.state.replace(transition.to);
        self.retry_at = transition.retry_in.map(|delay| at + delay);
        match transition.to {
            // Client-side health checking: the event about the health has the line.
            ConnectivityState::TransientFailure if transition.cause.code == CauseCode::Health => None,
            ConnectivityState::TransientFailure => {
                let cause = lines::cause(transition);
                self.failed += 1;
                let is_known = matches!(&self.contact, Contact::Failed(known) if is_same(known, &cause));
                if matches!(self.contact, Contact::None | Contact::Connected) {
                    self.since = at;
                }
                self.contact = Contact::Failed(cause.clone());
                Some(if is_known { ChangeKind::FailedAgain } else { ChangeKind::Failed(cause) })
            }
            ConnectivityState::Ready if self.contact == Contact::Connected => None,
            ConnectivityState::Ready => {
                let again = self.contact != Contact::None;
                let (after, failed) = (at.since(self.since), std::mem::take(&mut self.failed));
                self.contact = Contact::Connected;
                self.since = at;
                (again || !is_phase).then_some(ChangeKind::Ready { again, after, failed })
            }
            ConnectivityState::Idle
                if matches!(transition.cause.code, CauseCode::GoAway | CauseCode::ConnectionLost) =>
            {
                self.lose(lines::cause(transition), at)
            }
            ConnectivityState::Idle | ConnectivityState::Connecting => None,
            ConnectivityState::Shutdown => {
                let was_connected = self.contact == Contact::Connected;
                self.contact = Contact::None;
                self.since = at;
                self.failed = 0;
                self.health.clear();
                // The list of the registry has the line of an address that left it.
                let is_listed = !self.listed.is_empty() && transition.cause.code == CauseCode::AddressRemoved;
                let before = before.unwrap_or(transition.from).as_str();
                let text = || format!("{before} -> {}  {}", transition.to.as_str(), lines::cause(transition));
                (was_connected && is_listed).then(|| ChangeKind::Other(text()))
            }
        }
    }

    /// Its connection was closed. The change to report, if there is one.
    pub fn disconnected(&mut self, disconnect: &Disconnect, at: Elapsed) -> Option<ChangeKind> {
        self.lose(disconnect.to_string(), at)
    }

    fn lose(&mut self, how: String, at: Elapsed) -> Option<ChangeKind> {
        if self.contact != Contact::Connected {
            return None;
        }
        self.contact = Contact::Lost(how.clone());
        self.since = at;
        self.health.iter_mut().for_each(|health| health.is_current = false);
        Some(ChangeKind::Lost(how))
    }

    /// Its health service reported a status. The change to report, if there is one.
    pub fn reported(&mut self, report: &HealthReport, at: Elapsed) -> Option<ChangeKind> {
        let to = status(&report.health);
        let is_usable = report.health.is_usable();
        let of = |text: &str| match report.service.as_str() {
            "" => text.to_string(),
            service => format!("{text} for {service:?}"),
        };
        match self.health.iter_mut().find(|known| known.service == report.service) {
            Some(known) => {
                known.is_current = true;
                let before = status(&known.now);
                if is_same(&before, &to) {
                    return None;
                }
                known.now = report.health.clone();
                known.before = Some(before.clone());
                self.since = at;
                Some(ChangeKind::Health { from: Some(before), to: of(&to), is_usable })
            }
            None => {
                let (service, now) = (report.service.clone(), report.health.clone());
                self.health.push(ServiceHealth { service, now, before: None, is_current: true });
                (!is_usable).then(|| ChangeKind::Health { from: None, to: of(&to), is_usable })
            }
        }
    }

    /// What is known about it in a few words.
    pub fn why(&self, now: Elapsed) -> String {
        let next = match self.retry_at {
            Some(at) if at > now => format!(", retry in {}", duration(at.since(now))),
            _ => String::new(),
        };
        match &self.contact {
            Contact::None => String::new(),
            Contact::Connected => self.health_text(),
            Contact::Lost(how) => format!("lost: {how}"),
            Contact::Failed(cause) => format!("{cause}{next}"),
        }
    }
}

/// A status as text.
fn status(health: &Health) -> String {
    match health {
        Health::Failed { code: GrpcStatus::Ok, text, .. } => format!("health check failed: {text}"),
        Health::Failed { code, text, .. } if text.is_empty() => format!("health check failed: {code}"),
        Health::Failed { code, text, .. } => format!("health check failed: {code}: {text}"),
        other => other.as_str().to_string(),
    }
}

/// True when two texts differ in numbers at most, such as the time waited.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || without_numbers(one) == without_numbers(other)
}

/// A text without its numbers.
fn without_numbers(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}
