//! Calls the service `pay`, which Consul lists. Every line on stdin is one call; every line on stdout is a result, a
//! list of endpoints, or the state of the registry.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use grpc_discover::backend::Settings;
use grpc_discover::backend::settings::Variables;
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::event::EventKind;
use grpc_discover::session::{EndpointWatch, Plan};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// A channel for every endpoint.
type Channels = BTreeMap<Address, Channel>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN and the other variables of Consul's own clients.
    let settings = Settings::read(&Variables(|name: &str| std::env::var(name).ok()))?;
    let plan = Plan::builder().target("consul:///pay".parse()?).settings(settings).build()?;
    let (sender, mut channels) = watch::channel(Channels::new());
    let unavailable = Arc::new(Notify::new());
    tokio::spawn(follow(EndpointWatch::start(plan), sender, unavailable.clone()));

    let mut lines = BufReader::new(stdin()).lines();
    let mut turn = 0;
    while lines.next_line().await?.is_some() {
        let result = call(&mut channels, &unavailable, &mut turn).await;
        println!("{}", result.unwrap_or_else(|error| format!("failed: {error}")));
    }
    Ok(())
}

/// Keeps `channels` current. An endpoint that stays keeps its channel, and with it its connection.
async fn follow(mut endpoints: EndpointWatch, channels: watch::Sender<Channels>, unavailable: Arc<Notify>) {
    loop {
        let update = tokio::select! {
            update = endpoints.next() => update,
            () = unavailable.notified() => {
                endpoints.refresh();
                continue;
            }
        };
        let Some(update) = update else { return };
        if let EventKind::Backend(report) = &update.event.kind {
            let why = report.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            println!("registry {}{why}", report.status.as_str());
        }
        // `None`: no registry has returned a list yet.
        let Some(usable) = update.usable else { continue };
        if usable.is_empty() {
            println!("no endpoint is listed: the last ones are kept");
            continue;
        }
        channels.send_modify(|channels| {
            channels.retain(|address, _| usable.contains(address));
            for address in usable {
                if let Entry::Vacant(place) = channels.entry(address) {
                    match channel(place.key()) {
                        Ok(channel) => _ = place.insert(channel),
                        Err(error) => println!("cannot call {}: {error}", place.key()),
                    }
                }
            }
            println!("endpoints {:?}", channels.keys().map(Address::to_string).collect::<Vec<_>>());
        });
    }
}

/// A channel that connects at its first call, and again when its connection is lost.
fn channel(address: &Address) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    Ok(endpoint.connect_timeout(Duration::from_secs(1)).timeout(Duration::from_secs(5)).connect_lazy())
}

/// One call to the next endpoint. An endpoint that is unavailable may have moved a moment ago: the list is refreshed and
/// the call repeated, for at most a second.
async fn call(
    channels: &mut watch::Receiver<Channels>,
    unavailable: &Notify,
    turn: &mut usize,
) -> Result<String, Box<dyn Error>> {
    let repeat_until = Instant::now() + Duration::from_secs(1);
    let mut attempt = 0;
    loop {
        attempt += 1;
        let (address, channel) = {
            let channels = channels.wait_for(|channels| !channels.is_empty()).await?;
            let next = channels.iter().nth(*turn % channels.len()).ok_or("no endpoint")?;
            (next.0.clone(), next.1.clone())
        };
        *turn += 1;
        match HealthClient::new(channel).check(HealthCheckRequest::default()).await {
            Ok(_) => return Ok(format!("ok {address}, attempt {attempt}")),
            Err(status) if status.code() == Code::Unavailable && Instant::now() < repeat_until => {
                unavailable.notify_one();
                sleep(Duration::from_millis(50)).await;
            }
            Err(status) => return Err(format!("{address}: {:?}: {}", status.code(), status.message()).into()),
        }
    }
}
