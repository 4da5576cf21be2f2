//! `mass_server`: `grpc.health.v1` on every address of this machine. Prints its port; exits when stdin is closed.

use std::net::{Ipv4Addr, SocketAddr};

use peers::Result;
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    peers::raise_open_files()?;
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
    let listener = socket.listen(4096)?;
    println!("{}", listener.local_addr()?.port());
    let (_reporter, health) = tonic_health::server::health_reporter();
    let stop = async {
        let _ = tokio::io::stdin().read(&mut [0]).await;
    };
    // Without TCP_NODELAY some responses wait 40 ms for an acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::select! {
        served = Server::builder().add_service(health).serve_with_incoming(incoming) => Ok(served?),
        () = stop => Ok(()),
    }
}
