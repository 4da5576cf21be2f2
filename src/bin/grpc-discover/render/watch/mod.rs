//! `watch` for people: its state as a pure model of the events, the changes as lines, and the story at the end.

mod change;
mod connecting;
mod endpoint;
mod frame;
mod live;
mod plain;
mod service;
mod state;
mod story;

pub use live::Live;
pub use plain::Plain;

#[cfg(test)]
mod tests;
