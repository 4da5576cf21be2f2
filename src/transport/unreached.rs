//! Why there is no connection, in the terms of the stage that failed.

use std::time::Duration;

use super::http2::NoLink;
use super::tls::ClientAuth;
use super::wire::StreamEnd;
use crate::model::reach::{Failure, FailureCode, FirstBytes, Stage, TlsReport};
use crate::net::tls::{TlsFailure, explain_alert, explain_end};
use crate::text::duration;

/// The server sent nothing until the deadline: for `waited`, of an attempt that took `total`.
pub(super) fn no_settings(waited: Duration, total: Duration) -> Failure {
    let mut text = format!("accepted the connection, but sent no HTTP/2 SETTINGS within {}", duration(waited));
    // If slow stages left only little time, the timeout proves nothing about this stage.
    if waited < total / 2 {
        text = format!(
            "no HTTP/2 SETTINGS when the attempt timed out after {}: the earlier stages left {}",
            duration(total),
            duration(waited)
        );
    }
    Failure::new(Stage::Http2, FailureCode::TimedOut, text, waited)
}

/// Why there is no connection, in the terms of the stage that failed.
pub(super) fn no_link(why: NoLink, secured: Option<(TlsReport, ClientAuth)>, waited: Duration) -> Failure {
    let end = match why {
        NoLink::Unusable(code, text) => return Failure::new(Stage::Http2, code, text, waited),
        NoLink::Ended(end) => end,
    };
    let StreamEnd { disconnect, code, tls, first_bytes } = end;
    let before = match first_bytes {
        Some(FirstBytes::Http2) => "before its first HTTP/2 frame was complete",
        Some(FirstBytes::Tls) | None => "before sending SETTINGS",
    };
    let mut text = match code {
        FailureCode::Closed => format!("closed the connection {before}"),
        FailureCode::Reset => format!("connection reset by peer {before}"),
        _ => disconnect.to_string(),
    };
    let Some((mut report, client)) = secured else {
        return Failure { first_bytes, ..Failure::new(Stage::Http2, code, text, waited) };
    };
    let refused = match (&tls, code) {
        (Some(tokio_rustls::rustls::Error::AlertReceived(alert)), _) => {
            Some(explain_alert(*alert, &report.server_name, &client))
        }
        (_, FailureCode::Closed | FailureCode::Reset) => explain_end(&client),
        _ => None,
    };
    let mut failure = match refused {
        Some(TlsFailure { code, text, fault }) => {
            report.fault = fault;
            Failure::new(Stage::Tls, code, text, waited)
        }
        None => {
            if client.requested.is_some() && client.given.is_some() {
                text.push_str("; it had requested a client certificate and received ours");
            }
            Failure::new(Stage::Http2, code, text, waited)
        }
    };
    failure.tls = Some(Box::new(report));
    failure
}

/// No call is made: see [`Attempt::withholds`].
pub(super) fn withheld() -> Failure {
    let text = "uses plaintext, and metadata is not sent in plaintext unless --plaintext is given";
    Failure::new(Stage::Health, FailureCode::Withheld, text, Duration::ZERO)
}
