//! A session besides its next event: its events as a stream, its current state, and a refresh of its lists.

use futures_util::{Stream, stream};

use super::{Input, Session};
use crate::channel::Channel;
use crate::model::endpoint::Address;
use crate::model::event::Event;
use crate::model::pending::PendingReport;

impl Session {
    /// The events of [`next`](Session::next) as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Event> + Send {
        stream::unfold(self, |mut session| async { session.next().await.map(|event| (event, session)) })
    }

    /// What the session is waiting for now, for a progress line: the registries and endpoints without a result.
    pub fn pending(&mut self) -> Vec<PendingReport> {
        self.engine.pending(self.elapsed(), self.stages())
    }

    /// The current state of the channel, for a live table; `None` when the goal needs no channel.
    pub fn channel(&self) -> Option<&Channel> {
        self.engine.channel_view()
    }

    /// A client of the service needs the current list: a connection failed, or its channel leaves IDLE. Registries that
    /// are polled are queried now, and those that could not be queried are tried again without their full backoff; a
    /// registry that is watched needs neither. May be called at every failed call: queries are limited.
    pub fn refresh(&mut self) {
        self.feed(Input::Refresh);
    }

    /// The addresses that a client of the registries would use now, each once: those that some source lists as usable,
    /// and none as critical or draining. `None` while no source has returned a list, which is not an empty list.
    pub fn usable(&self) -> Option<Vec<Address>> {
        self.engine.usable()
    }
}
