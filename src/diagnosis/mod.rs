//! What the events mean, PURE.

mod table;

pub use table::FINDINGS;
