//! `eureka` in the battery, and what only a registry with leases and self-preservation can show: all of it against
//! Spring Cloud's server.

#![cfg(feature = "eureka")]

use std::time::Duration;

use futures_util::StreamExt as _;
use grpc_discover::backend::eureka::{Eureka as EurekaBackend, EurekaSettings};
use grpc_discover::backend::settings::BackendSettings as _;
use grpc_discover::backend::{Backend, Context, Resolution, Settings};
use grpc_discover::model::endpoint::{Address, EndpointStatus, Lease};
use grpc_discover::model::resolution::{AbsenceCode, NoteKind, ResolveCode, Update};
use grpc_discover::model::target::Target;
use serde_json::json;
use tokio::time::timeout;

use super::battery::{Fixture, battery};
use super::words::{TIME_LIMIT, answer, notes, update, word};
use crate::support::eureka::Eureka;
use crate::support::tool::{run, run_command, tool};

battery!(battery, RealEureka);

/// A server that loses all data when it is stopped, and the instances that were registered in it.
pub struct RealEureka {
    eureka: Eureka,
    registered: Vec<Address>,
}

impl RealEureka {
    fn register(&self, address: &Address) {
        let Address::Ip(socket) = address else { panic!("{address}") };
        let metadata = json!({ "gRPC_port": socket.port().to_string() });
        self.eureka.register(&address.to_string(), &socket.ip().to_string(), 90, metadata);
    }
}

impl Fixture for RealEureka {
    async fn start() -> Option<Self> {
        Some(RealEureka { eureka: Eureka::start()?, registered: Vec::new() })
    }

    fn backend(&self) -> &'static dyn Backend {
        &EurekaBackend
    }

    fn target(&self) -> Target {
        "eureka:///pay".parse().unwrap()
    }

    fn context(&self) -> Context {
        context(&self.eureka.url())
    }

    async fn set(&mut self, endpoints: &[Address]) {
        for gone in self.registered.iter().filter(|address| !endpoints.contains(address)) {
            self.eureka.cancel(&gone.to_string());
        }
        for new in endpoints.iter().filter(|address| !self.registered.contains(address)) {
            self.register(new);
        }
        self.registered = endpoints.to_vec();
    }

    async fn stop(&mut self) {
        self.eureka.kill();
    }

    async fn start_again(&mut self) {
        assert!(self.eureka.start_again(), "the server ended by itself");
        self.registered.iter().for_each(|address| self.register(address));
    }
}

fn context(url: &str) -> Context {
    let eureka = EurekaSettings::from_env(|_| Some(url.to_string())).expect("settings");
    let mut settings = Settings::default().with(eureka);
    settings.resolve_timeout = Duration::from_secs(15);
    Context::new(settings)
}

fn query(target: &str, url: &str) -> Resolution {
    EurekaBackend.resolve(&target.parse().expect(target), &context(url))
}

#[tokio::test]
async fn an_instance_is_reported_with_its_status_and_what_is_left_of_its_lease() {
    let Some(eureka) = Eureka::start() else { return };
    eureka.register("pay-1", "10.0.0.1", 60, json!({ "gRPC_port": "50051", "zone": "eu-1" }));
    eureka.register("pay-2", "10.0.0.2", 60, json!({ "Endpoints": "grpc://10.0.0.2:9000", "ID": "2" }));
    eureka.register("pay-3", "10.0.0.3", 60, json!({ "Endpoints": "http://10.0.0.3:8000" }));
    // A renewal changes the time that the server reports as the last one.
    eureka.renew("pay-1");
    eureka.overrule("pay-2", "OUT_OF_SERVICE");
    let reported = answer(&mut query("eureka:///PAY", &eureka.url())).await;
    let [first, second] = &reported.endpoints[..] else { panic!("{reported:?}") };
    assert_eq!((first.address.to_string().as_str(), first.id.as_deref()), ("10.0.0.1:50051", Some("pay-1")));
    assert_eq!(first.layout.as_ref().map(ToString::to_string).as_deref(), Some("grpc-spring: metadata gRPC_port"));
    assert_eq!((first.status, first.zone.as_deref()), (EndpointStatus::Healthy, Some("eu-1")));
    assert_eq!(second.layout.as_ref().map(ToString::to_string).as_deref(), Some("kratos: metadata Endpoints grpc"));
    assert_eq!((second.status, second.checks[0].status.as_str()), (EndpointStatus::Draining, "OUT_OF_SERVICE"));
    for endpoint in &reported.endpoints {
        let left = endpoint.ttl.expect("a lease");
        assert!(left > Duration::from_secs(20) && left <= Duration::from_secs(61), "{endpoint:?}");
        let granted = Some(Duration::from_secs(60));
        assert!(matches!(&endpoint.lease, Some(Lease::Held { granted: of, .. }) if *of == granted), "{endpoint:?}");
    }
    assert_eq!(notes(&reported, NoteKind::Funnel), ["3 registered -> 2 with a grpc endpoint -> 1 UP"]);
    let [skipped] = notes(&reported, NoteKind::Skipped)[..] else { panic!("{reported:?}") };
    assert!(skipped.contains("pay-3") && skipped.contains("kratos registered it for http only"), "{skipped}");
}

