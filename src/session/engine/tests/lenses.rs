//! Other frameworks' clients beside the channel.

use super::*;
use crate::lens::{LENSES, find};
use crate::model::lens::{LensReport, NoticesChanges};
use crate::session::plan::Lenses;

impl World {
    fn with_lenses(mut self, lenses: Lenses) -> World {
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

fn idle_cycle(lenses: Lenses) -> World {
    World::new(Goal::ProbeIdle(TEN), idle(10), &[A], &[A]).with_lenses(lenses).begin()
}

fn words(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn moves(world: &mut World) {
    world.kill(A);
    world.up.insert(B);
    world.registry_lists(&[B]);
}

#[test]
fn an_idle_cycle_tells_whose_clients_would_still_dial_the_old_address() {
    let mut world = idle_cycle(Lenses::Differing(LENSES.to_vec()));
    world.pass(Duration::from_secs(5));
    moves(&mut world);
    world.pass(Duration::from_secs(6));
    let frozen = world.lens("kratos@2.7.2");
    assert_eq!((words(&frozen.holds), words(&frozen.missing)), (vec![A.to_string()], vec![B.to_string()]));
    assert_eq!((words(&frozen.stale), frozen.notices), (vec![A.to_string()], NoticesChanges::Never));
    assert!(world.lenses().iter().all(|report| !report.agrees()), "those that agree are not told");
    assert!(!world.lenses().iter().any(|report| &*report.lens == "kratos@3.0.0"), "the mended version is well");
    assert!(world.findings().contains(&"GD603") && world.findings().contains(&"GD609"), "{:?}", world.findings());
    let finding = world.events.iter().find_map(|event| match &event.kind {
        EventKind::Finding(finding) if finding.kind.code == "GD609" => Some(finding),
        _ => None,
    });
    let text = &finding.unwrap().text;
    for said in ["kratos 2.5.4 to 2.7.2", A, B, "connection refused", "last connection error", "a restart"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(world.summary().exit, 1);
}

#[test]
fn an_idle_cycle_in_which_nothing_moves_tells_of_nobody() {
    let mut world = idle_cycle(Lenses::Differing(LENSES.to_vec()));
    world.pass(Duration::from_secs(11));
    assert!(world.lenses().is_empty(), "{:?}", world.lenses());
    assert_eq!((world.findings(), world.summary().exit), (vec![], 0));
}

#[test]
fn a_chosen_lens_is_told_of_even_when_it_agrees() {
    let mut world = idle_cycle(Lenses::Chosen(find("kratos@2.7.2").unwrap()));
    world.pass(Duration::from_secs(11));
    let frozen = world.lens("kratos@2.7.2");
    assert!(frozen.agrees(), "it works, until something moves");
    assert_eq!((words(&frozen.holds), frozen.notices), (vec![A.to_string()], NoticesChanges::Never));
    assert_eq!((world.findings(), world.summary().exit), (vec![], 0), "and that is no finding");
}

#[test]
fn a_watch_tells_what_a_client_holds_whenever_it_changes() {
    let lenses = Lenses::Chosen(find("grpc-go").unwrap());
    let mut world = World::new(Goal::Watch { until: None }, watching(), &[A], &[A, B]).with_lenses(lenses).begin();
    assert_eq!(words(&world.lens("grpc-go").holds), [A]);
    world.pass(Duration::from_secs(60));
    world.registry_lists(&[A, B]);
    let blind = world.lens("grpc-go").clone();
    assert_eq!((words(&blind.holds), words(&blind.missing)), (vec![A.to_string()], vec![B.to_string()]));
    assert_eq!(blind.notices, NoticesChanges::AfterAFailure);
    world.kill(A);
    let asks = world.lens("grpc-go");
    assert_eq!((words(&asks.holds), asks.agrees()), (vec![A.to_string(), B.to_string()], true), "it asked DNS again");
}

#[test]
fn a_registry_that_cannot_be_asked_when_the_call_comes_poisons_a_client_and_not_our_channel() {
    let mut world = idle_cycle(Lenses::Differing(LENSES.to_vec()));
    world.pass(Duration::from_secs(8));
    world.registry = None;
    let generation = world.generation[&0];
    let gone = Err(ResolveError::ambient(ResolveCode::Unreachable, "connection refused"));
    world.feed(Input::Word { source: 0, generation, word: Some(gone), last: true });
    world.pass(Duration::from_secs(3));
    assert_eq!(world.lens("kratos@3.0.0").notices, NoticesChanges::NeverAndHangs);
    assert!(world.findings().contains(&"GD609"), "{:?}", world.findings());
    assert!(world.channel_states().ends_with(&["IDLE", "CONNECTING", "READY"]), "{:?}", world.channel_states());
}

#[test]
fn clients_of_a_registry_that_has_no_part_are_told_of_only_when_they_were_chosen() {
    let etcd = || find("etcd-naming").unwrap();
    for (lenses, told) in [(Lenses::Differing(etcd()), false), (Lenses::Chosen(etcd()), true)] {
        let mut world = World::new(Goal::Watch { until: None }, watching(), &[A], &[A, B]).with_lenses(lenses).begin();
        world.pass(Duration::from_secs(1));
        world.registry = None;
        let generation = world.generation[&0];
        let gone = Err(ResolveError::ambient(ResolveCode::Unreachable, "connection refused"));
        world.feed(Input::Word { source: 0, generation, word: Some(gone), last: false });
        world.registry_lists(&[B]);
        world.pass(Duration::from_secs(1));
        let frozen = world
            .lenses()
            .into_iter()
            .any(|report| words(&report.stale) == [A] && report.notices == NoticesChanges::Never);
        assert_eq!(frozen, told, "{:?}", world.lenses());
    }
}
