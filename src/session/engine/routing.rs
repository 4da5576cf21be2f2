//! Connects discovery and the channel: reports their events, passes their effects to the driver, and passes a changed
//! list from discovery to the channel.

use super::health::Vitals;
use super::{Effect, Engine, EngineConnection};
use crate::channel;
use crate::model::event::EventKind;
use crate::session::discovery::{Discovery, Step};

impl Engine {
    /// Runs discovery and executes its steps; a changed list goes to the channel.
    pub(super) fn discover(&mut self, run: impl FnOnce(&mut Discovery, &mut Vec<Step>)) {
        let mut steps = Vec::new();
        run(&mut self.discovery, &mut steps);
        let mut changed = false;
        let mut error = None;
        self.models.unread |= steps.iter().any(|step| matches!(step, Step::Report(_)));
        for step in steps {
            match step {
                Step::Query { source, generation } => self.effects.push(Effect::Query { source, generation }),
                Step::Drop { source } => self.effects.push(Effect::Drop { source }),
                Step::Report(kind) => {
                    match &*kind {
                        EventKind::Endpoints(_) => changed = true,
                        EventKind::Backend(report) => error = report.error.as_ref().map(|e| e.text.clone()).or(error),
                        _ => {}
                    }
                    self.report(*kind);
                }
            }
        }
        if changed {
            self.gate_lists();
            self.channel(channel::Input::Resolved(self.discovery.usable()));
        } else if let Some(error) = error
            && self.discovery.is_broken()
        {
            self.channel(channel::Input::ResolverFailed(error));
        }
    }

    /// Runs the channel, if there is one, and executes its effects.
    pub(super) fn channel(&mut self, input: channel::Input) {
        let Some(channel) = self.channel.as_mut() else { return };
        let mut effects = Vec::new();
        channel.handle(self.now, input, &mut effects);
        for effect in effects {
            match effect {
                channel::Effect::StartResolver => self.start_resolver(),
                channel::Effect::StopResolver => self.discover(|discovery, steps| discovery.stop(steps)),
                channel::Effect::ResolveNow => self.effects.push(Effect::ResolveNow),
                channel::Effect::Open { connection, address, deadline } => {
                    let link = EngineConnection {
                        address: address.clone(),
                        since: self.now,
                        connected: false,
                        end_reported: false,
                        vitals: Vitals::default(),
                        is_counted: false,
                        proxy: None,
                        last_rpc: self.now,
                        responded: self.now,
                        liveness_due: None,
                    };
                    self.connections.insert(connection, link);
                    self.effects.push(Effect::Open { connection, address, deadline });
                }
                channel::Effect::Close { connection, drain } => {
                    // A call in flight on a draining connection continues; the link ends with its response.
                    if !drain {
                        self.connection_gone(connection, "the channel closed the connection");
                    }
                    if !drain || !self.is_called_on(connection) {
                        self.forget_connection(connection);
                    }
                    self.effects.push(Effect::Close { connection, drain });
                }
                channel::Effect::WatchHealth(connection) => self.open_watch(connection),
                channel::Effect::Publish(transition) => {
                    self.report(EventKind::Transition(transition));
                }
            }
        }
        self.route_call();
    }

    /// The channel requests a list: quiet sources are queried; for sources that are watched, the known list is used.
    pub(super) fn start_resolver(&mut self) {
        if self.discovery.is_running() {
            if self.discovery.any_response() {
                self.channel(channel::Input::Resolved(self.discovery.usable()));
            }
        } else {
            let now = self.now;
            self.discover(|discovery, steps| discovery.start(now, steps));
        }
    }
}
