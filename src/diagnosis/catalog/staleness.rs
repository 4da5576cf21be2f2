//! GD6xx: idle periods and staleness.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD601 DEAD_ENDPOINT Critical
        means "The registry reports the endpoint as healthy, and it does not work: clients use it and fail. The check does not notice: there is none, its TTL has not expired, or it does not test this port."
        proved by "The registry's status, and the failure to reach the address."
        remedy "If it was removed permanently, deregister it; otherwise find out why the registry's check does not notice."
        see "https://github.com/hashicorp/consul/issues/1188";

    GD602 STALE_LISTING Warn
        means "One registry still lists an endpoint that was removed from the registry in which it was registered."
        proved by "Both responses of this session."
        remedy "Wait one TTL and query again. If it is still listed, the copy is not being refreshed.";

    GD603 MOVED_WHILE_IDLE Warn
        means "Endpoints were removed from the registry while the channel was idle. A client whose discovery stops in IDLE (Kratos 2.5.4 to 2.7.2, and others) dials the old address afterwards and fails until it is restarted."
        proved by "The registry's responses before and after the idle period, and whether the old address can be reached afterwards."
        remedy "Restart clients that still dial the old address; upgrade their framework, or switch their idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/go-kratos/kratos/issues/3402";

    GD604 CALL_AFTER_IDLE_FAILED Critical
        means "The first call after the idle period failed."
        proved by "The call that left IDLE, with the stage in which it failed."
        remedy "See the finding for the address that it used.";

    GD605 BASELINE_FAILED Critical
        means "The call before the idle period failed, so the idle cycle proves nothing."
        proved by "The baseline call, with the stage in which it failed."
        remedy "First make the service reachable: `grpc-discover probe` without --idle.";

    GD606 LEFT_BUT_ALIVE Info
        means "An address was removed from the registry and still serves: clients that use it work now and will fail when it stops."
        proved by "The registry's response without it, and a probe of it afterwards."
        remedy "Nothing, if it is draining; otherwise find out why its registration was removed.";

    GD607 LEFTOVER_ENTRY Info
        means "A leftover entry: the registry reports the instance as critical, and its address does not respond. Clients that respect the registry's checks leave it out; others use it."
        proved by "The registry's status with the output of its check, and the failure to reach the address. Registries do not report since when an instance is critical: only the time of this session is reported."
        remedy "If it was removed permanently, deregister it, and let the registry do that automatically next time (a lease, or a check that deregisters)."
        see "https://github.com/hashicorp/consul/issues/1188" "https://github.com/hashicorp/consul/issues/10703" "https://github.com/hashicorp/nomad/issues/27923";

    GD608 CHECK_WRONG Warn
        means "The registry reports the instance as critical and it serves: the check is wrong, tests the wrong address, or has not run since the instance recovered. Clients that follow the registry do not use it."
        proved by "The registry's status with the output of its check, and a connection to the address that serves."
        remedy "Wait one interval of the check and query again. If it is still critical, run the check's own request by hand on the node that runs it.";

    GD609 CLIENTS_WOULD_BE_STALE Warn
        means "Clients of the named frameworks would now hold other addresses than the registry lists: they would dial removed endpoints, or not use new ones. This is a prediction: info, and a warning only for clients that --as names. A running client with another version or setting may differ; its own channelz shows it."
        proved by "The model of the client (docs/lenses.md names its source and the real clients that it was compared with), with this session's responses and calls as input; and a probe of the addresses that it would still dial. In an idle cycle the client is assumed to have been idle once before, like every client that has run for a while."
        remedy "Restart the clients that the finding names; upgrade their framework, or switch their idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/grpc/grpc/issues/12295";

    GD610 IDLE_EXIT_TOO_SLOW Warn
        means "The first call after an idle period takes longer than its deadline: it includes the registry's response, the connection, TLS and the server's SETTINGS, so clients that call rarely fail almost every time."
        proved by "The call that left IDLE, stage by stage, and how long the registry took for its first response, compared with --rpc-timeout."
        remedy "Give the first call a longer deadline or wait-for-ready, warm the channel up, or switch the idle timeout off where calls are rare."
        see "https://github.com/grpc/grpc-go/issues/8424";

    GD611 IDLE_CONNECTION_DROPPED Warn
        means "A device on the network path drops idle connections silently: the connection looks established on both sides, and everything sent on it is lost. The first call of a client that was idle as long hangs until its deadline, and the next ones until TCP gives up (about 15 minutes) or keepalive closes the connection."
        proved by "A connection without any traffic during the idle period, then an HTTP/2 PING without a response within --rpc-timeout; a new connection to the same endpoint works. TCP's own counters distinguish a path that dropped the connection (nothing is acknowledged) from a proxy that lost its connection to the server or a frozen process (the ping is acknowledged)."
        remedy "Find the limit with `grpc-discover probe --idle TIME --find-cutoff TIME`; then keep idle periods below it: client keepalive, which the server must permit, or a shorter idle timeout."
        see "https://github.com/grpc/grpc-go/issues/2443" "https://github.com/grpc/grpc-java/issues/7851" "https://github.com/grpc/grpc-node/issues/2285" "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD612 IDLE_CONNECTION_CLOSED_BY_PATH Warn
        means "An idle connection was closed without GOAWAY: by a FIN or a reset during the idle period, or by a reset in response to the first packet after it. gRPC servers announce the end of a connection, so this is a proxy or load balancer on the network path, or a server that was restarted. A client notices an end during the idle period and reconnects; a reset of the first packet fails that call."
        proved by "The end of an idle connection, with its time, and no GOAWAY before it. The same idle time on connections to other addresses, or on connections that were opened at other times, shows a limit instead of a restart."
        remedy "Find the limit with `grpc-discover probe --idle TIME --find-cutoff TIME`, and keep idle periods below it: client keepalive, which the server must permit, or a shorter idle timeout. If it was a restart, probe again."
        see "https://github.com/grpc/grpc-java/issues/6497" "https://github.com/grpc/grpc-java/issues/9229" "https://github.com/argoproj/argo-cd/issues/217" "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD613 PATH_CUTOFF Info
        means "The longest idle time that the network path to the endpoint tolerates, as far as it was measured. A limit is normal (60s, 240s, 350s and 600s are those of well-known load balancers); clients that are idle for longer, as gRPC's default idle timeout of 30 minutes allows, lose their connections."
        proved by "Connections that were idle for different times (--idle-ladder, --find-cutoff): the longest idle time that a connection survived, and the shortest that it did not. A result that contradicts the others is reported with it."
        remedy "Keepalive time at most half of the limit and never below 10s, if the server permits it (servers allow one ping in 5 minutes by default, and none without calls), or an idle timeout below the limit."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md" "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md";

    GD614 IDLE_CONNECTION_ENDED Info
        means "A connection without calls was closed by the other side: by a server or proxy with a limit on idle time, or by a restart. Clients notice and reconnect with their next call."
        proved by "A GOAWAY, or the end, of the channel's own connection or of an idle-connection check, with the time since its last call. Each check makes one call before its idle period, as a client does: nginx and others count from the last call."
        remedy "Nothing, if that limit is intended. Otherwise let channels go idle sooner, or raise the limit at the server or proxy."
        see "https://github.com/grpc/grpc-java/issues/10533" "https://nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_timeout";
}

/// [`CLIENTS_WOULD_BE_STALE`] for clients that `--as` does not name: a prediction alone does not change a verdict.
pub static UNNAMED_CLIENTS_WOULD_BE_STALE: FindingKind =
    FindingKind { severity: Severity::Info, ..CLIENTS_WOULD_BE_STALE };
