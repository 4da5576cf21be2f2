//! The lenses against the real clients: each is told what happened to the client, and must hold what that held.

use std::collections::BTreeSet;
use std::time::Duration;

use grpc_discover::lens::{Client, Hears, Input, LensKind, Setting, View, find};
use grpc_discover::model::endpoint::{Address, Endpoint};
use grpc_discover::model::time::Elapsed;

use super::plays;
use super::recorded::{Recorded, Server, What, tell};
use super::stage::{Ended, IDLE};

/// What was recorded as the end of a call is a little later than the end itself, from which the client counts: its lens
/// idles a little sooner, so that it is never still awake when the client is known to be idle.
const SOONER: Duration = Duration::from_millis(50);

/// A real poller may stand elsewhere between two polls than its lens: a pause after an error and a tick apart.
const GRACE: Duration = Duration::from_secs(2);

/// The calls of one channel, told to one lens.
struct Told {
    kind: &'static LensKind,
    idle: Option<Duration>,
    calls_of: usize,
}

impl Told {
    /// The lens of the judged channel. A channel that shares its registry with one that idles is a bystander where
    /// there is such a lens: that one is told the other channel's calls.
    fn new(play: &str, version: &str, channel: usize) -> Told {
        let only = |name: String| find(&name).map(|kinds| kinds[0]);
        match (play, only(format!("kratos-bystander@{version}"))) {
            ("bystander", Ok(kind)) => Told { kind, idle: Some(IDLE), calls_of: 1 },
            ("bystander" | "emptied", _) => {
                Told { kind: only(format!("kratos@{version}")).unwrap(), idle: None, calls_of: channel }
            }
            _ => Told { kind: only(format!("kratos@{version}")).unwrap(), idle: Some(IDLE), calls_of: channel },
        }
    }

    /// What the lens holds a moment after `at`, when it was told everything until then.
    fn view(&self, recorded: &[Recorded], at: Duration) -> View {
        let idle_timeout = self.idle.map(|idle| idle - SOONER);
        let mut client: Box<dyn Client> = (self.kind.client)(Setting { idle_timeout, timeout: Duration::from_secs(2) });
        for Recorded { at, what } in recorded.iter().filter(|recorded| recorded.at <= at) {
            if let Some(input) = self.input(what) {
                client.handle(Elapsed::new(*at), &input);
            }
        }
        client.handle(Elapsed::new(at + GRACE), &Input::TimePassed);
        client.view()
    }

    fn input(&self, what: &What) -> Option<Input> {
        match what {
            What::Lists(servers) => Some(Input::Lists(servers.iter().map(|s| Endpoint::new(address(s))).collect())),
            What::Unreachable => Some(Input::Unreachable),
            What::Refuses => Some(Input::Refuses),
            What::CallBegan { channel } if *channel == self.calls_of => Some(Input::CallStarted),
            What::CallEnded { channel, .. } if *channel == self.calls_of => Some(Input::CallFinished),
            What::Lost(server) => Some(Input::Lost(address(server))),
            What::Opened { .. } | What::CallBegan { .. } | What::CallEnded { .. } => None,
        }
    }
}

fn address(server: Server) -> Address {
    format!("{server}.test:1").parse().unwrap()
}

fn held(view: &View) -> BTreeSet<String> {
    view.holds.iter().map(ToString::to_string).collect()
}

fn named(servers: &BTreeSet<Server>) -> BTreeSet<String> {
    servers.iter().map(|server| address(server).to_string()).collect()
}

#[test]
fn every_kratos_lens_holds_and_hears_what_the_real_client_did() {
    let mut wrong = Vec::new();
    for (play, version, ended) in runs() {
        let told = Told::new(play, version, ended.channel);
        let said = format!("{play}, {} as {}", ended.version, told.kind.label());
        for glimpse in &ended.glimpses {
            let view = told.view(&ended.recorded, glimpse.at);
            if held(&view) != named(&glimpse.holds) {
                wrong.push(format!(
                    "{said} at {:?}: the client held {:?}, the lens {view:?}",
                    glimpse.at, glimpse.holds
                ));
            }
        }
        let last = ended.glimpses.last().expect("the glimpse of the outcome");
        let view = told.view(&ended.recorded, last.at);
        if (view.hears == Hears::Changes) != ended.outcome.hears {
            wrong.push(format!("{said}: the client hears: {}, the lens {:?}", ended.outcome.hears, view.hears));
        }
        let lists = named(&tell(&ended.recorded).lists);
        let recovers = held(&view).intersection(&lists).next().is_some();
        if recovers != ended.outcome.recovers {
            wrong.push(format!(
                "{said}: the client recovers: {}, the lens {view:?} of {lists:?}",
                ended.outcome.recovers
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_lens_of_another_version_is_told_apart() {
    let another = |version: &str| if version == "2.7.2" { "2.8.4" } else { "2.7.2" };
    for (play, version, ended) in runs().filter(|(play, ..)| *play == "idle") {
        let last = ended.glimpses.last().expect("the glimpse of the outcome");
        let view = Told::new(play, another(version), ended.channel).view(&ended.recorded, last.at);
        assert_ne!((held(&view), view.hears == Hears::Changes), (named(&last.holds), ended.outcome.hears), "{version}");
    }
}

/// Every play that came to its end, with the version of Kratos that played it.
fn runs() -> impl Iterator<Item = (&'static str, &'static str, &'static Ended)> {
    plays::all().filter_map(|(play, run)| run.as_ref().ok().map(|ended| (play, ended))).map(|(play, ended)| {
        let version = ended.version.strip_prefix("kratos ").and_then(|rest| rest.split(',').next());
        (play, version.expect("kratos 2.7.2, grpc-go 1.61.1"), ended)
    })
}

#[test]
fn the_lens_of_grpc_go_holds_what_the_real_client_did() {
    let Some(played) = plays::played_over_dns() else { return };
    let plays = [(None, &played.serving), (None, &played.killed), (Some(IDLE), &played.idle)];
    for (idle, ended) in plays {
        let told = Told { kind: find("grpc-go").unwrap()[0], idle, calls_of: 1 };
        for glimpse in &ended.glimpses {
            let view = told.view(&ended.recorded, glimpse.at);
            assert_eq!(held(&view), named(&glimpse.holds), "at {:?}: {ended:#?}", glimpse.at);
        }
    }
}
