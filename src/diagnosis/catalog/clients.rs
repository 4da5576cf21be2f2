//! GD7xx: running clients.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD701 FROZEN Critical
        means "A running client still holds an address that left the registry, and did not notice: it dials the old address until it is restarted."
        proved by "The client's own list of addresses, and the registry's response without the address, both read for more than 15s. The last update of its resolver may be recent: a frozen client passes its old list on again when it leaves IDLE, so only the content counts."
        remedy "Restart the process that the finding names, now; then upgrade its framework, or switch its idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/go-kratos/kratos/issues/3402";

    GD702 FROZEN_LATENT Warn
        means "A running client works and will not notice the next change: it no longer contacts its registry, or has not received an instance that was added. It fails when the endpoints that it holds move."
        proved by "No contact with its registry for twice the poll period of its framework, while the client was not IDLE and its calls were counted; or an instance that has been listed for more than 15s and that a client with a watch does not hold."
        remedy "Restart the process that the finding names before its endpoints move; then upgrade its framework, or switch its idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/go-kratos/kratos/issues/3402";

    GD703 WEDGED Critical
        means "A running client left IDLE and never received a list of addresses: every call fails or hangs until its deadline, although the registry lists usable endpoints. It does not recover by itself."
        proved by "The client's events: it left IDLE and its resolver has passed on no list since then; and the registry's response with usable endpoints."
        remedy "Restart the process that the finding names. Kratos 2.7.3 to 2.8.0 and 2.8.4 to 3.0.0 wedge when the first query after IDLE fails or is slower than the client's timeout: a longer client timeout and a longer idle timeout make it rarer."
        see "https://github.com/go-kratos/kratos/pull/2911" "https://github.com/grpc/grpc-go/issues/7729";

    GD704 FAIL_STATIC_EMPTY Warn
        means "The registry lists no endpoint, and the client keeps the last list that was not empty: by design in Kratos and others. It fails when the last of these addresses stops, and recovers when an instance registers."
        proved by "The client's own list of addresses, and the registry's empty response."
        remedy "Find out why nothing is registered; the client itself needs no restart."
        see "https://github.com/go-kratos/kratos/issues/3516" "https://github.com/go-kratos/kratos/issues/3562";

    GD705 ROLLOUT_WINDOW Info
        means "A client over DNS holds an address that was removed moments ago: it resolves again when the connection fails, at most every 30s, and DNS answers may be cached. This passes within two minutes."
        proved by "The client's own list of addresses, the DNS answer without the address, and the time since it was removed."
        remedy "Wait two minutes and run the command again. To shorten the window, let servers stop accepting calls some seconds after they left DNS."
        see "https://github.com/grpc/grpc-go/issues/4650" "https://github.com/grpc/grpc-java/issues/11268";

    GD706 DNS_BLIND Warn
        means "A client over DNS works and does not use endpoints that were added: gRPC resolves a name again only when a connection fails or receives GOAWAY, never after the TTL."
        proved by "The DNS answer, and the client's own list of addresses without some of them, or with some that were removed and still serve."
        remedy "Set a maximum connection age on the servers (MAX_CONNECTION_AGE), so that clients resolve again regularly; or use a resolver that watches."
        see "https://github.com/grpc/grpc/issues/12295" "https://github.com/grpc/grpc-java/issues/8720";

    GD707 SUBSET Info
        means "The client holds a part of the listed endpoints by design: Kratos uses 25 of them, go-zero 32."
        proved by "The size of the client's own list, and that every address in it is listed."
        remedy "Nothing, unless the load is uneven: with many more servers than clients, raise or switch off the client's subset."
        see "https://github.com/go-kratos/kratos/blob/main/transport/grpc/client.go";

    GD708 ONE_SLICE Warn
        means "The client holds the endpoints of exactly one slice of the registry's list, and none of the others: its resolver replaces the whole list with the slice that changed last."
        proved by "The client's own list of addresses, and the slices of the registry."
        remedy "Upgrade the client's resolver, or use a resolver that merges slices; restarting helps until the next change of another slice."
        see "https://github.com/sercand/kuberesolver/issues/66" "https://github.com/zeromicro/go-zero/issues/5659";

    GD709 CROSS_WIRED Critical
        means "The client's channel for one service holds addresses of another: its calls fail with UNIMPLEMENTED, or reach the wrong service."
        proved by "The client's own list of addresses, and the registry, which lists them for the other service only."
        remedy "Restart the process that the finding names; go-zero 1.7.1 mixes up its targets, so upgrade to 1.7.2 or later."
        see "https://github.com/zeromicro/go-zero/pull/4121" "https://github.com/zeromicro/go-zero/pull/4349";

    GD710 IDLE_NORMAL Info
        means "The channel is IDLE: it has no connection and holds no address until its next call, so nothing shows whether it would notice a change."
        proved by "The channel's state, and no sign that its last attempt to leave IDLE failed."
        remedy "Nothing. To judge it, run the command again while it makes calls.";

    GD711 RECONNECT_BACKOFF Warn
        means "The endpoint serves again, and the client has not reconnected: it waits in backoff and fails its calls with the old error meanwhile."
        proved by "The client's last failed attempt, its channel's state, and a connection from here to the same address."
        remedy "Wait: the client tries again within the time that the finding names. A lower maximum backoff, or ResetConnectBackoff, shortens it."
        see "https://github.com/grpc/grpc-java/issues/6473" "https://github.com/grpc/grpc/issues/29996";

    GD712 BLACKHOLED Critical
        means "The client's connection is established on its side only: the peer is gone, calls are sent and nothing is received. Without keepalive this lasts until TCP gives up, about 15 minutes."
        proved by "Calls that were started on the connection and have not ended while nothing is received on it, and no response from the address to a connection from here."
        remedy "Restart the client or close its connection (`ss -K`); then set client keepalive (20s to 30s, if the server permits it), or TCP_USER_TIMEOUT."
        see "https://github.com/grpc/grpc/issues/15889" "https://github.com/grpc/grpc-node/issues/2785";

    GD713 CERTIFICATE_IN_USE_EXPIRES Warn
        means "The certificate that a server presented on a client's open connection expires soon, or has expired: the connection works on, and the next one may fail."
        proved by "The certificate in the client's own view of its connection. It may be older than the one that the server presents now."
        remedy "Compare with the certificate that the server presents now (`grpc-discover probe -v`): if it was renewed, nothing is left to do; otherwise renew it."
        see "https://github.com/grpc/proposal/blob/master/A14-channelz.md";

    GD714 NOBODY_CAME Warn
        means "An endpoint is listed as usable and no client is connected to it, while clients are connected to the others: they do not know it."
        proved by "The server-side channelz of every endpoint. A client that uses one endpoint only (pick_first) proves nothing by staying away from the others."
        remedy "Run `grpc-discover client` on a client that the finding names: it shows whether that client is frozen, or resolves again only when a connection fails."
        see "https://github.com/letsencrypt/boulder/issues/5052";

    GD715 LEFT_ON_DRAINING Warn
        means "Clients are still connected to an endpoint that is being taken out of service, or that left the registry: they fail when it stops."
        proved by "The registry's status of the endpoint, and its server-side channelz."
        remedy "Wait for their calls to end, or send GOAWAY (graceful stop) before the process stops. A client that stays after that is frozen: run `grpc-discover client` on it."
        see "https://github.com/letsencrypt/boulder/issues/5052";

    GD716 CLIENT_UNREADABLE Warn
        means "A process could not be read, so its clients could not be judged."
        proved by "The response of the process, or its absence."
        remedy "Expose channelz on a port that can be reached from here: docs/clients.md has the lines for each runtime."
        see "https://github.com/grpc/proposal/blob/master/A14-channelz.md";

    GD717 CLIENT_READ_IN_PART Info
        means "A process was read in part: a limit of this tool on pages, channels, sizes or time was reached, or parts of the response were invalid."
        proved by "The responses of the process."
        remedy "If the process is sound, name one of its services with --of; otherwise do not trust what it reports.";
}
