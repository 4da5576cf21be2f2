//! What etcd reports about the entries of a service: GD117 to GD119, and what it has in common with other registries.

#[cfg(feature = "etcd")]
pub use with_etcd::*;

/// Scenarios of a backend that is not in the build are never set up.
#[cfg(not(feature = "etcd"))]
mod without {
    use super::super::scenario::Run;
    use super::super::setup::Setup;

    macro_rules! absent {
        ($($name:ident)*) => { $(pub fn $name(_: &mut Setup) -> Option<Run> { None })* };
    }
    absent!(
        key_without_lease lease_not_renewed lease_of_an_hour one_address_under_two_keys
        registered_in_etcd_for_http_only value_of_another_layout under_another_prefix one_bad_value only_bad_values
        bad_value_of_another_service
    );
}
#[cfg(not(feature = "etcd"))]
pub use without::*;

#[cfg(feature = "etcd")]
mod with_etcd {
    use serde_json::json;

    use super::super::scenario::{Run, probe};
    use super::super::setup::Setup;
    use crate::support::etcd::Etcd;

    /// `probe` of the service `pay` in `etcd`, which is kept running.
    fn of(setup: &mut Setup, etcd: Etcd) -> Run {
        let run = probe(&[&format!("etcd://{}/pay", etcd.endpoints())]);
        setup.keep(etcd);
        run
    }

    pub fn key_without_lease(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let (leased, plain) = (setup.healthy(), setup.healthy());
        let lease = etcd.grant(60);
        etcd.put("pay/1", &leased, lease);
        etcd.put("pay/2", &plain, 0);
        Some(of(setup, etcd).answer_with(&["1 of 2 entries have no lease", &format!("\"pay/2\" ({plain})")]))
    }

    pub fn lease_not_renewed(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let well = setup.healthy();
        let lease = etcd.grant(15);
        etcd.put("pay/1", &well, lease);
        while etcd.left(lease) > 4 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Some(of(setup, etcd).answer_with(&["lease is not being renewed: \"pay/1\"", &well, "s left of 15s"]))
    }

    pub fn lease_of_an_hour(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let well = setup.healthy();
        let value = json!({ "id": "1", "name": "pay", "endpoints": [format!("grpc://{well}")] });
        etcd.put("/microservices/pay/1", &value.to_string(), etcd.grant(3600));
        Some(of(setup, etcd).answer_with(&[&well, "3600s (kratos's default is 15s)"]))
    }

    pub fn one_address_under_two_keys(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let well = setup.healthy();
        for key in ["pay/7587862094925234", "pay/7587862094925299"] {
            etcd.put(key, &well, etcd.grant(60));
        }
        Some(of(setup, etcd).answer_with(&[&well, "is registered 2 times in etcd", "\"pay/7587862094925299\""]))
    }

    /// As etcd's own naming package writes it, under the prefix of Dubbo's applications.
    pub fn value_of_another_layout(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let well = setup.healthy();
        etcd.put("/services/pay/1", &json!({ "Op": 0, "Addr": well, "Metadata": null }).to_string(), 0);
        let run = of(setup, etcd).answer_with(&[
            "\"/services/pay/1\"",
            "its value is in the format of etcd-naming",
            "look under pay/",
        ]);
        Some(run.does(&["/pay?prefix=/services"]))
    }

    pub fn under_another_prefix(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let well = setup.healthy();
        etcd.put("/eu/prod/pay/1", &well, 0);
        let run = of(setup, etcd).answer_with(&["key \"/eu/prod/pay/1\" is under another prefix"]);
        Some(run.does(&["/pay?prefix=/eu/prod"]).never(&["datacenter"]))
    }

    pub fn one_bad_value(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let well = setup.healthy();
        let value = json!({ "id": "1", "name": "pay", "endpoints": [format!("grpc://{well}")] });
        let lease = etcd.grant(60);
        etcd.put("/microservices/pay/1", &value.to_string(), lease);
        etcd.put("/microservices/pay/2", "{\"id\":\"2\",\"name\":\"pay\",\"endpoints\":[", lease);
        etcd.put("/microservices/pay/3", "to be done", lease);
        let words =
            ["2 of 3 keys cannot be used: key \"/microservices/pay/2\": it is not valid JSON", "lose the whole list"];
        Some(of(setup, etcd).answer_with(&words))
    }

    /// Kratos' clients read `/microservices/pay` without a trailing slash.
    pub fn bad_value_of_another_service(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let well = setup.healthy();
        let value = json!({ "id": "1", "name": "pay", "endpoints": [format!("grpc://{well}")] });
        etcd.put("/microservices/pay/1", &value.to_string(), etcd.grant(60));
        etcd.put("/microservices/payments/1", "to be done", etcd.grant(60));
        Some(of(setup, etcd).answer_with(&["\"/microservices/payments/1\"", "lose the whole list"]))
    }

    pub fn only_bad_values(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        for (key, value) in [("pay/1", "10.0.0.1:65536"), ("pay/2", "10.0.0.1:abc"), ("pay/3", "[[[[")] {
            etcd.put(key, value, 0);
        }
        Some(
            of(setup, etcd)
                .answer_with(&["none of 3 keys can be read", "has an invalid port: must be from 1 to 65535"]),
        )
    }

    pub fn registered_in_etcd_for_http_only(setup: &mut Setup) -> Option<Run> {
        let etcd = Etcd::start()?;
        let value = json!({ "id": "1", "name": "pay", "endpoints": ["http://127.0.0.1:8000"] });
        etcd.put("/microservices/pay/1", &value.to_string(), etcd.grant(15));
        let words = ["1 registered -> 0 with a grpc endpoint", "kratos registered it for http only, not for grpc"];
        Some(of(setup, etcd).answer_with(&words))
    }
}