#[tokio::test]
async fn an_instance_that_is_not_renewed_is_evicted_or_kept_and_both_are_reported() {
    let Some(eureka) = Eureka::start() else { return };
    eureka.register("pay-1", "10.0.0.1", 2, json!({ "gRPC_port": "50051" }));
    let mut stream = query("eureka:///PAY", &eureka.url());
    assert_eq!(answer(&mut stream).await.endpoints.len(), 1);
    assert!(matches!(update(&mut stream).await, Ok(Update::NotFound(_))));

    // Self-preservation: far more renewals are expected than are received.
    let Some(eureka) = Eureka::start_with(&["--eureka.server.renewal-percent-threshold=1000"]) else { return };
    eureka.register("pay-1", "10.0.0.1", 1, json!({ "gRPC_port": "50051" }));
    let overdue = async {
        loop {
            let reported = answer(&mut query("eureka:///PAY", &eureka.url())).await;
            if notes(&reported, NoteKind::Permanent).len() == 2 {
                return reported;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let reported = timeout(TIME_LIMIT, overdue).await.expect("a lease of one second runs out");
    assert_eq!((reported.endpoints.len(), reported.endpoints[0].ttl), (1, Some(Duration::ZERO)));
    let [overdue, why] = notes(&reported, NoteKind::Permanent)[..] else { panic!("{reported:?}") };
    assert!(overdue.starts_with("the lease of 1 of 1 instances has expired, and eureka still lists them"), "{overdue}");
    assert!(why.contains("lease expiration is disabled (self-preservation)"), "{why}");
}

#[tokio::test]
async fn an_empty_list_is_distinguished_from_a_server_that_is_not_an_eureka() {
    let Some(eureka) = Eureka::start() else { return };
    let Ok(Update::NotFound(absence)) = update(&mut query("eureka:///ORDER", &eureka.url())).await else { panic!() };
    assert_eq!(absence.code, AbsenceCode::NoSuchService);
    assert!(absence.text.contains("HTTP 404"), "{absence:?}");
    let elsewhere = format!("eureka://{}/not-eureka/PAY", eureka.address());
    let error = word(&mut query(&elsewhere, &eureka.url())).await.expect_err("another path");
    assert_eq!(error.failure().code, ResolveCode::BadAnswer, "{error}");
    assert!(error.to_string().contains("is this Eureka's REST API?"), "{error}");
}

#[tokio::test]
async fn a_server_that_freezes_is_noticed_and_the_next_one_is_queried() {
    let (Some(first), Some(second)) = (Eureka::start(), Eureka::start()) else { return };
    for eureka in [&first, &second] {
        eureka.register("pay-1", "10.0.0.1", 90, json!({ "gRPC_port": "50051" }));
    }
    let mut stream = query("eureka:///PAY", &first.url());
    answer(&mut stream).await;
    first.pause();
    let error = word(&mut stream).await.expect_err("a frozen server");
    assert_eq!(error.failure().code, ResolveCode::Timeout, "{error}");
    assert_eq!(timeout(TIME_LIMIT, stream.next()).await.expect("an end"), None);
    let reported = answer(&mut query("eureka:///PAY", &format!("{},{}", first.url(), second.url()))).await;
    assert_eq!(reported.endpoints.len(), 1);
    let [queried] = notes(&reported, NoteKind::Queried)[..] else { panic!("{reported:?}") };
    assert!(
        queried.contains("; failed before: http://127.0.0.1:") && queried.contains("no response within"),
        "{queried}"
    );
}

#[test]
fn a_bare_name_is_queried_in_eureka_when_the_environment_names_it() {
    let Some(eureka) = Eureka::start() else { return };
    eureka.register("pay-1", "127.0.0.1", 90, json!({ "gRPC_port": "50051" }));
    let url = eureka.url().replace("http://", "http://ann:hunter2@");
    let queried = |arguments: &[&str]| {
        let mut command = tool(arguments);
        command.env("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE", &url);
        run_command(command)
    };
    let resolved = queried(&["resolve", "-o", "json", "--backend", "eureka", "pay"]);
    assert!(resolved.out.contains("127.0.0.1:50051"), "{}", resolved.all());
    let shown = queried(&["backends", "-v"]);
    assert!(
        shown.out.contains("eureka at http://127.0.0.1:") && shown.out.contains("lease expiration"),
        "{}",
        shown.all()
    );
    assert!(shown.out.contains("ann:***@") && !shown.all().contains("hunter2"), "{}", shown.all());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = run(&["resolve", &format!("eureka://127.0.0.1:{port}/PAY")]);
    assert_eq!(nobody.code, 3, "{}", nobody.all());
    assert!(nobody.all().contains("connection refused"), "{}", nobody.all());
}

/// Many servers require a password; Spring's own does not unless it is built to.
#[tokio::test]
async fn a_refusal_is_reported_as_one_and_the_password_is_not_shown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut question = vec![0; 4096];
            let length = stream.read(&mut question).await.unwrap_or_default();
            let question = String::from_utf8_lossy(&question[..length]).to_lowercase();
            let status =
                if question.contains("authorization: basic yw5uomh1bnrlcji=") { "500 Broken" } else { "401 No" };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let anonymous = word(&mut query(&format!("eureka://{address}/PAY"), "http://h/")).await.expect_err("nobody");
    assert_eq!(anonymous.failure().code, ResolveCode::Denied, "{anonymous}");
    let known = word(&mut query(&format!("eureka://ann:hunter2@{address}/PAY"), "http://h/")).await.expect_err("ann");
    assert_eq!(known.failure().code, ResolveCode::ServerError, "{known}");
    assert!(!format!("{known} {known:?}").contains("hunter2"), "{known}");
}
