//! grpc-go with a resolver that watches a registry by itself: built when the channel leaves IDLE, closed when it goes
//! IDLE. `ResolveNow` is an empty function in all of them, so a lost connection changes nothing.
//!
//! The stacks based on this differ in how their resolver handles a list and a failure: one file each. Pauses before
//! they query again (10 ms to 30 s) are left out: here they notice a registry that responds again at once.

use std::fmt;

use super::idle::{Idle, Rule};
use super::registry_view::RegistryView;
use super::{Client, Input, NoticesChanges, Setting, View};
use crate::model::endpoint::Address;
use crate::model::time::Elapsed;

/// A resolver, from its creation until it is closed.
pub(super) trait Resolver: fmt::Debug + Send + Sized {
    /// `Build`.
    fn build(registry: &RegistryView) -> BuildResult<Self>;

    /// The registry reports something new, fails, or responds again.
    fn registry_changed(&mut self, registry: &RegistryView);

    /// The last list that it passed to the load balancer.
    fn holds(&self) -> &[Address];

    /// Whether it notices the next change.
    fn notices(&self) -> NoticesChanges;

    /// The maximum number of addresses it uses.
    fn subset() -> Option<usize> {
        None
    }
}

/// The result of building a resolver.
#[derive(Debug)]
pub(super) enum BuildResult<R> {
    /// It was built.
    Now(R),
    /// It waits for the registry, and so do the calls.
    Waits,
    /// The call fails. Before grpc-go 1.78 the next call tries again, which is what this model does; since then it is
    /// tried again only after an idle period.
    Fails,
}

/// A channel.
#[derive(Debug)]
pub(super) struct WatchingClient<R> {
    now: Elapsed,
    registry: RegistryView,
    idle: Idle,
    resolver_state: ResolverState<R>,
}

#[derive(Debug)]
enum ResolverState<R> {
    Asleep,
    Building,
    Awake(R),
}

impl<R: Resolver + 'static> WatchingClient<R> {
    pub(super) fn boxed(setting: Setting) -> Box<dyn Client> {
        let idle = Idle::new(Rule::GO, setting.idle_timeout);
        Box::new(WatchingClient::<R> {
            now: Elapsed::ZERO,
            registry: RegistryView::default(),
            idle,
            resolver_state: ResolverState::Asleep,
        })
    }

    fn build(&mut self) {
        self.resolver_state = match R::build(&self.registry) {
            BuildResult::Now(resolver) => {
                self.idle.woke(self.now);
                ResolverState::Awake(resolver)
            }
            BuildResult::Waits => ResolverState::Building,
            BuildResult::Fails => ResolverState::Asleep,
        };
    }
}

impl<R: Resolver + 'static> Client for WatchingClient<R> {
    fn handle(&mut self, now: Elapsed, input: &Input) {
        while let Some(due) = self.idle.deadline().filter(|due| *due <= now) {
            self.now = self.now.max(due);
            if self.idle.check(self.now) {
                self.idle.slept();
                self.resolver_state = ResolverState::Asleep;
            }
        }
        self.now = self.now.max(now);
        if self.registry.take(input) {
            match &mut self.resolver_state {
                ResolverState::Asleep => {}
                ResolverState::Building => self.build(),
                ResolverState::Awake(resolver) => resolver.registry_changed(&self.registry),
            }
        }
        match input {
            Input::CallStarted => {
                self.idle.started();
                match self.resolver_state {
                    ResolverState::Asleep => self.build(),
                    ResolverState::Building | ResolverState::Awake(_) => {}
                }
            }
            Input::CallFinished => self.idle.finished(self.now),
            Input::Lists(_) | Input::Unreachable | Input::Refuses | Input::Lost(_) | Input::TimePassed => {}
        }
    }

    fn deadline(&self) -> Option<Elapsed> {
        self.idle.deadline()
    }

    fn view(&self) -> View {
        let (holds, notices) = match &self.resolver_state {
            ResolverState::Asleep => (Vec::new(), NoticesChanges::NextCall),
            ResolverState::Building => (Vec::new(), NoticesChanges::Changes),
            ResolverState::Awake(resolver) => (resolver.holds().to_vec(), resolver.notices()),
        };
        View { holds, subset: R::subset(), notices }
    }
}
