//! The plugin's Registry object: the sets of one service, their snapshots and pollers (`registry.go`, `service.go`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Ends, Poll, Rules};
use crate::lens::registry_view::{Availability, RegistryView, passing};
use crate::model::endpoint::Address;
use crate::model::time::Elapsed;

/// The interval of every poller's ticker.
const TICK: Duration = Duration::from_secs(1);
/// The pause after a poll that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// The plugin's time limit for one query.
pub(super) const QUESTION: Duration = Duration::from_secs(10);
/// The wait time that it requests from Consul.
const WAIT: Duration = Duration::from_secs(55);

/// A set; never reused.
pub(super) type SetId = u64;
/// A watch; never reused.
pub(super) type WatchId = u64;

/// The Registry object, as far as it concerns one service.
#[derive(Debug)]
pub(super) struct Registry {
    rules: &'static Rules,
    /// The set in the map.
    current: Option<SetId>,
    /// The set in the map, and those that still have watches.
    sets: BTreeMap<SetId, Set>,
    last_id: u64,
}

/// A `serviceSet`.
#[derive(Debug, Default)]
struct Set {
    /// The last list that was not empty, which is all that its watches hold. Empty: none yet.
    snapshot: Vec<Address>,
    /// Watches that are not stopped. One whose first query failed is never stopped: nothing refers to it.
    watches: usize,
    pollers: Vec<Poller>,
}

#[derive(Debug)]
struct Poller {
    /// The watch that started it.
    of: WatchId,
    /// When its ticker started.
    origin: Elapsed,
    /// The next tick that it can receive: one that passed in the meantime is kept for it.
    tick: Elapsed,
    /// The index it has seen.
    seen: u64,
    phase: Phase,
    /// Its end was requested.
    dying: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Waits for the next tick.
    Ticks,
    /// A poll is waiting at Consul.
    Polls { until: Elapsed },
    /// The pause after an error.
    Pauses { until: Elapsed },
}

/// What a poller did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Nothing,
    /// It received the current list.
    Received,
    Ended,
    ReceivedAndEnded,
}

/// Whether a set notifies its watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Polling {
    /// A poller is active.
    Active,
    /// Its last poller ends when its poll returns.
    Ending,
    /// It has none.
    Stopped,
}

impl Registry {
    pub(super) fn new(rules: &'static Rules) -> Self {
        Registry { rules, current: None, sets: BTreeMap::new(), last_id: 0 }
    }

    /// `Watch`, up to its query. Returns the set, the watch, and whether it must query.
    pub(super) fn attach(&mut self) -> (SetId, WatchId, bool) {
        let watch = self.id();
        let (id, is_new) = match self.current {
            Some(id) => (id, false),
            None => (self.id(), true),
        };
        self.current = Some(id);
        self.sets.entry(id).or_default().watches += 1;
        (id, watch, is_new || self.rules.ends == Ends::EachWatch)
    }

    /// `Watch`'s query was answered: the list is stored and a poller starts. A query without a response leaves
    /// everything unchanged: from then on, the set never has a list.
    pub(super) fn answered(&mut self, id: SetId, watch: WatchId, now: Elapsed, view: &RegistryView) {
        if let Some(set) = self.sets.get_mut(&id) {
            set.store(view);
            let poller = Poller {
                of: watch,
                origin: now,
                tick: now + TICK,
                seen: view.index,
                phase: Phase::Ticks,
                dying: false,
            };
            set.pollers.push(poller);
        }
    }

