//! Byte streams to a peer, the same for endpoints and registries.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;

use crate::model::endpoint::Address;

/// A byte stream to a peer.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// The TCP socket under the stream, for the kernel's facts about the connection; `None` if there is none.
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }
}

impl Io for TcpStream {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

#[cfg(unix)]
impl Io for tokio::net::UnixStream {}

/// In-memory pipes for tests.
impl Io for DuplexStream {}

impl<S: Io> Io for TlsStream<S> {
    fn tcp(&self) -> Option<&TcpStream> {
        self.get_ref().0.tcp()
    }
}

impl<S: Io + ?Sized> Io for Box<S> {
    fn tcp(&self) -> Option<&TcpStream> {
        (**self).tcp()
    }
}

/// Connects to addresses: sockets in production, in-memory pipes in tests.
pub trait Dial: Send + Sync {
    /// Connects to `address`. No time limit of its own. The transport never passes an [`Address::Name`]: it resolves
    /// names before.
    fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>>;
}

/// Sockets to endpoints: TCP (always without Nagle's delay) and Unix domain sockets. Names are not looked up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sockets;

impl Dial for Sockets {
    fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        match address {
            Address::Ip(socket) => boxed(tcp(*socket)),
            #[cfg(unix)]
            Address::Unix(path) => boxed(tokio::net::UnixStream::connect(path.clone())),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Address::UnixAbstract(name) => boxed(tokio::net::UnixStream::connect(format!("\0{name}"))),
            other => {
                let text = format!("{other} is not supported on this system");
                Box::pin(async { Err(io::Error::new(io::ErrorKind::Unsupported, text)) })
            }
        }
    }
}

pub(super) fn boxed<S: Io>(
    connecting: impl Future<Output = io::Result<S>> + Send + 'static,
) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
    Box::pin(async move { Ok(Box::new(connecting.await?) as Box<dyn Io>) })
}

pub(super) async fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_nodelay(true)?;
    socket.connect(address).await
}
