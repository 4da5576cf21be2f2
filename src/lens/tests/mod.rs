//! The lenses compared with what failures.md, observed.md and the sources show of the real clients.

mod dns;
mod driver;
mod invariants;
mod kratos;
mod page;
mod registries;
mod select;

use std::time::Duration;

use super::*;
use crate::model::endpoint::{EndpointStatus, SliceRef};

/// A client and a clock: each step of a test is one line.
struct Script {
    client: Box<dyn Client>,
    now: Elapsed,
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn idle_after(timeout: u64) -> Setting {
    Setting { idle_timeout: Some(secs(timeout)), timeout: secs(2) }
}

/// `10.0.0.1:1`; followed by a status: `10.0.0.1:1 critical`; by a slice: `10.0.0.1:1 slice=a`.
fn endpoint(text: &str) -> Endpoint {
    let mut words = text.split(' ');
    let mut endpoint = Endpoint::new(words.next().unwrap().parse().unwrap());
    for word in words {
        match (word, word.split_once('=')) {
            ("critical", _) => endpoint.status = EndpointStatus::Critical,
            ("warning", _) => endpoint.status = EndpointStatus::Warning,
            ("draining", _) => endpoint.status = EndpointStatus::Draining,
            (_, Some(("slice", names))) => {
                let slices = names.split(',').map(|name| SliceRef { name: name.to_string() });
                endpoint.particulars_mut().slices = slices.collect();
            }
            _ => panic!("{word}?"),
        }
    }
    endpoint
}

fn lists(endpoints: &[&str]) -> Input {
    Input::Lists(endpoints.iter().map(|text| endpoint(text)).collect())
}

fn shown(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

impl Script {
    /// The one client that `--as name` selects, with an idle timeout in seconds.
    fn new(name: &str, idle: u64) -> Self {
        Script::with(name, idle_after(idle))
    }

    fn with(name: &str, setting: Setting) -> Self {
        let kinds = find(name).unwrap();
        assert_eq!(kinds.len(), 1, "{name} means {kinds:?}");
        Script { client: (kinds[0].client)(setting), now: Elapsed::ZERO }
    }

    fn give(&mut self, input: &Input) -> &mut Self {
        self.client.handle(self.now, input);
        self
    }

    fn lists(&mut self, endpoints: &[&str]) -> &mut Self {
        self.give(&lists(endpoints))
    }

    /// A call that ends at once.
    fn call(&mut self) -> &mut Self {
        self.give(&Input::CallStarted).give(&Input::CallFinished)
    }

    fn lost(&mut self, address: &str) -> &mut Self {
        let address = address.parse().unwrap();
        self.give(&Input::Lost(address))
    }

    fn unresponsive(&mut self) -> &mut Self {
        self.give(&Input::Unreachable)
    }

    fn refuses(&mut self) -> &mut Self {
        self.give(&Input::Refuses)
    }

    /// Seconds, and fractions of one.
    fn wait(&mut self, secs: f64) -> &mut Self {
        self.now += Duration::from_secs_f64(secs);
        self.give(&Input::TimePassed)
    }

    /// A call every second.
    fn busy(&mut self, secs: u64) -> &mut Self {
        for _ in 0..secs {
            self.call().wait(1.0);
        }
        self
    }

    #[track_caller]
    fn holds(&mut self, addresses: &[&str], notices: NoticesChanges) -> &mut Self {
        let view = self.client.view();
        assert_eq!((shown(&view.holds), view.notices), (addresses.iter().map(|a| (*a).to_string()).collect(), notices));
        self
    }
}
