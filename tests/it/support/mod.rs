//! What several tests need.

#[cfg(feature = "consul")]
pub mod consul;
