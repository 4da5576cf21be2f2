//! What the events mean, PURE.

pub mod table;

pub use table::FINDINGS;
