//! The vocabulary every room shares: plain data, no I/O, no async, no clock.

pub mod certificate;
pub mod connectivity;
pub mod dates;
pub mod disconnect;
pub mod endpoint;
pub mod event;
pub mod finding;
pub mod grpc_status;
pub mod health;
pub mod hold;
pub mod host_port;
pub(crate) mod json;
pub mod lens;
pub mod pending;
pub mod proxy;
pub mod proxy_env;
pub mod reach;
pub mod registry;
pub mod resolution;
pub mod rpc;
pub mod secret;
pub(crate) mod services;
pub mod target;
pub mod time;
pub mod tls_report;
pub mod violation;
