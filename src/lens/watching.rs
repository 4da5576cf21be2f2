//! grpc-go with a resolver that watches a registry by itself: built when the channel leaves IDLE, closed when it goes
//! IDLE. `ResolveNow` is an empty function in all of them, so a lost connection changes nothing.
//!
//! The stacks based on this differ in how their resolver handles a list and a failure: one file each. Pauses before
//! they query again (10 ms to 30 s) are left out: here they notice a registry that responds again at once.

use std::fmt;

use super::idle::{Idle, Rule};
use super::world::World;
use super::{Client, Hears, Input, Setting, View};
use crate::model::endpoint::Address;
use crate::model::time::Elapsed;

/// A resolver, from its creation until it is closed.
pub(super) trait Resolver: fmt::Debug + Send + Sized {
    /// `Build`.
    fn build(world: &World) -> Built<Self>;

    /// The registry reports something new, fails, or responds again.
    fn told(&mut self, world: &World);

    /// The last list that it passed to the load balancer.
    fn holds(&self) -> &[Address];

    /// Whether it notices the next change.
    fn hears(&self) -> Hears;

    /// The maximum number of addresses it uses.
    fn subset() -> Option<usize> {
        None
    }
}

/// The result of building a resolver.
#[derive(Debug)]
pub(super) enum Built<R> {
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
pub(super) struct Watching<R> {
    now: Elapsed,
    world: World,
    idle: Idle,
    mode: Mode<R>,
}

#[derive(Debug)]
enum Mode<R> {
    Asleep,
    Building,
    Awake(R),
}

impl<R: Resolver + 'static> Watching<R> {
    pub(super) fn boxed(setting: Setting) -> Box<dyn Client> {
        let idle = Idle::new(Rule::GO, setting.idle_timeout);
        Box::new(Watching::<R> { now: Elapsed::ZERO, world: World::default(), idle, mode: Mode::Asleep })
    }

    fn build(&mut self) {
        self.mode = match R::build(&self.world) {
            Built::Now(resolver) => {
                self.idle.woke(self.now);
                Mode::Awake(resolver)
            }
            Built::Waits => Mode::Building,
            Built::Fails => Mode::Asleep,
        };
    }
}

impl<R: Resolver + 'static> Client for Watching<R> {
    fn handle(&mut self, now: Elapsed, input: &Input) {
        while let Some(due) = self.idle.deadline().filter(|due| *due <= now) {
            self.now = self.now.max(due);
            if self.idle.look(self.now) {
                self.idle.slept();
                self.mode = Mode::Asleep;
            }
        }
        self.now = self.now.max(now);
        if self.world.take(input) {
            match &mut self.mode {
                Mode::Asleep => {}
                Mode::Building => self.build(),
                Mode::Awake(resolver) => resolver.told(&self.world),
            }
        }
        match input {
            Input::CallStarted => {
                self.idle.started();
                match self.mode {
                    Mode::Asleep => self.build(),
                    Mode::Building | Mode::Awake(_) => {}
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
        let (holds, hears) = match &self.mode {
            Mode::Asleep => (Vec::new(), Hears::NextCall),
            Mode::Building => (Vec::new(), Hears::Changes),
            Mode::Awake(resolver) => (resolver.holds().to_vec(), resolver.hears()),
        };
        View { holds, subset: R::subset(), hears }
    }
}
