//! GD6xx: idle periods and staleness.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD601 ZOMBIE_ENDPOINT Critical
        means "The registry calls the endpoint healthy, and it is dead: clients are sent there and fail."
        proved by "The registry's status, and the failure to reach the address."
        remedy "If it is gone for good, deregister it; find out why the registry's check does not notice (no check, a TTL not yet over, or a check that runs beside the server)."
        see "https://github.com/hashicorp/consul/issues/1188";

    GD602 STALE_LISTING Warn
        means "One registry still lists an endpoint that has left the registry it was registered in."
        proved by "Both answers of this session."
        remedy "Wait one TTL and ask again; if it stays, the copy is not being refreshed.";

    GD603 MOVED_WHILE_IDLE Warn
        means "Endpoints left the registry while the channel was idle. A client whose discovery stops when it goes idle (Kratos 2.5.4 to 2.7.2, and others) comes back with the old address and fails until it is restarted."
        proved by "The registry's answers before and after the silence, and the old address, reached or not, afterwards."
        remedy "Restart clients that still dial the old address; upgrade their framework, or switch their idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/go-kratos/kratos/issues/3402";

    GD604 CALL_AFTER_IDLE_FAILED Critical
        means "The first call after the silence failed."
        proved by "The call that left IDLE, with the stage it got to."
        remedy "See the finding on the address it was sent to.";

    GD605 BASELINE_FAILED Critical
        means "No call went through before the silence, so the idle cycle proves nothing."
        proved by "The baseline call, with the stage it got to."
        remedy "Mend reaching the service first: `grpc-discover probe` without --idle.";

    GD606 LEFT_BUT_ALIVE Info
        means "An address has left the registry and still answers: clients that hold it work for now, and will fail when it stops."
        proved by "The registry's answer without it, and a probe of it afterwards."
        remedy "Nothing, when it is draining; otherwise find out why it is no longer registered.";

    GD607 GHOST_ENDPOINT Info
        means "An entry that nobody has removed: the registry calls the instance critical, and nothing answers at its address. Clients that follow the registry's checks leave it out; those that do not are sent there."
        proved by "The registry's status with its check's own words, and the failure to reach the address. Since when it has been critical no registry says: only what this session saw is told."
        remedy "If it is gone for good, remove its registration, and have the registry do that by itself next time (a lease, or a check that deregisters)."
        see "https://github.com/hashicorp/consul/issues/1188" "https://github.com/hashicorp/consul/issues/10703" "https://github.com/hashicorp/nomad/issues/27923";

    GD608 CHECK_WRONG Warn
        means "The registry calls the instance critical and it serves: the check is wrong, asks the wrong place, or has not run since the instance came back. No client that follows the registry is sent there."
        proved by "The registry's status with its check's own words, and a connection to the address that serves."
        remedy "Wait one interval of the check and ask again; if it stays, run the check's own request by hand from the node that runs it.";

    GD609 CLIENTS_WOULD_BE_STALE Warn
        means "Clients of the frameworks named would hold other addresses now than the registry lists: they would dial what is gone, or not know what has come. It is a prediction: info, and a warning only for clients that --as named. A running client of another version or setting may differ; its own channelz tells."
        proved by "The model of the client (docs/lenses.md names its source, and which real clients it was held against), fed with this session's answers and calls; and a probe of the addresses it would still dial. In an idle cycle the client is taken to have been idle once before, as every client that has run for a while."
        remedy "Restart the clients that the finding names; upgrade their framework, or switch their idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/grpc/grpc/issues/12295";

    GD610 IDLE_EXIT_TOO_SLOW Warn
        means "The first call after an idle period takes longer than its deadline: the registry, the connection, TLS and the server's SETTINGS are all waited for within it, so clients that call rarely fail almost every time."
        proved by "The call that left IDLE, stage by stage, and how long the registry took for its first answer, against --rpc-timeout."
        remedy "Give the first call a longer deadline or wait-for-ready, warm the channel up, or switch the idle timeout off where calls are rare."
        see "https://github.com/grpc/grpc-go/issues/8424";

    GD611 SILENT_CONNECTION_SWALLOWED Warn
        means "Somebody on the path forgets connections that are silent, and tells neither side: the connection looks established, and whatever is sent on it vanishes. A client that was as quiet sees its first call hang until its deadline, and the next ones until TCP gives up (about 15 minutes) or keepalive does."
        proved by "A connection that was held over the silence with not a byte on it, then an HTTP/2 PING that stayed unanswered for as long as an RPC may take; a new connection to the same endpoint works. What TCP knows tells a path that forgot (nothing is acknowledged) from a proxy that lost its other side, or a frozen process (the ping was acknowledged)."
        remedy "Find the limit with `grpc-discover probe --idle TIME --find-cutoff TIME`; then keep silences below it: client keepalive, which the server must permit, or a shorter idle timeout."
        see "https://github.com/grpc/grpc-go/issues/2443" "https://github.com/grpc/grpc-java/issues/7851" "https://github.com/grpc/grpc-node/issues/2285" "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD612 SILENT_CONNECTION_CUT Warn
        means "A connection that was silent was ended without GOAWAY: by a FIN or a reset in the silence, or by a reset in answer to the first word after it. gRPC servers announce the end of a connection, so this is a proxy or load balancer on the path, or a server that was restarted. A client notices an end in the silence and reconnects; one that comes with the first word costs that call."
        proved by "The end of a connection that was held in silence, with its time, and no GOAWAY before it. The same silence before the ends of connections to other addresses, or of connections that began at other times, shows a rule instead of a restart."
        remedy "Find the limit with `grpc-discover probe --idle TIME --find-cutoff TIME`, and keep silences below it: client keepalive, which the server must permit, or a shorter idle timeout. If it was a restart, ask again."
        see "https://github.com/grpc/grpc-java/issues/6497" "https://github.com/grpc/grpc-java/issues/9229" "https://github.com/argoproj/argo-cd/issues/217" "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD613 PATH_CUTOFF Info
        means "How long a silence the path to the endpoint tolerates, as far as it was measured. A limit is ordinary (60s, 240s, 350s and 600s are those of well-known load balancers); clients that are silent for longer, as gRPC's 30 minutes of default idle timeout allow, lose their connections to it."
        proved by "Connections that were held for different silences (--idle-ladder, --find-cutoff): the longest one that was survived, and the shortest one that was not. An outcome that contradicts the others is told with it."
        remedy "Keepalive time at most half of the limit and never below 10s, with the server's permission (servers allow one ping in 5 minutes by default, and none without calls), or an idle timeout below the limit."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md" "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md";

    GD614 IDLE_CONNECTION_ENDED Info
        means "A connection without a call on it was ended by the other side: by a server or proxy that limits how long a connection may be idle, or by a restart. Clients notice and reconnect with their next call."
        proved by "A GOAWAY, or the end, of the channel's own connection or of an idle-connection check, with the time since its last call. Each check makes one call before its idle period, as a client does: nginx and others count from the last call."
        remedy "Nothing, if that limit is meant. Otherwise let channels go idle sooner, or raise the limit at the server or proxy."
        see "https://github.com/grpc/grpc-java/issues/10533" "https://nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_timeout";
}

/// [`CLIENTS_WOULD_BE_STALE`] for clients that nobody named with `--as`: a prediction alone spoils no verdict.
pub static UNNAMED_CLIENTS_WOULD_BE_STALE: FindingKind =
    FindingKind { severity: Severity::Info, ..CLIENTS_WOULD_BE_STALE };
