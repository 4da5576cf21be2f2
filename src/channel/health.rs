//! Client-side health checking of one connection (gRFC A17 as amended by A61; grpc-go `health/client.go`).
//!
//! After the connection is READY the view is CONNECTING until the first message of the Watch. SERVING, or no health
//! service at all, is READY; every other status is TRANSIENT_FAILURE, with the connection left open. A Watch that
//! failed is opened again with backoff, which counts from the start of the previous Watch and is reset once a message
//! arrived.

use super::backoff::Attempts;
use super::context::Context;
use super::{ConnectivityState, Elapsed, Health};

/// The state of the health Watch of one connection.
#[derive(Debug)]
pub(super) struct HealthView {
    state: ConnectivityState,
    retries: Attempts,
    watch_started: Elapsed,
    retry_at: Option<Elapsed>,
}

impl HealthView {
    /// A Watch that starts now and has reported nothing.
    pub(super) fn new(now: Elapsed) -> Self {
        HealthView {
            state: ConnectivityState::Connecting,
            retries: Attempts::default(),
            watch_started: now,
            retry_at: None,
        }
    }

    /// CONNECTING, READY or TRANSIENT_FAILURE.
    pub(super) fn state(&self) -> ConnectivityState {
        self.state
    }

    /// When the Watch must be opened again.
    pub(super) fn retry_at(&self) -> Option<Elapsed> {
        self.retry_at
    }

    /// The Watch reported something; returns the sentence for the new state.
    pub(super) fn update(&mut self, ctx: &mut Context<'_>, health: &Health) -> String {
        match health {
            Health::Serving => {
                self.message(ConnectivityState::Ready);
                "health: SERVING".to_string()
            }
            Health::NotServing | Health::Unknown => {
                self.message(ConnectivityState::TransientFailure);
                format!("connection active but health check failed. status={}", health.as_str())
            }
            // A message of an open Watch, or the end of one (some servers answer NOT_FOUND). Opening it again is
            // right for both, because an open Watch is not opened twice.
            Health::ServiceUnknown => {
                self.state = ConnectivityState::TransientFailure;
                self.retry_later(ctx, ctx.now());
                "connection active but health check failed. status=SERVICE_UNKNOWN (the service is not registered with \
                 the server's health service)"
                    .to_string()
            }
            Health::Unimplemented => {
                self.message(ConnectivityState::Ready);
                "the server does not implement health Watch: treated as serving (gRFC A17)".to_string()
            }
            Health::Failed { code, text, .. } => {
                self.state = ConnectivityState::TransientFailure;
                self.retry_later(ctx, self.watch_started);
                format!("connection active but received health check RPC error: {code}: {text}")
            }
        }
    }

    /// The Watch must be opened again. A service that is merely not registered stays TRANSIENT_FAILURE in the
    /// meantime; after an RPC error nothing is known: CONNECTING.
    pub(super) fn retried(&mut self, now: Elapsed, unknown_service: bool) {
        self.watch_started = now;
        self.retry_at = None;
        if !unknown_service {
            self.state = ConnectivityState::Connecting;
        }
    }

    /// Resets the backoff: a Watch that waits to be opened again is due now.
    pub(super) fn reset_backoff(&mut self, now: Elapsed) {
        self.retries.reset();
        if self.retry_at.is_some() {
            self.retry_at = Some(now);
        }
    }

    fn message(&mut self, state: ConnectivityState) {
        self.state = state;
        self.retries.reset();
        self.retry_at = None;
    }

    fn retry_later(&mut self, ctx: &mut Context<'_>, counted_from: Elapsed) {
        let delay = self.retries.delay(&ctx.options.backoff, &mut ctx.core.random);
        self.retries.failed();
        self.retry_at = Some(ctx.now().max(counted_from + delay));
    }
}
