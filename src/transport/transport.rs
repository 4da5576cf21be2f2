//! [`Transport`]: reaches addresses.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;

use super::attempt::{Answering, Established};
use super::connection::Connection;
use super::establish::establish;
use super::grpc::Grpc;
use super::http2::drive;
use super::options::Options;
use super::progress::Progress;
use super::setup::Setup;
use super::wire::goaway_disconnect;
use super::{health, idle_check};
use crate::model::endpoint::Address;
use crate::model::idle_check::IdleCheckResult;
use crate::model::reach::{Failure, Health, Phase, Reach, Stage};
use crate::net::dial::Dial;

/// Reaches addresses, always with the same options. Cheap to clone; roots and certificates are read at the first use
/// of TLS.
#[derive(Clone)]
pub struct Transport {
    pub(super) setup: Arc<Setup>,
    progress: Progress,
}

impl Transport {
    /// A transport that dials with `dial`. Nothing is read or contacted yet.
    pub fn new(options: Options, dial: Arc<dyn Dial>) -> Self {
        Transport { setup: Arc::new(Setup::new(options, dial)), progress: Progress::default() }
    }

    /// The same transport, whose next attempt records its stage in `progress` while it runs.
    pub fn noting(&self, progress: &Progress) -> Transport {
        Transport { setup: self.setup.clone(), progress: progress.clone() }
    }

    /// Connects to `address` up to the server's SETTINGS, within the connect timeout. `report` is called for every
    /// stage as soon as it was passed. With [`TlsMode::Auto`](super::TlsMode::Auto) it is called as soon as the mode
    /// is known, and only for the stages in that mode.
    ///
    /// Must be polled inside a tokio runtime, on which one task is left to drive the connection.
    pub fn connect(
        &self,
        address: Address,
        report: impl FnMut(Phase) + Send + 'static,
    ) -> impl Future<Output = Result<Connection, Failure>> + Send + 'static {
        let (setup, progress) = (self.setup.clone(), self.progress.clone());
        async move {
            let Established { driver, grpc, wire, .. } = establish(&setup, &address, None, &progress, report).await?;
            Ok(Connection::new(driver, grpc, wire, setup.options.rpc_timeout))
        }
    }

    /// Connects to `address`, calls `Health/Check` for `service` once, leaves the connection idle for `idle_time`, then
    /// sends an HTTP/2 PING. Its response is waited for as long as for an RPC, or shorter when the kernel reports the
    /// end. The call matters: servers and proxies count idle time from the last call, and have another limit for
    /// connections without one. Frames that the protocol requires to be answered are answered during the idle time,
    /// and reported as an interruption.
    pub fn check_idle(
        &self,
        address: Address,
        service: Arc<str>,
        idle_time: Duration,
    ) -> impl Future<Output = IdleCheckResult> + Send + 'static {
        let setup = self.setup.clone();
        async move {
            // On the heap, and dropped before the idle time: an attempt is much larger than the connection that
            // results from it.
            let started = idle_check::start(&setup, &address, &service).boxed().await;
            drop(service);
            match started {
                Ok(connection) => connection.keep(idle_time, setup.options.rpc_timeout).await,
                Err(failure) => idle_check::not_reached(failure),
            }
        }
    }

    /// Connects, calls `grpc.health.v1.Health/Check` for `service`, closes: everything that a single probe shows. One
    /// task, and as few packets as the protocol allows. When the service is unknown or not serving, the health of
    /// other names is queried too.
    pub fn reach(&self, address: Address, service: Arc<str>) -> impl Future<Output = Reach> + Send + 'static {
        let (setup, progress) = (self.setup.clone(), self.progress.clone());
        async move {
            let mut phases = Vec::with_capacity(3);
            let limit = setup.options.rpc_timeout;
            let check = |grpc: Grpc| -> Answering { Box::pin(health::check(grpc, service.clone(), limit)) };
            let note = |phase| phases.push(phase);
            let established = establish(&setup, &address, Some(&check), &progress, note).await;
            let Established { mut driver, grpc, wire, answering } = match established {
                Ok(established) => established,
                Err(failure) => {
                    return Reach { phases, outcome: Err(failure), others: Vec::new(), proxy: None, goaway: None };
                }
            };
            progress.enter(Stage::Health);
            let checking = async {
                let answer = answering.unwrap_or_else(|| check(grpc.clone())).await;
                let others = match answer.0 {
                    Health::NotServing | Health::Unknown | Health::ServiceUnknown => {
                        // Boxed, as every rare stage is: each probe's task has room for the largest future.
                        Box::pin(health::others(grpc, &service, limit)).await
                    }
                    Health::Serving | Health::Unimplemented | Health::Failed { .. } => Vec::new(),
                };
                (answer, others)
            };
            let mut checking = pin!(checking);
            // If the response came together with the server's SETTINGS, their acknowledgement is sent with the
            // GOAWAY; else now.
            let answered = drive(&mut driver, checking.as_mut()).now_or_never();
            let (answer, others) = match answered {
                Some(answered) => answered,
                None => {
                    wire.release();
                    drive(&mut driver, checking).await
                }
            };
            let learned = wire.take_learned().into_iter();
            phases.extend(learned.map(|detail| Phase { stage: Stage::Health, took: Duration::ZERO, detail }));
            let goaway = wire.goaway().map(|goaway| goaway_disconnect(&goaway));
            wire.kill();
            // One poll sends GOAWAY, if the socket accepts it; dropping the driver closes the socket.
            poll_fn(|cx| {
                let _ = Pin::new(&mut driver).poll(cx);
                Poll::Ready(())
            })
            .await;
            Reach { phases, outcome: Ok(answer), others, proxy: wire.proxy(), goaway }
        }
    }
}
