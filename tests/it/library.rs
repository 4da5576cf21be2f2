//! A program that uses the library with its defaults gets the verdicts of the command; the program of docs/library.md
//! follows its service.

use grpc_discover::model::event::EventKind;
use grpc_discover::model::finding::Summary;
use grpc_discover::session::{Plan, Session};
use grpc_discover::transport::TlsFile;

use crate::cause::setup::{Leaf, Setup};
use crate::support::tool::run;

mod follow;
#[cfg(feature = "consul")]
mod moves;
mod page;
#[cfg(feature = "consul")]
mod program;

/// Runs a plan to its end: the codes of its findings, and the verdict.
fn played(plan: Plan) -> (Vec<&'static str>, Summary) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut session = Session::start(plan);
        let mut codes = Vec::new();
        while let Some(event) = session.next().await {
            match event.kind {
                EventKind::Finding(finding) => codes.push(finding.kind.code),
                EventKind::Summary(summary) => return (codes, summary),
                _ => {}
            }
        }
        panic!("a session ends with its summary")
    })
}

#[test]
fn tls_by_name_is_verified_against_the_name_as_in_the_command() {
    let setup = Setup::new();
    let authority = setup.authority();
    // No address is among the names.
    let address = setup.serves_tls(authority.server(Leaf { names: &["localhost"], ..Leaf::default() }));
    let port = address.rsplit(':').next().unwrap();
    let target = format!("dns:///localhost:{port}");
    let ca = setup.path("ca.pem");

    let mut plan = Plan::builder().target(target.parse().unwrap()).build().unwrap();
    plan.transport.cacert = Some(ca.clone());
    assert!(plan.transport.check_files().is_ok());
    let (codes, summary) = played(plan);
    let command = run(&["probe", "-o", "ndjson", "--cacert", &ca.display().to_string(), &target]);
    assert!(!codes.contains(&"GD303"), "{codes:?} {summary:?}");
    assert_eq!(i32::from(summary.exit), command.code, "{codes:?} {summary:?}\n{}", command.all());
    let findings = command.findings();
    assert_eq!(codes, findings, "{}", command.all());
}

#[test]
fn a_file_that_cannot_be_used_is_an_error_before_the_session() {
    let mut plan = Plan::builder().target("127.0.0.1:1".parse().unwrap()).build().unwrap();
    plan.transport.cacert = Some("/nowhere/ca.pem".into());
    let error = plan.transport.check_files().unwrap_err();
    assert_eq!((error.file, error.why.to_string().as_str()), (TlsFile::CaCert, "no such file"));
    assert_eq!(error.to_string(), "failed to read --cacert /nowhere/ca.pem: no such file");
}
