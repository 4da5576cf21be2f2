//! The pass through the list (gRFC A61): each address in turn, the next one after a failure or after the attempt
//! delay. It ends when every address has failed once; from then on each address is retried by itself.

use std::time::Duration;

use super::super::context::Context;
use super::super::subchannel::Subchannel;
use super::super::{Address, ConnectivityState, Failure};
use super::{Member, PickFirst};

/// gRFC A61: the attempt delay may be set within these limits.
const ATTEMPT_DELAY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

impl PickFirst {
    /// Starts at the top, with no failures yet.
    pub(super) fn start_pass(&mut self, ctx: &mut Context<'_>) {
        self.first_pass = true;
        self.failures = 0;
        self.index = 0;
        for member in self.subchannels.values_mut() {
            member.failed_in_pass = false;
        }
        self.go_on(ctx);
    }

    /// Tries the address at `index`, skipping those still in backoff; after the last one, ends the pass when
    /// possible.
    pub(super) fn go_on(&mut self, ctx: &mut Context<'_>) {
        self.next_attempt_at = None;
        let mut last_error = None;
        while let Some(address) = self.addresses.get(self.index) {
            let member = self.subchannels.entry(address.clone()).or_insert_with(|| {
                Box::new(Member { subchannel: Subchannel::new(address.clone()), failed_in_pass: false })
            });
            if let Some((_, error)) = member.subchannel.backoff() {
                last_error = Some(error.to_string());
                member.failed_in_pass = true;
                self.index += 1;
                continue;
            }
            member.subchannel.request_connection(ctx);
            let (shortest, longest) = ATTEMPT_DELAY;
            let delay = ctx.options.attempt_delay.clamp(shortest, longest);
            self.next_attempt_at = (self.index + 1 < self.addresses.len()).then(|| ctx.now() + delay);
            return;
        }
        self.end_pass(ctx, last_error);
    }

    /// The pass ends when every address was tried and has failed once since its start.
    fn end_pass(&mut self, ctx: &mut Context<'_>, last_error: Option<String>) {
        let is_exhausted = self.index >= self.addresses.len();
        if !self.first_pass || !is_exhausted || !self.subchannels.values().all(|member| member.failed_in_pass) {
            return;
        }
        self.first_pass = false;
        self.all_failed(ctx, &last_error.unwrap_or_default());
        for member in self.subchannels.values_mut() {
            member.subchannel.request_connection(ctx);
        }
    }

    /// An attempt failed. During the pass the next address is tried at once; after it, TRANSIENT_FAILURE gets a newer
    /// error after as many failures as there are subchannels.
    pub(super) fn attempt_failed(&mut self, ctx: &mut Context<'_>, address: &Address, failure: &Failure) {
        let Some(member) = self.subchannels.get_mut(address) else { return };
        if !member.subchannel.is_connecting() {
            return;
        }
        member.subchannel.failed(ctx, failure);
        member.failed_in_pass = true;
        let error = member.subchannel.backoff().map(|(_, error)| error.to_string()).unwrap_or_default();
        if !self.first_pass {
            self.failures = (self.failures + 1) % self.subchannels.len().max(1);
            if self.failures == 0 {
                self.all_failed(ctx, &error);
            }
        } else if self.addresses.get(self.index) == Some(address) {
            self.index += 1;
            if self.index < self.addresses.len() {
                self.go_on(ctx);
            } else {
                self.end_pass(ctx, Some(error));
            }
        } else {
            self.end_pass(ctx, Some(error));
        }
    }

    /// After the pass, an address whose backoff has ended is tried at once.
    pub(super) fn follow_idle(&mut self, ctx: &mut Context<'_>, address: &Address) {
        if self.state == ConnectivityState::Idle || self.first_pass {
            return;
        }
        if let Some(member) = self.subchannels.get_mut(address) {
            member.subchannel.request_connection(ctx);
        }
    }
}
