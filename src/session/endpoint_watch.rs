//! [`EndpointWatch`]: the endpoints of a service, kept current, for a program that calls it.

use futures_util::{Stream, stream};

use super::{Goal, Plan, Session};
use crate::model::endpoint::Address;
use crate::model::event::{Event, EventKind};

/// Follows the endpoints of one service. Contacts registries only, never an endpoint.
///
/// A registry that fails keeps its last list and is queried again with backoff. One empty list proves nothing: the
/// registry is queried again before its endpoints are reported as removed. Nothing here depends on the program's calls,
/// so the list is current after an idle period too.
///
/// Take the updates in a task of their own: nothing is processed while none is taken. Everything that the watch started
/// ends when it is dropped.
///
/// ```
/// use grpc_discover::session::{EndpointWatch, Plan};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let target = "ipv4:10.0.0.1:50051,10.0.0.2:50051".parse()?;
/// let mut endpoints = EndpointWatch::start(Plan::builder().target(target).build()?);
/// let update = endpoints.next().await.ok_or("the watch ended")?;
/// assert_eq!(update.usable, Some(vec!["10.0.0.1:50051".parse()?, "10.0.0.2:50051".parse()?]));
/// # Ok(())
/// # }
/// ```
pub struct EndpointWatch {
    session: Session,
}

/// A list that changed, or a registry whose watch changed its state.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EndpointUpdate {
    /// [`Session::usable`] when the update was taken. It may be newer than `event`, never older.
    pub usable: Option<Vec<Address>>,
    /// What happened: [`EventKind::Endpoints`] or [`EventKind::Backend`].
    pub event: Event,
}

impl EndpointWatch {
    /// Starts to follow the sources of `plan`; its goal is replaced by [`Goal::Resolve`] with `watch`. Must be called
    /// within a tokio runtime.
    pub fn start(mut plan: Plan) -> EndpointWatch {
        plan.goal = Goal::Resolve { watch: true };
        EndpointWatch { session: Session::start(plan) }
    }

    /// The next update; `None` when no source can be queried any more, as after a target that its backend rejects, or
    /// when a limit of the plan ends the watch. Cancel safe.
    pub async fn next(&mut self) -> Option<EndpointUpdate> {
        loop {
            let event = self.session.next().await?;
            if matches!(event.kind, EventKind::Endpoints(_) | EventKind::Backend(_)) {
                return Some(EndpointUpdate { usable: self.session.usable(), event });
            }
        }
    }

    /// [`Session::refresh`]: call it when a connection failed.
    pub fn refresh(&mut self) {
        self.session.refresh();
    }

    /// The updates of [`next`](Self::next) as a stream.
    pub fn into_stream(self) -> impl Stream<Item = EndpointUpdate> + Send {
        stream::unfold(self, |mut watch| async { watch.next().await.map(|update| (update, watch)) })
    }
}
