//! `demo`: pods move while the channel is idle, and the real `probe --idle` reports it. Everything is on loopback and
//! in this process; a temporary directory holds the registry and is removed afterwards.

mod pod;
mod registry;

use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use grpc_discover::backend::file::FileTarget;
use grpc_discover::model::event::{Event, EventKind, IdlePhase};
use grpc_discover::model::target::Target;
use grpc_discover::text::exact_duration;
use tokio::sync::{Notify, mpsc};

use self::pod::Pod;
use self::registry::Registry;
use super::record::Record;
use super::sessions::{self, SessionHooks};
use super::{block_on, with_environment};
use crate::cli::{self, Demo, Redacted};
use crate::config::Config;
use crate::exit::Failure;
use crate::render::{SessionKind, on_stderr};
use crate::settings::{self, Environment, OutputSettings, Task, Typed};
use crate::terminal::Terminal;

/// The number of pods.
const PODS: usize = 2;

/// The client models shown beside our channel: a version that freezes, and a later version in which that is fixed.
const LENSES: [&str; 2] = ["kratos@2.7.2", "kratos@2.8.4"];

/// Runs the demo; the exit code is that of the probe, which finds the moved pods.
pub fn run(typed: &Demo) -> Result<u8, Failure> {
    let display = &typed.output.display;
    let (output, record) = with_environment(display, |environment, _| {
        Ok((
            settings::output(typed.output.output, display, environment)?,
            settings::record(&typed.output, environment)?,
        ))
    })?;
    let record = record.as_deref().map(Record::create).transpose()?;
    let terminal = Terminal::new(&output, &|name| std::env::var(name).ok());
    block_on(play(typed.idle, &output, &terminal, record))?
}

async fn play(
    idle: Duration,
    output: &OutputSettings,
    terminal: &Terminal,
    record: Option<Record>,
) -> Result<u8, Failure> {
    let cannot = |what: &str, error: io::Error| Failure::Broken(format!("demo: {what}: {error}"));
    let mut pods = Vec::new();
    for _ in 0..PODS {
        pods.push(Pod::start().await.map_err(|error| cannot("failed to listen on 127.0.0.1", error))?);
    }
    let registry =
        Registry::create().map_err(|error| cannot("failed to create a directory for the registry", error))?;
    registry.write(&addresses(&pods)).map_err(|error| cannot("failed to write the registry file", error))?;

    let plan = plan(&registry, idle)?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let print = |line: String| {
        let _ = sender.send(wrapped(&line));
    };
    print(format!("demo: {PODS} pods serve \"pay\" on loopback, and a file is the registry"));
    print(format!(
        "demo: equivalent command: grpc-discover probe --idle {} --as {} file:{}",
        exact_duration(idle),
        LENSES.join(","),
        registry.path().display()
    ));

    let stage = Rc::new(DemoProgress::default());
    let observe = {
        let stage = stage.clone();
        Box::new(move |event: &Event| stage.observe(event))
    };
    let ended = tokio::select! {
        exit = sessions::run(vec![plan], output, terminal, SessionKind::Answer, SessionHooks { on_event: Some(observe), messages: Some(receiver), record }) => exit,
        error = moves(&mut pods, &registry, &stage, idle, &print) => Err(cannot("failed to move the pods", error)),
    };
    if let Ok(code) = ended {
        if let Some((old, _)) = &*stage.moved.borrow() {
            terminal.note(&wrapped(&in_short(old)));
        }
        terminal.note(&wrapped(&format!("demo: exit code {code} is the probe's verdict; nothing is left running")));
    }
    ended
}

/// A message in lines that fit the terminal.
fn wrapped(message: &str) -> String {
    on_stderr().wrap(message, "demo: ".len()).join("\n")
}

/// A summary for readers who are new to the problem.
fn in_short(old: &str) -> String {
    format!(
        "demo: in short: this tool's channel kept watching the registry while it was idle, so its next call reached a new pod. A client whose watch stops in IDLE (kratos 2.7.2) would still dial {old}, and every call would fail with \"last connection error\" until it is restarted."
    )
}

/// Waits for the idle period, then moves every pod, as a rollout does. Returns only with an error.
async fn moves(
    pods: &mut [Pod],
    registry: &Registry,
    stage: &DemoProgress,
    idle: Duration,
    print: &dyn Fn(String),
) -> io::Error {
    stage.idle_started.notified().await;
    tokio::time::sleep(idle * 2 / 5).await;
    let old = words(pods);
    let mut new = Vec::new();
    for _ in 0..pods.len() {
        match Pod::start().await {
            Ok(pod) => new.push(pod),
            Err(error) => return error,
        }
    }
    for (pod, new) in pods.iter_mut().zip(new) {
        // Dropping the old pod stops it: its port refuses connections from now on.
        *pod = new;
    }
    let new = words(pods);
    print(format!(
        "demo: while the channel is idle, a rollout moves the pods: {old} are stopped, {new} serve now; the registry lists the new addresses"
    ));
    if let Err(error) = registry.write(&addresses(pods)) {
        return error;
    }
    *stage.moved.borrow_mut() = Some((old, new));
    pending().await
}

/// `127.0.0.1:1, 127.0.0.1:2`.
fn words(pods: &[Pod]) -> String {
    pods.iter().map(|pod| pod.address().to_string()).collect::<Vec<_>>().join(", ")
}

/// What the demo needs to know about the session.
#[derive(Default)]
struct DemoProgress {
    idle_started: Notify,
    /// The pods' old addresses and their new ones, once they have moved.
    moved: RefCell<Option<(String, String)>>,
}

impl DemoProgress {
    fn observe(&self, event: &Event) {
        if matches!(&event.kind, EventKind::Idle(report) if report.phase == IdlePhase::Waiting) {
            self.idle_started.notify_one();
        }
    }
}

fn addresses(pods: &[Pod]) -> Vec<SocketAddr> {
    pods.iter().map(Pod::address).collect()
}

/// The plan of `probe --idle`, independent of the environment and the configuration file.
fn plan(registry: &Registry, idle: Duration) -> Result<grpc_discover::session::Plan, Failure> {
    let config = Config::default();
    let environment =
        Environment { env: &|_| None, read: &|_| Err(io::ErrorKind::NotFound.into()), config: &config, seed: 1 };
    let typed = Typed {
        targets: &[Redacted(Target::from(FileTarget(registry.path().to_path_buf())).to_string())],
        discovery: &cli::DiscoveryFlags::default(),
        reaching: &cli::ReachingFlags::default(),
        channel: &cli::ChannelFlags {
            idle: Some(idle),
            lenses: LENSES.map(String::from).to_vec(),
            ..cli::ChannelFlags::default()
        },
        pace: &cli::PaceFlags::default(),
        criteria: &cli::CriteriaFlags::default(),
        profile: None,
        task: Task::Probe,
    };
    let mut plans = settings::plans(&typed, &environment)?;
    let mut plan = plans.pop().ok_or_else(|| Failure::Broken("demo: failed to create a probe plan".into()))?;
    plan.label = "pay".into();
    Ok(plan)
}
