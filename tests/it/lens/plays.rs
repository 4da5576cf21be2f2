//! The plays: sequences of events for a client. Each is one function for all versions; the outcomes differ.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::dns;
use super::stage::{Ended, IDLE, PAUSE, Stage, TIME_LIMIT};
use crate::support::consul::{ConsulAgent, Mode};
use crate::support::peers::provided;

/// The events, the channel of the client that is examined, and the agent that it uses.
struct Play {
    name: &'static str,
    channels: &'static [Option<Duration>],
    judged: usize,
    versions: &'static [&'static str],
    /// Number of concurrent clients of each version.
    times: usize,
    /// The agent.
    agent: Agent,
    act: fn(&mut Stage),
}

/// The agent that a client queries.
#[derive(Clone, Copy)]
enum Agent {
    /// The one that all plays share.
    Shared,
    /// Its own: the play stops or freezes it.
    Own,
    /// Its own, with its registrations on disk, so that they survive a kill.
    OwnOnDisk,
}

use Agent::{Own, OwnOnDisk, Shared};

const ALL: &[&str] = &["2.5.3", "2.7.2", "2.8.0", "2.8.3", "2.8.4", "2.9.2", "3.0.0"];

const NOT_2_8_0: &[&str] = &["2.5.3", "2.7.2", "2.8.3", "2.8.4", "2.9.2", "3.0.0"];

/// One channel that becomes idle.
const IDLING: &[Option<Duration>] = &[Some(IDLE)];

/// The second channel will be a bystander.
const TWO: &[Option<Duration>] = &[Some(IDLE), None];

#[rustfmt::skip]
const PLAYS: &[Play] = &[
    Play { name: "idle", channels: IDLING, judged: 1, versions: ALL, times: 1, agent: Shared, act: idle },
    Play { name: "quick exit", channels: IDLING, judged: 1, versions: NOT_2_8_0, times: 1, agent: Shared, act: quick_exit },
    Play { name: "quick exit", channels: IDLING, judged: 1, versions: &["2.8.0"], times: 10, agent: Shared, act: quick_exit },
    Play { name: "frozen agent", channels: IDLING, judged: 1, versions: ALL, times: 1, agent: Own, act: frozen_agent },
    Play { name: "dead agent", channels: IDLING, judged: 1, versions: ALL, times: 1, agent: OwnOnDisk, act: dead_agent },
    Play { name: "moved early", channels: IDLING, judged: 1, versions: ALL, times: 1, agent: Shared, act: moved_early },
    Play { name: "emptied", channels: &[None], judged: 1, versions: ALL, times: 1, agent: Shared, act: emptied },
    Play { name: "emptied idle", channels: IDLING, judged: 1, versions: ALL, times: 1, agent: Shared, act: emptied_idle },
    Play { name: "bystander", channels: TWO, judged: 2, versions: ALL, times: 1, agent: Shared, act: bystander },
];

/// Idles until the poller has stopped. The poller of 2.5.3 never stops: waiting for it would never end.
fn idle_out(stage: &mut Stage) {
    stage.until_idle(1);
    if stage.version != "2.5.3" {
        assert!(stage.until_quiet(TIME_LIMIT, |_| {}), "{} polls on in idle", stage.version);
    }
}

/// Idle until the poller has stopped, then the server moves.
fn idle(stage: &mut Stage) {
    stage.call_well(1);
    idle_out(stage);
    stage.move_over("A", "B");
}

/// A call 50 ms after the channel became idle, and more calls from then on. The server moves when the poller has
/// stopped, if it stops.
fn quick_exit(stage: &mut Stage) {
    stage.call_well(1);
    stage.until_idle(1);
    std::thread::sleep(Duration::from_millis(50));
    stage.call_well(1);
    let exit = stage.client.mark();
    stage.start("B");
    let keep_calling = |stage: &mut Stage| assert_eq!(stage.call_well(1), "A");
    let limit = if stage.version == "2.7.2" || stage.version == "2.8.0" { TIME_LIMIT } else { Duration::from_secs(30) };
    stage.until_quiet(limit, keep_calling);
    // An idle period before the first failing call would start everything anew.
    let since = Instant::now();
    keep_calling(stage);
    stage.stalled = stage.has_idled(1, exit);
    stage.unlist("A");
    stage.lose("A");
    stage.call(1);
    stage.stalled |= since.elapsed() >= IDLE;
    stage.list("B");
}

/// The first call after idle meets an agent that does not respond for three seconds.
fn frozen_agent(stage: &mut Stage) {
    stage.call_well(1);
    idle_out(stage);
    stage.with_frozen_registry(|stage| {
        stage.call(1);
        stage.call(1);
    });
}

/// The first call after idle meets an agent that is being restarted: connection refused.
fn dead_agent(stage: &mut Stage) {
    stage.call_well(1);
    idle_out(stage);
    stage.with_dead_registry(|stage| {
        stage.call(1);
        stage.glimpse(1);
    });
}

/// The server moves as soon as the channel is idle, and the call comes when the poller has stopped.
fn moved_early(stage: &mut Stage) {
    stage.call_well(1);
    stage.start("B");
    stage.until_idle(1);
    stage.relist("A", "B");
    stage.lose("A");
    idle_out(stage);
}

