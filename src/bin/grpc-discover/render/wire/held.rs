//! The shape of a held connection.

use grpc_discover::model::hold::{self, Fate, HeldReport};
use grpc_discover::model::reach;
use serde::Serialize;

use super::text::{milliseconds, whole_milliseconds};
use super::{Coded, GoAway};

/// A connection that was held in silence has told what became of it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Held {
    /// The service.
    pub target: String,
    /// What became of it.
    #[serde(flatten)]
    pub view: HeldView,
}

/// What became of a connection that was held in silence.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeldView {
    /// Where it led.
    pub address: String,
    /// Why it was held: `idle` (as long as the channel is silent), `ladder` (`--idle-ladder`) or `cutoff` (`--find-cutoff`).
    pub rung: &'static str,
    /// The silence that was asked for.
    pub silence_ms: u64,
    /// The silence that counts: the longest one that was survived, or the last one before the end. Shorter than
    /// `silence_ms` when the connection ended in it, or the server spoke by itself.
    pub quiet_ms: f64,
    /// `alive`, `closed`, `swallowed` or `not_reached`.
    pub outcome: &'static str,
    /// Alive: how long the answer to the ping took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// Closed: when, from the beginning of the silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<f64>,
    /// Closed: gRFC A94's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Closed: our own detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Closed: the GOAWAY that came before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goaway: Option<GoAway>,
    /// Closed: the end came in answer to the ping, not in the silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinged: Option<bool>,
    /// Swallowed: how long the answer to the ping was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<f64>,
    /// Swallowed: what the kernel's TCP knew, where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpState>,
    /// Not reached: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// The server spoke by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Interruption>,
}

/// What the kernel's TCP knew of a connection.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TcpState {
    /// Segments that were sent and not acknowledged; 0: everything was delivered to somebody.
    pub unacked: u32,
    /// How often the oldest of them was sent again.
    pub retransmits: u32,
    /// How long ago the last acknowledgement came.
    pub last_ack_ms: u64,
}

/// A server that did not let a connection be silent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Interruption {
    /// When it spoke first, from the beginning of the silence.
    pub after_ms: f64,
    /// What it said then: the name of an HTTP/2 frame.
    pub frame: String,
    /// How often it spoke.
    pub times: u32,
}

impl From<&HeldReport> for HeldView {
    fn from(report: &HeldReport) -> HeldView {
        let hold::Held { quiet, interrupted, fate } = &report.held;
        let mut view = HeldView {
            address: report.address.to_string(),
            rung: report.rung.as_str(),
            silence_ms: whole_milliseconds(report.silence),
            quiet_ms: milliseconds(*quiet),
            outcome: fate.as_str(),
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
        match fate {
            Fate::Alive { rtt } => view.rtt_ms = Some(milliseconds(*rtt)),
            Fate::Closed { after, disconnect: reach::Disconnect { reason, detail, goaway }, pinged } => {
                view.after_ms = Some(milliseconds(*after));
                view.reason = Some(reason.to_string());
                view.detail = Some(detail.clone()).filter(|detail| !detail.is_empty());
                view.goaway = goaway.as_ref().map(GoAway::from);
                view.pinged = Some(*pinged);
            }
            Fate::Swallowed { waited, tcp } => {
                view.waited_ms = Some(milliseconds(*waited));
                view.tcp = tcp.map(|tcp| TcpState {
                    unacked: tcp.unacked,
                    retransmits: tcp.retransmits,
                    last_ack_ms: whole_milliseconds(tcp.last_ack),
                });
            }
            Fate::NotReached(failure) => {
                let text = format!("{}: {}", failure.stage, failure.text);
                view.error = Some(Coded { code: failure.code.as_str().to_string(), text });
            }
        }
        view
    }
}
