//! A gRPC server that has only a health service, on a free port of 127.0.0.1.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// `grpc.health.v1.HealthCheckResponse { status: SERVING }` in gRPC's frame: not compressed, two bytes long.
const SERVING: [u8; 7] = [0, 0, 0, 0, 2, 0x08, 0x01];

/// A running server. Dropping it closes its port and its connections.
#[derive(Debug)]
pub struct Pod {
    address: SocketAddr,
    server: AbortHandle,
}

impl Pod {
    /// Starts a pod on a free port. Must be called within a tokio runtime.
    pub async fn start() -> io::Result<Pod> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(listen(listener)).abort_handle();
        Ok(Pod { address, server })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn listen(listener: TcpListener) {
    // The set owns the connections: aborting this task aborts them.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection until it is closed. Closes connections of clients that do not use HTTP/2 (such as a TLS
/// ClientHello during detection).
async fn serve(stream: TcpStream) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let mut calls = JoinSet::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        calls.spawn(answer(request, respond));
    }
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Result<(), h2::Error> {
    let method = request.uri().path().to_string();
    let mut body = request.into_body();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
    }
    let mut head = Response::new(());
    head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let status = |code: &'static str| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static(code));
        trailers
    };
    match method.as_str() {
        "/grpc.health.v1.Health/Check" => {
            let mut stream = respond.send_response(head, false)?;
            stream.send_data(Bytes::from_static(&SERVING), false)?;
            stream.send_trailers(status("0"))
        }
        "/grpc.health.v1.Health/Watch" => {
            let mut stream = respond.send_response(head, false)?;
            stream.send_data(Bytes::from_static(&SERVING), false)?;
            // The status never changes: wait until the client closes the stream.
            let _: Reason = std::future::poll_fn(|cx| stream.poll_reset(cx)).await?;
            Ok(())
        }
        _ => {
            head.headers_mut().extend(status("12"));
            respond.send_response(head, true).map(drop)
        }
    }
}
