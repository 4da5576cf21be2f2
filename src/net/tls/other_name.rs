//! A certificate that is for other names.

use std::net::IpAddr;

use super::list;
use super::presented::PresentedChain;
use crate::model::certificate::AlternativeName;

/// The certificate is for other names.
pub(super) fn other_name(seen: &PresentedChain<'_>) -> String {
    let wanted = seen.server_name.as_str();
    let Some(leaf) = seen.read.first() else { return format!("certificate is not for {wanted}") };
    if leaf.names.is_empty() {
        return match &leaf.traits.common_name {
            Some(common) => format!(
                "certificate has no host name: it has the common name \"{common}\" and no subject alternative name, so it is not for {wanted}"
            ),
            None => format!("certificate has no host name (no subject alternative name), so it is not for {wanted}"),
        };
    }
    let is_ip = wanted.parse::<IpAddr>().is_ok();
    let dns: Vec<&str> = leaf.names.iter().filter_map(AlternativeName::dns).collect();
    let remark = if is_ip && dns.contains(&wanted) {
        " (it has the address as a DNS name; an address must be an IP name)"
    } else if is_ip {
        ""
    } else if dns.iter().any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(wanted)) {
        " (a name in a certificate must not end with a dot)"
    } else if dns.iter().any(|name| is_odd_wildcard(name)) {
        " (a wildcard must be the whole first label, with a domain after it)"
    } else if dns.iter().any(|name| is_too_deep(name, wanted)) {
        " (a wildcard matches only one label)"
    } else {
        ""
    };
    format!("certificate is for [{}], not {wanted}{remark}", list(&leaf.names))
}

/// `a*.example`, `a.*.example`, `*`.
fn is_odd_wildcard(name: &str) -> bool {
    name.contains('*') && name.strip_prefix("*.").is_none_or(|rest| rest.contains('*'))
}

/// `*.example` for `a.b.example`.
fn is_too_deep(name: &str, wanted: &str) -> bool {
    let suffix = name.strip_prefix('*').filter(|suffix| suffix.len() > 1);
    suffix.and_then(|suffix| wanted.strip_suffix(suffix)).is_some_and(|labels| labels.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_whole_label() {
        assert!(is_odd_wildcard("a*.example") && is_odd_wildcard("a.*.example") && is_odd_wildcard("*"));
        assert!(!is_odd_wildcard("*.example") && !is_odd_wildcard("a.example"));
        assert!(is_too_deep("*.example", "a.b.example") && !is_too_deep("*.example", "a.b.test"));
        assert!(!is_too_deep("*.example", "a.example"));
    }
}
