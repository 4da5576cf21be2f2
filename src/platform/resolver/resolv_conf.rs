//! Systems whose resolver reads resolv.conf(5).

use std::io;

use super::SystemResolver;

/// The source of the configuration, as named in output.
pub const SOURCE: &str = "/etc/resolv.conf";

/// Reads the configuration.
///
/// # Errors
///
/// Returns an error when it cannot be read.
pub fn read() -> io::Result<SystemResolver> {
    Ok(SystemResolver::ResolvConf(String::from_utf8_lossy(&std::fs::read(SOURCE)?).into_owned()))
}
