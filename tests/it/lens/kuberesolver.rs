//! A grpc-go client with the kuberesolver module against the real Kubernetes API server, and its model beside it:
//! given our own backend's results for the same slices, the model must predict list for list what the module passed
//! to the load balancer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use grpc_discover::backend::Resolution;
use grpc_discover::lens::{self, Input, NoticesChanges, Setting, find};
use grpc_discover::model::resolution::Update;
use grpc_discover::model::time::Elapsed;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::stage::{IDLE, TIME_LIMIT};
use crate::backend::kubernetes::{cluster, query};
use crate::backend::words::update;
use crate::support::kratos::{Called, Client, KratosClient};
use crate::support::kubernetes::{ADMIN, Cluster, SLICES, WITHOUT_HISTORY, endpoint, key_of, ready};

/// Addresses of pods by the last part of their IP.
type Pods = BTreeSet<u8>;

struct Stage {
    cluster: Cluster,
    runtime: Runtime,
    /// Our own backend.
    listed: Resolution,
    client: KratosClient,
    lens: Box<dyn lens::Client>,
    started_at: Instant,
    /// The first line of the client that is compared with `predicted`.
    from: usize,
    /// What the model predicts, in order.
    predicted: Vec<Pods>,
}

impl Stage {
    /// The Service `pay` with these slices, and a client that has called once.
    fn set(flags: &[&str], idle: Option<Duration>, slices: &[(&str, &[Value])]) -> Option<Stage> {
        let cluster = cluster(flags)?;
        cluster.service("pay", None);
        for (name, endpoints) in slices {
            cluster.slice(name, "pay", endpoints);
        }
        let runtime = Runtime::new().unwrap();
        let listed = runtime.block_on(async { query(&cluster, ADMIN, "kubernetes:///pay.pay") });
        let [kind] = find("kuberesolver").expect("a lens")[..] else { panic!("several lenses") };
        let lens = (kind.client)(Setting { idle_timeout: idle, ..Setting::default() });
        let idle = format!("{}ms", idle.unwrap_or_default().as_millis());
        let mut args = cluster.for_kuberesolver();
        // There is no server at these addresses: a call fails quickly.
        args.extend(["--target", "kubernetes:///pay.pay", "--idle", &idle, "--timeout", "200ms"].map(str::to_string));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let client = KratosClient::start(Client::GrpcGo, &args)?;
        let (started_at, predicted) = (Instant::now(), Vec::new());
        let mut stage = Stage { cluster, runtime, listed, client, lens, started_at, from: 0, predicted };
        stage.receive();
        stage.call();
        stage.settle(slices.len());
        Some(stage)
    }

    fn send(&mut self, input: &Input) {
        self.lens.handle(Elapsed::new(self.started_at.elapsed()), input);
        let holds = self.lens.view().holds;
        let holds: Pods = holds.iter().map(|address| pod(&address.to_string())).collect();
        if self.predicted.last() != Some(&holds) {
            self.predicted.push(holds);
        }
    }

    /// Passes the next result of our backend to the model.
    fn receive(&mut self) {
        let Ok(Update::Reset(answer)) = self.runtime.block_on(update(&mut self.listed)) else { panic!("no list") };
        self.send(&Input::Lists(answer.endpoints));
    }

    /// Another query of the API server, as after an error.
    fn receive_again(&mut self) {
        self.listed = self.runtime.block_on(async { query(&self.cluster, ADMIN, "kubernetes:///pay.pay") });
        self.receive();
    }

    fn call(&mut self) -> Called {
        self.send(&Input::CallStarted);
        let called = self.client.call(1);
        self.send(&Input::CallFinished);
        called
    }

    /// Writes a slice: one change for the client and our backend.
    fn slice(&mut self, name: &str, endpoints: &[Value]) {
        self.cluster.slice(name, "pay", endpoints);
        self.receive();
    }

    fn delete(&mut self, name: &str) {
        self.cluster.delete(SLICES, name);
        self.receive();
    }

