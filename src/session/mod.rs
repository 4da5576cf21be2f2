//! The one module that may use all the others: plan, script, engine (pure), driver (clock and effects).

mod connection;
mod discovery;
mod driver;
mod engine;
mod heartbeat;
mod lag;
mod orders;
pub mod plan;
mod script;

pub use crate::diagnosis::{Judging, MinReady};
pub use driver::Session;
pub use plan::{CHECK_INTERVAL, Goal, Holding, Lenses, Limits, Plan, PlanBuilder, PlanError, Source, Until};
