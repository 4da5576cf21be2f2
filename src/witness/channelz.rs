//! channelz (gRFC A14): a process reports its own channels, subchannels and sockets over gRPC.

mod address;
mod budget;
mod messages;
mod read;
mod served;
mod trace;
mod view;

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use tonic::Code;

use super::{ReadError, ReadScope, Reading, ServedReading, Witness, WitnessContext};
use crate::model::client::Unread;
use crate::model::endpoint::Address;
use crate::model::reach::Failure;
use crate::model::rpc::RpcCause;
use crate::transport::{Connection, RpcFailure, Transport};
use crate::witness::noted_dial::NotedDial;

/// The name of this witness.
const NAME: &str = "channelz";

/// How to expose it, for a server without it.
const EXPOSE: &str = "Register channelz on a port that can be reached from here: Go `service.RegisterChannelzServiceToServer(server)`, Python \
     `channelz.add_channelz_servicer(server)`, Java `ChannelzService.newInstance(100)`, Node `addAdminServicesToServer(server)`; docs/clients.md has more.";

/// Reads `grpc.channelz.v1`.
#[derive(Debug)]
pub struct Channelz;

impl Witness for Channelz {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forms(&self) -> &'static [(&'static str, &'static str)] {
        &[("10.0.0.9:9000", "a process that serves channelz on this port")]
    }

    fn reads(&self, place: &str) -> bool {
        // A process id is not an address, although `pid:4242` looks like one.
        !place.starts_with("pid:") && place.parse::<Address>().is_ok()
    }

    fn clients(
        &self,
        place: &str,
        scope: &ReadScope,
        context: &WitnessContext,
    ) -> BoxFuture<'static, Result<Reading, ReadError>> {
        let (place, scope, context) = (place.to_string(), scope.clone(), context.clone());
        Box::pin(async move {
            let address: Address = place.parse().map_err(|error| ReadError {
                why: format!("{error}"),
                remedy: None,
                is_another: false,
            })?;
            let (connection, _) = connect(&context, address).await?;
            let result = read::clients(&connection, &place, &scope).await;
            connection.close().await;
            result.map_err(|failure| refused(&failure))
        })
    }

    fn served(
        &self,
        endpoint: &Address,
        context: &WitnessContext,
    ) -> Option<BoxFuture<'static, Result<ServedReading, ReadError>>> {
        let (endpoint, context) = (endpoint.clone(), context.clone());
        Some(Box::pin(async move {
            let (connection, ours) = connect(&context, endpoint.clone()).await?;
            let result = served::read(&connection, &endpoint, ours).await;
            connection.close().await;
            result.map_err(|failure| refused(&failure))
        }))
    }
}

/// The connection, and its local address.
async fn connect(context: &WitnessContext, address: Address) -> Result<(Connection, Option<Address>), ReadError> {
    let dial = Arc::new(NotedDial::new(context.dial.clone()));
    let transport = Transport::new(context.options.clone(), dial.clone());
    let connection = transport.connect(address, |_| {}).await.map_err(|failure| not_reached(&failure))?;
    Ok((connection, dial.local()))
}

fn not_reached(failure: &Failure) -> ReadError {
    ReadError { why: failure.to_string(), remedy: None, is_another: false }
}

fn refused(failure: &RpcFailure) -> ReadError {
    match (&failure.cause, failure.code) {
        (RpcCause::Status, Code::Unimplemented) => ReadError {
            why: "the server has no channelz service (UNIMPLEMENTED)".to_string(),
            remedy: Some(EXPOSE.to_string()),
            is_another: true,
        },
        (_, Code::Unauthenticated | Code::PermissionDenied) => ReadError {
            why: format!("the server refuses to show channelz: {}", failure.text),
            remedy: Some("Send the metadata that the server requires with -H 'name: value'.".to_string()),
            is_another: false,
        },
        _ => ReadError { why: failure.text.clone(), remedy: None, is_another: true },
    }
}

/// What a limit left out.
fn partial(process: &str, why: String) -> Unread {
    Unread { process: process.to_string(), witness: NAME, why, remedy: None, is_partial: true }
}

/// Our clock.
fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "what a process shows is compared with the date of the reading")]
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_a_process_id_is_not_one() {
        for place in ["10.0.0.9:9000", "[::1]:9000", "pay.example:9000"] {
            assert!(Channelz.reads(place), "{place}");
        }
        for place in ["pid:4242", "pids", "10.0.0.9"] {
            assert!(!Channelz.reads(place), "{place}");
        }
    }
}
