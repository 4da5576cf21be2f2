//! [`NotedDial`]: a dialer that notes the local address of its last connection, so that a reading can leave out itself.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use crate::model::endpoint::Address;
use crate::transport::{Dial, Io};

/// Notes the local address of its last connection.
pub(super) struct NotedDial {
    inner: Arc<dyn Dial>,
    local: Arc<Mutex<Option<Address>>>,
}

impl NotedDial {
    /// Dials with `inner`.
    pub fn new(inner: Arc<dyn Dial>) -> Self {
        NotedDial { inner, local: Arc::default() }
    }

    /// The local address of the last connection, where it has one.
    pub fn local(&self) -> Option<Address> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Dial for NotedDial {
    fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let (dialing, local) = (self.inner.dial(address), self.local.clone());
        Box::pin(async move {
            let io = dialing.await?;
            let own = io.tcp().and_then(|tcp| tcp.local_addr().ok()).map(Address::from);
            *local.lock().unwrap_or_else(PoisonError::into_inner) = own;
            Ok(io)
        })
    }
}
