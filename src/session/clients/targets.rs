//! Which service a client's channel is for, by its target.

use crate::backend::BACKENDS;
use crate::model::target::Target;

/// The target to resolve for a channel with this target; `None` when it names addresses, or a mechanism without a
/// registry of its own, so that there is nothing to compare with.
pub fn service_of(target: &str) -> Option<String> {
    let Some((scheme, rest)) = target.split_once(':') else {
        return (!target.is_empty()).then(|| target.to_string());
    };
    match scheme {
        // Kratos, and others after it: the registry is an object in the process.
        "discovery" => {
            let name = rest.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
            (!name.is_empty()).then(|| name.to_string())
        }
        "passthrough" | "unix" | "unix-abstract" | "ipv4" | "ipv6" | "inproc" | "bufnet" | "etcd-endpoints" | "xds"
        | "google-c2p" | "vsock" => None,
        // `host:port`: the default scheme, DNS. An IP address needs no registry.
        _ if !rest.starts_with("//") && rest.parse::<u16>().is_ok() => {
            scheme.parse::<std::net::IpAddr>().is_err().then(|| target.to_string())
        }
        _ if is_ip(rest) => None,
        _ => Some(target.to_string()),
    }
}

/// True when a client with this target resolves a name by itself: it resolves again only when a connection fails.
pub(super) fn resolves_name(target: &str) -> bool {
    let Ok(target) = target.parse::<Target>() else { return false };
    let backend = BACKENDS.iter().find(|backend| backend.answers(&target));
    backend.is_some_and(|backend| backend.about().registry.resolves_names())
}

/// True for `///10.0.0.7:50051` and `[::1]:80`.
fn is_ip(rest: &str) -> bool {
    let host = rest.rsplit('/').next().unwrap_or(rest);
    host.parse::<std::net::SocketAddr>().is_ok() || host.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_shows_whether_its_client_resolves_a_name() {
        assert!(resolves_name("dns:///pay.example:50051") && resolves_name("pay.example:50051"));
        assert!(!resolves_name("discovery:///pay") && !resolves_name(""));
    }

    #[test]
    fn the_target_of_a_channel_names_what_is_resolved() {
        for (target, expected) in [
            ("discovery:///pay", Some("pay")),
            ("dns:///pay.example:50051", Some("dns:///pay.example:50051")),
            ("dns://127.0.0.1:53/pay.test:50051", Some("dns://127.0.0.1:53/pay.test:50051")),
            ("pay.example:50051", Some("pay.example:50051")),
            ("kubernetes:///pay.prod:grpc", Some("kubernetes:///pay.prod:grpc")),
            ("etcd:///pay", Some("etcd:///pay")),
            ("pay", Some("pay")),
            ("10.0.0.7:50051", None),
            ("dns:///10.0.0.7:50051", None),
            ("dns:///[::1]:50051", None),
            ("passthrough:///10.0.0.7:50051", None),
            ("ipv4:10.0.0.7:50051", None),
            ("etcd-endpoints://0xc000/127.0.0.1:2379", None),
            ("", None),
        ] {
            assert_eq!(service_of(target).as_deref(), expected, "{target}");
        }
    }
}
