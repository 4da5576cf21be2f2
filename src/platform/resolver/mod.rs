//! How this system resolves names: its DNS servers and its hosts file.

#[cfg(all(unix, not(target_vendor = "apple")))]
mod resolv_conf;
#[cfg(any(windows, target_vendor = "apple"))]
mod system_conf;

use std::io;
use std::net::SocketAddr;

use hickory_resolver::proto::rr::Name;

#[cfg(all(unix, not(target_vendor = "apple")))]
pub use resolv_conf::{SOURCE, read};
#[cfg(any(windows, target_vendor = "apple"))]
pub use system_conf::{SOURCE, read};

/// The configuration of the system's resolver.
#[derive(Debug, Clone)]
pub enum SystemResolver {
    /// The text of a resolv.conf(5).
    ResolvConf(String),
    /// The servers in their order, and the search list.
    Servers {
        /// The servers.
        servers: Vec<SocketAddr>,
        /// The search list.
        search: Vec<Name>,
    },
}

/// The name of the hosts file (hosts(5)) in output: names in it are resolved without a server.
pub const HOSTS: &str = if cfg!(windows) { r"drivers\etc\hosts" } else { "/etc/hosts" };

/// The content of the hosts file.
///
/// # Errors
///
/// Returns an error when it cannot be read.
pub fn hosts() -> io::Result<Vec<u8>> {
    #[cfg(unix)]
    let path = HOSTS;
    #[cfg(windows)]
    #[expect(clippy::disallowed_methods, reason = "names the directory that Windows is installed in")]
    let path = {
        let windows = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        std::path::PathBuf::from(windows).join("System32").join(HOSTS)
    };
    std::fs::read(path)
}