    /// `Stop`.
    pub(super) fn stop(&mut self, id: SetId, watch: WatchId) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        set.watches = set.watches.saturating_sub(1);
        let is_last = set.watches == 0;
        match self.rules.ends {
            Ends::Never => {}
            Ends::FirstWatch | Ends::EachWatch => {
                set.end(|poller| poller.of == watch);
            }
            Ends::LastStop => {
                if is_last && set.end(|_| true) {
                    self.current = None;
                }
            }
            Ends::References => {
                if is_last {
                    set.pollers.clear();
                    self.current = None;
                }
            }
        }
        self.forget();
    }

    /// The set in the map.
    pub(super) fn current(&self) -> Option<SetId> {
        self.current
    }

    /// True when a watch holds `address`.
    pub(super) fn is_in_use(&self, address: &Address) -> bool {
        self.sets.values().any(|set| set.snapshot.contains(address))
    }

    /// The last list of a set that was not empty: what its watches hold.
    pub(super) fn snapshot(&self, id: SetId) -> &[Address] {
        self.sets.get(&id).map_or(&[], |set| &set.snapshot)
    }

    /// Whether the watches of a set notice changes.
    pub(super) fn polling(&self, id: SetId) -> Polling {
        match self.sets.get(&id).map(|set| set.pollers.as_slice()) {
            None | Some([]) => Polling::Stopped,
            Some(pollers) if pollers.iter().all(|poller| poller.dying) => Polling::Ending,
            Some(_) => Polling::Active,
        }
    }

    /// When the next action of a poller is due.
    pub(super) fn due(&self) -> Option<Elapsed> {
        self.pollers().map(Poller::due).min()
    }

    /// When the next visible action of a poller is due.
    pub(super) fn deadline(&self, view: &RegistryView) -> Option<Elapsed> {
        let news = |poller: &&Poller| view.availability == Availability::Lists && view.index != poller.seen;
        self.pollers().filter(|poller| poller.dying || news(poller)).map(Poller::due).min()
    }

    /// Makes every poller do what is due until `now`.
    pub(super) fn step(&mut self, now: Elapsed, view: &RegistryView) {
        self.each_poller(view, |poller, poll| match poller.due() <= now {
            true => poller.step(now, view, poll),
            false => Did::Nothing,
        });
    }

    /// The registry reports something new: polls that wait may return.
    pub(super) fn check(&mut self, now: Elapsed, view: &RegistryView) {
        self.each_poller(view, |poller, poll| poller.check(now, view, poll));
    }

    fn pollers(&self) -> impl Iterator<Item = &Poller> {
        self.sets.values().flat_map(|set| &set.pollers)
    }

    fn each_poller(&mut self, view: &RegistryView, mut act: impl FnMut(&mut Poller, Poll) -> Did) {
        let poll = self.rules.poll;
        let mut ended = false;
        for set in self.sets.values_mut() {
            let mut received = false;
            set.pollers.retain_mut(|poller| match act(poller, poll) {
                Did::Nothing => true,
                Did::Received => {
                    received = true;
                    true
                }
                Did::Ended => {
                    ended = true;
                    false
                }
                Did::ReceivedAndEnded => {
                    (received, ended) = (true, true);
                    false
                }
            });
            if received {
                set.store(view);
            }
        }
        if ended && self.rules.ends == Ends::LastStop {
            // It removes whatever the map contains under the service's name: its own set, which is orphaned together
            // with its watches.
            self.current = None;
        }
        self.forget();
    }

    /// Drops sets that no watch can reach again.
    fn forget(&mut self) {
        let current = self.current;
        self.sets.retain(|id, set| Some(*id) == current || set.watches > 0 || !set.pollers.is_empty());
    }

    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

impl Set {
    /// `broadcast`; the poller does not pass an empty list on.
    fn store(&mut self, view: &RegistryView) {
        let listed = view.addresses(passing);
        if !listed.is_empty() {
            self.snapshot = listed;
        }
    }

    /// Requests the end of these pollers; one that waits for a tick ends at once. True when one did.
    fn end(&mut self, which: impl Fn(&Poller) -> bool) -> bool {
        let before = self.pollers.len();
        for poller in self.pollers.iter_mut().filter(|poller| which(poller)) {
            poller.dying = true;
        }
        self.pollers.retain(|poller| !(poller.dying && matches!(poller.phase, Phase::Ticks)));
        self.pollers.len() < before
    }
}

impl Poller {
    fn due(&self) -> Elapsed {
        match self.phase {
            Phase::Ticks => self.tick,
            Phase::Polls { until } | Phase::Pauses { until } => until,
        }
    }

    /// Processes what is due.
    fn step(&mut self, now: Elapsed, view: &RegistryView, poll: Poll) -> Did {
        match (self.phase, poll) {
            (Phase::Ticks, _) => self.query(now, view, poll),
            (Phase::Polls { .. }, Poll::Answered) | (Phase::Pauses { .. }, _) => self.turn(now, view, poll),
            (Phase::Polls { .. }, Poll::Cut) => {
                self.phase = Phase::Pauses { until: now + PAUSE };
                Did::Nothing
            }
        }
    }

    /// The head of its loop: the end, or the next tick. When both are ready, the real poller chooses at random.
    fn turn(&mut self, now: Elapsed, view: &RegistryView, poll: Poll) -> Did {
        if self.dying {
            return Did::Ended;
        }
        if self.tick <= now {
            return self.query(now, view, poll);
        }
        self.phase = Phase::Ticks;
        Did::Nothing
    }

    fn query(&mut self, now: Elapsed, view: &RegistryView, poll: Poll) -> Did {
        let ticks = now.since(self.origin).as_secs() + 1;
        self.tick = self.origin + Duration::from_secs(ticks);
        let limit = match poll {
            Poll::Answered => WAIT,
            Poll::Cut => QUESTION,
        };
        self.phase = Phase::Polls { until: now + limit };
        self.check(now, view, poll)
    }

    /// Checks whether the waiting poll returns now.
    fn check(&mut self, now: Elapsed, view: &RegistryView, poll: Poll) -> Did {
        match (self.phase, view.availability) {
            (Phase::Polls { .. }, Availability::Lists) if self.seen != view.index => {
                self.seen = view.index;
                match self.turn(now, view, poll) {
                    Did::Nothing | Did::Received => Did::Received,
                    Did::Ended | Did::ReceivedAndEnded => Did::ReceivedAndEnded,
                }
            }
            (Phase::Polls { .. }, Availability::Errors) => {
                self.phase = Phase::Pauses { until: now + PAUSE };
                Did::Nothing
            }
            (Phase::Polls { .. } | Phase::Ticks | Phase::Pauses { .. }, _) => Did::Nothing,
        }
    }
}
