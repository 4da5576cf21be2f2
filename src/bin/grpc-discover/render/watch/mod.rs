//! `watch` for people: its state as a pure model of the events, the changes as lines, and the story at the end.

mod change;
mod connecting;
mod endpoint;
mod plain;
mod service;
mod state;
mod story;

pub use plain::Plain;
pub use state::WatchState;
pub use story::Story;

#[cfg(test)]
mod tests;
