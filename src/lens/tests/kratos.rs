//! failures.md 1.2 to 1.7, and its scenarios 1 to 13 as far as they concern a lens. Every frozen case has its
//! control.

use super::*;

const OLD: &str = "10.0.0.1:1";
const NEW: &str = "10.0.0.2:1";

/// Idle timeout 3 s, one call, idle for `idle` seconds, and a call again.
fn across_idle(name: &str, idle: f64) -> Script {
    let mut client = Script::new(name, 3);
    client.lists(&[OLD]).call().wait(3.0 + idle).call();
    client
}

const EVERY: [&str; 6] =
    ["kratos@2.5.3", "kratos@2.7.2", "kratos@2.8.0", "kratos@2.8.2", "kratos@2.8.3", "kratos@2.8.4"];

#[test]
fn every_kratos_follows_while_it_has_not_idled() {
    for name in EVERY {
        Script::new(name, 60)
            .lists(&[OLD])
            .holds(&[OLD], NoticesChanges::Changes)
            .busy(30)
            .lists(&[NEW])
            .wait(2.0)
            .holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn every_kratos_is_well_while_idle_for_a_short_time_and_nothing_is_called() {
    for name in EVERY {
        let mut client = Script::new(name, 3);
        let notices = client.lists(&[OLD]).call().wait(6.0).client.view().notices;
        let frozen = name == "kratos@2.7.2";
        assert_eq!(notices == NoticesChanges::Never, frozen, "{name} notices {notices:?}");
    }
}

#[test]
fn kratos_2_7_2_keeps_the_old_list_after_its_first_idle_period() {
    across_idle("kratos@2.7.2", 45.0)
        .holds(&[OLD], NoticesChanges::Never)
        .lists(&[NEW])
        .busy(60)
        .holds(&[OLD], NoticesChanges::Never)
        // Neither a lost connection nor another idle period helps.
        .lost(OLD)
        .wait(120.0)
        .holds(&[OLD], NoticesChanges::Never)
        .call()
        .holds(&[OLD], NoticesChanges::Never);
}

#[test]
fn kratos_2_7_2_starts_with_the_old_list_when_servers_move_while_it_is_idle() {
    let mut client = Script::new("kratos@2.7.2", 3);
    client.lists(&[OLD]).call().wait(60.0).holds(&[OLD], NoticesChanges::Never);
    client.lists(&[NEW]).holds(&[OLD], NoticesChanges::Never).call().holds(&[OLD], NoticesChanges::Never);
}

#[test]
fn kratos_2_7_2_still_stores_what_its_last_poll_brings() {
    // The poll that runs when the channel becomes idle started at 1 s and is aborted at 11 s.
    let mut client = Script::new("kratos@2.7.2", 3);
    client.lists(&[OLD]).call().wait(6.0).lists(&[NEW]).holds(&[NEW], NoticesChanges::Never);
    client.wait(1.0).lists(&[OLD]).wait(60.0).holds(&[NEW], NoticesChanges::Never);
}

#[test]
fn kratos_2_7_2_that_never_idles_keeps_following() {
    let mut client = Script::with("kratos@2.7.2", Setting { idle_timeout: None, ..idle_after(3) });
    client.lists(&[OLD]).call().wait(3600.0).lists(&[NEW]).wait(2.0).holds(&[NEW], NoticesChanges::Changes);
}

#[test]
fn kratos_2_5_3_and_2_8_follow_again_after_an_idle_period() {
    for name in ["kratos@2.5.3", "kratos@2.8.0", "kratos@2.8.2", "kratos@2.8.3", "kratos@2.8.4", "kratos@3.0.0"] {
        across_idle(name, 45.0)
            .holds(&[OLD], NoticesChanges::Changes)
            .lists(&[NEW])
            .wait(2.0)
            .holds(&[NEW], NoticesChanges::Changes)
            .wait(50.0)
            .lists(&[OLD])
            .call()
            .holds(&[OLD], NoticesChanges::Changes);
    }
}

#[test]
fn a_busy_bystander_of_kratos_2_7_2_freezes_with_an_idle_client_of_its_process() {
    let mut client = Script::new("kratos-bystander@2.7.2", 3);
    client.lists(&[OLD]).call().wait(2.0).holds(&[OLD], NoticesChanges::Changes);
    client
        .wait(45.0)
        .holds(&[OLD], NoticesChanges::Never)
        .lists(&[NEW])
        .wait(10.0)
        .holds(&[OLD], NoticesChanges::Never);
    client.call().wait(60.0).holds(&[OLD], NoticesChanges::Never);
}

#[test]
fn later_versions_and_busy_clients_do_not_affect_a_bystander() {
    use crate::lens::kratos::other_bystanders;
    for mut client in other_bystanders::all(idle_after(3)) {
        client.handle(Elapsed::ZERO, &lists(&[OLD]));
        client.handle(Elapsed::ZERO, &Input::CallStarted);
        client.handle(Elapsed::ZERO, &Input::CallFinished);
        client.handle(Elapsed::from_secs(60), &lists(&[NEW]));
        client.handle(Elapsed::from_secs(62), &Input::TimePassed);
        let view = client.view();
        assert_eq!((shown(&view.holds), view.notices), (vec![NEW.to_string()], NoticesChanges::Changes), "{client:?}");
    }
    let mut client = Script::new("kratos-bystander@2.7.2", 3);
    client.lists(&[OLD]).busy(60).lists(&[NEW]).busy(2).holds(&[NEW], NoticesChanges::Changes);
}

#[test]
fn kratos_2_8_0_freezes_when_a_call_comes_quickly_after_idle() {
    let mut client = across_idle("kratos@2.8.0", 0.05);
    client.holds(&[OLD], NoticesChanges::Never).busy(60).lists(&[NEW]).busy(60).holds(&[OLD], NoticesChanges::Never);
}

#[test]
fn kratos_2_8_0_heals_when_it_idles_again_after_the_race() {
    let mut client = across_idle("kratos@2.8.0", 0.05);
    client
        .busy(30)
        .lists(&[NEW])
        .wait(3.0)
        .holds(&[], NoticesChanges::NextCall)
        .call()
        .holds(&[NEW], NoticesChanges::Changes);
}

#[test]
fn kratos_2_8_0_does_not_heal_once_calls_to_the_dead_address_have_failed() {
    // grpc-go before 1.78 counts them as calls that still run, and never idles again.
    let mut client = across_idle("kratos@2.8.0", 0.05);
    client.busy(30).lists(&[]).lost(OLD).call().lists(&[NEW]).wait(60.0).holds(&[OLD], NoticesChanges::Never);
    client.call().wait(60.0).holds(&[OLD], NoticesChanges::Never);
    // This does not happen when the address is only lost for a moment, or comes back.
    let mut client = across_idle("kratos@2.8.0", 0.05);
    client.busy(30).lost(OLD).call().wait(3.0).holds(&[], NoticesChanges::NextCall);
    let mut client = across_idle("kratos@2.8.0", 0.05);
    client.busy(30).lists(&[]).lost(OLD).lists(&[OLD]).call().wait(3.0).holds(&[], NoticesChanges::NextCall);
}

#[test]
fn kratos_2_8_0_queries_again_when_the_old_poller_has_ended() {
    let mut client = Script::new("kratos@2.8.0", 3);
    client.lists(&[OLD]).call().wait(5.0).holds(&[OLD], NoticesChanges::Changes);
    client.wait(8.0).holds(&[], NoticesChanges::NextCall).lists(&[NEW]).call().holds(&[NEW], NoticesChanges::Changes);
}

#[test]
fn a_quick_call_after_idle_harms_no_other_version() {
    for name in ["kratos@2.5.3", "kratos@2.8.2", "kratos@2.8.3", "kratos@2.8.4"] {
        let mut client = across_idle(name, 0.05);
        client
            .holds(&[OLD], NoticesChanges::Changes)
            .busy(60)
            .lists(&[NEW])
            .busy(2)
            .holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn kratos_2_8_4_hangs_for_ever_once_its_first_question_after_idle_failed() {
    for name in ["kratos@2.8.0", "kratos@2.8.4", "kratos@3.0.0"] {
        let mut client = Script::new(name, 3);
        client.lists(&[OLD]).call().wait(60.0).refuses().call().holds(&[], NoticesChanges::NeverAndHangs);
        client.lists(&[OLD, NEW]).busy(10).holds(&[], NoticesChanges::NeverAndHangs);
        client.wait(60.0).holds(&[], NoticesChanges::NeverAndHangs).call().holds(&[], NoticesChanges::NeverAndHangs);
    }
}

#[test]
fn kratos_2_8_4_hangs_for_ever_once_its_first_question_outlived_the_timeout() {
    let mut client = Script::new("kratos@2.8.4", 3);
    client.lists(&[OLD]).call().wait(60.0).unresponsive().give(&Input::CallStarted).holds(&[], NoticesChanges::Changes);
    client.wait(1.9).holds(&[], NoticesChanges::Changes).wait(0.2).holds(&[], NoticesChanges::NeverAndHangs);
    client.give(&Input::CallFinished).lists(&[OLD]).busy(10).holds(&[], NoticesChanges::NeverAndHangs);
}

#[test]
fn an_answer_within_the_timeout_leaves_the_set_usable() {
    let mut client = Script::new("kratos@2.8.4", 3);
    client.lists(&[OLD]).call().wait(60.0).unresponsive().give(&Input::CallStarted).wait(1.5).lists(&[NEW]);
    client.holds(&[NEW], NoticesChanges::Changes);
    // 2.8.0 waits 10 s.
    let mut client = Script::new("kratos@2.8.0", 3);
    client.lists(&[OLD]).call().wait(60.0).unresponsive().give(&Input::CallStarted).wait(9.0).lists(&[NEW]);
    client.holds(&[NEW], NoticesChanges::Changes);
}

#[test]
fn a_short_failure_while_no_client_leaves_idle_has_no_effect() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client.lists(&[OLD]).busy(5).refuses().busy(20).unresponsive().busy(20).lists(&[NEW]).busy(12);
        client.holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn kratos_2_8_1_to_2_8_3_recover_from_a_failed_question() {
    for name in ["kratos@2.8.2", "kratos@2.8.3"] {
        let mut client = Script::new(name, 3);
        client.lists(&[OLD]).call().wait(60.0).refuses().call().holds(&[], NoticesChanges::NextCall);
        client.lists(&[NEW]).holds(&[], NoticesChanges::NextCall).call().holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn up_to_2_7_2_only_the_very_first_query_can_leave_no_list() {
    for name in ["kratos@2.5.3", "kratos@2.7.2"] {
        let mut client = Script::new(name, 3);
        client.refuses().lists(&[OLD]).call().holds(&[], NoticesChanges::NeverAndHangs);
        let mut client = Script::new(name, 3);
        client.lists(&[OLD]).call().wait(60.0).refuses().call();
        let notices = if name == "kratos@2.5.3" { NoticesChanges::Changes } else { NoticesChanges::Never };
        client.holds(&[OLD], notices);
    }
}

#[test]
fn timeout_zero_fails_every_call_of_2_8_1_and_2_8_2_only() {
    for name in EVERY {
        let mut client = Script::with(name, Setting { timeout: Duration::ZERO, ..idle_after(3) });
        client.lists(&[OLD]).call();
        let hangs = client.client.view().notices == NoticesChanges::NeverAndHangs;
        assert_eq!(hangs, name == "kratos@2.8.2", "{name}");
    }
}

#[test]
fn an_empty_registry_leaves_kratos_the_last_list_and_it_notices_the_next_instance() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client.lists(&[OLD]).busy(5).lists(&[]).busy(15).holds(&[OLD], NoticesChanges::Changes);
        client.lists(&[NEW]).busy(2).holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn an_instance_with_a_critical_or_warning_check_is_not_held() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client.lists(&[OLD, "10.0.0.3:1 warning", "10.0.0.4:1 critical"]).call().holds(&[OLD], NoticesChanges::Changes);
        client.wait(5.0).lists(&["10.0.0.1:1 critical"]).wait(2.0).holds(&[OLD], NoticesChanges::Changes);
    }
}

#[test]
fn an_empty_registry_at_the_start_is_waited_out() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client.lists(&[]).call().holds(&[], NoticesChanges::Changes).wait(20.0).lists(&[NEW]).wait(2.0);
        client.holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn an_empty_registry_at_the_exit_from_idle_is_waited_out_by_2_8_4_and_ignored_by_2_8_3() {
    let mut client = Script::new("kratos@2.8.4", 3);
    client.lists(&[OLD]).call().wait(60.0).lists(&[]).call().holds(&[], NoticesChanges::Changes);
    let mut client = Script::new("kratos@2.8.3", 3);
    client.lists(&[OLD]).call().wait(60.0).lists(&[]).call().holds(&[OLD], NoticesChanges::Changes);
}

#[test]
fn twenty_five_of_forty_are_a_subset_and_no_fault() {
    let forty: Vec<String> = (1..=40).map(|n| format!("10.0.0.{n}:1")).collect();
    let forty: Vec<&str> = forty.iter().map(String::as_str).collect();
    let usable: Vec<Address> = forty.iter().map(|text| text.parse().unwrap()).collect();
    for (name, held) in [("kratos@3.0.0", 25), ("kratos@2.7.2", 25), ("kratos@2.5.3", 40)] {
        let mut client = Script::new(name, 60);
        let view = client.lists(&forty).call().client.view();
        assert_eq!(view.holds.len(), held, "{name}");
        assert!(view.against(&usable).is_empty(), "{name}");
        let fewer: Vec<&str> =
            forty.iter().copied().filter(|a| !view.holds[..3].iter().any(|h| h.to_string() == *a)).collect();
        let after = client.wait(5.0).lists(&fewer).wait(2.0).client.view();
        assert!(view.holds[3..].iter().all(|kept| after.holds.contains(kept)), "{name}: the draw is stable");
    }
}

#[test]
fn a_change_in_the_pause_between_two_polls_is_noticed_with_the_next() {
    // The poll of 1 s is aborted at 11 s; the next starts at 12 s.
    let mut client = Script::new("kratos@2.8.4", 60);
    client.lists(&[OLD]).call().wait(11.5).lists(&[NEW]).holds(&[OLD], NoticesChanges::Changes);
    assert_eq!(client.client.deadline(), Some(Elapsed::from_secs(12)));
    client.wait(0.5).holds(&[NEW], NoticesChanges::Changes);
}

#[test]
fn a_quiet_poller_wakes_no_client() {
    let mut client = Script::new("kratos@2.8.4", 60);
    client.lists(&[OLD]).call().wait(5.0);
    assert_eq!(client.client.deadline(), Some(Elapsed::from_secs(60)), "only idleness is due");
}
