//! One real client, its servers, and the registry that lists them; every action on it is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::recorded::{Recorded, Server, What, send};
use crate::support::consul::ConsulAgent;
use crate::support::grpc::{GrpcServer, Kind};
use crate::support::kratos::{Called, Client, KratosClient, State};

/// The idle timeout of every channel that has one: so long that no channel becomes idle because the machine is slow.
pub const IDLE: Duration = Duration::from_secs(3);

/// A running poller queries again within a second, two after an error. One without a query for this long has stopped.
const IDLE_PERIOD: Duration = Duration::from_secs(5);

/// Time limit for what must happen eventually. A poller of 2.7.2 or 2.8.0 that should stop does so with probability
/// 1/2 every ten seconds.
pub const TIME_LIMIT: Duration = Duration::from_secs(240);

/// A poller that receives a change has passed it on by then: it queries again within a second.
const SETTLED: Duration = Duration::from_millis(2500);

/// Between two calls, and between two checks.
pub const PAUSE: Duration = Duration::from_millis(100);

/// An address that is listed at the end of every play, to see which clients notice it. It has no listener.
const LATECOMER: (Server, u16) = ("late", 1);

/// The outcome of a play, for one channel of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The servers that calls can go to.
    pub holds: BTreeSet<Server>,
    /// Whether calls succeed again without intervention after everything else is repaired.
    pub recovers: bool,
    /// Whether it would notice the next change.
    pub notices: bool,
}

/// The state of a channel at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    pub at: Duration,
    pub holds: BTreeSet<Server>,
}

/// A completed play.
#[derive(Debug)]
pub struct Ended {
    /// `kratos 2.7.2, grpc-go 1.61.1`.
    pub version: String,
    /// The channel that was judged.
    pub channel: usize,
    /// All events up to the last glimpse. A model of this client gets these, and must then match [`Self::glimpses`]
    /// and [`Self::outcome`].
    pub recorded: Vec<Recorded>,
    /// The state of the channel at some moments of the play; the last is that of the outcome.
    pub glimpses: Vec<Glimpse>,
    /// The outcome.
    pub outcome: Outcome,
    /// Every call of the examined channel, in order; if it does not recover, also those after the last idle period.
    pub calls: Vec<Called>,
    /// The addresses behind the names.
    pub addresses: BTreeMap<Server, String>,
}

/// The environment of a play.
pub struct Stage {
    /// The version of Kratos.
    pub version: &'static str,
    pub consul: Arc<ConsulAgent>,
    pub client: KratosClient,
    service: String,
    started_at: Instant,
    /// The same moment by the clock of the client, which it uses for the times of calls.
    epoch: SystemTime,
    servers: BTreeMap<Server, GrpcServer>,
    ports: BTreeMap<Server, u16>,
    listed: BTreeMap<Server, String>,
    recorded: Vec<Recorded>,
    calls: Vec<(usize, Called)>,
    glimpses: Vec<(usize, Glimpse)>,
    /// The number of lines of the client when its last call completed.
    answered: usize,
    /// The machine stalled for so long that the events differ from the play.
    pub stalled: bool,
}

impl Stage {
    /// Lists server A in the registry and opens the client's channels, one for each idle timeout. Each `service` is
    /// used by one stage only, so that plays can share an agent.
    pub fn set(
        consul: Arc<ConsulAgent>,
        version: &'static str,
        service: String,
        channels: &[Option<Duration>],
    ) -> Option<Stage> {
        let first = GrpcServer::start(Kind::Go, &[])?;
        let port = first.address.port();
        consul.register_kratos(&service, &format!("{service}-A"), port);
        let idle = channels.iter().map(|idle| format!("{}ms", idle.unwrap_or_default().as_millis()));
        let idle = idle.collect::<Vec<_>>().join(",");
        let address = consul.address();
        let args = ["--consul", &address, "--service", &service, "--idle", &idle, "--timeout", "2s"];
        let client = KratosClient::start(Client::Kratos(version), &args)?;
        let mut stage = Stage {
            version,
            consul,
            client,
            started_at: Instant::now(),
            epoch: SystemTime::now(),
            servers: BTreeMap::from([("A", first)]),
            ports: BTreeMap::from([("A", port), LATECOMER]),
            listed: BTreeMap::from([("A", format!("{service}-A"))]),
            service,
            recorded: Vec::new(),
            calls: Vec::new(),
            glimpses: Vec::new(),
            answered: 0,
            stalled: false,
        };
        stage.record_list();
        for (idle, channel) in channels.iter().zip(1..) {
            stage.record(What::Opened { channel, idle: *idle });
        }
        Some(stage)
    }

