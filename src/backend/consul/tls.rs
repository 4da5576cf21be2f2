//! TLS to the agent, with Consul's own settings.

use super::settings::ConsulSettings;
use crate::backend::tls::{Names, Pem, Plan};

/// Consul's names for the settings.
pub(super) const NAMES: &Names = &Names {
    cacert: "CONSUL_CACERT",
    capath: "CONSUL_CAPATH",
    cert: "CONSUL_CLIENT_CERT",
    key: "CONSUL_CLIENT_KEY",
    other_name: " (CONSUL_TLS_SERVER_NAME sets the expected name)",
    no_tls: " (use http:// for an agent without TLS)",
};

/// The plan for an agent at `host`.
pub(super) fn plan(settings: &ConsulSettings, host: &str) -> Plan {
    Plan {
        verify: settings.verify.value,
        cacert: settings.cacert.value.clone().map(Pem::File),
        capath: settings.capath.value.clone(),
        identity: settings
            .client_cert
            .value
            .clone()
            .map(Pem::File)
            .zip(settings.client_key.value.clone().map(Pem::File)),
        server_name: settings.server_name.value.clone().unwrap_or_else(|| host.to_string()),
        alpn: "http/1.1",
        names: NAMES,
    }
}
