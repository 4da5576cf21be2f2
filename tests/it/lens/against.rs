//! The client models against the real clients: each model gets the events of a client, and must predict what that
//! client held.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use grpc_discover::lens::{Client, Input, LensKind, NoticesChanges, Setting, find};
use grpc_discover::model::endpoint::{Address, Endpoint};
use grpc_discover::model::time::Elapsed;

use super::recorded::{Recorded, Server, What};
use super::stage::{Ended, Glimpse};
use super::{dns, plays};

/// The prediction of a model at a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prediction {
    pub(super) holds: BTreeSet<Server>,
    pub(super) notices: NoticesChanges,
}

/// Passes the events of `channel` to `kind`, and reads its prediction at each of these moments.
pub(super) fn predicts(
    kind: &'static LensKind,
    recorded: &[Recorded],
    channel: usize,
    addresses: &BTreeMap<Server, String>,
    moments: impl Iterator<Item = Duration>,
) -> Vec<Prediction> {
    let address = |server: &Server| Address::Ip(addresses[server].parse().expect("an address"));
    let opened = |recorded: &Recorded| match recorded.what {
        What::Opened { channel: of, idle } if of == channel => Some(idle),
        _ => None,
    };
    let idle_timeout = recorded.iter().find_map(opened).expect("an opened channel");
    let mut client = (kind.client)(Setting { idle_timeout, ..Setting::default() });
    let mut inputs = recorded.iter().filter_map(|Recorded { at, what }| {
        let input = match what {
            What::Lists(servers) => Input::Lists(servers.iter().map(|server| Endpoint::new(address(server))).collect()),
            What::Unreachable => Input::Unreachable,
            What::Refuses => Input::Refuses,
            What::CallStarted { channel: of } if *of == channel => Input::CallStarted,
            What::CallEnded { channel: of, .. } if *of == channel => Input::CallFinished,
            What::Lost(server) => Input::Lost(address(server)),
            What::Opened { .. } | What::CallStarted { .. } | What::CallEnded { .. } => return None,
        };
        Some((*at, input))
    });
    let mut next = inputs.next();
    moments
        .map(|moment| {
            while let Some((at, input)) = next.take_if(|(at, _)| *at <= moment) {
                until(&mut *client, at);
                client.handle(Elapsed::new(at), &input);
                next = inputs.next();
            }
            until(&mut *client, moment);
            let view = client.view();
            let named = addresses.keys().filter(|server| view.holds.contains(&address(server)));
            Prediction { holds: named.copied().collect(), notices: view.notices }
        })
        .collect()
}

/// Lets time pass as the driver does.
fn until(client: &mut dyn Client, moment: Duration) {
    while let Some(deadline) = client.deadline().filter(|deadline| deadline.since_start() <= moment) {
        client.handle(deadline, &Input::TimePassed);
    }
}

fn version(ended: &Ended) -> &str {
    ended.version.split([' ', ',']).nth(1).expect("a version")
}

/// The differences between the model of `version` and the client.
fn differences(play: &str, ended: &Ended, version: &str) -> Vec<String> {
    // The model of a bystander gets the neighbour's calls. Only one range of versions has a bystander.
    let (name, channel) = match play {
        "bystander" if version == "2.7.2" => (format!("kratos-bystander@{version}"), 1),
        _ => (format!("kratos@{version}"), ended.channel),
    };
    let [kind] = find(&name).expect("a lens")[..] else { panic!("{name} is several lenses") };
    let moments = ended.glimpses.iter().map(|glimpse| glimpse.at);
    let predicted = predicts(kind, &ended.recorded, channel, &ended.addresses, moments);
    let mut wrong = Vec::new();
    for (Glimpse { at, holds }, predicted) in ended.glimpses.iter().zip(&predicted) {
        if *holds != predicted.holds {
            wrong.push(format!(
                "{play}, {}: at {at:?} it held {holds:?}, the lens predicts {predicted:?}",
                ended.version
            ));
        }
    }
    let last = predicted.last().expect("a glimpse");
    if ended.outcome.notices != (last.notices == NoticesChanges::Changes) {
        wrong.push(format!("{play}, {}: {:?}, the lens predicts {last:?}", ended.version, ended.outcome));
    }
    wrong
}

#[test]
fn every_lens_of_kratos_predicts_what_its_client_did() {
    let played = plays::all().filter_map(|(play, run)| Some((play, run.as_ref().ok()?)));
    let wrong: Vec<String> = played.flat_map(|(play, ended)| differences(play, ended, version(ended))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_lens_of_another_version_is_distinguished() {
    let played = plays::all().filter_map(|(play, run)| Some((play, run.as_ref().ok()?)));
    for (play, ended) in played.filter(|(play, _)| *play == "idle") {
        let another = if version(ended) == "2.7.2" { "2.8.4" } else { "2.7.2" };
        assert!(!differences(play, ended, another).is_empty(), "{} passes for {another}", ended.version);
    }
}

#[test]
fn the_lens_of_grpc_go_over_dns_predicts_what_its_client_did() {
    let Some(played) = plays::played_over_dns() else { return };
    let [kind] = find("grpc-go").expect("a lens")[..] else { panic!("several lenses") };
    let addresses = BTreeMap::from([("A", "127.0.0.2:1".to_string()), ("B", "127.0.0.3:1".to_string())]);
    let mut wrong = Vec::new();
    for (name, ended) in [("serving", &played.serving), ("killed", &played.killed), ("idle", &played.idle)] {
        let dns::Ended { recorded, glimpses, .. } = ended;
        let predicted = predicts(kind, recorded, 1, &addresses, glimpses.iter().map(|glimpse| glimpse.at));
        for (Glimpse { at, holds }, predicted) in glimpses.iter().zip(&predicted) {
            if *holds != predicted.holds || predicted.notices != NoticesChanges::AfterAFailure {
                wrong.push(format!("{name}: at {at:?} it held {holds:?}, the lens predicts {predicted:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
