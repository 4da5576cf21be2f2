//! Everything that needs sockets, processes or files: one binary, one module per room.
#![expect(clippy::unwrap_used, reason = "a test whose setting cannot be built has failed")]

mod backend;
mod support;
