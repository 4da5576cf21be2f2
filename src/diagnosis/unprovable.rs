//! What no outside observer can prove: named here instead of guessed. docs/findings.md prints it.

/// A failure that leaves no trace outside the process that suffers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unprovable {
    /// Its common name.
    pub name: &'static str,
    /// Why it cannot be proved from outside.
    pub why: &'static str,
    /// The closest evidence, or what would prove it.
    pub instead: &'static str,
}

/// The failures of gRPC clients that this tool does not claim to detect.
pub static UNPROVABLE: &[Unprovable] = &[
    Unprovable {
        name: "a client that has not noticed a scale-up (DNS is queried again only when a connection fails)",
        why: "the client's list of addresses is visible only in the client",
        instead: "the client's channelz; here GD113 VIRTUAL_IP and `resolve --watch` show what it could have received",
    },
    Unprovable {
        name: "the stale window of a rollout",
        why: "the time of the last dial to the old address is visible only in the client",
        instead: "the times at which an endpoint was removed from the registry and stopped responding: `watch`, GD606 LEFT_BUT_ALIVE",
    },
    Unprovable {
        name: "another client's connection on which packets are silently dropped",
        why: "an unresponsive peer looks the same from every other connection",
        instead: "this tool's own connections: the idle-connection checks of `probe --idle` (GD611, GD613), or --keepalive-time; GD204 BLACK_HOLE for the address",
    },
    Unprovable {
        name: "a deadline that expired before the call left its client",
        why: "the queue is inside the client",
        instead: "the duration of every stage measured from here: `probe`",
    },
    Unprovable {
        name: "how long a client will stay in backoff",
        why: "the timer is inside the client; gRPC's grows to 120 s",
        instead: "READY here now means that clients will reconnect within 120 s plus or minus 20 %",
    },
    Unprovable {
        name: "whether the server's stream limit is reached",
        why: "streams are counted per connection, and these are connections of the clients",
        instead: "the limit itself, from SETTINGS: GD405, GD410",
    },
    Unprovable {
        name: "clients that keep their last list when the registry returns an empty one (fail-static)",
        why: "this depends on their framework",
        instead: "GD102 NO_ENDPOINTS, and a probe of the removed addresses: GD606",
    },
    Unprovable {
        name: "a channel that has the addresses of another service",
        why: "the addresses are inside the client",
        instead: "the client's channelz; `--service` shows whether the server at an address serves that service: GD502",
    },
    Unprovable {
        name: "how long a check has been critical",
        why: "Consul does not record the time",
        instead: "the time of this session, and the output of the check: GD607 LEFTOVER_ENTRY",
    },
    Unprovable {
        name: "whether a SYN was dropped by a firewall or because of a full backlog",
        why: "the kernel of the other host sends no response in both cases",
        instead: "`ss -ltn` on the server: Recv-Q against Send-Q of the listener",
    },
];
