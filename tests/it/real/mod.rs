//! Against real servers; left out when they are not provided (`tests/run` provides them).

#[cfg(feature = "consul")]
mod consul;
