//! Channels that share one Registry object (`builder.go`, `resolver.go`, and grpc-go's idle mode around them).

use super::registry::{Polling, QUESTION, Registry, SetId, WatchId};
use super::{Ends, Rules};
use crate::lens::idle::{Idle, Rule};
use crate::lens::registry_view::{Availability, RegistryView, subset};
use crate::lens::{Client, Input, NoticesChanges, Setting, View};
use crate::model::endpoint::{Address, Endpoint};
use crate::model::time::Elapsed;

/// One process: one Registry object and its channels, of which the last is observed.
#[derive(Debug)]
pub(super) struct Kratos {
    rules: &'static Rules,
    setting: Setting,
    now: Elapsed,
    view: RegistryView,
    registry: Registry,
    /// Lost, and not listed again since then.
    lost: Vec<Address>,
    /// Created one after the other; calls are those of the first one.
    channels: Vec<Channel>,
}

#[derive(Debug)]
struct Channel {
    idle: Idle,
    mode: ChannelState,
    /// Calls in flight whose end grpc-go will not notice.
    leaked: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChannelState {
    /// Nothing is known about the registry yet. Kratos builds the resolver when it dials, not at the first call.
    Undialled,
    /// Idle, or its resolver could not be built.
    Asleep,
    /// Its resolver waits for the response to its first query.
    Building { set: SetId, watch: WatchId, until: Elapsed },
    /// It has a resolver.
    Built { set: SetId, watch: WatchId },
}

impl Kratos {
    /// One channel.
    pub(super) fn alone(rules: &'static Rules, setting: Setting) -> Self {
        Kratos::with(rules, setting, vec![Channel::new(setting)])
    }

    /// A channel that idles, and then one that never does and is observed.
    pub(super) fn bystander(rules: &'static Rules, setting: Setting) -> Self {
        let bystander = Channel::new(Setting { idle_timeout: None, ..setting });
        Kratos::with(rules, setting, vec![Channel::new(setting), bystander])
    }

    fn with(rules: &'static Rules, setting: Setting, channels: Vec<Channel>) -> Self {
        let registry = Registry::new(rules);
        Kratos {
            rules,
            setting,
            now: Elapsed::ZERO,
            view: RegistryView::default(),
            registry,
            lost: Vec::new(),
            channels,
        }
    }

    /// Processes what is due until `now`, in order.
    fn advance(&mut self, now: Elapsed) {
        while let Some(due) = self.due().filter(|due| *due <= now) {
            self.now = self.now.max(due);
            self.registry.step(self.now, &self.view);
            for index in 0..self.channels.len() {
                self.step(index);
            }
        }
        self.now = self.now.max(now);
    }

    fn due(&self) -> Option<Elapsed> {
        self.channels.iter().filter_map(Channel::due).chain(self.registry.due()).min()
    }

    /// What is due for one channel.
    fn step(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        match channel.mode {
            // The query is cancelled. Nothing stops the watch.
            ChannelState::Building { until, .. } if until <= self.now => channel.mode = ChannelState::Asleep,
            ChannelState::Built { set, watch } if channel.idle.check(self.now) => {
                channel.idle.slept();
                channel.mode = ChannelState::Asleep;
                self.registry.stop(set, watch);
            }
            ChannelState::Undialled
            | ChannelState::Asleep
            | ChannelState::Building { .. }
            | ChannelState::Built { .. } => {}
        }
    }

    /// `Build`: leaves idle mode.
    fn build(&mut self, index: usize) {
        let limit = self.rules.build.limit(self.setting.timeout);
        let (set, watch, must_query) = self.registry.attach();
        let Some(channel) = self.channels.get_mut(index) else { return };
        if limit.is_some_and(|limit| limit.is_zero()) {
            channel.mode = ChannelState::Asleep;
            return;
        }
        if must_query {
            let until = self.now + limit.map_or(QUESTION, |limit| limit.min(QUESTION));
            channel.mode = ChannelState::Building { set, watch, until };
            self.answer(index);
        } else {
            channel.mode = ChannelState::Built { set, watch };
            channel.idle.woke(self.now);
        }
    }

    /// Passes the current response, if there is one, to the first query of a channel's resolver.
    fn answer(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        let ChannelState::Building { set, watch, .. } = channel.mode else { return };
        match self.view.availability {
            Availability::Unknown | Availability::NoResponse => {}
            Availability::Errors => channel.mode = ChannelState::Asleep,
            Availability::Lists => {
                channel.mode = ChannelState::Built { set, watch };
                channel.idle.woke(self.now);
                self.registry.answered(set, watch, self.now, &self.view);
            }
        }
    }

    /// The caller makes a call.
    fn start_call(&mut self) {
        let Some(caller) = self.channels.first_mut() else { return };
        caller.idle.started();
        match caller.mode {
            ChannelState::Undialled | ChannelState::Asleep => self.build(0),
            ChannelState::Building { .. } | ChannelState::Built { .. } => {}
        }
        if self.rules.leaks_failed && self.will_fail() {
            self.channels[0].leaked += 1;
        }
    }

