//! What real clients hold, notice and return when their channel idles, their registry fails, or their servers move.
//! The client models must match this; it is recorded from the frameworks themselves (tests/peers/kratos).
//!
//! A run is a list of events ([`recorded`]) and an outcome ([`stage::Outcome`]). [`against`] passes the same list to
//! each model and compares its prediction with what the client did.

mod against;
mod dns;
#[cfg(feature = "etcd")]
mod etcd_naming;
#[cfg(all(feature = "etcd", feature = "kubernetes"))]
mod kuberesolver;
mod plays;
mod recorded;
mod stage;

use std::time::Duration;

use plays::played;
use recorded::send;
use stage::{Ended, Outcome};

use crate::support::kratos::Called;

/// Expects `code` and a text that names `A`'s address and the stage that failed.
fn names_the_dead_address(ended: &Ended) {
    let last = ended.calls.last().expect("a call");
    let dead = format!("dial tcp {}", ended.addresses["A"]);
    assert_eq!(last.code, "Unavailable", "{}: {last:?}", ended.version);
    assert!(last.text.starts_with("last connection error: ") && last.text.contains(&dead), "{last:?}, not {dead}");
}

/// Checks that the play has this outcome for each version; returns its runs.
fn comes_to(play: &str, versions: &[&str], outcome: &Outcome) -> Vec<&'static Ended> {
    let mut seen = Vec::new();
    for version in versions {
        for run in played(play, version).unwrap_or_default() {
            let ended = run.as_ref().unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(ended.outcome, *outcome, "{play} with {}: {:#?}", ended.version, ended.recorded);
            seen.push(ended);
        }
    }
    seen
}

/// Uses the current server, and would notice the next one.
fn fine(on: &'static str) -> Outcome {
    Outcome { holds: [on].into(), recovers: true, notices: true }
}

/// Uses a stopped server permanently.
fn frozen(on: &'static str) -> Outcome {
    Outcome { holds: [on].into(), recovers: false, notices: false }
}

/// Uses the current server, and would not notice the next one: the freeze shows when that one appears.
fn latent(on: &'static str) -> Outcome {
    Outcome { holds: [on].into(), recovers: true, notices: false }
}

/// Has no address permanently.
fn wedged() -> Outcome {
    Outcome { holds: [].into(), recovers: false, notices: false }
}

mod idle {
    use super::*;

    #[test]
    fn a_client_of_2_7_2_keeps_the_old_address_for_ever() {
        for ended in comes_to("idle", &["2.7.2"], &frozen("A")) {
            names_the_dead_address(ended);
        }
    }

    #[test]
    fn clients_before_and_after_it_go_to_the_new_address() {
        comes_to("idle", &["2.5.3", "2.8.0", "2.8.3", "2.8.4", "2.9.2", "3.0.0"], &fine("B"));
    }

    #[test]
    fn a_poller_of_2_7_2_that_was_still_there_brings_one_more_change_and_no_other() {
        comes_to("moved early", &["2.7.2"], &latent("B"));
        comes_to("moved early", &["2.5.3", "2.8.0", "2.8.3", "2.8.4", "2.9.2", "3.0.0"], &fine("B"));
    }

    #[test]
    fn a_channel_that_is_never_idle_goes_deaf_with_one_that_was_in_2_7_2() {
        for ended in comes_to("bystander", &["2.7.2"], &frozen("A")) {
            names_the_dead_address(ended);
        }
        comes_to("bystander", &["2.5.3", "2.8.0", "2.8.3", "2.8.4", "2.9.2", "3.0.0"], &fine("B"));
    }
}

mod quick_exit {
    use super::*;

    #[test]
    fn a_client_of_2_8_0_that_leaves_idle_at_once_keeps_the_old_address_every_time() {
        let seen = comes_to("quick exit", &["2.8.0"], &frozen("A"));
        assert!(seen.is_empty() || seen.len() == 10, "{}", seen.len());
        seen.into_iter().for_each(names_the_dead_address);
    }

    #[test]
    fn a_client_of_2_7_2_is_frozen_by_it_as_by_any_idle_period() {
        comes_to("quick exit", &["2.7.2"], &frozen("A")).into_iter().for_each(names_the_dead_address);
    }

    #[test]
    fn clients_before_and_after_them_do_not_mind() {
        comes_to("quick exit", &["2.5.3", "2.8.3", "2.8.4", "2.9.2", "3.0.0"], &fine("B"));
    }
}

mod failing_registry {
    use super::*;

    /// Kratos' error when its first query exceeds its limit.
    const OVERTIME: &str = "discovery create watcher overtime";

    #[test]
    fn an_agent_frozen_for_three_seconds_at_idle_exit_wedges_clients_since_2_8_4_for_ever() {
        for ended in comes_to("frozen agent", &["2.8.4", "2.9.2", "3.0.0"], &wedged()) {
            let last = ended.calls.last().expect("a call");
            let hung = last.took >= Duration::from_millis(1900);
            assert!(last.code == "DeadlineExceeded" && last.text == "context deadline exceeded" && hung, "{last:?}");
        }
    }

