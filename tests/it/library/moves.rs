//! The program of docs/library.md with a real Consul agent and real gRPC servers that move while it makes no calls.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::program::Program;
use crate::support::consul::{ConsulAgent, Mode};
use crate::support::grpc::{GrpcServer, Kind};

/// The list is current, and no call fails, when this has passed after a move.
const LIMIT: Duration = Duration::from_secs(1);

/// The service: one server that is registered as `pay`, and its registry.
struct Pay {
    agent: ConsulAgent,
    server: GrpcServer,
    moves: u32,
}

impl Pay {
    fn start(mode: Mode) -> Option<Pay> {
        let server = GrpcServer::start(Kind::Go, &[])?;
        let agent = ConsulAgent::start(mode)?;
        agent.register_simple("pay", "pay-0", server.address.port());
        Some(Pay { agent, server, moves: 0 })
    }

    fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The server is killed and deregistered, and another one is registered; returns when that was done.
    fn moves(&mut self) -> Instant {
        let next = GrpcServer::start(Kind::Go, &[]).unwrap();
        std::mem::replace(&mut self.server, next).kill();
        self.agent.deregister(&format!("pay-{}", self.moves));
        self.moves += 1;
        self.agent.register_simple("pay", &format!("pay-{}", self.moves), self.address().port());
        Instant::now()
    }
}

/// The result of a call that reached `address` at its first attempt.
fn at_once(address: SocketAddr) -> String {
    format!("ok {address}, attempt 1")
}

/// Calls from now on until [`LIMIT`] after `moved` has passed, and 20 times more: none fails, and those after the limit
/// reach `address` at their first attempt.
fn calls_reach(program: &mut Program, address: SocketAddr, moved: Instant) {
    let mut later = 0;
    while later < 20 {
        let started = Instant::now();
        let (_, result) = program.call();
        let after = started.saturating_duration_since(moved);
        assert!(result.starts_with(&format!("ok {address}, ")), "{after:?} after the move: {:#?}", program.seen);
        if after > LIMIT {
            later += 1;
            assert_eq!(result, at_once(address), "{after:?} after the move: {:#?}", program.seen);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn calls_follow_a_service_that_moved_while_nothing_was_called() {
    let Some(mut pay) = Pay::start(Mode::Dev) else { return };
    let mut program = Program::start(&pay.agent.address());
    assert_eq!(program.call().1, at_once(pay.address()));
    for _ in 0..3 {
        let moved = pay.moves();
        calls_reach(&mut program, pay.address(), moved);
    }
    // Nothing is called before the limit: the list is current without a call.
    for _ in 0..3 {
        let moved = pay.moves();
        std::thread::sleep((moved + LIMIT).saturating_duration_since(Instant::now()));
        assert_eq!(program.call().1, at_once(pay.address()), "{:#?}", program.seen);
    }
}

#[test]
fn a_registry_that_restarts_while_nothing_is_called_hides_no_move() {
    let Some(mut pay) = Pay::start(Mode::Persistent) else { return };
    let mut program = Program::start(&pay.agent.address());
    assert_eq!(program.call().1, at_once(pay.address()));
    for waits in [true, false] {
        pay.agent.kill();
        program.wait_for(|line| line.starts_with("registry broken"));
        assert_eq!(program.call().1, at_once(pay.address()), "the last list is kept");
        pay.agent.start_again();
        // Without waiting, the service moves before the program has queried the registry again.
        if waits {
            program.wait_for(|line| line == "registry recovered");
        }
        let moved = pay.moves();
        calls_reach(&mut program, pay.address(), moved);
    }
}

#[test]
fn an_empty_list_keeps_the_last_endpoints() {
    let Some(pay) = Pay::start(Mode::Dev) else { return };
    let mut program = Program::start(&pay.agent.address());
    assert_eq!(program.call().1, at_once(pay.address()));
    pay.agent.deregister("pay-0");
    program.wait_for(|line| line.starts_with("no endpoint is listed"));
    assert_eq!(program.call().1, at_once(pay.address()));
}
