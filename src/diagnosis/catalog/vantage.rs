//! GD9xx: the vantage point of this tool.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD901 NOTHING_REACHED_FROM_HERE Critical
        means "No endpoint responds to any packet. The first suspect is the machine this runs on, not the service."
        proved by "No response, not even a refusal, from any address."
        remedy "Run it where the clients run; check VPN, security groups and network policy of this machine.";

    GD902 PROXY_ENV Info
        means "The environment configures a proxy. gRPC clients started here would connect through it, so they can fail where this tool succeeds, and vice versa: this tool connects directly."
        proved by "The variable, its exceptions (NO_PROXY), and which addresses were reached without the proxy. The environment of the real clients cannot be seen from here."
        remedy "Add the endpoints' networks to NO_PROXY, or switch the proxy off in the client (grpc-go: WithNoProxy)."
        see "https://github.com/grpc/grpc-go/issues/8327" "https://github.com/grpc/grpc-go/issues/6846" "https://github.com/grpc/grpc/issues/9989";

    GD903 PROCESS_STALLED Info
        means "This process did not run for a while: it was stopped, it got no CPU time, or the machine was suspended. Timeouts during that time prove nothing about the endpoints, so those attempts were repeated, or left out where that was not possible."
        proved by "A heartbeat of 100 ms that came more than 250 ms late, and timeouts that expired meanwhile."
        remedy "Give this process more CPU time, or probe fewer endpoints at a time (-c).";

    GD904 OUT_OF_LOCAL_RESOURCES Warn
        means "This machine ran out of a resource that every connection needs (open files, local ports, memory), so some endpoints were not tried. This proves nothing about them; a verdict that depends on them is unknown (exit 3)."
        proved by "The kernel's own error (EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM), also when no other attempt was open any more."
        remedy "Raise the limit that the finding names, or probe fewer endpoints at a time (-c/--concurrency).";

    GD905 METADATA_WITHHELD Warn
        means "The endpoint uses plaintext, and metadata was to be sent (-H, GRPC_DISCOVER_HEADER). With --tls auto the peer decides the mode, so metadata is sent in plaintext only with --plaintext. No call was made: without the metadata the response would be the one for another client. The health of the endpoint is unknown (exit 3 if nothing else is known)."
        proved by "The server's SETTINGS on a connection without TLS."
        remedy "If this server is meant to use plaintext, add --plaintext: the metadata is then sent unencrypted. If it should use TLS, find out which program responds instead: --tls on."
        see "https://grpc.io/docs/guides/auth/";
}
