//! [`Connection`]: an established connection, and the events that happen to it.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tonic::Code;

use super::grpc::{Call, Grpc};
use super::health;
use super::http2::Driver;
use super::rpc_failure::RpcFailure;
use super::wire::{ConnectionEvent, Wire};
use crate::model::proxy::Proxy;
use crate::model::reach::Health;
use crate::text::duration;

/// The maximum duration of `close`.
const CLOSING: Duration = Duration::from_secs(1);
/// An established connection: the server's SETTINGS were read. Dropping it closes the socket at once.
pub struct Connection {
    grpc: Grpc,
    wire: Arc<Wire>,
    /// Drives the connection, owns the socket.
    task: JoinHandle<()>,
    rpc_timeout: Duration,
}

impl Connection {
    /// Moves `driver` to a task. Must be called inside a tokio runtime.
    pub(super) fn new(driver: Driver, grpc: Grpc, wire: Arc<Wire>, rpc_timeout: Duration) -> Connection {
        Connection { grpc, wire, task: tokio::spawn(driver), rpc_timeout }
    }

    /// One `Health/Check`: the health and how long the call took. A connection that is lost meanwhile is a result too
    /// ([`Health::Failed`]). The future is independent of `self`: the connection can be waited on at the same time.
    pub fn check(&self, service: Arc<str>) -> impl Future<Output = (Health, Duration)> + Send + 'static {
        health::check(self.grpc.clone(), service, self.rpc_timeout)
    }

    /// `Health/Watch`: every status that the server sends. The last item is the end of the RPC:
    /// [`Health::Unimplemented`], [`Health::ServiceUnknown`] for NOT_FOUND, or [`Health::Failed`]. Dropping the
    /// stream cancels the RPC.
    pub fn watch(&self, service: Arc<str>) -> impl futures_util::Stream<Item = Health> + Send + Unpin + 'static {
        health::watch(self.grpc.clone(), service)
    }

    /// A unary call of the method at `path` (`/package.Service/Method`), within the time limit of an RPC, whose response
    /// has at most `longest` bytes.
    pub(crate) async fn call<Q, A>(&self, path: &'static str, request: Q, longest: usize) -> Result<A, RpcFailure>
    where
        Q: prost::Message,
        A: prost::Message + Default,
    {
        let limit = self.rpc_timeout;
        let stream = AtomicU32::new(0);
        let call = Call { path, request, limit: Some(limit), longest, stream: Some(&stream) };
        match tokio::time::timeout(limit, self.grpc.unary(call)).await {
            Ok(result) => result,
            Err(_) => {
                let (cause, why) = self.grpc.given_up(stream.load(Ordering::Acquire)).await;
                Err(RpcFailure::new(Code::DeadlineExceeded, format!("{why} within {}", duration(limit)), cause))
            }
        }
    }

    /// The proxy that the headers of the last response named, if they named one.
    pub fn proxy(&self) -> Option<Arc<Proxy>> {
        self.wire.proxy()
    }

    /// Waits for the next event of the connection. Cancel safe. After [`ConnectionEvent::Lost`] the same event is
    /// returned again.
    pub async fn event(&mut self) -> ConnectionEvent {
        poll_fn(|cx| self.wire.poll_event(cx)).await
    }

    /// Sends GOAWAY, then closes the socket, whatever is in flight. Takes one second at most.
    pub async fn close(mut self) {
        self.wire.kill();
        self.wire.driver.wake();
        // Whether or not the task has ended: it is gone after the drop.
        let _ = tokio::time::timeout(CLOSING, &mut self.task).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.wire.kill();
        self.task.abort();
    }
}
