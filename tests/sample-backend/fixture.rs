//! `lines` in the battery: a file that is rewritten.

#![cfg(feature = "lines")]

use grpc_discover::backend::lines::{Lines, LinesTarget, LinesSettings};
use grpc_discover::backend::{Backend, Context, Origin, Settings, Sourced};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::target::Target;

use super::battery::{Requirement, Fixture, battery};

battery!(battery, LinesFile);

struct LinesFile(tempfile::TempDir);

impl LinesFile {
    fn path(&self) -> String {
        self.0.path().join("services.txt").display().to_string()
    }
}

impl Fixture for LinesFile {
    async fn start() -> Option<Self> {
        Some(LinesFile(tempfile::tempdir().expect("a directory")))
    }

    fn backend(&self) -> &'static dyn Backend {
        &Lines
    }

    fn target(&self) -> Target {
        LinesTarget("pay".to_string()).into()
    }

    fn context(&self) -> Context {
        let file = Sourced::new(Some(self.path()), Origin::Flag("--lines-file"));
        Context::new(Settings::default().with(LinesSettings { file }))
    }

    async fn set(&mut self, endpoints: &[Address]) {
        let lines: String = endpoints.iter().map(|address| format!("pay {address}\n")).collect();
        std::fs::write(self.path(), lines).expect("written");
    }

    async fn stop(&mut self) {}

    async fn start_again(&mut self) {}

    fn exempt(requirement: Requirement) -> Option<&'static str> {
        match requirement {
            Requirement::NoEndpointIsNoError | Requirement::AChangeArrives => Some("the file is read once"),
            Requirement::AStoppedRegistryIsNotEmptiness | Requirement::AStopWhileWatchingIsReported | Requirement::ASecondResolveRecovers => {
                Some("there is no server to stop")
            }
            Requirement::FirstItemIsAFullAnswer
            | Requirement::DroppingLeavesNothingBehind
            | Requirement::ASecondResolveStartsFromAFullAnswer
            | Requirement::TwoResolvesAreIndependent => None,
        }
    }
}
