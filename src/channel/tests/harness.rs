//! The environment of a channel in tests: a clock set by the test, servers that follow a script, and a resolver that
//! returns what the test sets.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::*;
use super::invariants::Invariants;
use crate::model::reach::{DisconnectReason, FailureCode, GoAway, Stage};

/// What a server does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// Sends SETTINGS at once, and stays.
    Up,
    /// ECONNREFUSED.
    Refused,
    /// Accepts and never sends anything: the attempt fails at its deadline.
    Unresponsive,
    /// Closes before its SETTINGS.
    CloseBeforeSettings,
    /// SETTINGS, then closes at once.
    CloseAfterSettings,
    /// SETTINGS, then more frames than our limit allows.
    FloodAfterSettings,
    /// The test responds by hand.
    Pending,
}

/// What the resolver returns when it is started.
#[derive(Debug, Clone)]
pub enum Answer {
    List(Vec<Address>),
    Error(&'static str),
    Nothing,
}

pub struct Harness {
    pub channel: Channel,
    pub now: Elapsed,
    pub servers: BTreeMap<Address, Server>,
    pub resolver: Answer,
    /// Every effect of the channel, with its time.
    pub effects: Vec<(Elapsed, Effect)>,
    /// Inputs that are scheduled for the channel.
    on_its_way: Vec<(Elapsed, Input)>,
    invariants: Invariants,
}

pub fn address(number: u16) -> Address {
    format!("10.0.0.{number}:1").parse().unwrap()
}

pub fn addresses(numbers: &[u16]) -> Vec<Address> {
    numbers.iter().copied().map(address).collect()
}

pub fn refused() -> Failure {
    Failure::new(Stage::Tcp, FailureCode::Refused, "connection refused", Duration::ZERO)
}

pub fn eof() -> Disconnect {
    Disconnect { reason: DisconnectReason::Unknown, detail: "closed by peer".to_string(), goaway: None }
}

pub fn flood() -> Disconnect {
    Disconnect { reason: DisconnectReason::Flood, detail: "10001 small frames".to_string(), goaway: None }
}

pub fn goaway(code: u32, debug: &str) -> Disconnect {
    Disconnect {
        reason: DisconnectReason::GoAway(code),
        detail: String::new(),
        goaway: Some(GoAway { last_stream: 0, code, debug: debug.to_string() }),
    }
}

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Options without jitter, so that times are exact.
pub fn exact() -> Options {
    Options { backoff: Backoff { jitter: 0.0, ..Backoff::default() }, ..Options::default() }
}

pub fn round_robin() -> Options {
    Options { policy: Policy::RoundRobin, ..exact() }
}

impl Harness {
    /// A channel with these options; the resolver lists 10.0.0.1:1, 10.0.0.2:1 … with one server each.
    pub fn new(options: Options, servers: &[Server]) -> Self {
        let servers: BTreeMap<_, _> = (1..).map(address).zip(servers.iter().copied()).collect();
        Harness {
            resolver: Answer::List(servers.keys().cloned().collect()),
            channel: Channel::new(options.clone()),
            now: Elapsed::ZERO,
            servers,
            effects: Vec::new(),
            on_its_way: Vec::new(),
            invariants: Invariants::new(options),
        }
    }

    /// Passes `input` to the channel and processes everything that follows at this moment.
    pub fn give(&mut self, input: Input) -> &mut Self {
        self.hand_over(input);
        self.advance(Duration::ZERO)
    }

    pub fn connect(&mut self) -> &mut Self {
        self.give(Input::Connect)
    }

    pub fn list(&mut self, numbers: &[u16]) -> &mut Self {
        self.give(Input::Resolved(addresses(numbers)))
    }

    /// Starts an RPC; returns the result of its first pick after everything at this moment was processed.
    pub fn rpc_starts(&mut self) -> Pick {
        self.give(Input::RpcStarted);
        self.pick()
    }

    /// A whole RPC without duration.
    pub fn rpc(&mut self) -> Pick {
        let pick = self.rpc_starts();
        self.give(Input::RpcFinished);
        pick
    }

    pub fn pick(&mut self) -> Pick {
        self.channel.pick()
    }

    /// The address an RPC would go to.
    pub fn picked(&mut self) -> Address {
        match self.pick() {
            Pick::Complete(connection) => self.invariants.live[&connection].clone(),
            other => panic!("no connection to pick: {other:?} in {}", self.states()),
        }
    }

