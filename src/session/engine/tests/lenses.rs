//! Other frameworks' clients beside the channel.

use super::*;
use crate::lens::{LENSES, find};
use crate::model::lens::{LensReport, NoticesChanges};
use crate::session::plan::Lenses;

impl Harness {
    fn with_lenses(mut self, lenses: Lenses) -> Harness {
        let mut config = self.engine.config.clone();
        config.lenses = lenses;
        self.engine = Engine::new(config);
        self
    }

    fn lenses(&self) -> Vec<&LensReport> {
        let reports = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Lens(report) => Some(report),
            _ => None,
        });
        reports.collect()
    }

    fn lens(&self, name: &str) -> &LensReport {
        self.lenses().into_iter().rfind(|report| &*report.lens == name).unwrap_or_else(|| panic!("no word on {name}"))
    }
}

fn idle_cycle(lenses: Lenses) -> Harness {
    Harness::new(Goal::ProbeIdle(TEN), idle(10), &[A], &[A]).with_lenses(lenses).start()
}

fn words(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn moves(harness: &mut Harness) {
    harness.kill(A);
    harness.up.insert(B);
    harness.registry_lists(&[B]);
}

#[test]
fn an_idle_cycle_reports_whose_clients_would_still_dial_the_old_address() {
    let mut harness = idle_cycle(Lenses::Differing(LENSES.to_vec()));
    harness.pass(Duration::from_secs(5));
    moves(&mut harness);
    harness.pass(Duration::from_secs(6));
    let frozen = harness.lens("kratos@2.7.2");
    assert_eq!((words(&frozen.holds), words(&frozen.missing)), (vec![A.to_string()], vec![B.to_string()]));
    assert_eq!((words(&frozen.stale), frozen.notices), (vec![A.to_string()], NoticesChanges::Never));
    assert!(harness.lenses().iter().all(|report| !report.agrees()), "those that agree are not reported");
    assert!(!harness.lenses().iter().any(|report| &*report.lens == "kratos@3.0.0"), "the mended version is well");
    assert!(harness.findings().contains(&"GD603") && harness.findings().contains(&"GD609"), "{:?}", harness.findings());
    let finding = harness.events.iter().find_map(|event| match &event.kind {
        EventKind::Finding(finding) if finding.kind.code == "GD609" => Some(finding),
        _ => None,
    });
    let text = &finding.unwrap().text;
    for expected in ["kratos 2.5.4 to 2.7.2", A, B, "connection refused", "last connection error", "a restart"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(harness.summary().exit, 1);
}

#[test]
fn an_idle_cycle_without_changes_reports_no_client() {
    let mut harness = idle_cycle(Lenses::Differing(LENSES.to_vec()));
    harness.pass(Duration::from_secs(11));
    assert!(harness.lenses().is_empty(), "{:?}", harness.lenses());
    assert_eq!((harness.findings(), harness.summary().exit), (vec![], 0));
}

#[test]
fn a_chosen_lens_is_reported_even_when_it_agrees() {
    let mut harness = idle_cycle(Lenses::Chosen(find("kratos@2.7.2").unwrap()));
    harness.pass(Duration::from_secs(11));
    let frozen = harness.lens("kratos@2.7.2");
    assert!(frozen.agrees(), "it works, until something moves");
    assert_eq!((words(&frozen.holds), frozen.notices), (vec![A.to_string()], NoticesChanges::Never));
    assert_eq!((harness.findings(), harness.summary().exit), (vec![], 0), "and that is not a finding");
}

#[test]
fn a_watch_reports_what_a_client_holds_whenever_it_changes() {
    let lenses = Lenses::Chosen(find("grpc-go").unwrap());
    let mut harness = Harness::new(Goal::Watch { until: None }, watching(), &[A], &[A, B]).with_lenses(lenses).start();
    assert_eq!(words(&harness.lens("grpc-go").holds), [A]);
    harness.pass(Duration::from_secs(60));
    harness.registry_lists(&[A, B]);
    let blind = harness.lens("grpc-go").clone();
    assert_eq!((words(&blind.holds), words(&blind.missing)), (vec![A.to_string()], vec![B.to_string()]));
    assert_eq!(blind.notices, NoticesChanges::AfterAFailure);
    harness.kill(A);
    let grpc_go = harness.lens("grpc-go");
    assert_eq!(
        (words(&grpc_go.holds), grpc_go.agrees()),
        (vec![A.to_string(), B.to_string()], true),
        "it queried DNS again"
    );
}

#[test]
fn a_registry_that_cannot_be_queried_when_the_call_comes_leaves_a_client_without_list_and_not_our_channel() {
    let mut harness = idle_cycle(Lenses::Differing(LENSES.to_vec()));
    harness.pass(Duration::from_secs(8));
    harness.registry = None;
    let generation = harness.generation[&0];
    let gone = Err(ResolveError::ambient(ResolveCode::Unreachable, "connection refused"));
    harness.feed(Input::Response { source: 0, generation, response: Some(gone), last: true });
    harness.pass(Duration::from_secs(3));
    assert_eq!(harness.lens("kratos@3.0.0").notices, NoticesChanges::NeverAndHangs);
    assert!(harness.findings().contains(&"GD609"), "{:?}", harness.findings());
    assert!(harness.channel_states().ends_with(&["IDLE", "CONNECTING", "READY"]), "{:?}", harness.channel_states());
}

#[test]
fn clients_of_a_registry_that_has_no_part_are_reported_only_when_they_were_chosen() {
    let etcd = || find("etcd-naming").unwrap();
    for (lenses, reported) in [(Lenses::Differing(etcd()), false), (Lenses::Chosen(etcd()), true)] {
        let mut harness =
            Harness::new(Goal::Watch { until: None }, watching(), &[A], &[A, B]).with_lenses(lenses).start();
        harness.pass(Duration::from_secs(1));
        harness.registry = None;
        let generation = harness.generation[&0];
        let gone = Err(ResolveError::ambient(ResolveCode::Unreachable, "connection refused"));
        harness.feed(Input::Response { source: 0, generation, response: Some(gone), last: false });
        harness.registry_lists(&[B]);
        harness.pass(Duration::from_secs(1));
        let frozen = harness
            .lenses()
            .into_iter()
            .any(|report| words(&report.stale) == [A] && report.notices == NoticesChanges::Never);
        assert_eq!(frozen, reported, "{:?}", harness.lenses());
    }
}
