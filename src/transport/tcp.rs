//! Sockets, and the kernel's words for what went wrong with them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use tokio::net::{TcpSocket, TcpStream};

#[cfg(target_os = "linux")]
use super::tcp_info;
use super::{Dial, Io, tls};
use crate::model::endpoint::Address;
use crate::model::hold::TcpState;
use crate::model::reach::FailureCode;

/// Real sockets: TCP (always without Nagle's delay) and Unix domain sockets.
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
                let text = format!("{other} cannot be dialled on this system");
                Box::pin(async { Err(io::Error::new(io::ErrorKind::Unsupported, text)) })
            }
        }
    }
}

fn boxed<S: Io + 'static>(
    connecting: impl Future<Output = io::Result<S>> + Send + 'static,
) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
    Box::pin(async move { Ok(Box::new(connecting.await?) as Box<dyn Io>) })
}

async fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

/// The stable word for an error of the operating system, and the kernel's own sentence: `connection refused`.
pub(super) fn classify(error: &io::Error) -> (FailureCode, String) {
    use io::ErrorKind;
    // EMFILE and ENFILE (the same on every Unix), ENOBUFS (Linux, BSD): the standard library has no word for them.
    const OUT_OF: [i32; 4] = [24, 23, 105, 55];
    let code = match error.kind() {
        ErrorKind::ConnectionRefused => FailureCode::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => FailureCode::Unreachable,
        ErrorKind::ConnectionReset => FailureCode::Reset,
        ErrorKind::TimedOut => FailureCode::TimedOut,
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => FailureCode::Closed,
        ErrorKind::PermissionDenied
        | ErrorKind::AddrNotAvailable
        | ErrorKind::AddrInUse
        | ErrorKind::OutOfMemory
        | ErrorKind::Unsupported => FailureCode::Local,
        _ if error.raw_os_error().is_some_and(|number| OUT_OF.contains(&number)) => FailureCode::Local,
        _ => FailureCode::Io,
    };
    (code, words(error))
}

/// [`classify`] for a connection attempt to `address`: a Unix socket fails in ways of its own.
pub(super) fn classify_dial(address: &Address, error: &io::Error) -> (FailureCode, String) {
    use io::ErrorKind;
    let unix = matches!(address, Address::Unix(_) | Address::UnixAbstract(_));
    let (code, text) = classify(error);
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::InvalidInput
            if unix =>
        {
            (FailureCode::NoSocket, text)
        }
        ErrorKind::WouldBlock if unix => (FailureCode::Refused, format!("{text}: the listener's queue is full")),
        _ => (code, text),
    }
}

/// What the kernel's TCP knows of the connection under `io`; `None` when it is none of TCP, or the system does not tell.
pub(super) fn state(io: &dyn Io) -> Option<TcpState> {
    match (io.as_any().downcast_ref::<TcpStream>(), tls::beneath(io)) {
        #[cfg(target_os = "linux")]
        (Some(stream), _) => tcp_info::read(stream),
        #[cfg(not(target_os = "linux"))]
        (Some(_), _) => None,
        (None, Some(beneath)) => state(beneath),
        (None, None) => None,
    }
}

/// The error in lower case, without the number that the standard library appends.
pub(super) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = match text.rfind(" (os error ") {
        Some(end) => &text[..end],
        None => &text,
    };
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        // "Connection refused", but not "TLS …".
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_speaks_in_its_own_words() {
        let of = |number| classify(&io::Error::from_raw_os_error(number));
        assert_eq!(of(111), (FailureCode::Refused, "connection refused".to_string()));
        assert_eq!(of(113), (FailureCode::Unreachable, "no route to host".to_string()));
        assert_eq!(of(101).0, FailureCode::Unreachable);
        assert_eq!(of(104).0, FailureCode::Reset);
        assert_eq!(of(110).0, FailureCode::TimedOut);
        assert_eq!(of(24), (FailureCode::Local, "too many open files".to_string()));
        assert_eq!(of(99).0, FailureCode::Local);
        assert_eq!(of(1).0, FailureCode::Local);
        assert_eq!(of(5).0, FailureCode::Io);
    }

    #[test]
    fn a_missing_unix_socket_is_no_socket() {
        let unix = Address::Unix("/run/none.sock".into());
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(classify_dial(&unix, &missing), (FailureCode::NoSocket, "no such file or directory".to_string()));
        assert_eq!(classify_dial(&unix, &io::Error::from_raw_os_error(111)).0, FailureCode::Refused);
        assert_eq!(classify_dial(&unix, &io::Error::from_raw_os_error(11)).0, FailureCode::Refused);
    }
}
