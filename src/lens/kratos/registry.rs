//! The plugin's Registry object: the sets of one service, their snapshots and pollers (`registry.go`, `service.go`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Ends, Poll, Rules};
use crate::lens::world::{Answering, World, passing};
use crate::model::endpoint::Address;
use crate::model::time::Elapsed;

/// The ticker of every poller.
const TICK: Duration = Duration::from_secs(1);
/// The pause after a poll that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// The plugin's limit for one question.
pub(super) const QUESTION: Duration = Duration::from_secs(10);
/// What it asks Consul to wait for.
const WAIT: Duration = Duration::from_secs(55);

/// A set; never used again.
pub(super) type SetId = u64;
/// A watch; never used again.
pub(super) type WatchId = u64;

/// The Registry object, as far as one service goes.
#[derive(Debug)]
pub(super) struct Registry {
    rules: &'static Rules,
    /// The map's entry.
    current: Option<SetId>,
    /// The map's set, and those that somebody still watches.
    sets: BTreeMap<SetId, Set>,
    last_id: u64,
}

/// A `serviceSet`.
#[derive(Debug, Default)]
struct Set {
    /// The last list that was not empty; its watches hold just this. Empty: none yet.
    snapshot: Vec<Address>,
    /// Watches that are not stopped. One whose first question failed is never stopped: nobody has it.
    watches: usize,
    pollers: Vec<Poller>,
}

#[derive(Debug)]
struct Poller {
    /// Who began it.
    of: WatchId,
    /// When its ticker began.
    origin: Elapsed,
    /// The next tick that it can take: one that passed meanwhile is kept for it.
    tick: Elapsed,
    /// The index it has seen.
    seen: u64,
    phase: Phase,
    /// Its end was asked for.
    dying: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Waits for the next tick.
    Ticks,
    /// A poll is at Consul.
    Asks { until: Elapsed },
    /// The pause after an error.
    Pauses { until: Elapsed },
}

/// What a poller did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Nothing,
    /// It took in what is listed.
    Heard,
    Ended,
    HeardAndEnded,
}

/// How a set would serve those that watch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    /// A poller is at work.
    Beats,
    /// Its last poller ends when its poll returns.
    Fades,
    /// It has none.
    Dead,
}

impl Registry {
    pub(super) fn new(rules: &'static Rules) -> Self {
        Registry { rules, current: None, sets: BTreeMap::new(), last_id: 0 }
    }

    /// `Watch`, up to its question. Returns the set, the watch, and whether it has to ask.
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

