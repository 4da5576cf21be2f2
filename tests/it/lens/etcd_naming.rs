//! A grpc-go client with etcd's own resolver against a real etcd, and its model beside it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use grpc_discover::lens::{NoticesChanges, find};

use super::against::predicts;
use super::recorded::{Recorded, Server, What};
use super::stage::{Glimpse, IDLE, PAUSE, TIME_LIMIT};
use crate::support::etcd::Etcd;
use crate::support::forwarder::Forwarder;
use crate::support::grpc::{GrpcServer, Kind};
use crate::support::kratos::{Called, Client, KratosClient};

/// etcd's client reconnects within a second. A watch without events for this long is gone.
const IDLE_PERIOD: Duration = Duration::from_secs(5);

struct Stage {
    etcd: Etcd,
    /// The connection between the client and etcd.
    forwarder: Forwarder,
    client: KratosClient,
    started_at: Instant,
    servers: BTreeMap<Server, GrpcServer>,
    addresses: BTreeMap<Server, String>,
    listed: Vec<Server>,
    recorded: Vec<Recorded>,
    glimpses: Vec<Glimpse>,
    answered: usize,
}

impl Stage {
    /// A is listed and has responded to a call.
    fn set() -> Option<Stage> {
        let etcd = Etcd::start()?;
        let servers =
            BTreeMap::from([("A", GrpcServer::start(Kind::Go, &[])?), ("B", GrpcServer::start(Kind::Go, &[])?)]);
        let addresses: BTreeMap<_, _> =
            servers.iter().map(|(name, server)| (*name, server.address.to_string())).collect();
        etcd.put("pay/A", &value(&addresses["A"]), 0);
        let forwarder = Forwarder::to(etcd.endpoints().parse().expect("an address"));
        let (etcd_address, idle) = (forwarder.address.to_string(), format!("{}ms", IDLE.as_millis()));
        let args = ["--etcd", &etcd_address, "--target", "etcd:///pay", "--idle", &idle];
        let client = KratosClient::start(Client::GrpcGo, &args)?;
        let mut stage = Stage {
            etcd,
            forwarder,
            client,
            started_at: Instant::now(),
            servers,
            addresses,
            listed: vec!["A"],
            recorded: Vec::new(),
            glimpses: Vec::new(),
            answered: 0,
        };
        stage.record(What::Lists(["A"].into()));
        stage.record(What::Opened { channel: 1, idle: Some(IDLE) });
        assert_eq!(stage.call().code, "OK");
        Some(stage)
    }

    fn record(&mut self, what: What) {
        self.recorded.push(Recorded { at: self.started_at.elapsed(), what });
    }

    fn call(&mut self) -> Called {
        self.record(What::CallStarted { channel: 1 });
        let called = self.client.call(1);
        self.answered = self.client.mark();
        self.record(What::CallEnded { channel: 1, ok: called.code == "OK" });
        called
    }

    /// A is removed from etcd and stopped, and B is added. What the client can know about it is not recorded here.
    fn moves(&mut self) -> i64 {
        self.etcd.delete("pay/A");
        self.servers.remove("A").expect("a server").kill();
        self.listed = vec!["B"];
        self.etcd.put("pay/B", &value(&self.addresses["B"]), 0)
    }

    fn record_list(&mut self) {
        self.record(What::Lists(self.listed.iter().copied().collect()));
    }

    fn holds(&mut self) -> Vec<Server> {
        let state = self.client.state(1);
        let is_held = |address: &&String| state.holds().contains(address);
        self.addresses.iter().filter(|(_, address)| is_held(address)).map(|(name, _)| *name).collect()
    }

    fn glimpse(&mut self) -> Vec<Server> {
        let holds = self.holds();
        self.glimpses.push(Glimpse { at: self.started_at.elapsed(), holds: holds.iter().copied().collect() });
        holds
    }

    /// Calls until the client reaches B; false if it has not after its connection to etcd is back.
    fn finds_b(&mut self) -> bool {
        let (since, mut back) = (Instant::now(), None);
        loop {
            if self.call().code == "OK" && self.holds() == ["B"] {
                return true;
            }
            if back.is_none() && self.forwarder.is_used() {
                back = Some(Instant::now());
            }
            if back.is_some_and(|back| back.elapsed() > IDLE_PERIOD) {
                return false;
            }
            assert!(since.elapsed() < TIME_LIMIT, "the client does not come back to etcd");
            std::thread::sleep(PAUSE);
        }
    }

    /// Compares the model with the client. `notices` is what the model must report at the end.
    fn against_the_lens(&self, notices: NoticesChanges) {
        let [kind] = find("etcd-naming").expect("a lens")[..] else { panic!("several lenses") };
        let moments = self.glimpses.iter().map(|glimpse| glimpse.at);
        let predicted = predicts(kind, &self.recorded, 1, &self.addresses, moments);
        let held: Vec<_> = self.glimpses.iter().map(|glimpse| &glimpse.holds).collect();
        assert_eq!(
            predicted.iter().map(|predicted| &predicted.holds).collect::<Vec<_>>(),
            held,
            "{:#?}",
            self.recorded
        );
        assert_eq!(predicted.last().expect("a glimpse").notices, notices, "{:#?}", self.recorded);
    }
}

/// The value that etcd's naming package writes.
fn value(address: &str) -> String {
    format!(r#"{{"Op":0,"Addr":"{address}","Metadata":null}}"#)
}

#[test]
fn a_compaction_while_etcd_is_out_of_reach_ends_the_watch_for_ever_and_an_idle_period_heals_it() {
    let Some(mut stage) = Stage::set() else { return };
    stage.forwarder.close();
    stage.record(What::Unreachable);
    let revision = stage.moves();
    stage.etcd.compact(revision);
    stage.forwarder.open();
    // The watch continues from a compacted revision: it is rejected, and all other requests succeed.
    stage.record(What::Refuses);
    stage.record_list();
    assert!(!stage.finds_b(), "the watch lives");
    assert_eq!(stage.glimpse(), ["A"]);
    let last = stage.call();
    assert_eq!(last.code, "Unavailable", "{last:?}");
    assert!(last.text.contains(&format!("dial tcp {}", stage.addresses["A"])), "{last:?}");
    stage.against_the_lens(NoticesChanges::Never);

    assert!(stage.client.wait_for_state(stage.answered, 1, "IDLE", TIME_LIMIT), "it does not idle");
    assert_eq!(stage.call().code, "OK");
    assert_eq!(stage.glimpse(), ["B"]);
    stage.against_the_lens(NoticesChanges::Changes);
}

#[test]
fn a_disconnection_without_compaction_is_survived() {
    let Some(mut stage) = Stage::set() else { return };
    stage.forwarder.close();
    stage.record(What::Unreachable);
    stage.moves();
    stage.forwarder.open();
    stage.record_list();
    assert!(stage.finds_b(), "{:#?}", stage.recorded);
    stage.glimpse();
    stage.against_the_lens(NoticesChanges::Changes);
}

#[test]
fn without_the_last_key_the_old_address_is_dropped() {
    let Some(mut stage) = Stage::set() else { return };
    stage.etcd.delete("pay/A");
    stage.listed.clear();
    stage.record_list();
    let since = Instant::now();
    while !stage.holds().is_empty() {
        assert!(since.elapsed() < TIME_LIMIT, "A is still held");
        std::thread::sleep(PAUSE);
    }
    stage.glimpse();
    stage.against_the_lens(NoticesChanges::Changes);
}
