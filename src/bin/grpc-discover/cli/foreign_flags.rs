//! Flags of other tools that have no counterpart of the same meaning here: what to do instead.

/// The flags, without their dashes, and what to do instead. Follows "unknown flag --count;" in a sentence.
const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["d", "data"],
        "this tool calls only grpc.health.v1; to check one service, write --service NAME (grpcurl sends requests of your own)",
    ),
    (
        &["proto", "protoset", "import-path", "use-reflection", "reflect-header", "emit-defaults", "max-msg-sz"],
        "this tool calls only grpc.health.v1, for which no descriptors are needed; omit it",
    ),
    (&["expand-headers"], "let the shell expand variables: -H \"authorization: $TOKEN\", or -H @FILE"),
    (&["gzip"], "requests are sent uncompressed; omit it"),
    (&["spiffe"], "SPIFFE is not supported; write the SVID to files and use --cert FILE --key FILE --cacert FILE"),
    (&["alts"], "ALTS is not supported; use --tls on or --plaintext"),
    (&["unix"], "write the target as unix:PATH"),
    (
        &["count", "n-times", "attempts", "retries", "retry"],
        "write watch --for TIME, or limit a probe with --max-time TIME",
    ),
    (&["w", "wait", "deadline", "m"], "limit the time with --max-time TIME, or wait with watch --until ready"),
    (&["f", "follow"], "write grpc-discover watch TARGET"),
    (&["s"], "write -q"),
    (&["j", "J", "json"], "write -o json"),
    (&["yaml", "text", "plain"], "write -o table or -o json"),
    (&["http-addr"], "set CONSUL_HTTP_ADDR, or write consul://HOST:PORT/NAME"),
    (
        &["token"],
        "write --token-file FILE, or set CONSUL_HTTP_TOKEN; a token on the command line is visible to other users",
    ),
    (&["endpoints"], "set ETCDCTL_ENDPOINTS, or write etcd://HOST:PORT/NAME"),
    (&["kubeconfig"], "set KUBECONFIG"),
    (&["A", "all-namespaces"], "write the namespace in the target: kubernetes:///NAME.NAMESPACE"),
    (&["resolve", "connect-to"], "write the address as the target and its name as --authority NAME --servername NAME"),
    (&["x", "proxy"], "proxies are not used; run the tool behind the proxy, next to the clients"),
    (&["skip-tls-verify", "insecure-skip-tls-verify", "skipTLS", "tls-skip-verify", "no-verify"], "write --insecure"),
    (&["ca", "ca-file", "ca-cert", "cafile"], "write --cacert FILE"),
    (&["host", "hostname", "server", "target"], "write the target without a flag"),
    (&["domain", "sni", "server-name"], "write --servername NAME"),
];

/// What to do instead of the flag `name`, which has no dashes.
pub fn instead_of(name: &str) -> Option<&'static str> {
    INSTEAD.iter().find(|(names, _)| names.contains(&name)).map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flag_of_ours_is_listed() {
        let definition = crate::cli::Cli::definition();
        for argument in definition.get_subcommands().flat_map(clap::Command::get_arguments) {
            let short = argument.get_short().map(String::from);
            for name in argument.get_long().into_iter().chain(short.as_deref()) {
                assert_eq!(instead_of(name), None, "{name}");
            }
        }
    }
}
