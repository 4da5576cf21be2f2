//! [`Lenses`]: several lenses beside one session, with a life before it.

use std::time::Duration;

use super::{Client, Input, LensKind, Setting, View};
use crate::model::time::Elapsed;

/// How long a client that has [been idle](Past::BeenIdle) stayed IDLE. A terminating watch can outlive the start of
/// its client's idle period by 10 s, and again with probability 1/2 (see `kratos`): after 45 s it is almost certainly
/// gone.
const WELL_IDLE: Duration = Duration::from_secs(60);

/// How long a call in the past takes.
const A_CALL: Duration = Duration::from_millis(100);

/// What happened to a client before the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Past {
    /// It is built when the session starts.
    New,
    /// Like clients in production: it was built, called, was once IDLE for well over 45 s, and has just been woken by
    /// a call. A freeze caused by an idle period is latent in it. The only list it ever received is the session's
    /// first one that is not empty; until that list is there, it receives nothing of the session but its calls.
    BeenIdle,
}

/// Several lenses that receive the inputs of one session. Pure: the session's time is an argument, and the past of
/// the clients is hidden.
///
/// Clients that never idle (no idle timeout, or zero) get a call that starts with the first list that is not empty
/// and never ends.
#[derive(Debug)]
pub struct Lenses {
    watched: Vec<Watched>,
    setting: Setting,
    stage: ClientPhase,
}

/// One lens in a session.
#[derive(Debug)]
pub struct Watched {
    /// Its kind.
    pub kind: &'static LensKind,
    /// What its client holds now.
    pub view: View,
    client: Box<dyn Client>,
}

/// The phase of a session's clients.
#[derive(Debug, Clone, Copy)]
enum ClientPhase {
    /// Built with the session; no list yet.
    Fresh,
    /// Their past must be simulated, for which a list is needed; this many of the session's calls are open.
    Waiting { open_calls: usize },
    /// They receive the session's inputs.
    Living(Clock),
}

/// Maps the session's time to the clients' time.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    /// The start, in the session's time.
    started_at: Elapsed,
    /// The same moment in the clients' time.
    lived: Elapsed,
}

impl Clock {
    fn clients(self, session: Elapsed) -> Elapsed {
        self.lived + session.since(self.started_at)
    }

    fn session(self, clients: Elapsed) -> Elapsed {
        self.started_at + clients.since(self.lived)
    }
}

impl Lenses {
    /// Clients of these kinds, all with the same setting.
    pub fn new(kinds: &[&'static LensKind], setting: Setting, past: Past) -> Self {
        let watched = kinds.iter().map(|kind| {
            let client = (kind.client)(setting);
            Watched { kind, view: client.view(), client }
        });
        let stage = match past {
            Past::New => ClientPhase::Fresh,
            Past::BeenIdle => ClientPhase::Waiting { open_calls: 0 },
        };
        Lenses { watched: watched.collect(), setting, stage }
    }

    /// Processes one input at the session's `now`. Returns the clients whose view it changed, as indexes into
    /// [`Lenses::watched`].
    pub fn handle(&mut self, now: Elapsed, input: &Input) -> Vec<usize> {
        let is_list = matches!(input, Input::Lists(endpoints) if !endpoints.is_empty());
        match &mut self.stage {
            ClientPhase::Fresh => {
                self.feed(now, input);
                if is_list {
                    self.stage = ClientPhase::Living(Clock::default());
                    self.keep_busy(now);
                }
            }
            ClientPhase::Waiting { open_calls } if is_list => {
                let open_calls = *open_calls;
                self.stage = ClientPhase::Living(Clock { started_at: now, lived: self.live_through(input) });
                for _ in 0..open_calls {
                    self.feed(now, &Input::CallStarted);
                }
            }
            ClientPhase::Waiting { open_calls } => match input {
                Input::CallStarted => *open_calls += 1,
                Input::CallFinished => *open_calls = open_calls.saturating_sub(1),
                Input::Lists(_) | Input::Unreachable | Input::Refuses | Input::Lost(_) | Input::TimePassed => {}
            },
            ClientPhase::Living(_) => self.feed(now, input),
        }
        self.changed()
    }

    /// When a view may change without any input, in the session's time: pass [`Input::TimePassed`] then.
    pub fn deadline(&self) -> Option<Elapsed> {
        let clock = self.clock()?;
        self.watched.iter().filter_map(|watched| watched.client.deadline()).min().map(|due| clock.session(due))
    }

    /// The lenses, in the order of `kinds`.
    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }

    /// `None` while the past was not simulated yet.
    fn clock(&self) -> Option<Clock> {
        match self.stage {
            ClientPhase::Fresh => Some(Clock::default()),
            ClientPhase::Waiting { .. } => None,
            ClientPhase::Living(clock) => Some(clock),
        }
    }

    fn feed(&mut self, now: Elapsed, input: &Input) {
        let Some(clock) = self.clock() else { return };
        let now = clock.clients(now);
        for watched in &mut self.watched {
            // Time alone does not change a client without a deadline.
            let waits = || watched.client.deadline().is_some_and(|due| due <= now);
            if !matches!(input, Input::TimePassed) || waits() {
                watched.client.handle(now, input);
            }
        }
    }

    fn is_busy(&self) -> bool {
        self.setting.idle_timeout.is_none_or(|timeout| timeout.is_zero())
    }

    fn keep_busy(&mut self, now: Elapsed) {
        if self.is_busy() {
            self.feed(now, &Input::CallStarted);
        }
    }

    /// Simulates the clients' past with this list. Returns when it ends, in their time.
    fn live_through(&mut self, list: &Input) -> Elapsed {
        // Twice the timeout, because C-core may detect it that late.
        let idle = self.setting.idle_timeout.unwrap_or_default();
        let back = Elapsed::ZERO + A_CALL + idle + idle + WELL_IDLE;
        let life = [
            (Elapsed::ZERO, list),
            (Elapsed::ZERO, &Input::CallStarted),
            (Elapsed::ZERO + A_CALL, if self.is_busy() { &Input::TimePassed } else { &Input::CallFinished }),
            (back, &Input::CallStarted),
            (back + A_CALL, &Input::CallFinished),
        ];
        for (at, input) in life {
            for watched in &mut self.watched {
                watched.client.handle(at, input);
            }
        }
        back + A_CALL
    }

    /// Updates the views that changed.
    fn changed(&mut self) -> Vec<usize> {
        let mut changed = Vec::new();
        for (index, watched) in self.watched.iter_mut().enumerate() {
            let view = watched.client.view();
            if view != watched.view {
                watched.view = view;
                changed.push(index);
            }
        }
        changed
    }
}
