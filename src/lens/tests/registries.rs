//! registries.md 4.9 and failures.md 1.10: resolvers of other frameworks.

use super::*;

const OLD: &str = "10.0.0.1:1";
const NEW: &str = "10.0.0.2:1";
const EVERY: [&str; 6] =
    ["kuberesolver", "go-zero@1.7.0", "go-zero@1.7.2", "go-zero@1.10.3", "etcd-naming", "mbobakov-consul"];

#[test]
fn each_follows_while_busy_and_queries_again_after_an_idle_period() {
    for name in EVERY {
        let mut client = Script::new(name, 5);
        client.lists(&[OLD]).holds(&[], NoticesChanges::NextCall).call().holds(&[OLD], NoticesChanges::Changes);
        client.busy(20).lists(&[NEW]).holds(&[NEW], NoticesChanges::Changes);
        client
            .wait(10.0)
            .holds(&[], NoticesChanges::NextCall)
            .lists(&[OLD])
            .call()
            .holds(&[OLD], NoticesChanges::Changes);
        client.lost(OLD).busy(60).holds(&[OLD], NoticesChanges::Changes);
    }
}

#[test]
fn an_empty_list_is_refused_by_kuberesolver_and_published_by_the_others() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client.lists(&[OLD]).busy(5).lists(&[]).busy(5);
        match name {
            "kuberesolver" => client.holds(&[OLD], NoticesChanges::Changes),
            _ => client.holds(&[], NoticesChanges::Changes),
        };
        client.lists(&[NEW]).holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn only_etcd_naming_loses_its_watch_to_an_error() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client.lists(&[OLD]).busy(5).refuses().busy(5).lists(&[NEW]).busy(60);
        match name {
            "etcd-naming" => client.holds(&[OLD], NoticesChanges::Never),
            _ => client.holds(&[NEW], NoticesChanges::Changes),
        };
        client.wait(60.0).holds(&[], NoticesChanges::NextCall).call().holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn a_connection_to_the_registry_that_was_lost_for_a_while_has_no_effect() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client.lists(&[OLD]).busy(5).unresponsive().busy(30).holds(&[OLD], NoticesChanges::Changes);
        client.lists(&[NEW]).busy(5).holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn etcd_naming_without_a_list_hangs_for_ever_once_its_watch_has_ended() {
    let mut client = Script::new("etcd-naming", 60);
    client.lists(&[]).call().holds(&[], NoticesChanges::Changes).refuses().holds(&[], NoticesChanges::NeverAndHangs);
    client.lists(&[OLD]).busy(30).holds(&[], NoticesChanges::NeverAndHangs);
}

#[test]
fn an_empty_start_waits_for_the_first_instance() {
    for name in EVERY {
        let mut client = Script::new(name, 60);
        client
            .lists(&[])
            .call()
            .holds(&[], NoticesChanges::Changes)
            .wait(5.0)
            .lists(&[OLD])
            .holds(&[OLD], NoticesChanges::Changes);
    }
}

#[test]
fn a_registry_that_fails_at_the_exit_from_idle_is_waited_for_or_queried_at_the_next_call() {
    for name in EVERY {
        let mut client = Script::new(name, 5);
        client.lists(&[OLD]).call().wait(10.0).refuses().call();
        match name {
            "etcd-naming" => client.holds(&[], NoticesChanges::NextCall).lists(&[NEW]).call(),
            _ => client.holds(&[], NoticesChanges::Changes).wait(3.0).lists(&[NEW]),
        };
        client.holds(&[NEW], NoticesChanges::Changes);
        let mut client = Script::new(name, 5);
        client.lists(&[OLD]).call().wait(10.0).unresponsive().give(&Input::CallStarted).wait(3.0).lists(&[NEW]);
        client.holds(&[NEW], NoticesChanges::Changes);
    }
}

#[test]
fn mbobakov_consul_holds_what_is_critical_and_sorts() {
    let mut client = Script::new("mbobakov-consul", 60);
    client.lists(&[NEW, "10.0.0.1:1 critical", "10.0.0.3:1 draining", NEW]).call();
    client.holds(&[OLD, NEW, "10.0.0.3:1"], NoticesChanges::Changes);
    let usable = [NEW.parse().unwrap()];
    assert_eq!(client.client.view().against(&usable).stale.len(), 2);
}

#[test]
fn kuberesolver_holds_the_slice_that_was_touched_last() {
    let (a, b) = ("10.0.0.1:1 slice=a", "10.0.0.2:1 slice=b");
    let mut client = Script::new("kuberesolver", 60);
    client.lists(&[a, b]).call().holds(&["10.0.0.2:1"], NoticesChanges::Changes);
    client.lists(&[a, "10.0.0.3:1 slice=a", b]).holds(&["10.0.0.1:1", "10.0.0.3:1"], NoticesChanges::Changes);
    // No ready address in the slice that changes: the list is kept.
    client.lists(&[a, "10.0.0.3:1 slice=a", "10.0.0.2:1 slice=b critical"]);
    client.holds(&["10.0.0.1:1", "10.0.0.3:1"], NoticesChanges::Changes);
    // A deleted slice publishes what it held.
    let mut client = Script::new("kuberesolver", 60);
    client.lists(&[b, a]).call().holds(&["10.0.0.2:1"], NoticesChanges::Changes);
    client.lists(&[b]).holds(&["10.0.0.1:1"], NoticesChanges::Changes);
    // A pod that moves touches its new slice, and later the old one, whatever is listed first.
    let moves = "10.0.0.1:1 slice=a,b";
    let mut client = Script::new("kuberesolver", 60);
    client.lists(&[a, b]).call().lists(&[moves, b]).holds(&["10.0.0.1:1", "10.0.0.2:1"], NoticesChanges::Changes);
    client.lists(&["10.0.0.3:1 slice=a", b, "10.0.0.1:1 slice=b"]);
    client.holds(&["10.0.0.3:1"], NoticesChanges::Changes);
    // One that is not ready yet touches its slice.
    client.lists(&["10.0.0.3:1 slice=a", b, "10.0.0.1:1 slice=b", "10.0.0.4:1 slice=b critical"]);
    client.holds(&["10.0.0.2:1", "10.0.0.1:1"], NoticesChanges::Changes);
}

#[test]
fn kuberesolver_without_slices_holds_what_is_ready() {
    let mut client = Script::new("kuberesolver", 60);
    client.lists(&[OLD, NEW, "10.0.0.3:1 critical"]).call().holds(&[OLD, NEW], NoticesChanges::Changes);
}

#[test]
fn go_zero_takes_32_of_40() {
    let forty: Vec<String> = (1..=40).map(|n| format!("10.0.0.{n}:1")).collect();
    let forty: Vec<&str> = forty.iter().map(String::as_str).collect();
    let usable: Vec<Address> = forty.iter().map(|text| text.parse().unwrap()).collect();
    let mut client = Script::new("go-zero@1.8.0", 60);
    let view = client.lists(&forty).call().client.view();
    assert_eq!((view.holds.len(), view.subset), (32, Some(32)));
    assert!(view.against(&usable).is_empty());
}

#[test]
fn the_release_that_cross_wired_targets_has_no_lens() {
    let error = find("go-zero@1.7.1").unwrap_err().to_string();
    assert!(error.ends_with("of go-zero (known ranges: 1.3.0 to 1.7.0, 1.7.2 to 1.7.6, 1.8.0 to 1.10.3)"), "{error}");
}
