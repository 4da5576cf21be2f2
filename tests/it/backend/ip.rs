//! `ip` in the battery: a target without a registry.

use grpc_discover::backend::ip::{Ip, IpTarget};
use grpc_discover::backend::{Backend, Context};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::target::Target;

use super::battery::{Fixture, Requirement, battery};

battery!(battery, Literal);

pub struct Literal(Vec<Address>);

impl Fixture for Literal {
    async fn start() -> Option<Self> {
        Some(Literal(vec![]))
    }

    fn backend(&self) -> &'static dyn Backend {
        &Ip
    }

    fn target(&self) -> Target {
        IpTarget(self.0.clone()).into()
    }

    fn context(&self) -> Context {
        Context::default()
    }

    async fn set(&mut self, endpoints: &[Address]) {
        self.0 = endpoints.to_vec();
    }

    async fn stop(&mut self) {}

    async fn start_again(&mut self) {}

    fn exempt(requirement: Requirement) -> Option<&'static str> {
        match requirement {
            Requirement::NoEndpointIsNoError | Requirement::AChangeArrives => Some("a literal address never changes"),
            Requirement::AStoppedRegistryIsNotEmptiness
            | Requirement::AStopWhileWatchingIsReported
            | Requirement::ASecondResolveRecovers => Some("there is no registry to stop"),
            Requirement::FirstItemIsAFullAnswer
            | Requirement::DroppingLeavesNothingBehind
            | Requirement::ASecondResolveStartsFromAFullAnswer
            | Requirement::TwoResolvesAreIndependent => None,
        }
    }
}
