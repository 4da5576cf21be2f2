//! In-memory peers: a [`Dial`] over [`tokio::io::duplex`] pipes, for tests on a paused clock (real sockets and a paused
//! clock do not go together: timers fire while bytes are on their way).
//!
//! ```
//! use grpc_discover::transport::memory::Memory;
//!
//! let memory = Memory::new();
//! memory.serve("10.0.0.1:80".parse()?, |pipe| {
//!     tokio::spawn(async move {
//!         // Use HTTP/2 over `pipe`; dropping it closes the connection.
//!         drop(pipe);
//!     });
//! });
//! memory.hang("10.0.0.2:80".parse()?);
//! # Ok::<(), grpc_discover::model::endpoint::AddressError>(())
//! ```

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::io::DuplexStream;

use crate::model::endpoint::Address;
use crate::net::dial::{Dial, Io};

/// The capacity of a pipe.
const PIPE: usize = 64 * 1024;

/// A network of pipes. An address that is not registered refuses connections. Clones are the same network.
#[derive(Clone, Default)]
pub struct Memory {
    peers: Arc<Mutex<HashMap<Address, Peer>>>,
}

#[derive(Default)]
struct Peer {
    manner: Manner,
    dials: usize,
}

#[derive(Clone, Default)]
enum Manner {
    #[default]
    Refuse,
    Hang,
    Serve(Arc<dyn Fn(DuplexStream) + Send + Sync>),
}

impl Memory {
    /// A network without peers.
    pub fn new() -> Self {
        Memory::default()
    }

    /// Connections to `address` succeed at once; `serve` gets the server's end of each, inside the dialer's runtime.
    /// It must not block: it usually spawns a task.
    pub fn serve(&self, address: Address, serve: impl Fn(DuplexStream) + Send + Sync + 'static) {
        self.set(address, Manner::Serve(Arc::new(serve)));
    }

    /// Connections to `address` are refused.
    pub fn refuse(&self, address: Address) {
        self.set(address, Manner::Refuse);
    }

    /// Connections to `address` are never answered, as if packets were dropped.
    pub fn hang(&self, address: Address) {
        self.set(address, Manner::Hang);
    }

    /// How many times `address` was dialed.
    pub fn dials(&self, address: &Address) -> usize {
        self.peers().get(address).map_or(0, |peer| peer.dials)
    }

    fn set(&self, address: Address, manner: Manner) {
        self.peers().entry(address).or_default().manner = manner;
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<Address, Peer>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dial for Memory {
    fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let manner = {
            let mut peers = self.peers();
            let peer = peers.entry(address.clone()).or_default();
            peer.dials += 1;
            peer.manner.clone()
        };
        Box::pin(async move {
            match manner {
                Manner::Refuse => Err(io::ErrorKind::ConnectionRefused.into()),
                Manner::Hang => std::future::pending().await,
                Manner::Serve(serve) => {
                    let (ours, theirs) = tokio::io::duplex(PIPE);
                    serve(theirs);
                    Ok(Box::new(ours) as Box<dyn Io>)
                }
            }
        })
    }
}
