//! What tests of several rooms need.

pub mod dns_server;
pub mod leftovers;
pub mod peers;