    /// The addresses that calls can go to now.
    fn holds(&mut self) -> Pods {
        self.client.state(1).holds().iter().map(|address| pod(address)).collect()
    }

    /// What the module passed to the load balancer since `from`.
    fn given(&self) -> Vec<Pods> {
        let given: RefCell<Vec<Pods>> = RefCell::default();
        let is_past = |line: &Value| {
            given.borrow_mut().extend((line["event"] == "update").then(|| held(line)));
            false
        };
        self.client.wait_for(self.from, Duration::ZERO, is_past);
        given.take()
    }

    /// Waits for this many lists: a watch that has just started sends them one by one, and the model gets them at
    /// once.
    fn settle(&mut self, lists: usize) {
        let seen = Cell::new(0);
        let is_the_last = |line: &Value| {
            seen.set(seen.get() + usize::from(line["event"] == "update"));
            seen.get() == lists
        };
        assert!(self.client.wait_for(self.from, TIME_LIMIT, is_the_last).is_some(), "only {:?}", self.given());
        self.predicted = vec![self.predicted.pop().expect("a word")];
        assert_eq!(self.given().last(), self.predicted.last(), "of {:?}; the lens predicts that", self.given());
        self.from = self.client.mark();
    }

    /// Since the last check the module has passed exactly the lists that the model predicts, in order.
    fn alike(&mut self) {
        let last = self.predicted.last().expect("a word").clone();
        let is_last = |line: &Value| line["event"] == "update" && held(line) == last;
        let came = self.predicted.len() == 1 || self.client.wait_for(self.from, TIME_LIMIT, is_last).is_some();
        let mut given = self.given();
        given.insert(0, self.predicted[0].clone());
        given.dedup();
        assert!(
            came && given == self.predicted,
            "{}: {given:?}; the lens predicts {:?}",
            self.client.version,
            self.predicted
        );
        self.from = self.client.mark();
        self.predicted = vec![last];
    }
}

fn pod(address: &str) -> u8 {
    address.parse::<std::net::SocketAddrV4>().expect("an address").ip().octets()[3]
}

fn held(update: &Value) -> Pods {
    update["holds"].as_array().expect("a list").iter().map(|address| pod(address.as_str().unwrap())).collect()
}

fn at(pod: u8, conditions: [bool; 3]) -> Value {
    let [ready, serving, terminating] = conditions;
    endpoint(&format!("10.1.0.{pod}"), &format!("pay-{pod}"), ready, serving, terminating)
}

fn up(pod: u8) -> Value {
    ready(&format!("10.1.0.{pod}"), &format!("pay-{pod}"))
}

/// Not ready yet.
const STARTS: [bool; 3] = [false, false, false];
/// Being deleted.
const LEAVES: [bool; 3] = [false, true, true];
/// A pod that is being deleted, of a Service that publishes pods that are not ready.
const PUBLISHED: [bool; 3] = [true, true, true];

#[test]
fn it_holds_the_slice_that_was_touched_last_and_nothing_else() {
    let slices: [(&str, &[Value]); 2] = [("pay-a", &[up(1), up(2)]), ("pay-b", &[up(3)])];
    let Some(mut stage) = Stage::set(&[], None, &slices) else { return };
    // A pod that is not ready yet changes its slice.
    stage.slice("pay-a", &[up(1), up(2), at(4, STARTS)]);
    stage.slice("pay-b", &[at(3, LEAVES)]);
    stage.slice("pay-b", &[at(3, PUBLISHED)]);
    // An endpoint that moves is in both slices for a moment.
    stage.slice("pay-b", &[at(3, PUBLISHED), up(1)]);
    stage.slice("pay-a", &[up(2), up(4)]);
    // A slice without ready endpoints is not an update.
    stage.slice("pay-a", &[at(2, STARTS), at(4, STARTS)]);
    stage.delete("pay-a");
    stage.slice("pay-c", &[up(5)]);
    // A deleted slice is an update.
    stage.delete("pay-b");
    stage.slice("pay-c", &[up(5), up(6)]);
    stage.alike();
}