    /// `Watch`'s question was answered: the list is stored and a poller begins. One that was not answered leaves
    /// everything as it is: that is the poison.
    pub(super) fn answered(&mut self, id: SetId, watch: WatchId, now: Elapsed, world: &World) {
        if let Some(set) = self.sets.get_mut(&id) {
            set.store(world);
            let poller = Poller {
                of: watch,
                origin: now,
                tick: now + TICK,
                seen: world.index,
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
            Ends::Nobody => {}
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

    /// The map's set.
    pub(super) fn current(&self) -> Option<SetId> {
        self.current
    }

    /// Does anybody hold `address`?
    pub(super) fn is_held(&self, address: &Address) -> bool {
        self.sets.values().any(|set| set.snapshot.contains(address))
    }

    /// The last list of a set that was not empty: what those hold that watch it.
    pub(super) fn snapshot(&self, id: SetId) -> &[Address] {
        self.sets.get(&id).map_or(&[], |set| &set.snapshot)
    }

    /// Whether those hear of changes that watch a set.
    pub(super) fn pulse(&self, id: SetId) -> Pulse {
        match self.sets.get(&id).map(|set| set.pollers.as_slice()) {
            None | Some([]) => Pulse::Dead,
            Some(pollers) if pollers.iter().all(|poller| poller.dying) => Pulse::Fades,
            Some(_) => Pulse::Beats,
        }
    }

    /// When a poller does something next.
    pub(super) fn due(&self) -> Option<Elapsed> {
        self.pollers().map(Poller::due).min()
    }

    /// When a poller does something that can be seen.
    pub(super) fn deadline(&self, world: &World) -> Option<Elapsed> {
        let news = |poller: &&Poller| world.answering == Answering::Lists && world.index != poller.seen;
        self.pollers().filter(|poller| poller.dying || news(poller)).map(Poller::due).min()
    }

    /// Lets every poller do what is due until `now`.
    pub(super) fn step(&mut self, now: Elapsed, world: &World) {
        self.each_poller(world, |poller, poll| match poller.due() <= now {
            true => poller.step(now, world, poll),
            false => Did::Nothing,
        });
    }

    /// The registry says something else now: polls that wait may return.
    pub(super) fn look(&mut self, now: Elapsed, world: &World) {
        self.each_poller(world, |poller, poll| poller.look(now, world, poll));
    }

    fn pollers(&self) -> impl Iterator<Item = &Poller> {
        self.sets.values().flat_map(|set| &set.pollers)
    }

    fn each_poller(&mut self, world: &World, mut act: impl FnMut(&mut Poller, Poll) -> Did) {
        let poll = self.rules.poll;
        let mut ended = false;
        for set in self.sets.values_mut() {
            let mut heard = false;
            set.pollers.retain_mut(|poller| match act(poller, poll) {
                Did::Nothing => true,
                Did::Heard => {
                    heard = true;
                    true
                }
                Did::Ended => {
                    ended = true;
                    false
                }
                Did::HeardAndEnded => {
                    (heard, ended) = (true, true);
                    false
                }
            });
            if heard {
                set.store(world);
            }
        }
        if ended && self.rules.ends == Ends::LastStop {
            // It removes whatever the map holds under the service's name: its own set, orphaned with those who watch it.
            self.current = None;
        }
        self.forget();
    }

    /// Drops sets that nobody can meet again.
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
    fn store(&mut self, world: &World) {
        let listed = world.addresses(passing);
        if !listed.is_empty() {
            self.snapshot = listed;
        }
    }

    /// Asks these pollers to end; one that waits for a tick does so at once. True when one did.
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
            Phase::Asks { until } | Phase::Pauses { until } => until,
        }
    }

    /// What was due has come.
    fn step(&mut self, now: Elapsed, world: &World, poll: Poll) -> Did {
        match (self.phase, poll) {
            (Phase::Ticks, _) => self.ask(now, world, poll),
            (Phase::Asks { .. }, Poll::Answered) | (Phase::Pauses { .. }, _) => self.turn(now, world, poll),
            (Phase::Asks { .. }, Poll::Cut) => {
                self.phase = Phase::Pauses { until: now + PAUSE };
                Did::Nothing
            }
        }
    }

    /// The head of its loop: the end, or the next tick. When both are there the real one throws a coin.
    fn turn(&mut self, now: Elapsed, world: &World, poll: Poll) -> Did {
        if self.dying {
            return Did::Ended;
        }
        if self.tick <= now {
            return self.ask(now, world, poll);
        }
        self.phase = Phase::Ticks;
        Did::Nothing
    }

    fn ask(&mut self, now: Elapsed, world: &World, poll: Poll) -> Did {
        let ticks = now.since(self.origin).as_secs() + 1;
        self.tick = self.origin + Duration::from_secs(ticks);
        let limit = match poll {
            Poll::Answered => WAIT,
            Poll::Cut => QUESTION,
        };
        self.phase = Phase::Asks { until: now + limit };
        self.look(now, world, poll)
    }

    /// Does the poll that waits return now?
    fn look(&mut self, now: Elapsed, world: &World, poll: Poll) -> Did {
        match (self.phase, world.answering) {
            (Phase::Asks { .. }, Answering::Lists) if self.seen != world.index => {
                self.seen = world.index;
                match self.turn(now, world, poll) {
                    Did::Nothing | Did::Heard => Did::Heard,
                    Did::Ended | Did::HeardAndEnded => Did::HeardAndEnded,
                }
            }
            (Phase::Asks { .. }, Answering::Errors) => {
                self.phase = Phase::Pauses { until: now + PAUSE };
                Did::Nothing
            }
            (Phase::Asks { .. } | Phase::Ticks | Phase::Pauses { .. }, _) => Did::Nothing,
        }
    }
}
