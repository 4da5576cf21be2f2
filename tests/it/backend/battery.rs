//! The contract of backends, tested for each of them in the same way. A backend's line in `mod.rs` is
//! `battery!(module, Fixture)`; the fixture runs its registry.

use std::time::Duration;

use futures_util::StreamExt;
use grpc_discover::backend::{Backend, Context, Resolution};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::resolution::EndpointSet;
use grpc_discover::model::resolution::{ResolveError, Update};
use grpc_discover::model::target::Target;

use crate::support::leftovers::Open;

/// Longer than any backend may take to report a change.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// A registry and how it is handled.
pub trait Fixture: Sized {
    /// Starts the registry, without instances. `None`: not available, which was reported on stderr.
    async fn start() -> Option<Self>;
    /// The backend under test.
    fn backend(&self) -> &'static dyn Backend;
    /// The target to resolve.
    fn target(&self) -> Target;
    /// With which settings.
    fn context(&self) -> Context;
    /// From now on exactly these are registered.
    async fn set(&mut self, endpoints: &[Address]);
    /// Makes the registry unreachable.
    async fn stop(&mut self);
    /// Makes it reachable again, at the same address, with the list that was set last.
    async fn start_again(&mut self);
    /// Why a requirement does not apply to this backend; `None` if it does.
    fn exempt(_requirement: Requirement) -> Option<&'static str> {
        None
    }
}

/// A requirement of the contract in `src/backend/mod.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    FirstItemIsAFullAnswer,
    NoEndpointIsNoError,
    AStoppedRegistryIsNotEmptiness,
    AStopWhileWatchingIsReported,
    ASecondResolveRecovers,
    DroppingLeavesNothingBehind,
    ASecondResolveStartsFromAFullAnswer,
    TwoResolvesAreIndependent,
    AChangeArrives,
}

/// Three addresses that are never contacted. Kubernetes accepts no loopback addresses.
pub fn some_addresses() -> [Address; 3] {
    ["10.0.0.1:7001", "10.0.0.2:7001", "10.0.0.3:7001"].map(|text| text.parse().unwrap())
}

/// Proves `requirement` of a backend.
pub async fn prove<F: Fixture>(requirement: Requirement) {
    if F::exempt(requirement).is_some() {
        return;
    }
    let Some(mut fixture) = F::start().await else { return };
    match requirement {
        Requirement::FirstItemIsAFullAnswer => first_item_is_a_full_answer(&mut fixture).await,
        Requirement::NoEndpointIsNoError => no_endpoint_is_not_an_error(&mut fixture).await,
        Requirement::AStoppedRegistryIsNotEmptiness => a_stopped_registry_is_not_emptiness(&mut fixture).await,
        Requirement::AStopWhileWatchingIsReported => a_stop_while_watching_is_reported(&mut fixture).await,
        Requirement::ASecondResolveRecovers => a_second_resolve_recovers(&mut fixture).await,
        Requirement::DroppingLeavesNothingBehind => dropping_leaves_nothing_behind(&mut fixture).await,
        Requirement::ASecondResolveStartsFromAFullAnswer => {
            a_second_resolve_starts_from_a_full_answer(&mut fixture).await
        }
        Requirement::TwoResolvesAreIndependent => two_resolves_are_independent(&mut fixture).await,
        Requirement::AChangeArrives => a_change_arrives(&mut fixture).await,
    }
}

/// A resolution as an engine reads it.
struct Reader {
    resolution: Resolution,
    context: Context,
    set: EndpointSet,
}

impl Reader {
    fn new<F: Fixture>(fixture: &F) -> Self {
        let context = fixture.context();
        let resolution = fixture.backend().resolve(&fixture.target(), &context);
        Reader { resolution, context, set: EndpointSet::default() }
    }

    async fn next(&mut self) -> Option<Result<Update, ResolveError>> {
        let item = tokio::time::timeout(TIME_LIMIT, self.resolution.next()).await.expect("no response is never a list");
        if let Some(Ok(update)) = &item {
            self.set.apply(update.clone());
        }
        item
    }