/// The only instance is removed from the registry and keeps serving; later it is stopped; later there is another.
fn emptied(stage: &mut Stage) {
    stage.call_well(1);
    let queried = stage.state(1).queried;
    stage.unlist("A");
    // The response to the pending poll lists no endpoint; the client continues with the next poll.
    let since = Instant::now();
    while stage.state(1).queried < queried + 2 {
        assert!(since.elapsed() < TIME_LIMIT, "{} does not query", stage.version);
        std::thread::sleep(PAUSE);
    }
    assert_eq!(stage.call_well(1), "A", "{}", stage.version);
    stage.lose("A");
    let failed = stage.call(1);
    assert_eq!(failed.code, "Unavailable", "{}: {failed:?}", stage.version);
    assert_eq!(stage.glimpse(1), ["A"].into(), "{}", stage.version);
    assert!(stage.state(1).quiet < Duration::from_secs(3), "{} has stopped querying", stage.version);
    stage.start("B");
    stage.list("B");
}

/// The only instance is removed while the channel is idle. A call is made while no endpoint is listed; then there is
/// another.
fn emptied_idle(stage: &mut Stage) {
    stage.call_well(1);
    idle_out(stage);
    stage.unlist("A");
    stage.lose("A");
    stage.call(1);
    stage.glimpse(1);
    stage.start("B");
    stage.list("B");
}

/// The first channel becomes idle; the second never does and is in use. The server moves when the first channel's
/// poller has stopped, if it stops.
fn bystander(stage: &mut Stage) {
    stage.call_well(1);
    stage.call_well(2);
    stage.until_idle(1);
    let limit = if stage.version == "2.7.2" { TIME_LIMIT } else { Duration::from_secs(30) };
    stage.until_quiet(limit, |stage| assert_eq!(stage.call_well(2), "A"));
    stage.move_over("A", "B");
}

/// A completed play, or why it could not complete.
type Run = Result<Ended, String>;

/// The runs of all plays: in every version of Kratos, and over DNS.
struct Played {
    kratos: BTreeMap<(&'static str, &'static str), Vec<Run>>,
    dns: Option<dns::Played>,
}

/// All plays run once and at the same time, because nearly all of it is waiting. `None` if something is not
/// available.
static PLAYED: LazyLock<Option<Played>> = LazyLock::new(|| {
    for what in ["CONSUL", "COREDNS", "GRPC_GO", "KRATOS", "GRPC_GO_CLIENT"] {
        provided(&format!("GRPC_DISCOVER_TEST_{what}"))?;
    }
    let shared = Arc::new(ConsulAgent::start(Mode::Dev)?);
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for play in PLAYS {
            for version in play.versions {
                for time in 0..play.times {
                    let shared = &shared;
                    running.push(((play.name, *version), scope.spawn(move || run(play, version, time, shared))));
                }
            }
        }
        let dns = dns::play();
        let mut kratos: BTreeMap<(&str, &str), Vec<Run>> = BTreeMap::new();
        for (which, thread) in running {
            let run = thread.join().unwrap_or_else(|_| Err("the run could not be evaluated".to_string()));
            kratos.entry(which).or_default().push(run);
        }
        Some(Played { kratos, dns })
    })
});

fn run(play: &Play, version: &'static str, time: usize, shared: &Arc<ConsulAgent>) -> Run {
    let mut run = Err(String::new());
    for attempt in 1..=3 {
        let service = format!("{}-{version}-{time}-{attempt}", play.name).replace([' ', '.'], "-");
        let acted = catch_unwind(AssertUnwindSafe(|| act(play, version, service, Arc::clone(shared))));
        run = match acted {
            Ok(Some(ended)) => return Ok(ended),
            Ok(None) => Err(format!("{} with {version}: the machine stalls", play.name)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                return Err(format!("{} with {version}: {}", play.name, text.unwrap_or("it panicked")));
            }
        };
    }
    run
}

/// `None` if the events differ from the play, because the machine stalled.
fn act(play: &Play, version: &'static str, service: String, shared: Arc<ConsulAgent>) -> Option<Ended> {
    let agent = match play.agent {
        Shared => Some(shared),
        Own => ConsulAgent::start(Mode::Dev).map(Arc::new),
        OwnOnDisk => ConsulAgent::start(Mode::Persistent).map(Arc::new),
    };
    let mut stage = Stage::set(agent.expect("an agent"), version, service, play.channels).expect("a stage");
    (play.act)(&mut stage);
    if stage.stalled { None } else { Some(stage.judge(play.judged)) }
}

/// The run of the play for every client of `version`; `None` if something is not available.
pub fn played(play: &str, version: &str) -> Option<&'static [Run]> {
    let all = &PLAYED.as_ref()?.kratos;
    let runs = all.iter().find(|((name, of), _)| *name == play && *of == version);
    Some(runs.unwrap_or_else(|| panic!("no test runs {play} with {version}")).1)
}

/// Every run of every play with Kratos.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Run)> {
    let played = PLAYED.iter().flat_map(|played| &played.kratos);
    played.flat_map(|((play, _), runs)| runs.iter().map(|run| (*play, run)))
}

/// The plays over DNS; `None` if something is not available.
pub fn played_over_dns() -> Option<&'static dns::Played> {
    let played = PLAYED.as_ref()?;
    Some(played.dns.as_ref().expect("plays over DNS that came to their ends; see the output above"))
}
