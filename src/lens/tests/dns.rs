//! observed.md section 1: re-resolution and idle periods of gRPC's own DNS resolvers.

use super::*;

const OLD: &str = "10.0.0.1:1";
const NEW: &str = "10.0.0.2:1";
const EVERY: [&str; 4] = ["grpc-go", "grpc-java", "grpc-core", "grpc-js"];

#[test]
fn nothing_is_queried_before_the_first_call() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).wait(10.0).holds(&[], NoticesChanges::NextCall).lists(&[NEW]).call();
        client.holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn a_registry_that_moved_is_never_noticed_while_the_old_server_answers() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).busy(3).lists(&[NEW]).busy(600).holds(&[OLD], NoticesChanges::AfterAFailure);
        let difference = client.client.view().against(&[NEW.parse().unwrap()]);
        assert_eq!((shown(&difference.stale), shown(&difference.missing)), (vec![OLD.into()], vec![NEW.into()]));
        client.lists(&[OLD, NEW]).busy(600).holds(&[OLD], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn a_killed_server_is_replaced_30_s_after_the_last_answer() {
    for name in ["grpc-go", "grpc-core", "grpc-js"] {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).busy(3).lists(&[NEW]).lost(OLD).busy(26).holds(&[OLD], NoticesChanges::Soon);
        client.busy(1).holds(&[NEW], NoticesChanges::AfterAFailure);
        // The registry responds three seconds late.
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).busy(3).lost(OLD).busy(3).lists(&[NEW]).busy(23).holds(&[OLD], NoticesChanges::Soon);
        client.busy(1).holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn java_drops_an_early_reason_and_queries_at_the_next_failed_attempt() {
    // Lost at 3 s; attempts fail 0, 1, 2.6, 5.16, 9.256, 15.81, 26.3 and 43.07 s after it: the last one is beyond 30 s.
    let mut client = Script::new("grpc-java", 3600);
    client.lists(&[OLD]).busy(3).lists(&[NEW]).lost(OLD).busy(43).holds(&[OLD], NoticesChanges::AfterAFailure);
    client.busy(1).holds(&[NEW], NoticesChanges::AfterAFailure);
}

#[test]
fn a_loss_long_after_the_last_answer_causes_a_query_at_once() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).busy(60).lists(&[NEW]).holds(&[OLD], NoticesChanges::AfterAFailure).lost(OLD);
        client.holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn the_loss_of_an_address_that_pick_first_is_not_on_is_no_reason() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD, NEW]).busy(60).lists(&[OLD]).lost(NEW).lost("10.0.0.9:1").busy(60);
        client.holds(&[OLD, NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn a_registry_that_was_never_updated_leaves_the_dead_address_and_is_queried_again() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).busy(60).lost(OLD).busy(40).lost(OLD).busy(10).lists(&[NEW]).lost(OLD).busy(60);
        client.holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn a_dns_that_fails_leaves_the_list_and_is_queried_until_it_answers() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).busy(60).unresponsive().lost(OLD).busy(10).holds(&[OLD], NoticesChanges::Soon);
        client.lists(&[NEW]).busy(10).holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn an_empty_answer_replaces_the_list_in_go_only() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[OLD]).busy(60).lists(&[]).lost(OLD).busy(2);
        match name {
            "grpc-go" => client.holds(&[], NoticesChanges::Changes),
            _ => client.holds(&[OLD], NoticesChanges::Soon),
        };
        client.lists(&[NEW]).busy(10).holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn an_empty_start_is_queried_again_with_backoff() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client.lists(&[]).call().holds(&[], NoticesChanges::Changes);
        assert_eq!(client.client.deadline(), Some(Elapsed::from_secs(1)), "{name}");
        client.wait(1.0);
        assert_eq!(client.client.deadline(), Some(Elapsed::from_millis(2600)), "{name}");
        client.lists(&[NEW]).wait(1.6).holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn the_first_call_after_an_idle_period_queries_at_once() {
    for name in EVERY {
        let mut client = Script::new(name, 5);
        client.lists(&[OLD]).call().wait(11.0).holds(&[], NoticesChanges::NextCall).lists(&[NEW]);
        assert!(client.client.view().against(&[NEW.parse().unwrap()]).is_empty(), "it will query");
        client.call().holds(&[NEW], NoticesChanges::AfterAFailure);
    }
}

#[test]
fn c_core_idles_once_in_its_life_and_the_others_each_time() {
    for name in EVERY {
        let mut client = Script::new(name, 5);
        client.lists(&[OLD]).call().wait(11.0).call().wait(60.0);
        match name {
            "grpc-core" => client.holds(&[OLD], NoticesChanges::AfterAFailure),
            _ => client.holds(&[], NoticesChanges::NextCall),
        };
    }
}

#[test]
fn c_core_notices_its_quiet_between_one_and_two_timeouts_after_a_call() {
    let mut client = Script::new("grpc-core", 10);
    client.lists(&[OLD]).call().wait(5.0).call().wait(14.9).holds(&[OLD], NoticesChanges::AfterAFailure);
    client.wait(0.2).holds(&[], NoticesChanges::NextCall);
    let mut client = Script::new("grpc-core", 10);
    client
        .lists(&[OLD])
        .call()
        .wait(9.9)
        .holds(&[OLD], NoticesChanges::AfterAFailure)
        .wait(0.2)
        .holds(&[], NoticesChanges::NextCall);
}

#[test]
fn java_and_js_idle_after_a_second_at_the_earliest() {
    for (name, millis) in [("grpc-go", 100), ("grpc-java", 1000), ("grpc-js", 1000), ("grpc-core", 100)] {
        let mut client =
            Script::with(name, Setting { idle_timeout: Some(Duration::from_millis(100)), timeout: secs(2) });
        client.lists(&[OLD]).call();
        assert_eq!(client.client.deadline(), Some(Elapsed::from_millis(millis)), "{name}");
    }
}

#[test]
fn a_call_before_the_first_list_is_answered_with_that_list() {
    for name in EVERY {
        let mut client = Script::new(name, 3600);
        client
            .call()
            .holds(&[], NoticesChanges::Changes)
            .wait(3.0)
            .lists(&[OLD])
            .holds(&[OLD], NoticesChanges::AfterAFailure);
    }
}
