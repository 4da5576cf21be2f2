//! Systems with an API for their resolver's configuration: macOS (System Configuration; its resolv.conf(5) exists for
//! old programs only) and Windows (the network adapters that are up).

use std::io;
use std::net::SocketAddr;

use hickory_resolver::system_conf::read_system_conf;

use super::SystemResolver;

/// The source of the configuration, as named in output.
pub const SOURCE: &str =
    if cfg!(windows) { "the DNS settings of the network adapters" } else { "the DNS settings of the system" };

/// The port of DNS.
const PORT: u16 = 53;

/// Queries the configuration.
///
/// # Errors
///
/// Returns an error when the system does not provide it.
pub fn read() -> io::Result<SystemResolver> {
    let (config, _) = read_system_conf().map_err(io::Error::other)?;
    let servers = config.name_servers().iter().map(|server| SocketAddr::new(server.ip, PORT)).collect();
    let search = config.domain().filter(|domain| !domain.is_root()).into_iter().chain(config.search());
    Ok(SystemResolver::Servers { servers, search: search.cloned().collect() })
}
