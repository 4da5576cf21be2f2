//! Random inputs, thousands of sequences: whatever happens, the invariants hold, and a channel always recovers.

use super::super::*;
use super::harness::*;
use super::invariants::Invariants;
use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::{FailureCode, Stage};

/// A random channel and what is known about it.
struct Run {
    channel: Channel,
    invariants: Invariants,
    random: fastrand::Rng,
    now: Elapsed,
    active: usize,
    log: Vec<(Elapsed, Input, Vec<Effect>)>,
}

fn options(random: &mut fastrand::Rng) -> Options {
    Options {
        idle_timeout: [None, Some(ms(700)), Some(secs(30))][random.usize(..3)],
        policy: [Policy::PickFirst, Policy::RoundRobin][random.usize(..2)],
        across_idle: [AcrossIdle::KeepWatching, AcrossIdle::StopAndRebuild, AcrossIdle::Frozen][random.usize(..3)],
        keep_connected: random.bool(),
        client_health: random.bool(),
        backoff: Backoff::default(),
        attempt_delay: ms(random.u64(0..3000)),
        shuffle: random.bool(),
        seed: random.u64(..),
    }
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let options = options(&mut random);
        Run {
            channel: Channel::new(options.clone()),
            invariants: Invariants::new(options),
            random,
            now: Elapsed::ZERO,
            active: 0,
            log: Vec::new(),
        }
    }

    fn give(&mut self, input: Input) {
        match input {
            Input::RpcStarted if self.channel.state() != ConnectivityState::Shutdown => self.active += 1,
            Input::RpcFinished if self.channel.state() != ConnectivityState::Shutdown => {
                self.active = self.active.saturating_sub(1);
            }
            _ => {}
        }
        self.invariants.before(&input);
        let mut effects = Vec::new();
        self.channel.handle(self.now, input.clone(), &mut effects);
        self.invariants.after(&self.channel, self.now, &input, &effects);
        assert_eq!(self.channel.active_rpcs(), self.active);
        if self.random.bool() {
            self.check_pick();
        }
        self.log.push((self.now, input, effects));
    }

    fn check_pick(&mut self) {
        match self.channel.pick() {
            Pick::Complete(id) => {
                assert!(self.invariants.established.contains(&id) && self.invariants.live.contains_key(&id));
                assert_eq!(self.channel.state(), ConnectivityState::Ready);
            }
            Pick::Queue => {
                assert!(matches!(self.channel.state(), ConnectivityState::Idle | ConnectivityState::Connecting));
            }
            Pick::Fail(text) => {
                assert!(!text.is_empty());
                let state = self.channel.state();
                assert!(matches!(state, ConnectivityState::TransientFailure | ConnectivityState::Shutdown), "{state}");
            }
        }
    }

    /// Processes every timer that is due; this must come to an end.
    fn timers(&mut self) {
        for round in 0.. {
            assert!(round < 20, "timers without end at {}: {:?}", self.now, self.log.last());
            if self.channel.deadline().is_none_or(|due| due > self.now) {
                return;
            }
            self.give(Input::TimePassed);
        }
    }

    fn connection(&mut self) -> ConnectionId {
        let live: Vec<_> = self.invariants.live.keys().copied().collect();
        if live.is_empty() || self.random.u8(..) < 30 {
            ConnectionId(self.random.u64(0..40))
        } else {
            live[self.random.usize(..live.len())]
        }
    }

    fn input(&mut self) -> Input {
        let connection = self.connection();
        match self.random.u8(0..64) {
            0..=3 => Input::Connect,
            4..=9 => Input::RpcStarted,
            10..=16 => Input::RpcFinished,
            17..=23 => Input::Resolved((0..self.random.u16(0..5)).map(|_| address(self.random.u16(1..6))).collect()),
            24..=25 => Input::ResolverFailed("no response".to_string()),
            26..=38 => Input::Connected(connection),
            39..=45 => {
                Input::ConnectFailed(connection, Failure::new(Stage::Tcp, FailureCode::Refused, "refused", ms(0)))
            }
            46..=48 => Input::GoingAway(connection, goaway(0, "max_age")),
            49..=52 => Input::Lost(connection, eof()),
            53..=58 => {
                let failed = Health::Failed {
                    code: GrpcStatus::Unavailable,
                    text: String::new(),
                    cause: crate::model::rpc::RpcCause::Status,
                };
                let words = [
                    Health::Serving,
                    Health::NotServing,
                    Health::Unknown,
                    Health::ServiceUnknown,
                    Health::Unimplemented,
                    failed,
                ];
                Input::Health(connection, words[self.random.usize(..words.len())].clone())
            }
            59..=61 => Input::TimePassed,
            62 => Input::ResetBackoff,
            _ if self.random.u8(..) < 40 => Input::Close,
            _ => Input::Connect,
        }
    }

    fn step(&mut self) {
        match self.random.u8(0..10) {
            0..=4 => {}
            5..=7 => self.now += ms(self.random.u64(0..400)),
            8 => self.now = self.channel.deadline().unwrap_or(self.now).max(self.now),
            _ => self.now += ms(self.random.u64(0..40_000)),
        }
        // A driver may be late, and an input may arrive before a timer that is due.
        if self.random.u8(..) < 200 {
            self.timers();
        }
        let input = self.input();
        self.give(input);
    }
}

#[test]
fn invariants_are_met_for_random_inputs() {
    let mut ready = 0;
    for seed in 0..12_000 {
        let mut run = Run::new(seed);
        for _ in 0..60 {
            run.step();
            ready += usize::from(run.channel.state() == ConnectivityState::Ready);
        }
    }
    assert!(ready > 50_000, "the sequences reach READY often enough to mean something: {ready}");
}

#[test]
fn the_same_inputs_give_the_same_effects() {
    for seed in 0..300 {
        let (mut one, mut other) = (Run::new(seed), Run::new(seed));
        for _ in 0..60 {
            one.step();
            other.step();
        }
        assert_eq!(one.log, other.log, "seed {seed}");
    }
}

#[test]
fn a_live_server_is_found_whatever_happened_before() {
    let mut tried = 0;
    for seed in 0..3_000 {
        let mut run = Run::new(seed);
        for _ in 0..60 {
            run.step();
        }
        let frozen = options(&mut fastrand::Rng::with_seed(seed)).across_idle == AcrossIdle::Frozen;
        if frozen || run.channel.state() == ConnectivityState::Shutdown {
            continue;
        }
        tried += 1;
        // An RPC waits, the resolver lists one live server, and every dial succeeds from now on.
        run.give(Input::RpcStarted);
        run.give(Input::Resolved(vec![address(1)]));
        for _ in 0..200 {
            if run.channel.state() == ConnectivityState::Ready {
                break;
            }
            for id in run.invariants.live.keys().copied().collect::<Vec<_>>() {
                run.give(Input::Connected(id));
                run.give(Input::Health(id, Health::Serving));
            }
            run.now = run.channel.deadline().unwrap_or(run.now).max(run.now);
            run.timers();
        }
        assert_eq!(run.channel.state(), ConnectivityState::Ready, "seed {seed}: {:#?}", run.log.last());
    }
    assert!(tried > 1_000, "{tried}");
}
