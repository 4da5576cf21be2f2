//! GD2xx: reaching an address.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD201 CONNECTION_REFUSED Critical
        means "The host responded, and no process listens on the port."
        proved by "The kernel's ECONNREFUSED: the SYN was answered with RST."
        remedy "Check that the server runs and listens on this port, not only on loopback; if it was removed permanently, deregister it.";

    GD202 HOST_UNREACHABLE Critical
        means "This machine has no route to the host."
        proved by "The kernel's EHOSTUNREACH or ENETUNREACH: reported by a router or by this machine's own routing table."
        remedy "Check routes and network policy between this machine and the host, and whether the address is advertised for another network.";

    GD203 CONNECTION_RESET Critical
        means "The connection was accepted and then reset before the first gRPC call."
        proved by "The kernel's ECONNRESET in the stage named."
        remedy "Check for a proxy or load balancer without a backend, or a server that crashes on accept.";

    GD204 BLACK_HOLE Critical
        means "Packets to this address are dropped silently: there was no response and no refusal. A pod address of a lost node looks like this."
        proved by "No response to the SYN within the connect timeout. A listener whose queue is full looks the same from here: the kernel drops the SYN of both."
        remedy "Check firewalls and security groups on the path, and whether the host still exists. If its other ports respond, check the listener's queue (`ss -ltn`).";

    GD205 CLOSED_BEFORE_HTTP2 Critical
        means "The port accepts connections and closes them before the server's first HTTP/2 frame is complete."
        proved by "The end of the connection before the server's SETTINGS frame."
        remedy "Check for a load balancer without backends, a TLS-only port probed with --plaintext, or a connection limit.";

    GD206 NO_HTTP2_RESPONSE Critical
        means "The port accepts connections and the process does not respond: the kernel completes the TCP handshake, the application sends nothing."
        proved by "TCP connected, and no SETTINGS frame within the connect timeout."
        remedy "Check the process: frozen, deadlocked, out of file descriptors, or a proxy that waits for its backend. Some clients (grpc-js) wait forever here."
        see "https://github.com/grpc/grpc-node/issues/2785";

    GD207 HOST_NAME_NOT_FOUND Critical
        means "The registry lists a host name instead of an address, and the name does not resolve here."
        proved by "The result of this machine's resolver."
        remedy "Register an IP address, or make the name resolve where the clients run.";

    GD208 LOCAL_LIMIT Critical
        means "This machine does not permit the connection, or could not open it. This proves nothing about the endpoint."
        proved by "The kernel's own error (EPERM, EACCES), or the resource that was missing here."
        remedy "Correct what the error names on this machine. For a connection that is not permitted check its firewall rules (`nft list ruleset`, `iptables -S OUTPUT`) and its sandbox (seccomp, SELinux).";

    GD209 NOT_REACHED Critical
        means "The connection failed with an error of the operating system that has no finding of its own."
        proved by "The system's error, quoted."
        remedy "Read the error; `grpc-discover probe -o json` has every completed stage.";
}
