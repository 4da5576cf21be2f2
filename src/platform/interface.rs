//! Network interfaces by name.

/// The command that lists them.
pub const LISTED_BY: &str = if cfg!(target_os = "linux") {
    "ip link"
} else if cfg!(windows) {
    "netsh interface ipv6 show interfaces"
} else {
    "ifconfig"
};

/// The index of the interface `name`; `None` when it does not exist.
#[cfg(unix)]
pub fn index(name: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(name).ok()
}

/// As above. Windows writes zones as numbers, which need no look-up.
#[cfg(not(unix))]
pub fn index(_: &str) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn an_interface_is_found_by_name() {
        let loopback = if cfg!(target_os = "linux") { "lo" } else { "lo0" };
        assert_eq!(super::index(loopback), Some(1));
        for none in ["", "no-such-interface", "../lo", "lo\0"] {
            assert_eq!(super::index(none), None, "{none:?}");
        }
    }
}
