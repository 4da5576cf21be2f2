//! The queue of probes, and the running probes.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::endpoint::Address;
use crate::session::plan::Limits;
use crate::transport::Progress;

/// The queue of probes, and the running probes.
pub(super) struct Probes {
    pub queue: VecDeque<Address>,
    /// The running ones.
    pub progress: HashMap<Address, Progress>,
    concurrency: usize,
    /// True while none may start ([`Session::pause_attempts`](super::Session::pause_attempts)).
    pub paused: bool,
    /// Time between two starts, and when the next probe may start.
    spacing: Option<Duration>,
    next: Instant,
}

impl Probes {
    /// Without probes.
    pub fn new(limits: Limits, now: Instant) -> Probes {
        Probes {
            queue: VecDeque::new(),
            progress: HashMap::new(),
            concurrency: limits.concurrency.max(1),
            paused: false,
            spacing: limits.rate.map(|rate| Duration::from_secs(1) / rate.max(1)),
            next: now,
        }
    }

    /// Takes the next probe from the queue, when it may start.
    pub fn start(&mut self) -> Option<(Address, Progress)> {
        let now = Instant::now();
        let is_full = self.paused || self.progress.len() >= self.concurrency;
        if is_full || (self.spacing.is_some() && self.next > now) {
            return None;
        }
        let address = self.queue.pop_front()?;
        if let Some(spacing) = self.spacing {
            // Jitter keeps several instances of this tool from probing in step.
            self.next = now + spacing.mul_f64(0.5 + fastrand::f64());
        }
        let progress = Progress::default();
        self.progress.insert(address.clone(), progress.clone());
        Some((address, progress))
    }

    /// A probe has ended.
    pub fn ended(&mut self, address: &Address) {
        self.progress.remove(address);
    }

    /// For a probe of `address` that could not be made because this machine ran out of something. The probe waits
    /// until running ones, which use what is missing, have ended, and from now on no more than these run at the same
    /// time. False when none is running: waiting would change nothing.
    pub fn put_back(&mut self, address: &Address) -> bool {
        let in_flight = self.progress.len();
        if in_flight == 0 {
            return false;
        }
        self.concurrency = self.concurrency.min(in_flight);
        self.queue.push_back(address.clone());
        true
    }

    /// When the rate allows the next probe, if only the rate limit delays it.
    pub fn due(&self) -> Option<Instant> {
        let paced =
            self.spacing.is_some() && !self.paused && self.progress.len() < self.concurrency && !self.queue.is_empty();
        paced.then_some(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_probe_for_which_nothing_is_left_waits_for_the_others() {
        let address = |n: u8| Address::Ip(([10, 0, 0, n], 1).into());
        let mut probes = Probes::new(Limits::default(), Instant::now());
        probes.queue.extend((1..=4).map(address));
        for n in 1..=4 {
            assert_eq!(probes.start().map(|(started, _)| started), Some(address(n)));
        }
        probes.ended(&address(1));
        assert!(probes.put_back(&address(1)) && probes.start().is_none(), "three hold what it needs");
        probes.ended(&address(2));
        probes.paused = true;
        assert!(probes.start().is_none(), "the consumer does not keep up");
        probes.paused = false;
        assert!(probes.start().is_some());
        (1..=4).for_each(|n| probes.ended(&address(n)));
        assert!(!probes.put_back(&address(2)), "there is no probe to wait for");
    }
}
