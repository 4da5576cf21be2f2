//! `tonic_client check ADDR | many FILE | hold FILE | watch ADDR`: the simplest client with tonic.

use std::net::SocketAddrV4;

use futures_util::{StreamExt, stream};
use peers::Result;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const IN_FLIGHT: usize = 256;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["check", address] => {
            check(address.parse()?).await?;
            println!("SERVING");
            Ok(())
        }
        ["many", file] => many(file).await,
        ["hold", file] => hold(file).await,
        ["watch", address] => watch(address.parse()?).await,
        _ => Err("tonic_client check ADDR | many FILE | hold FILE | watch ADDR".into()),
    }
}

async fn check(address: SocketAddrV4) -> Result<HealthClient<Channel>> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let mut client = HealthClient::new(channel);
    let answer = client.check(HealthCheckRequest::default()).await?.into_inner();
    match answer.status() {
        ServingStatus::Serving => Ok(client),
        other => Err(format!("{address}: {}", other.as_str_name()).into()),
    }
}

async fn many(file: &str) -> Result<()> {
    peers::raise_open_files()?;
    let addresses = peers::addresses(file)?;
    let mut results = stream::iter(addresses).map(check).buffer_unordered(IN_FLIGHT);
    let mut serving = 0;
    while let Some(result) = results.next().await {
        drop(result?);
        serving += 1;
    }
    println!("serving {serving}");
    Ok(())
}

async fn hold(file: &str) -> Result<()> {
    peers::raise_open_files()?;
    let mut held = Vec::new();
    for address in peers::addresses(file)? {
        held.push(check(address).await?);
    }
    println!("connected {}", held.len());
    tokio::task::spawn_blocking(|| peers::wait_for_end_of_stdin().map_err(|error| error.to_string())).await??;
    Ok(())
}

/// The end of a connection is visible only as the end of an RPC: of a Watch.
async fn watch(address: SocketAddrV4) -> Result<()> {
    loop {
        let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
        let mut statuses = HealthClient::new(channel).watch(HealthCheckRequest::default()).await?.into_inner();
        while let Ok(Some(_)) = statuses.message().await {
            println!("ready");
        }
        println!("lost");
    }
}
