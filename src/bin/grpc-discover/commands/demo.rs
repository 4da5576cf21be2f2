//! `demo`: a pod moves while the channel is silent, and the real `probe --idle` judges it. Everything is on loopback and
//! in this process; a directory of its own holds the registry and is removed.

mod pod;
mod registry;

use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use grpc_discover::model::connectivity::{ConnectivityState, Scope};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::event::{Event, EventKind, IdlePhase};
use tokio::sync::{Notify, mpsc};

use self::pod::Pod;
use self::registry::Registry;
use super::sessions::{self, Aside};
use super::{block_on, with_world};
use crate::cli::{self, Demo, Hidden};
use crate::config::Config;
use crate::exit::Failure;
use crate::render::Course;
use crate::settings::{self, Look, Task, Typed, World};
use crate::terminal::Terminal;

/// How many pods there are.
const PODS: usize = 3;

/// Runs the story; the exit code is the probe's, which finds the moved pod.
pub fn run(typed: &Demo) -> Result<u8, Failure> {
    let talk = &typed.output.talk;
    let look = with_world(talk.config.as_deref(), |world| Ok(settings::look(typed.output.output, talk, world)?))?;
    let terminal = Terminal::new(&look, &|name| std::env::var(name).ok());
    block_on(play(typed.idle, &look, &terminal))?
}

async fn play(idle: Duration, look: &Look, terminal: &Terminal) -> Result<u8, Failure> {
    let cannot = |what: &str, error: io::Error| Failure::Broken(format!("demo: {what}: {error}"));
    let mut pods = Vec::new();
    for _ in 0..PODS {
        pods.push(Pod::start().await.map_err(|error| cannot("no server can listen on 127.0.0.1", error))?);
    }
    let registry = Registry::create().map_err(|error| cannot("no directory for the registry", error))?;
    registry.write(&addresses(&pods)).map_err(|error| cannot("the registry cannot be written", error))?;

    let plan = plan(&registry, idle)?;
    let (says, heard) = mpsc::unbounded_channel();
    let say = |line: String| {
        let _ = says.send(line);
    };
    say(format!("demo: {PODS} pods serve \"pay\" on loopback; the registry is {}", registry.path().display()));
    say(format!("demo: the same as: grpc-discover probe --idle {idle:?} file:{}", registry.path().display()));

    let stage = Rc::new(Stage::default());
    let sees = {
        let stage = stage.clone();
        Box::new(move |event: &Event| stage.sees(event))
    };
    let ended = tokio::select! {
        exit = sessions::run(vec![plan], look, terminal, Course::Answer, Aside { sees: Some(sees), says: Some(heard) }) => exit,
        error = moves(&mut pods, &registry, &stage, idle, &say) => Err(cannot("the pod could not be moved", error)),
    };
    if let Ok(code) = ended {
        terminal.say(&format!("demo: that was the probe's own verdict, exit {code}; nothing is left running"));
    }
    ended
}

/// Waits for the silence, then moves the pod that the channel is connected to. Comes back only with an error.
async fn moves(
    pods: &mut [Pod],
    registry: &Registry,
    stage: &Stage,
    idle: Duration,
    say: &dyn Fn(String),
) -> io::Error {
    stage.silence.notified().await;
    tokio::time::sleep(idle * 2 / 5).await;
    let connected = stage.connected.borrow().clone();
    let moving = pods.iter().position(|pod| Some(Address::from(pod.address())) == connected).unwrap_or(0);
    let old = pods[moving].address();
    match Pod::start().await {
        // Replacing the old pod ends it: its port refuses from now on.
        Ok(new) => pods[moving] = new,
        Err(error) => return error,
    }
    say(format!("demo: while no call is made, the pod at {old} dies and comes back at {}", pods[moving].address()));
    if let Err(error) = registry.write(&addresses(pods)) {
        return error;
    }
    say("demo: the registry knows; a client whose discovery sleeps with its channel does not".to_string());
    pending().await
}

/// What the story needs to know of the session.
#[derive(Default)]
struct Stage {
    silence: Notify,
    connected: RefCell<Option<Address>>,
}

impl Stage {
    fn sees(&self, event: &Event) {
        match &event.kind {
            EventKind::Transition(transition) => {
                if let (Scope::Subchannel(address), ConnectivityState::Ready) = (&transition.scope, transition.to) {
                    *self.connected.borrow_mut() = Some(address.clone());
                }
            }
            EventKind::Idle(report) if report.phase == IdlePhase::Silence => self.silence.notify_one(),
            _ => {}
        }
    }
}

fn addresses(pods: &[Pod]) -> Vec<SocketAddr> {
    pods.iter().map(Pod::address).collect()
}

/// The plan that `probe --idle` would have; the environment and the configuration file have no part in it.
fn plan(registry: &Registry, idle: Duration) -> Result<grpc_discover::session::Plan, Failure> {
    let config = Config::default();
    let world = World { env: &|_| None, read: &|_| Err(io::ErrorKind::NotFound.into()), config: &config, seed: 1 };
    let typed = Typed {
        targets: &[Hidden(format!("file:{}", registry.path().display()))],
        asking: &cli::Asking::default(),
        reaching: &cli::Reaching::default(),
        channel: &cli::Channel { idle: Some(idle), ..cli::Channel::default() },
        pace: &cli::Pace::default(),
        judging: &cli::Judging::default(),
        profile: None,
        task: Task::Probe,
    };
    let mut plans = settings::plans(&typed, &world)?;
    let mut plan = plans.pop().ok_or_else(|| Failure::Broken("demo: no plan".into()))?;
    plan.label = "pay".into();
    Ok(plan)
}