    /// The first item, which must be a complete response.
    async fn first(&mut self) {
        let item = self.next().await;
        assert!(is_full(&item), "the first item is {item:?}");
    }

    /// Hints and reads on until the set is `endpoints`.
    async fn until(&mut self, endpoints: &[Address]) {
        while self.listed() != endpoints {
            self.context.resolve_now.notify_one();
            let item = self.next().await;
            assert!(matches!(item, Some(Ok(_))), "while waiting for {endpoints:?}: {item:?}");
        }
    }

    fn listed(&self) -> Vec<Address> {
        self.set.iter().map(|endpoint| endpoint.address.clone()).collect()
    }
}

fn is_full(item: &Option<Result<Update, ResolveError>>) -> bool {
    matches!(item, Some(Ok(Update::Reset(_) | Update::NotFound(_))))
}

async fn first_item_is_a_full_answer<F: Fixture>(fixture: &mut F) {
    let endpoints = some_addresses();
    fixture.set(&endpoints).await;
    let mut reader = Reader::new(fixture);
    reader.first().await;
    assert_eq!(reader.listed(), endpoints);
}

async fn no_endpoint_is_not_an_error<F: Fixture>(fixture: &mut F) {
    fixture.set(&[]).await;
    let mut reader = Reader::new(fixture);
    reader.first().await;
    assert!(reader.set.is_empty());
    let endpoints = some_addresses();
    fixture.set(&endpoints).await;
    reader.until(&endpoints).await;
    fixture.set(&[]).await;
    reader.until(&[]).await;
}

async fn a_stopped_registry_is_not_emptiness<F: Fixture>(fixture: &mut F) {
    fixture.set(&some_addresses()).await;
    fixture.stop().await;
    let item = Reader::new(fixture).next().await;
    let Some(Err(error)) = &item else { panic!("a registry that is unreachable: {item:?}") };
    assert!(matches!(error, ResolveError::Ambient(_)), "{error:?}");
    assert!(!error.to_string().is_empty());
}

async fn a_stop_while_watching_is_reported<F: Fixture>(fixture: &mut F) {
    let endpoints = some_addresses();
    fixture.set(&endpoints).await;
    let mut reader = Reader::new(fixture);
    reader.first().await;
    fixture.stop().await;
    reader.context.resolve_now.notify_one();
    loop {
        match reader.next().await {
            Some(Err(ResolveError::Ambient(_))) => break,
            Some(Ok(_)) => assert_eq!(reader.listed(), endpoints, "a registry that stopped is not an empty registry"),
            other => panic!("a registry that stopped: {other:?}"),
        }
    }
    fixture.start_again().await;
    // Either the watch survived and starts with a complete response, or the stream has ended.
    let context = reader.context.clone();
    context.resolve_now.notify_one();
    loop {
        match reader.next().await {
            None => return,
            Some(Err(_)) => {}
            item => {
                assert!(is_full(&item), "after an error comes {item:?}");
                return reader.until(&endpoints).await;
            }
        }
    }
}

async fn a_second_resolve_recovers<F: Fixture>(fixture: &mut F) {
    let endpoints = some_addresses();
    fixture.set(&endpoints).await;
    fixture.stop().await;
    assert!(matches!(Reader::new(fixture).next().await, Some(Err(_))));
    fixture.start_again().await;
    let mut second = Reader::new(fixture);
    second.first().await;
    second.until(&endpoints).await;
}

async fn dropping_leaves_nothing_behind<F: Fixture>(fixture: &mut F) {
    let endpoints = some_addresses();
    fixture.set(&endpoints).await;
    // Before the first use: nothing may stay open for the life of the process either.
    let before = Open::now();
    for round in 0..3 {
        let mut readers: Vec<Reader> = (0..5).map(|_| Reader::new(fixture)).collect();
        for reader in &mut readers {
            reader.first().await;
        }
        if round == 1 && F::exempt(Requirement::AChangeArrives).is_none() {
            fixture.set(&endpoints[..2]).await;
            readers[0].until(&endpoints[..2]).await;
        }
        // Also while it waits for the next item.
        drop(tokio::time::timeout(Duration::from_millis(1), readers[4].resolution.next()).await);
        drop(readers);
        // And before anything was read.
        drop(Reader::new(fixture));
        before.again().await;
    }
}

