//! The command in place of grpc_health_probe: its flags, its sentences on stderr and its exit codes. One probe of the
//! address decides; of a name with several addresses, the one that responds best, as a client would find it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use grpc_discover::model::event::{Event, EventKind};
use grpc_discover::model::grpc_status::GrpcStatus;
use grpc_discover::model::reach::{Health, Stage};
use grpc_discover::platform::file;
use grpc_discover::session::{Plan, Session};
use grpc_discover::text::duration;

use super::block_on;
use crate::cli::health_probe::{self, HealthProbe, Typed};
use crate::cli::{self, Cli, Command};
use crate::config::Config;
use crate::exit::{self, Failure};
use crate::settings::{self, Environment, Task};
use crate::terminal;

/// Bad usage, in that tool.
const USAGE: u8 = 1;

/// How far the check got: a later one is nearer to success. The exit codes are that tool's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// No connection: why.
    NotConnected(String),
    /// The RPC failed: why.
    RpcFailed(String),
    /// The service responded with another status than SERVING.
    Unhealthy(String),
    /// SERVING.
    Serving,
}

impl Outcome {
    const fn code(&self) -> u8 {
        match self {
            Outcome::NotConnected(_) => 2,
            Outcome::RpcFailed(_) => 3,
            Outcome::Unhealthy(_) => 4,
            Outcome::Serving => exit::OK,
        }
    }

    fn of_health(health: &Health, probe: &HealthProbe) -> Outcome {
        match health {
            Health::Serving => Outcome::Serving,
            Health::NotServing | Health::Unknown => Outcome::Unhealthy(health.as_str().to_string()),
            Health::Unimplemented => Outcome::RpcFailed(
                "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)".to_string(),
            ),
            Health::Failed { code: GrpcStatus::DeadlineExceeded, .. } => Outcome::RpcFailed(format!(
                "timeout: health rpc did not complete within {}",
                duration(probe.rpc_timeout)
            )),
            Health::Failed { code, text, .. } => {
                Outcome::RpcFailed(format!("error: health rpc failed: {}: {text}", code.as_str()))
            }
            _ => Outcome::RpcFailed("error: health rpc failed: NOT_FOUND: unknown service".to_string()),
        }
    }
}

/// Runs the check that `words`, which follow the name of that tool, describe.
pub fn run(words: &[OsString]) -> Result<u8, Failure> {
    let probe = match health_probe::parse(words) {
        Ok(Typed::Check(probe)) => probe,
        Ok(Typed::Version) => {
            terminal::print(&format!("grpc-discover {} as grpc_health_probe\n", env!("CARGO_PKG_VERSION")))?;
            return Ok(exit::OK);
        }
        Err(error) => {
            terminal::complain(&error.to_string());
            return Ok(error.code());
        }
    };
    let plans = match plans(&probe) {
        Ok(plans) => plans,
        Err(Failure::Usage(error)) => {
            terminal::complain(&format!("error: {error}"));
            return Ok(USAGE);
        }
        Err(failure) => return Err(failure),
    };
    if probe.verbose {
        terminal::complain("establishing connection");
    }
    let (outcome, connected) = block_on(check(plans, &probe))?;
    match &outcome {
        Outcome::NotConnected(text) | Outcome::RpcFailed(text) => terminal::complain(text),
        Outcome::Unhealthy(status) => terminal::complain(&format!("service unhealthy (responded with {status:?})")),
        Outcome::Serving => {
            if probe.verbose {
                terminal::complain(&format!("time elapsed: connect={}", duration(connected)));
            }
            terminal::complain("status: SERVING");
        }
    }
    Ok(outcome.code())
}

/// The plan, independent of the configuration file and of variables: that tool has none.
fn plans(probe: &HealthProbe) -> Result<Vec<Plan>, Failure> {
    let Cli { command: Command::Probe(typed) } = cli::parse(probe.as_probe())? else { return Ok(Vec::new()) };
    let config = Config::default();
    let read = |path: &Path| file::read_text(path, file::LARGE);
    let environment = Environment { env: &|_| None, read: &read, config: &config, seed: 1 };
    Ok(settings::plans(
        &settings::Typed {
            targets: &typed.targets,
            discovery: &typed.discovery,
            reaching: &typed.reaching,
            channel: &typed.channel,
            pace: &cli::PaceFlags::default(),
            criteria: &typed.criteria,
            profile: None,
            task: Task::Probe,
        },
        &environment,
    )?)
}

/// The best outcome of all addresses, and how long connecting took.
async fn check(plans: Vec<Plan>, probe: &HealthProbe) -> (Outcome, Duration) {
    let mut best = Outcome::NotConnected(format!(
        "timeout: failed to connect service {:?} within {}",
        probe.addr,
        duration(probe.connect_timeout)
    ));
    let mut connected = Duration::ZERO;
    for plan in plans {
        let mut session = Session::start(plan);
        while let Some(event) = session.next().await {
            if let EventKind::Connection(report) = &event.kind
                && let Ok(phase) = &report.result
                && phase.stage < Stage::Health
            {
                connected += phase.took;
            }
            let Some(outcome) = outcome(&event, probe) else { continue };
            // The first failure to connect replaces the one that names no cause.
            let is_first_cause = matches!((&best, &outcome), (Outcome::NotConnected(_), Outcome::NotConnected(_)));
            if is_first_cause || outcome > best {
                best = outcome;
            }
        }
    }
    (best, connected)
}

fn outcome(event: &Event, probe: &HealthProbe) -> Option<Outcome> {
    match &event.kind {
        // A probe may also check the whole server.
        EventKind::Health(report) if report.service == probe.service => Some(Outcome::of_health(&report.health, probe)),
        EventKind::Connection(report) => {
            let failure = report.result.as_ref().err()?;
            let text = format!("error: failed to connect service at {:?}: {failure}", probe.addr);
            Some(match failure.stage {
                Stage::Health => Outcome::RpcFailed(format!("error: health rpc failed: {failure}")),
                _ => Outcome::NotConnected(text),
            })
        }
        EventKind::Backend(report) => {
            let error = report.error.as_ref()?;
            Some(Outcome::NotConnected(format!("error: failed to connect service at {:?}: {error}", probe.addr)))
        }
        _ => None,
    }
}
