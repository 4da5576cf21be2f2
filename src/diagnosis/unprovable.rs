//! What no outside observer can prove: said plainly, instead of guessed. docs/findings.md prints it.

/// A failure that leaves no trace outside the process that suffers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unprovable {
    /// What people call it.
    pub name: &'static str,
    /// Why it cannot be proved from outside.
    pub why: &'static str,
    /// What comes nearest, or what would prove it.
    pub instead: &'static str,
}

/// The failures of gRPC clients that this tool does not claim to see.
pub static UNPROVABLE: &[Unprovable] = &[
    Unprovable {
        name: "a client that has not noticed a scale-up (DNS is asked again only when a connection fails)",
        why: "which addresses a client holds is known to that client alone",
        instead: "its channelz; here GD113 VIRTUAL_IP and `resolve --watch` show what it could know",
    },
    Unprovable {
        name: "the stale window of a rollout",
        why: "when a client last dialled the old address is known to that client alone",
        instead: "the times at which an endpoint left the registry and stopped answering: `watch`, GD606 LEFT_BUT_ALIVE",
    },
    Unprovable {
        name: "a connection of somebody else that has become a black hole",
        why: "a silent peer looks the same from every other connection",
        instead: "our own connections: held in silence by `probe --idle` (GD611, GD613), or with --keepalive-time; GD204 BLACK_HOLE for the address",
    },
    Unprovable {
        name: "a deadline that passed before the call left its client",
        why: "the queue is inside the client",
        instead: "every stage timed from here: `probe`",
    },
    Unprovable {
        name: "how long a client will still wait in backoff",
        why: "its timer is its own; gRPC's grows to 120 s",
        instead: "READY here now means that clients will be back within 120 s plus or minus 20 %",
    },
    Unprovable {
        name: "streams in use up to the server's limit",
        why: "they are counted per connection, and the connections are the clients'",
        instead: "the limit itself, from SETTINGS: GD405, GD410",
    },
    Unprovable {
        name: "clients that keep their last list when the registry is empty (fail-static)",
        why: "it is a property of their framework",
        instead: "GD102 NO_ENDPOINTS, and a probe of the addresses that left: GD606",
    },
    Unprovable {
        name: "a channel that holds the addresses of another service",
        why: "the addresses are in the client",
        instead: "its channelz; `--service` tells whether the server at an address knows the service: GD502",
    },
    Unprovable {
        name: "since when a check has been critical",
        why: "Consul keeps no time",
        instead: "what this session saw, and the check's own output: GD607 LEFTOVER_ENTRY",
    },
    Unprovable {
        name: "whether a dropped SYN met a firewall or a full backlog",
        why: "the kernel of the other side says nothing in both cases",
        instead: "`ss -ltn` on the server: Recv-Q against Send-Q of the listener",
    },
];
