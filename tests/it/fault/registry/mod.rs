//! Faults of registries: revoked permissions, restarts without memory, contradictions, outages.

mod outages;
mod pacing;
mod restarts;
mod rights;
mod watch;
