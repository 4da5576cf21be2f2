//! What the tests stand on.

#[cfg(feature = "consul")]
pub mod consul;
pub mod grpc;
pub mod stage;
pub mod tool;

use std::path::PathBuf;

/// The program that `variable` names. `None`, said on stderr, where it is not provided; in CI that is a failure.
pub fn peer(variable: &str) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(path) => Some(PathBuf::from(path)),
        None if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{variable} is not set, in CI it must be"),
        None => {
            eprintln!("left out: {variable} is not set (tests/run provides it)");
            None
        }
    }
}