    fn record(&mut self, what: What) {
        let last = self.recorded.last().map_or(Duration::ZERO, |recorded| recorded.at);
        self.recorded.push(Recorded { at: self.started_at.elapsed().max(last), what });
    }

    /// Waits until the agent lists what was registered.
    fn record_list(&mut self) {
        let mut wanted: Vec<u16> = self.listed.keys().map(|server| self.ports[server]).collect();
        wanted.sort_unstable();
        let since = Instant::now();
        while self.consul.passing(&self.service) != wanted {
            assert!(since.elapsed() < TIME_LIMIT, "consul does not list {wanted:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.record(What::Lists(self.listed.keys().copied().collect()));
    }

    /// Starts a server; it is not registered yet.
    pub fn start(&mut self, server: Server) {
        let started = GrpcServer::start(Kind::Go, &[]).expect("what could be started before");
        self.ports.insert(server, started.address.port());
        self.servers.insert(server, started);
    }

    pub fn list(&mut self, server: Server) {
        let id = format!("{}-{server}", self.service);
        self.consul.register_kratos(&self.service, &id, self.ports[server]);
        self.listed.insert(server, id);
        self.record_list();
    }

    pub fn unlist(&mut self, server: Server) {
        let id = self.listed.remove(server).expect("a listed server");
        self.consul.deregister(&id);
        self.record_list();
    }

    /// The instance of `from` becomes that of `to` in one step: no watcher can see an intermediate state.
    pub fn relist(&mut self, from: Server, to: Server) {
        let id = self.listed.remove(from).expect("a listed server");
        self.consul.register_kratos(&self.service, &id, self.ports[to]);
        self.listed.insert(to, id);
        self.record_list();
    }

    /// Kills a server as a lost node would.
    pub fn lose(&mut self, server: Server) {
        self.servers.remove(server).expect("a running server").kill();
        self.record(What::Lost(server));
    }

    /// A Pod moves: its old server is deregistered and stopped, then the new one is registered.
    pub fn move_over(&mut self, from: Server, to: Server) {
        self.start(to);
        self.unlist(from);
        self.lose(from);
        self.list(to);
    }

    /// The agent does not respond while `act` runs, and for at least three seconds.
    pub fn with_frozen_registry(&mut self, act: impl FnOnce(&mut Stage)) {
        self.consul.pause();
        self.record(What::Unreachable);
        let until = Instant::now() + Duration::from_secs(3);
        let consul = Arc::clone(&self.consul);
        let thaw = std::thread::spawn(move || {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            consul.resume();
            Instant::now()
        });
        act(self);
        let at = thaw.join().expect("the agent goes on") - self.started_at;
        // The agent responded again before `act` completed.
        let place = self.recorded.partition_point(|recorded| recorded.at <= at);
        let what = What::Lists(self.listed.keys().copied().collect());
        self.recorded.insert(place, Recorded { at, what });
    }

    /// The agent's port has no listener while `act` runs. The stage must have an agent of its own.
    pub fn with_dead_registry(&mut self, act: impl FnOnce(&mut Stage)) {
        Arc::get_mut(&mut self.consul).expect("an agent of one's own").kill();
        self.record(What::Refuses);
        act(self);
        Arc::get_mut(&mut self.consul).expect("an agent of one's own").start_again();
        self.record_list();
    }

    /// One call, recorded with the client's own times, which its idle timeout is based on.
    pub fn call(&mut self, channel: usize) -> Called {
        let called = self.client.call(channel);
        self.answered = self.client.mark();
        let last = self.recorded.last().map_or(Duration::ZERO, |recorded| recorded.at);
        let started_at = called.started_at.duration_since(self.epoch).unwrap_or_default().max(last);
        let ok = called.code == "OK";
        self.recorded.push(Recorded { at: started_at, what: What::CallStarted { channel } });
        self.recorded.push(Recorded { at: started_at + called.took, what: What::CallEnded { channel, ok } });
        self.calls.push((channel, called.clone()));
        called
    }

    /// A call that must succeed, and the server that it reached.
    pub fn call_well(&mut self, channel: usize) -> Server {
        let called = self.call(channel);
        assert_eq!(called.code, "OK", "{}: {called:?}", self.client.version);
        let peer = called.peer.expect("who answered");
        let server = self.ports.iter().find(|(_, port)| peer == format!("127.0.0.1:{port}"));
        server.unwrap_or_else(|| panic!("{peer} is none of {:?}", self.ports)).0
    }

    pub fn state(&mut self, channel: usize) -> State {
        self.client.state(channel)
    }

    /// Records the current state of the channel.
    pub fn glimpse(&mut self, channel: usize) -> BTreeSet<Server> {
        let holds = self.holds(channel);
        self.glimpses.push((channel, Glimpse { at: self.started_at.elapsed(), holds: holds.clone() }));
        holds
    }

    /// The servers that calls can go to now, by name.
    fn holds(&mut self, channel: usize) -> BTreeSet<Server> {
        let state = self.state(channel);
        let of = |server: &u16| state.holds().contains(&format!("127.0.0.1:{server}"));
        let known: BTreeSet<Server> = self.ports.iter().filter(|(_, port)| of(port)).map(|(name, _)| *name).collect();
        assert_eq!(known.len(), state.holds().len(), "an unknown address: {state:?}, {:?}", self.ports);
        known
    }

    /// Waits until the channel has become idle after the last call.
    pub fn until_idle(&mut self, channel: usize) {
        let idle = self.client.wait_for_state(self.answered, channel, "IDLE", TIME_LIMIT);
        let state = self.client.state(channel);
        assert!(idle, "{} does not idle: {state:?}", self.client.version);
    }

    /// Whether the channel has become idle since the lines of the client were at `mark`.
    pub fn has_idled(&self, channel: usize, mark: usize) -> bool {
        self.client.wait_for_state(mark, channel, "IDLE", Duration::ZERO)
    }

    /// Waits until the client no longer queries Consul, or until `limit`; runs `meanwhile` between two checks.
    pub fn until_quiet(&mut self, limit: Duration, mut meanwhile: impl FnMut(&mut Stage)) -> bool {
        let since = Instant::now();
        while !unresponsive(&self.state(1)) {
            if since.elapsed() > limit {
                return false;
            }
            std::thread::sleep(PAUSE);
            meanwhile(self);
        }
        true
    }

    /// The end of the play: the outcome of the channel, after everything else is repaired.
    pub fn judge(mut self, channel: usize) -> Ended {
        let mut recovers = self.recovers(channel);
        let holds = self.glimpse(channel);
        let reported = send(&self.recorded);
        assert!(reported.answers && reported.calls.values().all(|running| *running == 0), "{reported:?}");
        assert_eq!(reported.lists, self.listed.keys().copied().collect(), "what was recorded and what is listed");
        let recorded = self.recorded.clone();

        if !recovers {
            // Even an idle period, in which the channel could go IDLE, does not help.
            std::thread::sleep(IDLE + Duration::from_secs(1));
            recovers = (0..3).any(|_| self.call(channel).code == "OK");
        }
        let calls: Vec<Called> =
            self.calls.iter().filter(|(of, _)| *of == channel).map(|(_, call)| call.clone()).collect();
        let notices = self.notices(channel);
        let glimpses = self.glimpses.drain(..).filter(|(of, _)| *of == channel);
        Ended {
            version: self.client.version.clone(),
            channel,
            recorded,
            glimpses: glimpses.map(|(_, glimpse)| glimpse).collect(),
            outcome: Outcome { holds, recovers, notices },
            calls,
            addresses: self.ports.iter().map(|(server, port)| (*server, format!("127.0.0.1:{port}"))).collect(),
        }
    }

    /// Calls until one succeeds and the last change has had time to apply: then true. False if the client has stopped
    /// querying, so that nothing can change.
    fn recovers(&mut self, channel: usize) -> bool {
        let since = Instant::now();
        loop {
            if self.call(channel).code == "OK" {
                if since.elapsed() >= SETTLED {
                    return true;
                }
            } else if since.elapsed() > IDLE_PERIOD && unresponsive(&self.state(channel)) {
                return false;
            }
            assert!(since.elapsed() < TIME_LIMIT, "{}: queries and does not recover", self.client.version);
            std::thread::sleep(PAUSE);
        }
    }

    /// Whether the channel, in use, notices one more address. It does not if the client does not query Consul.
    fn notices(&mut self, channel: usize) -> bool {
        self.list(LATECOMER.0);
        let since = Instant::now();
        loop {
            self.call(channel);
            if self.holds(channel).contains(LATECOMER.0) {
                return true;
            }
            if since.elapsed() > IDLE_PERIOD && unresponsive(&self.state(channel)) {
                return false;
            }
            assert!(since.elapsed() < TIME_LIMIT, "{}: queries and gets no response", self.client.version);
            std::thread::sleep(PAUSE);
        }
    }
}

/// Whether the client has stopped querying Consul.
fn unresponsive(state: &State) -> bool {
    state.quiet >= IDLE_PERIOD
}
