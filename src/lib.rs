//! Is this gRPC service findable, reachable, and would its clients notice a change?
//!
//! The library behind the command `grpc-discover`: it resolves a service through several registries, opens real gRPC
//! channels with an idle timeout of your choice, tells every connectivity transition with its cause, and judges.
//!
//! ```
//! use grpc_discover::model::event::EventKind;
//! use grpc_discover::session::{Plan, Session};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Nobody listens on port 1: the verdict is "failed", and the finding says why.
//! let plan = Plan::builder().target("127.0.0.1:1".parse()?).build()?;
//! let mut session = Session::start(plan);
//! let mut findings = Vec::new();
//! while let Some(event) = session.next().await {
//!     match event.kind {
//!         EventKind::Finding(finding) => findings.push(finding.kind.name),
//!         EventKind::Summary(summary) => assert_eq!(summary.exit, 2),
//!         _ => {}
//!     }
//! }
//! assert_eq!(findings, ["CONNECTION_REFUSED"]);
//! # Ok(())
//! # }
//! ```
//!
//! A [`session::Plan`] says what to do, a [`session::Session`] does it, [`model::event::Event`]s come out. The parts work
//! alone, too: [`channel::Channel`] is a gRPC channel as a pure state machine, [`transport::Transport`] reaches one
//! address, [`backend::BACKENDS`] are the registries, [`diagnosis::judge`] concludes from events.
//!
//! Options have defaults and are set field by field, so that a new one breaks no program. What names events, causes and reasons is
//! non-exhaustive for the same reason. A small set that is complete by its meaning (the connectivity states, the verdicts on a
//! service, the severities) is not: a match on it needs no wildcard.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests look at the real clock and environment"))]

pub mod backend;
pub mod channel;
pub mod diagnosis;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod layout;
pub mod lens;
pub mod model;
mod net;
pub mod platform;
pub mod session;
pub mod text;
pub mod transport;

/// The pages whose examples are compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/backends.md")]
struct Pages;
