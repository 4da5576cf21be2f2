//! The events of a client, as a list that can be replayed, for example to a model of the client.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The name of a server in a play: `A`, `B`. Addresses differ between runs, names do not.
pub type Server = &'static str;

/// One event and its time, counted from the start of the play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub at: Duration,
    pub what: What,
}

/// External events, and the calls of the client's user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The registry responds, and lists exactly these.
    Lists(BTreeSet<Server>),
    /// The registry does not respond until it [`Lists`](What::Lists) again: queries wait.
    Unreachable,
    /// Queries to the registry fail immediately until it [`Lists`](What::Lists) again.
    Refuses,
    /// The client has opened this channel, with this idle timeout (`None`: never).
    Opened { channel: usize, idle: Option<Duration> },
    /// A call has started.
    CallStarted { channel: usize },
    /// It has ended, successfully or not.
    CallEnded { channel: usize, ok: bool },
    /// This address has no listener any more.
    Lost(Server),
}

/// The state of the environment and of the client's calls.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    pub lists: BTreeSet<Server>,
    /// Whether the registry responds.
    pub answers: bool,
    pub lost: BTreeSet<Server>,
    /// Calls in flight, by channel; a channel is included once it is opened.
    pub calls: BTreeMap<usize, usize>,
}

/// Replays a list from its start. Panics if it contradicts itself.
pub fn send(recorded: &[Recorded]) -> Replayed {
    let mut reported = Replayed::default();
    let mut last = Duration::ZERO;
    for Recorded { at, what } in recorded {
        assert!(*at >= last, "{what:?} at {at:?}, after {last:?}");
        last = *at;
        match what {
            What::Lists(servers) => {
                reported.answers = true;
                reported.lists.clone_from(servers);
            }
            What::Unreachable | What::Refuses => reported.answers = false,
            What::Opened { channel, .. } => {
                assert_eq!(reported.calls.insert(*channel, 0), None, "{channel} opened twice")
            }
            What::CallStarted { channel } => *reported.calls.get_mut(channel).expect("an open channel") += 1,
            What::CallEnded { channel, .. } => *reported.calls.get_mut(channel).expect("an open channel") -= 1,
            What::Lost(server) => assert!(reported.lost.insert(server), "{server} lost twice"),
        }
    }
    reported
}
