//! grpc-go over a resolver that watches a registry by itself: built when the channel leaves IDLE, closed when it goes IDLE.
//! `ResolveNow` is an empty function in all of them, so a lost connection changes nothing.
//!
//! The stacks that stand on this differ in what their resolver makes of a list and of a failure: one file each. Pauses
//! before they ask again (10 ms to 30 s) are left out: here they hear of a registry that is back at once.

use std::fmt;

use super::idle::{Idle, Rule};
use super::world::World;
use super::{Client, Hears, Input, Setting, View};
use crate::model::endpoint::Address;
use crate::model::time::Elapsed;

/// A resolver, from the time it is built until it is closed.
pub(super) trait Resolver: fmt::Debug + Send + Sized {
    /// `Build`.
    fn build(world: &World) -> Built<Self>;

    /// The registry says something else, or fails, or is back.
    fn told(&mut self, world: &World);

    /// What it gave the load balancer last.
    fn holds(&self) -> &[Address];

    /// Whether it hears of the next change.
    fn hears(&self) -> Hears;

    /// How many it takes at most.
    fn subset() -> Option<usize> {
        None
    }
}

/// What becomes of building a resolver.
#[derive(Debug)]
pub(super) enum Built<R> {
    /// It is there.
    Now(R),
    /// It waits for the registry; so do the calls.
    Waits,
    /// The call fails. Before grpc-go 1.78 the next one tries again, which is what is shown here; since then it is tried
    /// again only after an idle period.
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
