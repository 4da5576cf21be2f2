//! The health service of real servers, beyond the single Check: the services that they list with Health/List (gRFC
//! A90), if they implement it.

use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::run;

#[test]
fn grpc_go_lists_the_names_it_knows() {
    let Some(server) = GrpcServer::start(Kind::Go, &["--health", "pay.v1.Pay=SERVING"]) else { return };
    let address = server.address.to_string();
    let run = run(&["probe", "--service", "pay", "-o", "ndjson", &address]);
    assert_eq!((run.code, run.findings()), (2, vec!["GD502".to_string()]), "{}", run.all());
    let known = r#"other services: \"\" SERVING, \"pay.v1.Pay\" SERVING"#;
    assert!(run.out.contains(known), "{}", run.all());
}

#[test]
fn grpcio_without_list_reports_the_health_of_the_whole_server() {
    let Some(server) = GrpcServer::start(Kind::Core, &[]) else { return };
    let address = server.address.to_string();
    let run = run(&["probe", "--service", "pay", "-o", "ndjson", &address]);
    assert_eq!((run.code, run.findings()), (2, vec!["GD502".to_string()]), "{}", run.all());
    assert!(run.out.contains(r#"other services: \"\" SERVING"#), "{}", run.all());
}