    /// Advances the time, and processes everything that is due in it.
    pub fn advance(&mut self, by: Duration) -> &mut Self {
        let until = self.now + by;
        for step in 0.. {
            assert!(step < 100_000, "no end of events at {}: {:?}", self.now, self.effects.last());
            let arrival = self.on_its_way.iter().enumerate().min_by_key(|(place, (at, _))| (*at, *place));
            let arrival = arrival.map(|(place, (at, _))| (place, *at)).filter(|(_, at)| *at <= until);
            let timer = self.channel.deadline().filter(|due| *due <= until);
            let input = match (arrival, timer) {
                (None, None) => break,
                (Some((place, at)), timer) if timer.is_none_or(|due| at <= due) => {
                    self.now = self.now.max(at);
                    self.on_its_way.remove(place).1
                }
                (_, Some(due)) => {
                    self.now = self.now.max(due);
                    Input::TimePassed
                }
                (Some(_), None) => unreachable!("an arrival without a timer comes first"),
            };
            self.hand_over(input);
        }
        self.now = until;
        self
    }

    fn hand_over(&mut self, input: Input) {
        self.invariants.before(&input);
        let mut effects = Vec::new();
        self.channel.handle(self.now, input.clone(), &mut effects);
        self.invariants.after(&self.channel, self.now, &input, &effects);
        for effect in effects {
            self.obey(&effect);
            self.effects.push((self.now, effect));
        }
    }

    fn obey(&mut self, effect: &Effect) {
        match effect {
            Effect::StartResolver => match self.resolver.clone() {
                Answer::List(list) => self.on_its_way.push((self.now, Input::Resolved(list))),
                Answer::Error(text) => self.on_its_way.push((self.now, Input::ResolverFailed(text.to_string()))),
                Answer::Nothing => {}
            },
            Effect::StopResolver => {
                self.on_its_way.retain(|(_, i)| !matches!(i, Input::Resolved(_) | Input::ResolverFailed(_)));
            }
            Effect::Open { connection, address, deadline } => {
                let id = *connection;
                let waited = *deadline - self.now;
                let closed = Failure::new(Stage::Http2, FailureCode::Closed, "closed by peer before SETTINGS", ms(0));
                let no_response = Failure::new(Stage::Http2, FailureCode::TimedOut, "no SETTINGS", waited);
                match self.servers.get(address).copied().unwrap_or(Server::Refused) {
                    Server::Up => self.on_its_way.push((self.now, Input::Connected(id))),
                    Server::Refused => self.on_its_way.push((self.now, Input::ConnectFailed(id, refused()))),
                    Server::Unresponsive => self.on_its_way.push((*deadline, Input::ConnectFailed(id, no_response))),
                    Server::CloseBeforeSettings => self.on_its_way.push((self.now, Input::ConnectFailed(id, closed))),
                    Server::CloseAfterSettings => {
                        self.on_its_way.push((self.now, Input::Connected(id)));
                        self.on_its_way.push((self.now, Input::Lost(id, eof())));
                    }
                    Server::FloodAfterSettings => {
                        self.on_its_way.push((self.now, Input::Connected(id)));
                        self.on_its_way.push((self.now, Input::Lost(id, flood())));
                    }
                    Server::Pending => {}
                }
            }
            Effect::Close { connection, .. } => {
                let id = *connection;
                self.on_its_way.retain(|(_, input)| match input {
                    Input::Connected(c) | Input::ConnectFailed(c, _) | Input::Lost(c, _) => *c != id,
                    _ => true,
                });
            }
            Effect::ResolveNow | Effect::WatchHealth(_) | Effect::Publish(_) => {}
        }
    }

    /// The current attempt at, or connection to, a server.
    pub fn connection(&self, number: u16) -> ConnectionId {
        let wanted = address(number);
        let found = self.invariants.live.iter().find(|(_, address)| **address == wanted);
        *found.unwrap_or_else(|| panic!("nothing is open to {wanted} in {}", self.states())).0
    }

    /// True while there is an attempt at, or a connection to, a server.
    pub fn is_open(&self, number: u16) -> bool {
        self.invariants.live.values().any(|open| *open == address(number))
    }

    pub fn answers(&mut self, number: u16) -> &mut Self {
        let id = self.connection(number);
        self.give(Input::Connected(id))
    }

