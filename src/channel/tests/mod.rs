//! The scenarios of docs/scenarios.md, each test named after its id.

mod channel_states;
mod invariants;
mod world;
