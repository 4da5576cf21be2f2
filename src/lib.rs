//! Checks whether a gRPC service can be resolved and reached, and whether its clients would notice a change.
//!
//! The library behind the command `grpc-discover`: it resolves a service through several registries, opens real gRPC
//! channels with an idle timeout of your choice, reports every connectivity transition with its cause, and gives a
//! verdict.
//!
//! ```
//! use grpc_discover::model::event::EventKind;
//! use grpc_discover::session::{Plan, Session};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Nothing listens on port 1: the verdict is "failed", and the finding names the cause.
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
//! A [`session::Plan`] defines what to do, a [`session::Session`] does it and returns [`model::event::Event`]s. The
//! parts can be used alone, too: [`channel::Channel`] is a gRPC channel as a pure state machine,
//! [`transport::Transport`] reaches one address, [`backend::BACKENDS`] lists the registries, [`diagnosis::judge`] draws
//! the conclusions from the events.
//!
//! Options have defaults and are set field by field, so that a new option breaks no program. The enums of events,
//! causes and reasons are non-exhaustive for the same reason. A small set that is complete by its meaning (the
//! connectivity states, the verdicts on a service, the severities) is exhaustive: a match on it needs no wildcard.

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