    #[test]
    fn before_grpc_go_1_78_only_the_call_during_the_freeze_reports_the_cause() {
        for ended in comes_to("frozen agent", &["2.8.4"], &wedged()) {
            let reported = &ended.calls[1];
            assert_eq!(reported.code, "Unknown", "{reported:?}");
            assert_eq!(reported.text, format!("failed to exit idle mode: {OVERTIME}"));
            let then = &ended.calls[2..];
            assert!(then.iter().all(|called| called.code == "DeadlineExceeded"), "{then:?}");
        }
    }

    #[test]
    fn since_grpc_go_1_78_every_call_fails_at_once_until_the_channel_idles_and_hangs_from_then_on() {
        for ended in comes_to("frozen agent", &["2.9.2", "3.0.0"], &wedged()) {
            // The call during the frozen agent waits for two limits of two seconds, its own and the resolver's.
            let [_, met, then @ ..] = &ended.calls[..] else { panic!("{:?}", ended.calls) };
            assert!(met.took >= Duration::from_millis(1900) && met.code != "OK", "{met:?}");
            let reported = |called: &&Called| called.code == "Unavailable";
            let failed: Vec<&Called> = then.iter().take_while(reported).collect();
            let hung = &then[failed.len()..];
            assert!(failed.len() > 10 && hung.len() >= 3, "{then:?}");
            let at_once = Duration::from_secs(1);
            assert!(failed.iter().all(|called| called.took < at_once && called.text == OVERTIME), "{failed:?}");
            assert!(hung.iter().all(|called| called.code == "DeadlineExceeded"), "{hung:?}");
        }
    }

    #[test]
    fn clients_whose_first_question_may_take_longer_or_that_query_again_recover() {
        comes_to("frozen agent", &["2.5.3", "2.8.0", "2.8.3"], &fine("A"));
        comes_to("frozen agent", &["2.7.2"], &latent("A"));
    }

    #[test]
    fn an_agent_that_refuses_blocks_every_client_that_queries_at_idle_exit() {
        comes_to("dead agent", &["2.8.0", "2.8.4", "2.9.2", "3.0.0"], &wedged());
        comes_to("dead agent", &["2.5.3", "2.8.3"], &fine("A"));
        comes_to("dead agent", &["2.7.2"], &latent("A"));
    }
}

mod empty_registry {
    use super::*;

    #[test]
    fn a_client_in_use_keeps_the_last_address_and_goes_to_the_next_that_is_listed() {
        for version in ["2.5.3", "2.7.2", "2.8.0", "2.8.3", "2.8.4", "2.9.2", "3.0.0"] {
            // The play itself checks that the client holds A and still queries while no endpoint is listed.
            comes_to("emptied", &[version], &fine("B"));
        }
    }

    #[test]
    fn after_idle_those_with_a_memory_dial_the_last_address_and_the_others_hang() {
        let remember = comes_to("emptied idle", &["2.5.3", "2.8.3"], &fine("B"));
        let remember = remember.into_iter().chain(comes_to("emptied idle", &["2.7.2"], &frozen("A")));
        for ended in remember {
            assert_eq!(ended.glimpses[0].holds, ["A"].into(), "{}", ended.version);
            assert_eq!(ended.calls[1].code, "Unavailable", "{}: {:?}", ended.version, ended.calls[1]);
        }
        for ended in comes_to("emptied idle", &["2.8.0", "2.8.4", "2.9.2", "3.0.0"], &fine("B")) {
            assert_eq!(ended.glimpses[0].holds, [].into(), "{}", ended.version);
            assert_eq!(ended.calls[1].code, "DeadlineExceeded", "{}: {:?}", ended.version, ended.calls[1]);
        }
    }
}

#[test]
fn what_was_recorded_can_be_replayed_up_to_each_sample() {
    for ended in plays::all().filter_map(|(_, run)| run.as_ref().ok()) {
        let (Some(last), Some(end)) = (ended.glimpses.last(), ended.recorded.last()) else { panic!("{ended:?}") };
        assert!(last.holds == ended.outcome.holds && last.at >= end.at, "{ended:?}");
        for glimpse in &ended.glimpses {
            let until = ended.recorded.partition_point(|recorded| recorded.at <= glimpse.at);
            let reported = send(&ended.recorded[..until]);
            // A glimpse is taken between calls, and the client never holds an endpoint that was not listed.
            assert_eq!(reported.calls[&ended.channel], 0, "{ended:?}");
            assert!(glimpse.holds.iter().all(|server| ["A", "B"].contains(server)), "{ended:?}");
        }
    }
    for ended in plays::played_over_dns().iter().flat_map(|played| [&played.serving, &played.killed, &played.idle]) {
        let reported = send(&ended.recorded);
        assert_eq!((reported.lists, reported.calls[&1]), (["B"].into(), 0), "{ended:?}");
    }
}
