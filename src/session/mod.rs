//! The one module that may use all the others: plan, script, engine (pure), driver (clock and effects).

pub mod clients;
mod connection;
mod discovery;
mod driver;
mod endpoint_watch;
mod engine;
mod heartbeat;
mod orders;
pub mod plan;
mod propagation;

pub use crate::diagnosis::{Criteria, Ignored, MinReady};
pub use driver::Session;
pub use endpoint_watch::{EndpointUpdate, EndpointWatch};
pub use engine::ChannelRequest;
pub use plan::{CHECK_INTERVAL, Goal, IdleChecks, Lenses, Limits, Plan, PlanBuilder, PlanError, Source, Until};
