//! GD4xx: HTTP/2 and gRPC.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD401 SPEAKS_HTTP1 Critical
        means "The port speaks HTTP/1, not gRPC."
        proved by "The first bytes of the answer, quoted."
        remedy "Use the gRPC port; a service with both registers both, and clients must pick the right one.";

    GD402 PLAINTEXT_ON_TLS_PORT Critical
        means "The port wants TLS and was spoken to in plaintext."
        proved by "The answer is a TLS record; or the port hung up without a word, and answered a ClientHello on a second connection."
        remedy "Use --tls on (or auto), and TLS credentials in the client.";

    GD403 NOT_HTTP2 Critical
        means "Something else listens there: its first bytes are no HTTP/2."
        proved by "The first bytes of the answer, quoted."
        remedy "Check the port: the bytes usually name the program.";

    GD404 GOAWAY_AT_ONCE Critical
        means "The server says GOAWAY instead of serving."
        proved by "The GOAWAY frame, with code and debug data, before SETTINGS or before the health call was answered."
        remedy "Read the debug data: a server that shuts down, a limit, or keepalive pings that it forbids.";

    GD405 NO_STREAMS_ALLOWED Critical
        means "The server's SETTINGS allow no stream at all: calls would wait for ever."
        proved by "SETTINGS_MAX_CONCURRENT_STREAMS is 0."
        remedy "Check the server's or proxy's stream limit.";

    GD406 HTTP2_PROTOCOL_ERROR Critical
        means "The peer broke a rule of HTTP/2: of the connection, or of one response. Our side ended it, as other clients do."
        proved by "The frame that broke the rule, with stream, length and the section of RFC 9113 (RFC 7541 for header compression)."
        remedy "Find out who sends it: probe the server without the proxies between. Then update that program, or report the frame to its authors."
        see "https://www.rfc-editor.org/rfc/rfc9113.html" "https://github.com/grpc/grpc-java/issues/2559";

    GD407 PROXY_ANSWERED Critical
        means "A proxy or web server answered in the server's place: the address is reached, the gRPC server behind it is not."
        proved by "The response itself: an HTTP status without grpc-status, or a gRPC status in a proxy's own words, with headers that name the proxy (server, via, x-envoy-*, x-amzn-*, cf-ray)."
        remedy "Look behind the proxy: its routes, the health of its servers, its timeouts."
        see "https://github.com/istio/istio/issues/45261" "https://github.com/istio/istio/issues/49480" "https://github.com/grpc/grpc-go/issues/4513" "https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md";

    GD408 NO_GRPC_ANSWER Critical
        means "The endpoint speaks HTTP/2 and answers a gRPC call with a plain HTTP response: what listens there is no gRPC server."
        proved by "The response: an HTTP status, no grpc-status, no content-type application/grpc. A gRPC client turns it into another error (404 becomes UNIMPLEMENTED)."
        remedy "Find the port or the route of the gRPC server: an HTTP server without one answers there."
        see "https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md";

    GD409 STREAM_RESET Critical
        means "The connection stands and the server, or a proxy before it, reset the stream of the call without a gRPC status."
        proved by "RST_STREAM with its error code. Who sent it, server or proxy, cannot be told from outside."
        remedy "REFUSED_STREAM: the server takes no calls now (it drains, or is at its limit). INTERNAL_ERROR and PROTOCOL_ERROR: look at its log and at proxies. ENHANCE_YOUR_CALM: it limits rates."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors";

    GD410 STREAM_LIMIT Info
        means "The server allows one stream at a time on a connection: a client that watches health (gRFC A17) has none left for its calls, and every call waits for the one before it."
        proved by "SETTINGS_MAX_CONCURRENT_STREAMS is 1. Larger limits are no finding: from outside it cannot be seen how many streams clients hold."
        remedy "Raise the limit at the server or proxy, or have clients open more channels."
        see "https://github.com/grpc/grpc-java/issues/8252" "https://github.com/googleapis/google-cloud-go/issues/5513";

    GD411 KEEPALIVE_CALMED Warn
        means "The server closed the connection because it was pinged too often; clients with such keepalive settings lose their calls again and again."
        proved by "GOAWAY ENHANCE_YOUR_CALM with the debug data too_many_pings."
        remedy "Ping less often (--keepalive-time here, the client's keepalive time there; servers allow one in 5 minutes by default, and none without calls), or loosen the server's enforcement policy."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md" "https://github.com/grpc/grpc/issues/33661" "https://github.com/alibaba/nacos/issues/4751";

    GD412 CONNECTION_ROTATION Info
        means "The server ends connections by rule, at a certain age or after a time without calls, and says so politely; clients reconnect. Calls longer than its grace period are cut."
        proved by "GOAWAY that names the rule (max_age, max_idle), on a connection of the channel or of an idle-connection check; or three or more with NO_ERROR after lifetimes that differ by at most a fifth."
        remedy "Nothing, when it is meant (it is how clients find new endpoints). Otherwise look at the server's max_connection_age and max_connection_idle, and at its grace period."
        see "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md" "https://github.com/grpc/grpc/issues/26703";

    GD413 FLAPPING Warn
        means "Connections to this address become READY and are lost again and again, without a polite reason."
        proved by "Three or more losses of READY connections to the address in this session, none of them announced by a GOAWAY that names a rule of the server, or by GOAWAY NO_ERROR on a connection that had stood for a second."
        remedy "Look at the process (does it crash or restart?) and at the path: a proxy that accepts and then finds no backend, an idle timeout shorter than the client's silence."
        see "https://github.com/grpc/grpc-go/issues/2443" "https://github.com/grpc/grpc-java/issues/7851";

    GD414 CLOSED_AFTER_SETTINGS Critical
        means "The server said SETTINGS, so clients call the connection READY, and ended it before it answered a call: clients flap between READY and IDLE."
        proved by "The server's SETTINGS, then the end of the connection (end of stream, or a reset) while the call was in flight, without GOAWAY."
        remedy "Look at the process: it crashes on the call, or a proxy speaks HTTP/2 for a backend that it does not reach."
        see "https://github.com/grpc/grpc-go/issues/4650";

    GD415 NOT_VALID_GRPC Critical
        means "The response is valid HTTP/2 and not valid gRPC: no grpc-status or an unknown one, a message that is cut off, compressed without being asked for, or not a message at all."
        proved by "The response's own headers, trailers and message prefix, quoted."
        remedy "Find out who writes the response: probe the server without the proxies between, and look at its gRPC library."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md";

    GD416 REQUEST_HEADERS_TOO_LARGE Critical
        means "The server or proxy does not accept request headers of this size: every client that sends as much metadata fails in the same way."
        proved by "The size of our own request headers, and SETTINGS_MAX_HEADER_LIST_SIZE, HTTP 431, the words of the response, or ENHANCE_YOUR_CALM after them."
        remedy "Probe without -H. If that works, send less metadata (a shorter token), or raise the limit at the server or proxy."
        see "https://github.com/grpc/grpc-java/issues/11430" "https://github.com/grpc/grpc/issues/37852";

    GD417 FOREIGN_CONTENT_TYPE Warn
        means "The response is gRPC in everything but its content type. grpc-go and grpc-java refuse it: their clients fail although the server serves. gRPC C-core (Python, C++, Ruby) and grpc-js do not look at it."
        proved by "The response's content-type, quoted. gRPC's is application/grpc, alone or before + or ;."
        remedy "Have the server or the proxy that answers send content-type application/grpc."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md";

    GD418 GOAWAY_WITH_ANSWER Info
        means "The server answered the call and closes the connection at once with GOAWAY: it is shutting down, or allows few calls on a connection. Clients reconnect each time."
        proved by "The GOAWAY frame, with code and debug data, on a connection that had stood for less than a second."
        remedy "Probe again: if it stays so, look for a limit of requests per connection (nginx keepalive_requests, Envoy max_requests_per_connection) or a rollout."
        see "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md";

    GD419 OUR_HTTP2_LIMIT Warn
        means "The server broke no rule and sent more than our own HTTP/2 library accepts (header list, CONTINUATION frames, small frames in a row). We ended the connection; nothing is known about the service. Other clients have other limits."
        proved by "What the server sent, counted, and the limit of our library."
        remedy "Probe with the client that matters: grpc-java accepts 8 KiB of response headers, gRPC C-core 16 KiB, grpc-go 16 MiB. Then find out why the server sends so much.";

    GD420 BEHIND_A_PROXY Info
        means "A proxy or load balancer passed the health call on: the answer is that of one of the servers behind it. Whether the others are well it does not show, and another call may reach another server."
        proved by "The headers of the response, which name the proxy (server, via, x-envoy-*, x-amzn-*, cf-ray). A proxy that adds no such header cannot be seen."
        remedy "Probe the servers behind the proxy at their own addresses: the registry that feeds it lists them."
        see "https://github.com/grpc/grpc/blob/master/doc/load-balancing.md";

    GD421 FLOODS Critical
        means "The server sends small frames (PING, WINDOW_UPDATE, SETTINGS, PRIORITY, RST_STREAM, empty DATA, frames of unknown types) without pause. Our side ended the connection; clients without such a limit spend a CPU core on it."
        proved by "More than 10,000 small frames within 10 s on one connection, counted by kind. No server sends as many on a connection with health calls only."
        remedy "Find out who sends the frames: probe the server without the proxies between. Then update that program, or report it to its authors; until then take the endpoint out of the registry."
        see "https://github.com/Netflix/security-bulletins/blob/master/advisories/third-party/2019-002.md" "https://www.rfc-editor.org/rfc/rfc9113.html#section-10.5";
}
