//! The type of an idle-connection check.

use grpc_discover::model::idle_check::{IdleCheckOutcome, IdleCheckReport, IdleCheckResult};
use grpc_discover::model::reach;
use serde::Serialize;

use super::text::{milliseconds, whole_milliseconds};
use super::{Coded, GoAway};

/// The outcome of an idle-connection check.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct IdleCheck {
    /// The service.
    pub target: String,
    /// The outcome.
    #[serde(flatten)]
    pub view: IdleCheckView,
}

/// The outcome of an idle-connection check.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct IdleCheckView {
    /// The endpoint's address.
    pub address: String,
    /// Why it was checked: `idle` (the channel's idle period), `ladder` (`--idle-ladder`) or `cutoff`
    /// (`--find-cutoff`).
    pub check: &'static str,
    /// The idle time that was requested.
    pub idle_ms: u64,
    /// The idle time that was measured: the longest one that the connection survived, or the last one before its end.
    /// Shorter than `idle_ms` if the connection ended during it, or the server sent data by itself.
    pub measured_idle_ms: f64,
    /// `alive`, `closed`, `dropped` or `not_reached`.
    pub outcome: &'static str,
    /// Alive: how long the response to the ping took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// Closed: when, counted from the start of the idle time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<f64>,
    /// Closed: the disconnect reason as gRFC A94 names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Closed: our own detail of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Closed: the GOAWAY frame received before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goaway: Option<GoAway>,
    /// Closed: true if it was closed in response to the ping, not during the idle time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinged: Option<bool>,
    /// Dropped silently: how long we waited for the response to the ping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<f64>,
    /// Dropped silently: what the kernel's TCP reported, where it is available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpState>,
    /// Not reached: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// The server sent data by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Interruption>,
}

/// What the kernel's TCP reported about a connection.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TcpState {
    /// Segments that were sent and not acknowledged; 0: another host acknowledged everything.
    pub unacked: u32,
    /// How often the oldest of them was sent again.
    pub retransmits: u32,
    /// How long ago the last acknowledgement was received.
    pub last_ack_ms: u64,
}

/// A server that sent data during the idle time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Interruption {
    /// When it first sent data, counted from the start of the idle time.
    pub after_ms: f64,
    /// What it sent then: the name of an HTTP/2 frame, or `TCP keepalive` for packets without data.
    pub frame: String,
    /// How often it sent data.
    pub times: u32,
}

impl From<&IdleCheckReport> for IdleCheckView {
    fn from(report: &IdleCheckReport) -> IdleCheckView {
        let IdleCheckResult { measured_idle, interrupted, outcome } = &report.result;
        let mut view = IdleCheckView {
            address: report.address.to_string(),
            check: report.kind.as_str(),
            idle_ms: whole_milliseconds(report.idle_time),
            measured_idle_ms: milliseconds(*measured_idle),
            outcome: outcome.as_str(),
            rtt_ms: None,
            after_ms: None,
            reason: None,
            detail: None,
            goaway: None,
            pinged: None,
            waited_ms: None,
            tcp: None,
            error: None,
            interrupted: interrupted.as_ref().map(|by| Interruption {
                after_ms: milliseconds(by.after),
                frame: by.frame.clone(),
                times: by.times,
            }),
        };
        match outcome {
            IdleCheckOutcome::Alive { rtt } => view.rtt_ms = Some(milliseconds(*rtt)),
            IdleCheckOutcome::Closed { after, disconnect: reach::Disconnect { reason, detail, goaway }, pinged } => {
                view.after_ms = Some(milliseconds(*after));
                view.reason = Some(reason.to_string());
                view.detail = Some(detail.clone()).filter(|detail| !detail.is_empty());
                view.goaway = goaway.as_ref().map(GoAway::from);
                view.pinged = Some(*pinged);
            }
            IdleCheckOutcome::Dropped { waited, tcp } => {
                view.waited_ms = Some(milliseconds(*waited));
                view.tcp = tcp.map(|tcp| TcpState {
                    unacked: tcp.unacked,
                    retransmits: tcp.retransmits,
                    last_ack_ms: whole_milliseconds(tcp.last_ack),
                });
            }
            IdleCheckOutcome::NotReached(failure) => {
                let text = format!("{}: {}", failure.stage, failure.text);
                view.error = Some(Coded { code: failure.code.as_str().to_string(), text });
            }
        }
        view
    }
}
