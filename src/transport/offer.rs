//! Finds out what a server would accept that had nothing in common with a handshake: up to two more connections, with
//! only a ClientHello on each.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::net::dial::Io;
use crate::net::tls::{HelloResponse, Offered, TlsFailure, answer, client_hello};

/// A response is shorter than that: a chain of certificates is some kilobytes.
const LONGEST: usize = 64 * 1024;

/// What the client and the server do not have in common; `None` when the responses do not show it.
pub(super) async fn missing<F: Future<Output = Option<Box<dyn Io>>>>(
    dial: impl Fn() -> F,
    server_name: &str,
    deadline: Instant,
) -> Option<TlsFailure> {
    let name = server_name.parse::<std::net::IpAddr>().is_err().then_some(server_name);
    let older = send_hello(dial().await?, Offered::UpTo12, name, deadline).await;
    if let Some(failure) = older.as_ref().and_then(HelloResponse::lacks) {
        return Some(failure);
    }
    let newer = send_hello(dial().await?, Offered::Only13, name, deadline).await;
    match newer {
        Some(newer) => newer.lacks().or_else(|| Some(newer.wants_another_signature())),
        None => None,
    }
}

async fn send_hello(
    mut io: Box<dyn Io>,
    offered: Offered,
    name: Option<&str>,
    deadline: Instant,
) -> Option<HelloResponse> {
    let hello = client_hello(offered, name, std::array::from_fn(|_| fastrand::u8(..)));
    let mut read = Vec::new();
    let talk = async {
        io.write_all(&hello).await.ok()?;
        loop {
            let response = answer(&read);
            if read.len() > LONGEST || response.as_ref().is_some_and(HelloResponse::is_complete) {
                return response;
            }
            match io.read_buf(&mut read).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return response,
            }
        }
    };
    timeout_at(deadline, talk).await.ok()?
}
