//! Zones of IPv6 addresses: `eth0` in `fe80::1%eth0`.

/// The index of a zone: a number, or the name of an interface of this machine.
pub(crate) fn index(zone: &str) -> Option<u32> {
    match zone.parse() {
        Ok(index) => Some(index),
        Err(_) => by_name(zone),
    }
}

#[cfg(target_os = "linux")]
fn by_name(zone: &str) -> Option<u32> {
    let plain = !zone.is_empty() && !zone.contains('/') && zone != "." && zone != "..";
    let path = format!("/sys/class/net/{zone}/ifindex");
    plain.then(|| std::fs::read_to_string(path).ok())??.trim().parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn by_name(_: &str) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_own_index() {
        assert_eq!(index("2"), Some(2));
        assert_eq!(index("no-such-interface"), None);
        assert_eq!(index("../lo"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_interface_is_found_by_name() {
        assert_eq!(index("lo"), Some(1));
    }
}
