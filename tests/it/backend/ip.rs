//! `ip` in the battery: a target without a registry.

use grpc_discover::backend::ip::{Ip, IpTarget};
use grpc_discover::backend::{Backend, Context};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::target::Target;

use super::battery::{Claim, Fixture, battery};

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

    fn exempt(claim: Claim) -> Option<&'static str> {
        match claim {
            Claim::NobodyIsNoError | Claim::AChangeArrives => Some("a literal address never changes"),
            Claim::AStoppedRegistryIsNotEmptiness | Claim::AStopWhileWatchingIsSaid | Claim::ASecondResolveRecovers => {
                Some("there is no registry to stop")
            }
            Claim::FirstItemIsAFullAnswer
            | Claim::DroppingLeavesNothingBehind
            | Claim::ASecondResolveStartsFromAFullAnswer
            | Claim::TwoResolvesAreIndependent => None,
        }
    }
}
