//! GD9xx: our own vantage point.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD901 NOTHING_REACHED_FROM_HERE Critical
        means "Every endpoint swallows packets. The first suspect is the place this runs at, not the service."
        proved by "Not one answer, not even a refusal, from any address."
        remedy "Run it where the clients run; check VPN, security groups and network policy of this machine.";

    GD902 PROXY_ENV Info
        means "The environment names a proxy. gRPC clients started here would dial through it, so they can fail where this tool succeeds, and the other way round: this tool connects directly."
        proved by "The variable, the exceptions beside it (NO_PROXY), and the addresses that were reached or not without the proxy. What the environment of the real clients holds cannot be seen from here."
        remedy "Put the endpoints' networks into NO_PROXY, or switch the proxy off in the client (grpc-go: WithNoProxy)."
        see "https://github.com/grpc/grpc-go/issues/8327" "https://github.com/grpc/grpc-go/issues/6846" "https://github.com/grpc/grpc/issues/9989";

    GD903 PROCESS_STALLED Info
        means "This process did not run for a while: it was stopped, starved of CPU time, or its machine slept. What timed out meanwhile proves nothing about anybody else, so it was repeated, or left out where it could not be."
        proved by "A heartbeat of 100 ms that came more than 250 ms late, and timeouts that ended meanwhile."
        remedy "Give this process more CPU time, or look at fewer endpoints at once (-c).";

    GD904 OUT_OF_LOCAL_RESOURCES Warn
        means "This machine ran out of something that every connection needs (open files, local ports, memory), so some endpoints were not tried. This proves nothing about them; a verdict that depends on them is unknown (exit 3)."
        proved by "The kernel's own error (EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM), also when no other attempt was open any more."
        remedy "Raise the limit that the finding names, or probe fewer endpoints at a time (-c/--concurrency).";

    GD905 METADATA_WITHHELD Warn
        means "The endpoint speaks plaintext, and metadata was to be sent (-H, GRPC_DISCOVER_HEADER). With --tls auto the peer that answers first chooses the mode, so metadata is not sent in plaintext unless plaintext was asked for. No call was made: without its metadata the answer would be that of another client. Its health is unknown (exit 3 when nothing else is known)."
        proved by "The server's SETTINGS on a connection without TLS."
        remedy "If this server is meant to speak plaintext, add --plaintext: the metadata is then sent unencrypted. If it should speak TLS, find out what answers in its place: --tls on."
        see "https://grpc.io/docs/guides/auth/";
}
