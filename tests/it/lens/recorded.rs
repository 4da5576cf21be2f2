//! What happened to a client, as a list that can be told again: to a model of it, for instance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The name of a server in a play: `A`, `B`. Addresses differ from run to run, names do not.
pub type Server = &'static str;

/// One thing that happened, and when, counted from the beginning of the play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub at: Duration,
    pub what: What,
}

/// What can happen to a client from outside, and what its user does with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The registry answers, and lists exactly these.
    Lists(BTreeSet<Server>),
    /// The registry gives no answer, until it [`Lists`](What::Lists) again: questions wait.
    Unreachable,
    /// Questions to the registry fail at once, until it [`Lists`](What::Lists) again.
    Refuses,
    /// The client has opened this channel, with this idle timeout (`None`: never).
    Opened { channel: usize, idle: Option<Duration> },
    /// A call has begun.
    CallBegan { channel: usize },
    /// It has ended, well or not.
    CallEnded { channel: usize, ok: bool },
    /// Nobody listens on this address any more.
    Lost(Server),
}

/// What the world and the user of the client have come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub lists: BTreeSet<Server>,
    /// Whether the registry answers.
    pub answers: bool,
    pub lost: BTreeSet<Server>,
    /// Calls that run, by channel; a channel is here from when it is opened.
    pub calls: BTreeMap<usize, usize>,
}

/// Tells a list again from its beginning. Panics where it contradicts itself.
pub fn tell(recorded: &[Recorded]) -> Told {
    let mut told = Told::default();
    let mut last = Duration::ZERO;
    for Recorded { at, what } in recorded {
        assert!(*at >= last, "{what:?} at {at:?}, after {last:?}");
        last = *at;
        match what {
            What::Lists(servers) => {
                told.answers = true;
                told.lists.clone_from(servers);
            }
            What::Unreachable | What::Refuses => told.answers = false,
            What::Opened { channel, .. } => assert_eq!(told.calls.insert(*channel, 0), None, "{channel} opened twice"),
            What::CallBegan { channel } => *told.calls.get_mut(channel).expect("an open channel") += 1,
            What::CallEnded { channel, .. } => *told.calls.get_mut(channel).expect("an open channel") -= 1,
            What::Lost(server) => assert!(told.lost.insert(server), "{server} lost twice"),
        }
    }
    told
}
