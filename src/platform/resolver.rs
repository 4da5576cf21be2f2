//! Where this system keeps what its resolver reads.

/// Servers, search list and options (resolv.conf(5)).
pub const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Names that are resolved without a server (hosts(5)).
pub const HOSTS: &str = "/etc/hosts";
