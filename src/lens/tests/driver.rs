//! Lenses beside a session: their past, their clock, and what is reported to the caller.

use super::*;

const OLD: &str = "10.0.0.1:1";
const NEW: &str = "10.0.0.2:1";

fn lenses(names: &[&str], setting: Setting, past: Past) -> Lenses {
    let kinds: Vec<_> = names.iter().flat_map(|name| find(name).unwrap()).collect();
    Lenses::new(&kinds, setting, past)
}

fn seen(lenses: &Lenses) -> Vec<(Vec<String>, NoticesChanges)> {
    lenses.watched().iter().map(|watched| (shown(&watched.view.holds), watched.view.notices)).collect()
}

fn at(millis: u64) -> Elapsed {
    Elapsed::from_millis(millis)
}

#[test]
fn a_client_that_has_been_idle_brings_its_latent_freeze_along() {
    let names = ["kratos@2.5.3", "kratos@2.7.2", "kratos@2.8.4", "kratos-bystander"];
    let mut lenses = lenses(&names, idle_after(30), Past::BeenIdle);
    assert_eq!(lenses.deadline(), None);
    assert!(lenses.handle(at(3), &Input::CallStarted).is_empty(), "nothing is known yet");
    assert_eq!(lenses.handle(at(5), &lists(&[OLD])), [0, 1, 2, 3]);
    let old = || vec![OLD.to_string()];
    assert_eq!(
        seen(&lenses),
        [
            (old(), NoticesChanges::Changes),
            (old(), NoticesChanges::Never),
            (old(), NoticesChanges::Changes),
            (old(), NoticesChanges::Never)
        ]
    );
    lenses.handle(at(10), &Input::CallFinished);
    assert_eq!(lenses.deadline(), Some(at(30_010)), "the session's time, whatever the clients have lived through");
    lenses.handle(at(12_000), &lists(&[NEW]));
    lenses.handle(at(13_500), &Input::TimePassed);
    let new = || vec![NEW.to_string()];
    assert_eq!(
        seen(&lenses),
        [
            (new(), NoticesChanges::Changes),
            (old(), NoticesChanges::Never),
            (new(), NoticesChanges::Changes),
            (old(), NoticesChanges::Never)
        ]
    );
}

#[test]
fn a_new_client_freezes_only_with_the_sessions_own_idle_period() {
    let mut lenses = lenses(&["kratos@2.7.2"], idle_after(30), Past::New);
    lenses.handle(at(0), &lists(&[OLD]));
    lenses.handle(at(5), &Input::CallStarted);
    assert_eq!(lenses.handle(at(9), &Input::CallFinished), [0; 0]);
    assert_eq!(seen(&lenses), [(vec![OLD.to_string()], NoticesChanges::Changes)]);
    assert_eq!(lenses.handle(at(30_009), &Input::TimePassed), [0]);
    assert_eq!(seen(&lenses), [(vec![OLD.to_string()], NoticesChanges::Never)]);
}

#[test]
fn a_quick_call_after_the_sessions_idle_period_is_the_race_of_2_8_0() {
    let mut lenses = lenses(&["kratos@2.8.0"], idle_after(30), Past::BeenIdle);
    lenses.handle(at(0), &lists(&[OLD]));
    lenses.handle(at(1), &Input::CallStarted);
    lenses.handle(at(2), &Input::CallFinished);
    assert_eq!(seen(&lenses), [(vec![OLD.to_string()], NoticesChanges::Changes)]);
    lenses.handle(at(30_100), &Input::CallStarted);
    assert_eq!(seen(&lenses), [(vec![OLD.to_string()], NoticesChanges::Never)]);
}

#[test]
fn busy_clients_are_in_a_call_for_ever() {
    for past in [Past::New, Past::BeenIdle] {
        for idle_timeout in [None, Some(Duration::ZERO)] {
            let setting = Setting { idle_timeout, timeout: secs(2) };
            let mut lenses = lenses(&["kratos@2.7.2", "kratos-bystander", "grpc-go"], setting, past);
            lenses.handle(at(0), &lists(&[OLD]));
            lenses.handle(at(3_600_000), &lists(&[NEW]));
            lenses.handle(at(3_602_000), &Input::TimePassed);
            assert_eq!(
                seen(&lenses),
                [
                    (vec![NEW.to_string()], NoticesChanges::Changes),
                    (vec![NEW.to_string()], NoticesChanges::Changes),
                    (vec![OLD.to_string()], NoticesChanges::AfterAFailure)
                ],
                "{past:?}"
            );
        }
    }
}

#[test]
fn an_empty_list_and_a_registry_that_fails_start_no_simulation() {
    let mut lenses = lenses(&["kratos@2.8.4"], idle_after(30), Past::BeenIdle);
    lenses.handle(at(0), &Input::Refuses);
    lenses.handle(at(1), &lists(&[]));
    lenses.handle(at(2), &Input::Unreachable);
    assert_eq!(seen(&lenses), [(vec![], NoticesChanges::NextCall)]);
    lenses.handle(at(50_000), &lists(&[OLD]));
    assert_eq!(seen(&lenses), [(vec![OLD.to_string()], NoticesChanges::Changes)]);
    assert_eq!(lenses.deadline(), Some(at(80_000)));
}

#[test]
fn calls_that_started_before_the_first_list_prevent_idleness() {
    let mut lenses = lenses(&["kratos@2.8.4"], idle_after(30), Past::BeenIdle);
    lenses.handle(at(0), &Input::CallStarted);
    lenses.handle(at(100), &lists(&[OLD]));
    assert_eq!(lenses.deadline(), None);
    lenses.handle(at(200), &Input::CallFinished);
    assert_eq!(lenses.deadline(), Some(at(30_200)));
}