    pub fn refuses(&mut self, number: u16) -> &mut Self {
        let id = self.connection(number);
        self.give(Input::ConnectFailed(id, refused()))
    }

    pub fn dies(&mut self, number: u16) -> &mut Self {
        let id = self.connection(number);
        self.give(Input::Lost(id, eof()))
    }

    pub fn send_goaway(&mut self, number: u16, code: u32, debug: &str) -> &mut Self {
        let id = self.connection(number);
        self.give(Input::GoingAway(id, goaway(code, debug)))
    }

    pub fn health(&mut self, number: u16, health: Health) -> &mut Self {
        let id = self.connection(number);
        self.give(Input::Health(id, health))
    }

    pub fn server(&mut self, number: u16, server: Server) -> &mut Self {
        self.servers.insert(address(number), server);
        self
    }

    /// The channel's states so far: `I C R`.
    pub fn states(&self) -> String {
        self.letters(|scope| *scope == Scope::Channel)
    }

    /// A subchannel's states so far, without the IDLE in which it starts: `C R I`.
    pub fn sub(&self, number: u16) -> String {
        let address = address(number);
        let letters = self.letters(|scope| *scope == Scope::Subchannel(address.clone()));
        letters.strip_prefix("I").unwrap_or(&letters).trim().to_string()
    }

    fn letters(&self, of: impl Fn(&Scope) -> bool) -> String {
        let states = self.transitions().filter(|t| of(&t.scope)).map(|t| t.to);
        let letters: Vec<_> = std::iter::once(ConnectivityState::Idle).chain(states).map(letter).collect();
        letters.join(" ")
    }

    pub fn transitions(&self) -> impl Iterator<Item = &Transition> {
        self.effects.iter().filter_map(|(_, effect)| match effect {
            Effect::Publish(transition) => Some(transition),
            _ => None,
        })
    }

    /// The cause of the channel's latest transition.
    pub fn cause(&self) -> &Cause {
        &self.transitions().filter(|t| t.scope == Scope::Channel).last().unwrap().cause
    }

    /// When the channel entered a state, each time.
    pub fn times_of(&self, state: ConnectivityState) -> Vec<u64> {
        let entered =
            |effect: &Effect| matches!(effect, Effect::Publish(t) if t.scope == Scope::Channel && t.to == state);
        self.effects.iter().filter(|(_, e)| entered(e)).map(|(at, _)| at.as_millis()).collect()
    }

    /// When a server was dialed, each time.
    pub fn dials(&self, number: u16) -> Vec<u64> {
        let wanted = address(number);
        let dialled = |effect: &Effect| matches!(effect, Effect::Open { address, .. } if *address == wanted);
        self.effects.iter().filter(|(_, e)| dialled(e)).map(|(at, _)| at.as_millis()).collect()
    }

    /// The order in which servers were dialed.
    pub fn dial_order(&self) -> Vec<Address> {
        self.effects
            .iter()
            .filter_map(|(_, effect)| match effect {
                Effect::Open { address, .. } => Some(address.clone()),
                _ => None,
            })
            .collect()
    }

    pub fn count(&self, effect: &Effect) -> usize {
        self.effects.iter().filter(|(_, e)| e == effect).count()
    }

    pub fn fails_with(&mut self, part: &str) -> &mut Self {
        match self.pick() {
            Pick::Fail(text) => assert!(text.contains(part), "{text:?} does not contain {part:?}"),
            other => panic!("{other:?} instead of a failure with {part:?}, states {}", self.states()),
        }
        self
    }

    #[track_caller]
    pub fn assert_states(&mut self, expected: &str) -> &mut Self {
        assert_eq!(self.states(), expected);
        self
    }

    /// Nothing is published, opened or closed for this long.
    #[track_caller]
    pub fn assert_quiet(&mut self, long: Duration) -> &mut Self {
        let before = self.effects.len();
        self.advance(long);
        assert_eq!(self.effects[before..], [], "not quiet");
        self
    }
}

fn letter(state: ConnectivityState) -> &'static str {
    match state {
        ConnectivityState::Idle => "I",
        ConnectivityState::Connecting => "C",
        ConnectivityState::Ready => "R",
        ConnectivityState::TransientFailure => "T",
        ConnectivityState::Shutdown => "S",
    }
}
