//! Checks whether a gRPC service can be resolved and reached, and whether its clients would notice a change.
//!
//! The library behind the command `grpc-discover`: it resolves a service through several registries, opens real gRPC
//! channels with an idle timeout of your choice, reports every connectivity transition with its cause, and gives a
//! verdict.
//!
//! | purpose | where to start |
//! |---|---|
//! | keep the endpoints of a service current, for a program that calls it | [`session::EndpointWatch`] |
//! | resolve, check every endpoint, make an idle cycle, watch a channel | [`session::Plan`] defines it, a [`session::Session`] does it and returns [`model::event::Event`]s |
//! | the registries and their settings | [`backend::BACKENDS`], [`backend::Settings`] |
//! | reach one address | [`transport::Transport`] |
//! | a gRPC channel as a pure state machine | [`channel::Channel`] |
//! | which addresses another framework's client would have | [`lens::LENSES`] |
//! | conclusions from events | [`diagnosis::judge`] |
//!
//! docs/library.md in the repository is a guide with a program that calls a service of Consul through tonic. Features:
//! one for each registry, and `cli` (default) for the command, which a program leaves out with
//! `default-features = false`.
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
pub mod witness;

/// The pages whose examples are compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/backends.md")]
#[doc = include_str!("../docs/library.md")]
struct Pages;
