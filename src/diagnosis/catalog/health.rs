//! GD5xx: health.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD501 NOT_SERVING Critical
        means "The endpoint is reachable and its own health service reports that it does not serve."
        proved by "grpc.health.v1 Check returned NOT_SERVING (or UNKNOWN). Its other services are queried with List (gRFC A90), or with Check of the empty name."
        remedy "Check the server's own dependencies. If the registry still lists it as healthy, use a gRPC health check there.";

    GD502 HEALTH_SERVICE_UNKNOWN Warn
        means "The server's health service does not know the requested service."
        proved by "grpc.health.v1 Check returned NOT_FOUND, or Watch SERVICE_UNKNOWN. The names that it has are queried with List (gRFC A90)."
        remedy "Check --service, or register that name with the server's health service. Clients with health checking treat it as down.";

    GD503 HEALTH_CALL_FAILED Critical
        means "HTTP/2 works and the health call fails."
        proved by "The call's gRPC status, quoted."
        remedy "UNAVAILABLE: a proxy without a healthy backend. DEADLINE_EXCEEDED: the process accepts the connection and does not respond.";

    GD504 HEALTH_WATCH_ENDED Info
        means "The server or a proxy on the network path ended a health Watch that had reported a status, while the connection stayed open. It is opened again with backoff, and the last status stays valid meanwhile. Other long-lived streams on this path end in the same way."
        proved by "The end of the Watch: its gRPC status or RST_STREAM code, and the time since its last message."
        remedy "Raise the stream timeout of the proxy on the path above the longest quiet period of a stream."
        see "https://github.com/kubernetes/ingress-nginx/issues/12434";

    GD505 HEALTH_WATCH_UNIMPLEMENTED Info
        means "The server implements grpc.health.v1 Check and not Watch. Clients with health checking (gRFC A17) treat such an endpoint as serving, whatever Check returns. This tool uses Check, and repeats it while it watches."
        proved by "Watch returned UNIMPLEMENTED, and Check returned a status."
        remedy "Implement Watch in the server's health service: the health package of every gRPC stack has it."
        see "https://github.com/grpc/grpc-java/issues/8385" "https://github.com/grpc/proposal/blob/master/A17-client-side-health-checking.md";

    GD506 HEALTH_BEHIND_AUTHENTICATION Warn
        means "The health call was rejected because it had no valid credentials. A process responded, and its health is unknown: the endpoint counts neither as healthy nor as unhealthy."
        proved by "UNAUTHENTICATED or PERMISSION_DENIED in response to the health call, or HTTP 401 or 403."
        remedy "Add credentials with -H 'authorization: Bearer TOKEN' (or -H @FILE), or exempt grpc.health.v1.Health from authentication."
        see "https://github.com/argoproj/argo-cd/issues/26204";

    GD507 STOPPED_RESPONDING Critical
        means "The server had responded on this connection and no longer does, while the connection stays open. Its process is stopped, blocked or out of CPU, or packets to it are lost. An open health Watch does not show this, and neither do clients without keepalive: their calls wait for their deadline."
        proved by "The server's earlier responses on this connection, and a Health/Check on it without a response within --rpc-timeout. Where the kernel provides it, TCP_INFO shows whether the other host acknowledged the request."
        remedy "Check the process: stopped (state T in ps), blocked (thread dump, goroutine dump), or out of CPU. A gRPC liveness probe restarts such a process."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD508 NO_RESPONSE_YET Warn
        means "The watch ended before the endpoint responded to the connection attempt or to a health call. It counts neither as healthy nor as unhealthy."
        proved by "The stage that was waiting when the watch ended, and for how long."
        remedy "Run `grpc-discover probe` on the endpoint: it waits for each stage up to its limit and names the cause. Or watch for longer (--for).";
}