    fn finish_call(&mut self) {
        let Some(caller) = self.channels.first_mut() else { return };
        match caller.leaked {
            0 => caller.idle.finished(self.now),
            _ => caller.leaked -= 1,
        }
    }

    /// True when a call of the caller must fail: every address that it holds is dead.
    fn will_fail(&self) -> bool {
        let Some(ChannelState::Built { set, .. }) = self.channels.first().map(|caller| caller.mode) else {
            return false;
        };
        let holds = subset(self.registry.snapshot(set), self.rules.subset);
        let is_dead = |held: &Address| {
            self.lost.contains(held) && !self.view.listed.iter().any(|endpoint| endpoint.address == *held)
        };
        !holds.is_empty() && holds.iter().all(is_dead)
    }

    /// What a channel in idle mode would start with.
    fn asleep(&self) -> (&[Address], NoticesChanges) {
        if self.rules.build.limit(self.setting.timeout).is_some_and(|limit| limit.is_zero()) {
            return (&[], NoticesChanges::NeverAndHangs);
        }
        match (self.registry.current(), self.rules.ends) {
            (None, _) | (Some(_), Ends::EachWatch) => (&[], NoticesChanges::NextCall),
            // A call now still notices what the terminating poller notices; once that has ended, the next call
            // queries again.
            (Some(set), Ends::LastStop) if self.registry.polling(set) == Polling::Ending => {
                (self.registry.snapshot(set), NoticesChanges::Changes)
            }
            (Some(set), Ends::Never | Ends::FirstWatch | Ends::LastStop | Ends::References) => self.watching(set),
        }
    }

    /// What the watchers of `set` hold and notice.
    fn watching(&self, set: SetId) -> (&[Address], NoticesChanges) {
        let is_building = self.channels.iter().any(|channel| match channel.mode {
            ChannelState::Building { set: building, .. } => building == set,
            ChannelState::Undialled | ChannelState::Asleep | ChannelState::Built { .. } => false,
        });
        let snapshot = self.registry.snapshot(set);
        let notices = match self.registry.polling(set) {
            Polling::Active => NoticesChanges::Changes,
            Polling::Stopped if is_building => NoticesChanges::Changes,
            Polling::Ending | Polling::Stopped if snapshot.is_empty() => NoticesChanges::NeverAndHangs,
            Polling::Ending | Polling::Stopped => NoticesChanges::Never,
        };
        (snapshot, notices)
    }
}

impl Channel {
    fn new(setting: Setting) -> Self {
        Channel { idle: Idle::new(Rule::GO, setting.idle_timeout), mode: ChannelState::Undialled, leaked: 0 }
    }

    fn due(&self) -> Option<Elapsed> {
        match self.mode {
            ChannelState::Undialled | ChannelState::Asleep => None,
            ChannelState::Building { until, .. } => Some(until),
            ChannelState::Built { .. } => self.idle.deadline(),
        }
    }
}

impl Client for Kratos {
    fn handle(&mut self, now: Elapsed, input: &Input) {
        self.advance(now);
        if let Input::Lists(endpoints) = input {
            let is_new = |address: &Address| {
                let is_it = |endpoint: &Endpoint| endpoint.address == *address;
                endpoints.iter().any(is_it) && !self.view.listed.iter().any(is_it)
            };
            self.lost.retain(|address| !is_new(address));
        }
        if self.view.take(input) {
            self.registry.check(self.now, &self.view);
            for index in 0..self.channels.len() {
                self.answer(index);
                if self.channels[index].mode == ChannelState::Undialled {
                    self.build(index);
                }
            }
        }
        match input {
            Input::CallStarted => self.start_call(),
            Input::CallFinished => self.finish_call(),
            // ResolveNow is an empty function: a lost connection causes no query.
            Input::Lost(address) => {
                if !self.lost.contains(address) {
                    self.lost.push(address.clone());
                }
                // An address that comes back counts as alive; the others are kept only while a watcher holds them.
                let (registry, listed) = (&self.registry, &self.view.listed);
                let is_listed = |lost: &Address| listed.iter().any(|endpoint| endpoint.address == *lost);
                self.lost.retain(|lost| registry.is_in_use(lost) || is_listed(lost));
            }
            Input::Lists(_) | Input::Unreachable | Input::Refuses | Input::TimePassed => {}
        }
    }

    fn deadline(&self) -> Option<Elapsed> {
        self.channels.iter().filter_map(Channel::due).chain(self.registry.deadline(&self.view)).min()
    }

    fn view(&self) -> View {
        let nothing: &[_] = &[];
        let (listed, notices) = match self.channels.last().map(|channel| channel.mode) {
            None | Some(ChannelState::Undialled) => (nothing, NoticesChanges::NextCall),
            Some(ChannelState::Asleep) => self.asleep(),
            Some(ChannelState::Building { .. }) => (nothing, NoticesChanges::Changes),
            Some(ChannelState::Built { set, .. }) => self.watching(set),
        };
        View { holds: subset(listed, self.rules.subset), subset: self.rules.subset, notices }
    }
}