#[test]
fn a_server_that_went_and_came_back_changes_the_list_although_no_slice_changed() {
    let Some(mut stage) = Stage::set(&[], None, &[("pay-a", &[up(1)]), ("pay-b", &[up(2)])]) else { return };
    stage.slice("pay-a", &[up(1), up(3)]);
    stage.alike();
    stage.cluster.kill();
    stage.send(&Input::Refuses);
    stage.alike();
    stage.cluster.start_again();
    stage.receive_again();
    stage.settle(2);
    assert_eq!(stage.predicted, [Pods::from([2])]);
}

#[test]
fn a_watch_that_the_server_ends_in_order_changes_the_list_too() {
    let slices: [(&str, &[Value]); 2] = [("pay-a", &[up(1)]), ("pay-b", &[up(2)])];
    let Some(mut stage) = Stage::set(&["--min-request-timeout=3"], None, &slices) else { return };
    stage.slice("pay-a", &[up(1), up(3)]);
    // The server ends a watch at any time: after 30 to 60 minutes unless configured otherwise.
    for pods in [Pods::from([1, 3]), Pods::from([2])] {
        let is_given = |line: &Value| line["event"] == "update" && held(line) == pods;
        assert!(stage.client.wait_for(stage.from, TIME_LIMIT, is_given).is_some(), "{:?}", stage.given());
        stage.from = stage.client.mark();
    }
    // The model does not get that end; our own watch ends too, and the model predicts the same from that.
    stage.send(&Input::Refuses);
    stage.receive_again();
    assert_eq!(stage.predicted.last(), Some(&Pods::from([2])));
}

#[test]
fn a_history_that_is_lost_within_its_watch_is_survived() {
    let slices: [(&str, &[Value]); 2] = [("pay-a", &[up(1)]), ("pay-b", &[up(2)])];
    let Some(mut stage) = Stage::set(WITHOUT_HISTORY, None, &slices) else { return };
    stage.slice("pay-a", &[up(1), up(3)]);
    stage.alike();
    stage.cluster.loses_history(&key_of("pay-a"));
    // Our own backend notices it immediately, the module queries again a second later.
    let gone = stage.runtime.block_on(update(&mut stage.listed)).expect_err("410");
    assert!(gone.to_string().contains("410 Gone"), "{gone}");
    stage.send(&Input::Refuses);
    stage.receive_again();
    stage.settle(1);
    stage.slice("pay-b", &[up(2), up(4)]);
    stage.alike();
}

#[test]
fn a_server_that_is_away_after_an_idle_period_is_waited_for() {
    let Some(mut stage) = Stage::set(&[], Some(IDLE), &[("pay-a", &[up(1)])]) else { return };
    assert!(stage.client.wait_for_state(stage.from, 1, "IDLE", TIME_LIMIT), "it does not idle");
    stage.send(&Input::TimePassed);
    assert_eq!((stage.lens.view().notices, stage.holds()), (NoticesChanges::NextCall, Pods::new()));
    stage.cluster.kill();
    stage.send(&Input::Refuses);
    let called = stage.call();
    assert_eq!(called.code, "DeadlineExceeded", "{called:?}");
    assert_eq!((stage.lens.view().notices, stage.lens.view().holds.len()), (NoticesChanges::Changes, 0));
    stage.cluster.start_again();
    stage.cluster.slice("pay-a", "pay", &[up(2)]);
    stage.receive_again();
    // It continues to query by itself, with pauses; calls keep it from becoming idle again meanwhile.
    let since = Instant::now();
    while stage.holds() != Pods::from([2]) {
        assert!(since.elapsed() < TIME_LIMIT, "{:?}", stage.given());
        stage.call();
    }
    stage.call();
    assert_eq!((stage.lens.view().notices, stage.predicted.last()), (NoticesChanges::Changes, Some(&Pods::from([2]))));
}
