//! Faults of registries: rights that are taken away, restarts without memory, contradictions, outages.

mod outages;
mod pacing;
mod restarts;
mod rights;
mod watch;
