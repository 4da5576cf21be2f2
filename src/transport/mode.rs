//! Whether a port requires TLS, as far as a failure shows it. Pure.

use crate::model::reach::{Failure, FailureCode, FirstBytes, Stage};

/// Whether a port uses TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Plaintext,
    Tls,
}

impl Mode {
    pub fn other(self) -> Mode {
        match self {
            Mode::Plaintext => Mode::Tls,
            Mode::Tls => Mode::Plaintext,
        }
    }
}

/// True when the failure may result from the wrong mode.
pub(super) fn may_be_mismatch(failure: &Failure, mode: Mode) -> bool {
    use FailureCode::{Closed, Http1, NotTls, Reset, TlsExpected};
    match mode {
        // A web server's TLS port may respond to a plaintext client in plaintext HTTP/1.
        Mode::Plaintext => {
            let ended = matches!(failure.code, Closed | Reset) && failure.first_bytes != Some(FirstBytes::Http2);
            failure.stage == Stage::Http2 && (ended || matches!(failure.code, TlsExpected | Http1))
        }
        Mode::Tls => {
            let shown = failure.tls.as_ref().is_some_and(|tls| !tls.chain.is_empty());
            failure.stage == Stage::Tls && matches!(failure.code, NotTls | Closed | Reset) && !shown
        }
    }
}

/// True when the attempt in the other mode shows more than the first one.
pub(super) fn got_further(other: &Failure, first: &Failure) -> bool {
    // The port is known to require TLS: what the TLS attempt shows is better, even if it is little.
    let wanted = first.code == FailureCode::TlsExpected && other.stage >= Stage::Tls;
    wanted || weight(other) > weight(first)
}

/// True when the server has shown in a handshake that it uses TLS.
pub(super) fn shows_tls(failure: &Failure) -> bool {
    failure.tls.as_ref().is_some_and(|tls| tls.version.is_some() || !tls.chain.is_empty())
}

/// How much a failure shows, to choose between those of both modes.
fn weight(failure: &Failure) -> u8 {
    use FailureCode as Code;
    match (failure.stage, failure.code, failure.first_bytes) {
        _ if shows_tls(failure) => 4,
        (Stage::Resolve | Stage::Tcp | Stage::Unix, ..) => 0,
        // The other attempt is the one in the right mode.
        (_, Code::NotTls, Some(FirstBytes::Http2)) => 0,
        (_, Code::Closed | Code::Reset | Code::Io, None) => 1,
        (_, Code::Closed | Code::Reset | Code::Io, Some(_)) => 2,
        (_, Code::TimedOut | Code::NotTls | Code::TlsFailed, _) => 2,
        (_, Code::TlsExpected, _) => 1,
        (_, Code::Http1 | Code::NotHttp2, _) => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failure(stage: Stage, code: FailureCode) -> Failure {
        Failure::new(stage, code, "", Duration::ZERO)
    }

    #[test]
    fn a_certificate_error_takes_precedence_over_a_closed_connection() {
        let first_bytes = |failure, first_bytes| Failure { first_bytes: Some(first_bytes), ..failure };
        let order = [
            first_bytes(failure(Stage::Tls, FailureCode::NotTls), FirstBytes::Http2),
            failure(Stage::Http2, FailureCode::Closed),
            failure(Stage::Tls, FailureCode::NotTls),
            failure(Stage::Http2, FailureCode::Http1),
            failure(Stage::Tls, FailureCode::CertificateExpired),
        ];
        assert!(order.windows(2).all(|pair| got_further(&pair[1], &pair[0]) && !got_further(&pair[0], &pair[1])));
        let closed = failure(Stage::Http2, FailureCode::Closed);
        assert!(got_further(&first_bytes(failure(Stage::Tls, FailureCode::Closed), FirstBytes::Tls), &closed));
        assert!(!got_further(&failure(Stage::Tcp, FailureCode::Refused), &closed));
        let expected = failure(Stage::Http2, FailureCode::TlsExpected);
        assert!(got_further(&failure(Stage::Tls, FailureCode::Closed), &expected));
        assert!(!got_further(&failure(Stage::Tcp, FailureCode::Refused), &expected));
    }

    #[test]
    fn a_port_that_has_started_to_send_http2_is_not_tried_with_tls() {
        let closed = failure(Stage::Http2, FailureCode::Closed);
        assert!(may_be_mismatch(&closed, Mode::Plaintext));
        assert!(!may_be_mismatch(&Failure { first_bytes: Some(FirstBytes::Http2), ..closed }, Mode::Plaintext));
    }
}
