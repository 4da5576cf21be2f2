//! The transitions that may be published; no others ever are (`doc/connectivity-semantics-and-api.md` as amended by
//! gRFC A61 and A62).

use super::ConnectivityState::{self, Connecting, Idle, Ready, Shutdown, TransientFailure};

/// True when a channel may go from `from` to `to`. Never from IDLE to READY or TRANSIENT_FAILURE, never to the same
/// state, never out of SHUTDOWN.
pub(super) const fn channel_may(from: ConnectivityState, to: ConnectivityState) -> bool {
    match (from, to) {
        (Idle, Connecting)
        | (Connecting, Ready | TransientFailure | Idle)
        | (Ready, Idle | Connecting | TransientFailure)
        | (TransientFailure, Ready | Connecting | Idle)
        | (Idle | Connecting | Ready | TransientFailure, Shutdown) => true,
        (Idle, Idle | Ready | TransientFailure)
        | (Connecting, Connecting)
        | (Ready, Ready)
        | (TransientFailure, TransientFailure)
        | (Shutdown, Idle | Connecting | Ready | TransientFailure | Shutdown) => false,
    }
}

/// True when a subchannel may go from `from` to `to`. With client health (gRFC A17) its state is the health-derived
/// view: a connection whose health is not known yet is CONNECTING, one that does not serve is TRANSIENT_FAILURE.
pub(super) const fn subchannel_may(from: ConnectivityState, to: ConnectivityState, client_health: bool) -> bool {
    match (from, to) {
        (Idle, Connecting)
        | (Connecting, Ready | TransientFailure)
        | (TransientFailure, Idle)
        | (Ready, Idle)
        | (Idle | Connecting | Ready | TransientFailure, Shutdown) => true,
        (Connecting, Idle) | (Ready, TransientFailure | Connecting) | (TransientFailure, Ready | Connecting) => {
            client_health
        }
        (Idle, Idle | Ready | TransientFailure)
        | (Connecting, Connecting)
        | (Ready, Ready)
        | (TransientFailure, TransientFailure)
        | (Shutdown, Idle | Connecting | Ready | TransientFailure | Shutdown) => false,
    }
}