async fn a_second_resolve_starts_from_a_full_answer<F: Fixture>(fixture: &mut F) {
    let endpoints = some_addresses();
    fixture.set(&endpoints).await;
    for _ in 0..3 {
        let mut reader = Reader::new(fixture);
        reader.first().await;
        assert_eq!(reader.listed(), endpoints);
    }
}

async fn two_resolves_are_independent<F: Fixture>(fixture: &mut F) {
    let endpoints = some_addresses();
    fixture.set(&endpoints).await;
    let (mut first, mut second) = (Reader::new(fixture), Reader::new(fixture));
    first.first().await;
    second.first().await;
    drop(first);
    if F::exempt(Requirement::AChangeArrives).is_none() {
        fixture.set(&endpoints[1..]).await;
        second.until(&endpoints[1..]).await;
    }
    let mut third = Reader::new(fixture);
    third.first().await;
    assert_eq!(third.listed(), second.listed());
}

async fn a_change_arrives<F: Fixture>(fixture: &mut F) {
    let [a, b, c] = some_addresses();
    fixture.set(std::slice::from_ref(&a)).await;
    let mut reader = Reader::new(fixture);
    reader.first().await;
    let courses =
        [vec![a.clone(), b.clone()], vec![b.clone(), c.clone()], vec![a.clone(), b.clone(), c.clone()], vec![c]];
    for course in courses {
        fixture.set(&course).await;
        reader.until(&course).await;
    }
}

/// Every requirement as a test of its own: `backend::dns::battery::a_change_arrives`.
macro_rules! battery {
    ($module:ident, $fixture:ty) => {
        mod $module {
            use super::*;
            use $crate::backend::battery::{Requirement, prove};

            #[tokio::test]
            async fn first_item_is_a_full_answer() {
                prove::<$fixture>(Requirement::FirstItemIsAFullAnswer).await;
            }

            #[tokio::test]
            async fn no_endpoint_is_not_an_error() {
                prove::<$fixture>(Requirement::NoEndpointIsNoError).await;
            }

            #[tokio::test]
            async fn a_stopped_registry_is_not_emptiness() {
                prove::<$fixture>(Requirement::AStoppedRegistryIsNotEmptiness).await;
            }

            #[tokio::test]
            async fn a_stop_while_watching_is_reported() {
                prove::<$fixture>(Requirement::AStopWhileWatchingIsReported).await;
            }

            #[tokio::test]
            async fn a_second_resolve_recovers() {
                prove::<$fixture>(Requirement::ASecondResolveRecovers).await;
            }

            #[cfg_attr(not(target_os = "linux"), ignore = "counts what is open in /proc")]
            #[tokio::test]
            async fn dropping_leaves_nothing_behind() {
                let test = concat!(module_path!(), "::dropping_leaves_nothing_behind");
                let test = test.split_once("::").map_or(test, |(_, within)| within);
                if $crate::support::leftovers::alone(test) {
                    prove::<$fixture>(Requirement::DroppingLeavesNothingBehind).await;
                }
            }

            #[tokio::test]
            async fn a_second_resolve_starts_from_a_full_answer() {
                prove::<$fixture>(Requirement::ASecondResolveStartsFromAFullAnswer).await;
            }

            #[tokio::test]
            async fn two_resolves_are_independent() {
                prove::<$fixture>(Requirement::TwoResolvesAreIndependent).await;
            }

            #[tokio::test]
            async fn a_change_arrives() {
                prove::<$fixture>(Requirement::AChangeArrives).await;
            }
        }
    };
}
pub(super) use battery;
