//! grpc-discover as a library.

pub mod backend;
pub mod channel;
pub mod diagnosis;
pub mod model;
pub mod session;
pub mod transport;
