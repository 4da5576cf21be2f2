//! GD4xx: HTTP/2 and gRPC.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD401 HTTP1_SERVER Critical
        means "The server on this port uses HTTP/1, not gRPC."
        proved by "The first bytes of the response, quoted."
        remedy "Use the gRPC port. A service with both registers both, and clients must choose the right one.";

    GD402 PLAINTEXT_ON_TLS_PORT Critical
        means "The port requires TLS and was contacted in plaintext."
        proved by "The response is a TLS record; or the server closed the connection without a response, and responded to a ClientHello on a second connection."
        remedy "Use --tls on (or auto), and TLS credentials in the client.";

    GD403 NOT_HTTP2 Critical
        means "The server on this port uses another protocol: its first bytes are not HTTP/2."
        proved by "The first bytes of the response, quoted."
        remedy "Check the port: the bytes usually name the program.";

    GD404 GOAWAY_INSTEAD_OF_SERVING Critical
        means "The server sends GOAWAY instead of serving."
        proved by "The GOAWAY frame, with code and debug data, before SETTINGS or before the response to the health call."
        remedy "Read the debug data: the server is shutting down, a limit is reached, or it does not permit keepalive pings.";

    GD405 NO_STREAMS_ALLOWED Critical
        means "The server's SETTINGS allow no stream: calls would wait forever."
        proved by "SETTINGS_MAX_CONCURRENT_STREAMS is 0."
        remedy "Check the server's or proxy's stream limit.";

    GD406 HTTP2_PROTOCOL_ERROR Critical
        means "The peer violated HTTP/2, on the connection or in one response. We closed it, as other clients do."
        proved by "The frame that violates the protocol, with stream, length and the section of RFC 9113 (RFC 7541 for header compression)."
        remedy "Find out which program sends it: probe the server without the proxies in between. Then update that program, or report the frame to its authors."
        see "https://www.rfc-editor.org/rfc/rfc9113.html" "https://github.com/grpc/grpc-java/issues/2559";

    GD407 PROXY_ANSWERED Critical
        means "A proxy or web server responded instead of the gRPC server: the address is reachable, the gRPC server behind it was not reached."
        proved by "The response itself: an HTTP status without grpc-status, or a gRPC status with a proxy's own message, with headers that name the proxy (server, via, x-envoy-*, x-amzn-*, cf-ray)."
        remedy "Check the proxy: its routes, the health of its servers, its timeouts."
        see "https://github.com/istio/istio/issues/45261" "https://github.com/istio/istio/issues/49480" "https://github.com/grpc/grpc-go/issues/4513" "https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md";

    GD408 NOT_A_GRPC_SERVER Critical
        means "The endpoint supports HTTP/2 and answers a gRPC call with a plain HTTP response: the server is not a gRPC server."
        proved by "The response: an HTTP status, no grpc-status, no content-type application/grpc. A gRPC client turns it into another error (404 becomes UNIMPLEMENTED)."
        remedy "Find the port or the route of the gRPC server: this one belongs to an HTTP server."
        see "https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md";

    GD409 STREAM_RESET Critical
        means "The connection is up, and the server or a proxy in front of it reset the stream of the call without a gRPC status."
        proved by "RST_STREAM with its error code. It cannot be seen from outside whether the server or a proxy sent it."
        remedy "REFUSED_STREAM: the server accepts no calls now (it drains, or has reached its limit). INTERNAL_ERROR and PROTOCOL_ERROR: check its log and the proxies. ENHANCE_YOUR_CALM: it limits the rate of requests."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors";

    GD410 STREAM_LIMIT Info
        means "The server allows one stream at a time on a connection: a client that watches health (gRFC A17) has no stream left for its calls, and every call waits for the previous one."
        proved by "SETTINGS_MAX_CONCURRENT_STREAMS is 1. Larger limits are not reported: how many streams clients have open cannot be seen from outside."
        remedy "Raise the limit at the server or proxy, or have clients open more channels."
        see "https://github.com/grpc/grpc-java/issues/8252" "https://github.com/googleapis/google-cloud-go/issues/5513";

    GD411 TOO_MANY_PINGS Warn
        means "The server closed the connection because of too many pings; clients with such keepalive settings lose their calls repeatedly."
        proved by "GOAWAY ENHANCE_YOUR_CALM with the debug data too_many_pings."
        remedy "Ping less often (--keepalive-time here, the client's keepalive time there; servers allow one in 5 minutes by default, and none without calls), or relax the server's enforcement policy."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md" "https://github.com/grpc/grpc/issues/33661" "https://github.com/alibaba/nacos/issues/4751";

    GD412 CONNECTION_ROTATION Info
        means "The server closes connections by policy, at a certain age or after a time without calls, and announces it; clients reconnect. Calls longer than its grace period are cancelled."
        proved by "GOAWAY that names the policy (max_age, max_idle), on a connection of the channel or of an idle-connection check; or three or more with NO_ERROR after lifetimes that differ by at most a fifth."
        remedy "Nothing, if it is intended (clients find new endpoints this way). Otherwise check the server's max_connection_age and max_connection_idle, and at its grace period."
        see "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md" "https://github.com/grpc/grpc/issues/26703";

    GD413 FLAPPING Warn
        means "Connections to this address repeatedly become READY and are lost without an announcement."
        proved by "Three or more losses of READY connections to the address in this session, none of them announced by a GOAWAY that names a policy of the server, or by GOAWAY NO_ERROR on a connection that was open for at least a second."
        remedy "Check the process (does it crash or restart?) and the network path: a proxy that accepts connections and has no backend, or an idle timeout shorter than the client's idle periods."
        see "https://github.com/grpc/grpc-go/issues/2443" "https://github.com/grpc/grpc-java/issues/7851";

    GD414 CLOSED_AFTER_SETTINGS Critical
        means "The server sent SETTINGS, so the connection is READY for clients, and closed it before it answered a call: clients alternate between READY and IDLE."
        proved by "The server's SETTINGS, then the end of the connection (FIN or reset) while the call was in flight, without GOAWAY."
        remedy "Check the process: it crashes on the call, or a proxy in front of it cannot reach its backend."
        see "https://github.com/grpc/grpc-go/issues/4650";

    GD415 NOT_VALID_GRPC Critical
        means "The response is valid HTTP/2 and not valid gRPC: no grpc-status or an unknown one, a truncated message, a compressed message that was not requested, or no message."
        proved by "The response's own headers, trailers and message prefix, quoted."
        remedy "Find out which program sends the response: probe the server without the proxies in between, and check its gRPC library."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md";

    GD416 REQUEST_HEADERS_TOO_LARGE Critical
        means "The server or proxy does not accept request headers of this size: every client that sends as much metadata fails too."
        proved by "The size of our own request headers, and SETTINGS_MAX_HEADER_LIST_SIZE, HTTP 431, the text of the response, or ENHANCE_YOUR_CALM after the headers."
        remedy "Probe without -H. If that works, send less metadata (a shorter token), or raise the limit at the server or proxy."
        see "https://github.com/grpc/grpc-java/issues/11430" "https://github.com/grpc/grpc/issues/37852";

    GD417 FOREIGN_CONTENT_TYPE Warn
        means "The response is valid gRPC except for its content type. grpc-go and grpc-java reject it: their clients fail although the server serves. gRPC C-core (Python, C++, Ruby) and grpc-js do not check it."
        proved by "The response's content-type, quoted. gRPC's is application/grpc, alone or before + or ;."
        remedy "Make the server or the proxy that responds send content-type application/grpc."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md";

    GD418 GOAWAY_WITH_RESPONSE Info
        means "The server answered the call and closes the connection at once with GOAWAY: it is shutting down, or allows few calls on a connection. Clients reconnect each time."
        proved by "The GOAWAY frame, with code and debug data, on a connection that was open for less than a second."
        remedy "Probe again. If it still happens, look for a limit of requests per connection (nginx keepalive_requests, Envoy max_requests_per_connection) or a rollout."
        see "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md";

    GD419 OUR_HTTP2_LIMIT Warn
        means "The server did not violate HTTP/2 and sent more than our own HTTP/2 library accepts (header list, CONTINUATION frames, consecutive small frames). We closed the connection; the state of the service is unknown. Other clients have other limits."
        proved by "What the server sent, counted, and the limit of our library."
        remedy "Test with the client in use: grpc-java accepts 8 KiB of response headers, gRPC C-core 16 KiB, grpc-go 16 MiB. Then find out why the server sends this much.";

    GD420 BEHIND_A_PROXY Info
        means "A proxy or load balancer forwarded the health call: the response is from one of the servers behind it. It does not show whether the others are healthy, and another call may reach another server."
        proved by "The headers of the response, which name the proxy (server, via, x-envoy-*, x-amzn-*, cf-ray). A proxy that adds no such header is not detected."
        remedy "Probe the servers behind the proxy at their own addresses: the registry that feeds it lists them."
        see "https://github.com/grpc/grpc/blob/master/doc/load-balancing.md";

    GD421 FRAME_FLOOD Critical
        means "The server sends small frames (PING, WINDOW_UPDATE, SETTINGS, PRIORITY, RST_STREAM, empty DATA, frames of unknown types) continuously. We closed the connection; clients without such a limit use a full CPU core for it."
        proved by "More than 10,000 small frames within 10 s on one connection, counted by kind. No correct server sends that many on a connection with health calls only."
        remedy "Find out which program sends the frames: probe the server without the proxies in between. Then update that program, or report it to its authors; until then deregister the endpoint."
        see "https://github.com/Netflix/security-bulletins/blob/master/advisories/third-party/2019-002.md" "https://www.rfc-editor.org/rfc/rfc9113.html#section-10.5";
}
