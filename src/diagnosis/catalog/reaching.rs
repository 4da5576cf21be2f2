//! GD2xx: reaching an address.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD201 CONNECTION_REFUSED Critical
        means "A host is there and nothing listens on the port."
        proved by "The kernel's ECONNREFUSED: a RST came back for the SYN."
        remedy "Check that the server runs and listens on this address and port (not only on loopback); if it is gone for good, deregister it.";

    GD202 HOST_UNREACHABLE Critical
        means "There is no way from here to the host."
        proved by "The kernel's EHOSTUNREACH or ENETUNREACH: a router, or this machine's own routing table, said no."
        remedy "Check routes and network policy between here and there; ask whether the address is advertised for another network.";

    GD203 CONNECTION_RESET Critical
        means "The connection was accepted and then reset before gRPC was spoken."
        proved by "The kernel's ECONNRESET in the stage named."
        remedy "Look for a proxy or load balancer in front without a backend, or a server that crashes on accept.";

    GD204 BLACK_HOLE Critical
        means "Packets to this address vanish: neither an answer nor a refusal came back."
        proved by "No answer to the SYN within the connect timeout. A listener whose queue is full looks the same from here: the kernel drops the SYN of both."
        remedy "Check firewalls and security groups on the way, and whether the host still exists: a Pod address of a lost node looks like this. If other ports of the host answer, look at the listener's queue there (`ss -ltn`).";

    GD205 CLOSED_BEFORE_HTTP2 Critical
        means "The port accepts connections and closes them before the server's first HTTP/2 frame is complete."
        proved by "End of stream before the server's SETTINGS frame."
        remedy "Look for a load balancer without backends, a TLS-only port probed with --plaintext, or a connection limit.";

    GD206 SILENT_PORT Critical
        means "The port accepts connections and nobody ever speaks: the kernel answers, the application does not."
        proved by "TCP connected, and no SETTINGS frame within the connect timeout."
        remedy "Look at the process: frozen, deadlocked, out of file descriptors, or a proxy that waits for its backend. Some clients (grpc-js) wait for ever here."
        see "https://github.com/grpc/grpc-node/issues/2785";

    GD207 HOST_NAME_NOT_FOUND Critical
        means "The registry gave a host name instead of an address, and the name has no address here."
        proved by "The answer of this machine's resolver."
        remedy "Register an IP address, or make the name resolvable where the clients run.";

    GD208 LOCAL_LIMIT Critical
        means "This machine forbids the connection, or could not make it. This proves nothing about the endpoint."
        proved by "The kernel's own error (EPERM, EACCES), or what was missing here."
        remedy "Mend what the error names on this machine. For a connection that is not permitted check its firewall rules (`nft list ruleset`, `iptables -S OUTPUT`) and its sandbox (seccomp, SELinux).";

    GD209 NOT_REACHED Critical
        means "The connection failed for a reason of the operating system that has no finding of its own."
        proved by "The system's error, quoted."
        remedy "Read the error; `grpc-discover probe -o json` has every stage that was passed.";
}
