//! `consul` in the battery: a real agent that stores its data on disk.

#![cfg(feature = "consul")]

use std::time::Duration;

use grpc_discover::backend::consul::{self, Consul};
use grpc_discover::backend::settings::BackendSettings as _;
use grpc_discover::backend::{Backend, Context, Settings};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::target::Target;
use serde_json::json;

use super::battery::{Fixture, battery};
use crate::support::consul::{ConsulAgent, Mode};

battery!(battery, RealConsul);

/// The instances are on a node without an agent: a change applies immediately, and after a restart the registry's own
/// log restores it.
pub struct RealConsul {
    agent: ConsulAgent,
    registered: Vec<Address>,
}

const NODE: &str = "outside";

impl Fixture for RealConsul {
    async fn start() -> Option<Self> {
        Some(RealConsul { agent: ConsulAgent::start(Mode::Persistent)?, registered: Vec::new() })
    }

    fn backend(&self) -> &'static dyn Backend {
        &Consul
    }

    fn target(&self) -> Target {
        "consul:///pay".parse().unwrap()
    }

    fn context(&self) -> Context {
        let address = self.agent.address();
        let consul =
            consul::ConsulSettings::from_env(|name| (name == "CONSUL_HTTP_ADDR").then(|| address.clone())).unwrap();
        let mut settings = Settings::default().with(consul);
        settings.resolve_timeout = Duration::from_secs(15);
        Context::new(settings)
    }

    async fn set(&mut self, endpoints: &[Address]) {
        for gone in self.registered.iter().filter(|address| !endpoints.contains(address)) {
            self.agent.put("/v1/catalog/deregister", &json!({ "Node": NODE, "ServiceID": gone.to_string() }));
        }
        for new in endpoints.iter().filter(|address| !self.registered.contains(address)) {
            let Address::Ip(socket) = new else { panic!("{new:?} has no IP address") };
            let service =
                json!({ "Service": "pay", "ID": new.to_string(), "Address": socket.ip(), "Port": socket.port() });
            let entry = json!({ "Node": NODE, "Address": "127.0.0.1", "Service": service });
            self.agent.put("/v1/catalog/register", &entry);
        }
        self.registered = endpoints.to_vec();
    }

    async fn stop(&mut self) {
        self.agent.kill();
    }

    async fn start_again(&mut self) {
        self.agent.start_again();
    }
}
