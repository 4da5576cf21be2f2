//! The clock is paused and the agent is behind in-memory pipes: time advances only when every task waits.

use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::super::fake::{Act, Journal, Pipes, http, ok};
use super::*;
use crate::model::secret::Secret;

const A: &str = "10.0.0.1";
const B: &str = "10.0.0.2";

/// The JSON of instances at `addresses`, each with a check with `output`.
fn instances(addresses: &[&str], output: &str) -> String {
    let one = |address: &&str| {
        format!(
            r#"{{"Node":{{"Node":"n"}},"Service":{{"ID":"pay","Address":"{address}","Port":9000}},"Checks":[{{"CheckID":"c","Status":"passing","Output":"{output}"}}]}}"#
        )
    };
    format!("[{}]", addresses.iter().map(one).collect::<Vec<_>>().join(","))
}

/// The instances at `addresses`, at `index`.
fn there(index: u64, addresses: &[&str]) -> Act {
    ok(&[&format!("X-Consul-Index: {index}")], &instances(addresses, ""))
}

fn leader() -> Act {
    ok(&[], r#""127.0.0.1:8300""#)
}

fn is_leader(head: &str) -> bool {
    head.starts_with("GET /v1/status/leader ")
}

/// A watch for `target`; the script gets health queries only, and every liveness check succeeds.
fn watching(
    target: ConsulTarget,
    script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
) -> (Resolution, Journal) {
    watching_all(target, move |number, head| if is_leader(head) { leader() } else { script(number, head) })
}

fn watching_all(
    target: ConsulTarget,
    script: impl Fn(usize, &str) -> Act + Send + Sync + 'static,
) -> (Resolution, Journal) {
    let (pipes, journal) = Pipes::new(script);
    let route = Arc::new(Route::new(&ConsulSettings::default(), Some(&target)).unwrap());
    (watch(Client::over(pipes, route, crate::backend::limit::DEFAULT), target, crate::backend::limit::DEFAULT), journal)
}

fn pay() -> ConsulTarget {
    ConsulTarget { service: "pay".to_string(), ..ConsulTarget::default() }
}

async fn answer(stream: &mut Resolution) -> Answer {
    match stream.next().await {
        Some(Ok(Update::Reset(answer))) => answer,
        other => panic!("{other:?}"),
    }
}

async fn addresses(stream: &mut Resolution) -> Vec<String> {
    answer(stream).await.endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect()
}

/// The code and sentence of the error that ends the stream.
async fn the_end(stream: &mut Resolution) -> (ResolveCode, String) {
    let Some(Err(error)) = stream.next().await else { panic!("no error") };
    assert!(matches!(error, ResolveError::Ambient(_)), "{error:?}");
    assert_eq!(stream.next().await, None, "an error ends the stream");
    (error.failure().code, error.to_string())
}

fn note(answer: &Answer, kind: NoteKind) -> Option<&str> {
    answer.notes.iter().find(|note| note.kind == kind).map(|note| note.text.as_str())
}

#[tokio::test(start_paused = true)]
async fn the_first_response_is_a_consistent_read_that_names_the_agent() {
    let (mut stream, journal) = watching(pay(), |_, _| there(42, &[A]));
    let answer = answer(&mut stream).await;
    assert_eq!(answer.endpoints.len(), 1);
    assert_eq!(
        note(&answer, NoteKind::Queried),
        Some("consul agent 127.0.0.1:8500 responded in 0.0ms, consistent read, index 42")
    );
    assert_eq!(note(&answer, NoteKind::Funnel), Some("1 registered, 1 passing"));
    assert_eq!(journal.paths(), ["/v1/health/service/pay?consistent"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_changes_is_queried_again_and_again_and_nothing_is_reported() {
    let (mut stream, journal) = watching(pay(), |number, _| match number {
        0 => there(7, &[A]),
        _ => Act::Later(Duration::from_millis(15_500), http(200, &["X-Consul-Index: 7"], &instances(&[A], ""))),
    });
    addresses(&mut stream).await;
    assert!(timeout(Duration::from_secs(600), stream.next()).await.is_err(), "nothing changed");
    let polls = journal.paths().split_off(1);
    assert_eq!(polls.len(), 39);
    assert!(polls.iter().all(|path| path.contains("index=7") && path.contains("wait=15s")), "{polls:?}");
    assert_eq!(journal.connections(), (2, 0), "one connection for the watch, one for the signs of life");
}

#[tokio::test(start_paused = true)]
async fn every_change_is_reported_when_it_comes() {
    let (mut stream, journal) = watching(pay(), |number, _| match number {
        0 => there(7, &[A]),
        1 => there(8, &[A, B]),
        2 => there(9, &[B]),
        _ => Act::Hang,
    });
    assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000"]);
    assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000", "10.0.0.2:9000"]);
    let last = answer(&mut stream).await;
    assert_eq!(last.endpoints.len(), 1);
    assert_eq!(
        note(&last, NoteKind::Queried),
        Some("consul agent 127.0.0.1:8500 responded to the blocking query after index 8, default read, index 9")
    );
    assert!(journal.paths()[2].contains("index=8"));
}

#[tokio::test(start_paused = true)]
async fn a_move_of_the_index_without_a_change_is_not_reported() {
    let (mut stream, _) = watching(pay(), |number, _| match number {
        0 => there(7, &[A, B]),
        1 => ok(&["X-Consul-Index: 8"], &instances(&[A, B], "another output of the same check")),
        2 => there(9, &[B, A]),
        3 => there(10, &[A]),
        _ => Act::Hang,
    });
    assert_eq!(addresses(&mut stream).await.len(), 2);
    assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000"], "neither an output nor the order is a change");
}

#[tokio::test(start_paused = true)]
async fn the_order_is_a_change_when_nearness_was_requested() {
    let near = ConsulTarget { near: Some("_agent".to_string()), ..pay() };
    let (mut stream, journal) = watching(near, |number, _| match number {
        0 => there(7, &[A, B]),
        1 => there(8, &[B, A]),
        _ => Act::Hang,
    });
    assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000", "10.0.0.2:9000"]);
    assert_eq!(addresses(&mut stream).await, ["10.0.0.2:9000", "10.0.0.1:9000"]);
    assert!(journal.paths()[0].contains("near=_agent"));
}

#[tokio::test(start_paused = true)]
async fn an_index_that_goes_back_starts_the_watch_over() {
    let (mut stream, journal) = watching(pay(), |number, _| match number {
        0 => there(700, &[A]),
        1 => there(3, &[A]),
        2 => there(4, &[B]),
        _ => Act::Hang,
    });
    assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000"]);
    assert_eq!(addresses(&mut stream).await, ["10.0.0.2:9000"]);
    assert!(timeout(Duration::from_secs(20), stream.next()).await.is_err());
    let paths = journal.paths();
    assert_eq!(paths[2], "/v1/health/service/pay?consistent");
    assert!(paths[3].contains("index=4"), "{paths:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_behind_index_zero() {
    let (mut stream, journal) = watching(pay(), |number, _| match number {
        0 => there(0, &[A]),
        _ => Act::Hang,
    });
    addresses(&mut stream).await;
    assert!(timeout(Duration::from_secs(20), stream.next()).await.is_err());
    assert!(journal.paths()[1].contains("index=1"), "index=0 would not block at all");
}

#[tokio::test(start_paused = true)]
async fn one_empty_answer_to_a_waiting_question_is_not_believed() {
    let (mut stream, journal) = watching(pay(), |number, _| match number {
        0 => there(7, &[A]),
        1 => there(8, &[]),
        2 => there(9, &[A]),
        3 => there(10, &[B]),
        _ => Act::Hang,
    });
    assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000"]);
    assert_eq!(addresses(&mut stream).await, ["10.0.0.2:9000"], "10.0.0.1 was there all the time");
    assert_eq!(journal.paths()[2], "/v1/health/service/pay?consistent");
}

#[tokio::test(start_paused = true)]
async fn an_empty_service_is_reported_when_the_consistent_read_agrees() {
    let (mut stream, _) = watching(pay(), |number, _| match number {
        0 => there(7, &[A]),
        1 | 2 => there(8, &[]),
        3 => there(9, &[A]),
        _ => Act::Hang,
    });
    assert_eq!(addresses(&mut stream).await.len(), 1);
    let emptied = answer(&mut stream).await;
    assert_eq!(emptied.endpoints, []);
    assert_eq!(note(&emptied, NoteKind::Funnel), Some("0 registered"));
    assert_eq!(addresses(&mut stream).await.len(), 1, "and it is still watched");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_changes_all_the_time_is_not_queried_all_the_time() {
    let (mut stream, _) =
        watching(pay(), |number, _| there(7 + number as u64, if number % 2 == 0 { &[A] } else { &[B] }));
    let started_at = Instant::now();
    for _ in 0..10 {
        addresses(&mut stream).await;
    }
    assert!(started_at.elapsed() < Duration::from_millis(50), "some changes in a row are reported at once");
    for _ in 10..60 {
        addresses(&mut stream).await;
    }
    let took = started_at.elapsed();
    assert!((Duration::from_millis(4700)..Duration::from_millis(5100)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_agent_is_noticed_within_five_seconds() {
    let (mut stream, _) = watching_all(pay(), |number, head| match number {
        0 if !is_leader(head) => there(7, &[A]),
        _ => Act::Hang,
    });
    addresses(&mut stream).await;
    let started_at = Instant::now();
    let (code, text) = the_end(&mut stream).await;
    assert_eq!(code, ResolveCode::Timeout);
    assert_eq!(
        text,
        "consul agent 127.0.0.1:8500: frozen or unreachable: no response to /v1/status/leader within 3.0s while watching"
    );
    assert!(started_at.elapsed() <= Duration::from_secs(5), "{:?}", started_at.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_outlasts_consuls_own_wait_is_given_up() {
    let (mut stream, _) = watching(pay(), |number, _| if number == 0 { there(7, &[A]) } else { Act::Hang });
    addresses(&mut stream).await;
    let (code, text) = the_end(&mut stream).await;
    assert_eq!(code, ResolveCode::Timeout);
    assert_eq!(text, "consul agent 127.0.0.1:8500: GET /v1/health/service/pay: no response within 20.9s");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_leader_is_reported_under_a_watch() {
    for (sign, code, part) in [
        (ok(&[], r#""""#), ResolveCode::ServerError, "the cluster has no leader"),
        (Act::Respond(http(500, &[], "No known Consul servers")), ResolveCode::ServerError, "No known Consul servers"),
    ] {
        let sign = std::sync::Mutex::new(Some(sign));
        let (mut stream, _) = watching_all(pay(), move |number, head| match number {
            _ if is_leader(head) => sign.lock().unwrap().take().unwrap_or(Act::Hang),
            0 => there(7, &[A]),
            _ => Act::Hang,
        });
        addresses(&mut stream).await;
        let (found, text) = the_end(&mut stream).await;
        assert_eq!(found, code);
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_sign_of_life_is_a_sign_of_life() {
    let (mut stream, _) = watching_all(pay(), |number, head| match number {
        _ if is_leader(head) => Act::Respond(http(403, &[], "Permission denied")),
        0 => there(7, &[A]),
        _ => Act::Later(Duration::from_secs(14), http(200, &["X-Consul-Index: 8"], &instances(&[B], ""))),
    });
    addresses(&mut stream).await;
    assert_eq!(addresses(&mut stream).await, ["10.0.0.2:9000"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_ends_the_watch_and_is_not_hidden_by_querying_again() {
    for rest in ["", "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n[{"] {
        let (mut stream, journal) = watching(pay(), move |number, _| match number {
            0 => there(7, &[A]),
            _ => Act::Close(rest.as_bytes().to_vec()),
        });
        addresses(&mut stream).await;
        let (code, text) = the_end(&mut stream).await;
        assert_eq!(code, ResolveCode::WatchBroken);
        assert!(
            text.starts_with("consul agent 127.0.0.1:8500: connection lost before the response was complete"),
            "{text}"
        );
        assert_eq!(journal.paths().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_closed_between_two_questions_is_opened_again() {
    let (mut stream, journal) = watching(pay(), |number, _| match number {
        0 => Act::Close(http(200, &["X-Consul-Index: 7"], &instances(&[A], ""))),
        1 => there(8, &[B]),
        _ => Act::Hang,
    });
    addresses(&mut stream).await;
    assert_eq!(addresses(&mut stream).await, ["10.0.0.2:9000"]);
    assert_eq!(journal.connections().0, 2);
}

#[tokio::test(start_paused = true)]
async fn a_missing_first_response_names_what_does_not_respond() {
    let slow = |sign: fn() -> Act| move |_: usize, head: &str| if is_leader(head) { sign() } else { Act::Hang };
    for (sign, code, text) in [
        (
            (|| Act::Hang) as fn() -> Act,
            ResolveCode::Timeout,
            "no response within 5.0s; no response to /v1/status/leader either: frozen or overloaded",
        ),
        (
            || ok(&[], r#""""#),
            ResolveCode::ServerError,
            "no response within 5.0s; the agent responds, but the cluster has no leader",
        ),
        (
            leader,
            ResolveCode::Timeout,
            "no response within 5.0s; the agent responds to other requests; leader 127.0.0.1:8300",
        ),
    ] {
        let (mut stream, _) = watching_all(pay(), slow(sign));
        let started_at = Instant::now();
        let (found, got) = the_end(&mut stream).await;
        assert_eq!(found, code);
        assert_eq!(got, format!("consul agent 127.0.0.1:8500: GET /v1/health/service/pay: {text}"));
        assert!(started_at.elapsed() <= Duration::from_millis(5100), "{:?}", started_at.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_index_is_given_and_then_the_watch_ends() {
    let (mut stream, _) = watching(pay(), |_, _| ok(&[], &instances(&[A], "")));
    assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000"]);
    let (code, text) = the_end(&mut stream).await;
    assert_eq!(code, ResolveCode::WatchBroken);
    assert!(text.contains("the response has no X-Consul-Index"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_watch_leaves_no_connection_behind() {
    let (mut stream, journal) = watching(pay(), |number, _| if number == 0 { there(7, &[A]) } else { Act::Hang });
    addresses(&mut stream).await;
    assert!(timeout(Duration::from_secs(8), stream.next()).await.is_err());
    assert_eq!(journal.connections(), (2, 0));
    drop(stream);
    // Nothing else can run: time advances only after the peers have seen the end.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(journal.connections(), (2, 2));
}

const FILTERED: &str = "X-Consul-Results-Filtered-By-ACLs: true";
const DENY: &str = "X-Consul-Default-ACL-Policy: deny";
const ALLOW: &str = "X-Consul-Default-ACL-Policy: allow";

fn with_token() -> ConsulTarget {
    ConsulTarget { token: Some(Secret::new("s3cret")), ..pay() }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_access_is_distinguished_from_an_empty_service() {
    for (target, header, expected) in [
        (with_token(), FILTERED, Some("consul hid results from this token: it needs service:read")),
        (pay(), DENY, Some("the request was anonymous and default_policy is deny: \"pay\" may exist but be hidden")),
        (pay(), ALLOW, None),
        (with_token(), DENY, None),
    ] {
        let (mut stream, _) = watching(target, move |_, _| ok(&["X-Consul-Index: 7", header], "[]"));
        match expected {
            None => assert_eq!(answer(&mut stream).await.endpoints, []),
            Some(words) => {
                let (code, text) = the_end(&mut stream).await;
                assert_eq!(code, ResolveCode::Hidden);
                assert!(text.starts_with(&format!("consul agent 127.0.0.1:8500: {words}")), "{text}");
                assert!(!text.contains("s3cret"));
            }
        }
    }
    let (mut stream, _) = watching(pay(), |_, _| ok(&["X-Consul-Index: 7", DENY], &instances(&[A], "")));
    let seen = answer(&mut stream).await;
    assert_eq!((seen.endpoints.len(), note(&seen, NoteKind::AclFiltered)), (1, None));
}

/// The visible part of a list: addresses, and the code and sentence of what hides the rest.
async fn part(stream: &mut Resolution) -> (Vec<String>, ResolveCode, String) {
    match stream.next().await {
        Some(Ok(Update::Partial(Partial { answer, why, hidden: Hidden::Everything }))) => {
            let addresses = answer.endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect();
            (addresses, why.code, why.text)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_was_filtered_is_a_part_and_becomes_whole_without_a_move_of_the_index() {
    let (mut stream, journal) = watching(with_token(), |number, _| match number {
        0 => ok(&["X-Consul-Index: 7", FILTERED], &instances(&[A], "")),
        1 | 2 => Act::Later(Duration::from_secs(3), http(200, &["X-Consul-Index: 7", FILTERED], &instances(&[A], ""))),
        3 => there(7, &[A, B]),
        _ => Act::Hang,
    });
    let (addresses, code, text) = part(&mut stream).await;
    assert_eq!((addresses.len(), code), (1, ResolveCode::Hidden));
    assert!(text.contains("hid results from this token (1 visible)"), "{text}");
    let started_at = Instant::now();
    assert_eq!(answer(&mut stream).await.endpoints.len(), 2);
    assert!(started_at.elapsed() < Duration::from_secs(10), "{:?}", started_at.elapsed());
    assert!(journal.paths()[1].contains("wait=3s"), "{:?}", journal.paths());
}

#[tokio::test(start_paused = true)]
async fn rights_that_are_taken_from_a_watch_are_an_error_and_no_removal() {
    let blocking = |answer: fn() -> Act| {
        watching(with_token(), move |number, head| match number {
            0 => there(7, &[A, B]),
            _ if head.contains("consistent") => ok(&["X-Consul-Index: 7", FILTERED], "[]"),
            _ => answer(),
        })
    };
    for answer in [
        (|| ok(&["X-Consul-Index: 7", FILTERED], "[]")) as fn() -> Act,
        || ok(&["X-Consul-Index: 8", FILTERED], &instances(&[A], "")),
        || ok(&["X-Consul-Index: 7"], &instances(&[A], "")),
        || ok(&["X-Consul-Index: 8", "X-Consul-KnownLeader: false", STREAMING], &instances(&[B], "")),
    ] {
        let (mut stream, _) = blocking(answer);
        assert_eq!(addresses(&mut stream).await.len(), 2);
        assert_eq!(the_end(&mut stream).await.0, ResolveCode::Hidden);
    }
}

const STREAMING: &str = "X-Consul-Query-Backend: streaming";
const NO_LEADER: &str = "X-Consul-KnownLeader: false";

#[tokio::test(start_paused = true)]
async fn what_is_missing_without_a_known_leader_is_gone_only_when_the_consistent_read_agrees() {
    for backend in ["X-Consul-Query-Backend: blocking-query", STREAMING] {
        let (mut stream, journal) = watching(pay(), move |number, _| match number {
            0 => there(7, &[A, B]),
            1 => ok(&["X-Consul-Index: 8", NO_LEADER, backend], &instances(&[A], "")),
            2 => there(8, &[A, B]),
            3 => ok(&["X-Consul-Index: 9", NO_LEADER, backend], &instances(&[A], "")),
            4 => there(9, &[A]),
            _ => Act::Hang,
        });
        assert_eq!(addresses(&mut stream).await.len(), 2);
        assert_eq!(addresses(&mut stream).await, ["10.0.0.1:9000"]);
        assert!(journal.paths()[4].contains("consistent"), "{:?}", journal.paths());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_leader_removes_nothing() {
    let (mut stream, _) = watching(pay(), |_, _| ok(&["X-Consul-Index: 7", NO_LEADER], "[]"));
    let (addresses, code, text) = part(&mut stream).await;
    assert_eq!((addresses.len(), code), (0, ResolveCode::ServerError));
    assert_eq!(text, "consul agent 127.0.0.1:8500: consul reports no leader: the response may be old");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_contradicts_itself_is_not_flooded() {
    let (mut stream, journal) = watching(pay(), |number, head| {
        let list: &[&str] = if head.contains("consistent") { &[A] } else { &[] };
        there(7 + number as u64, list)
    });
    assert_eq!(addresses(&mut stream).await.len(), 1);
    assert!(timeout(Duration::from_secs(10), stream.next()).await.is_err(), "nothing has changed");
    assert!(journal.heads().len() <= 20, "{} requests", journal.heads().len());
}

#[tokio::test(start_paused = true)]
async fn an_old_response_is_reported_as_old() {
    let (mut stream, _) = watching(pay(), |_, _| {
        ok(&["X-Consul-Index: 7", NO_LEADER, "X-Consul-LastContact: 1200"], &instances(&[A], ""))
    });
    let Some(Ok(Update::Partial(Partial { answer, .. }))) = stream.next().await else { panic!() };
    assert_eq!(note(&answer, NoteKind::NoLeader), Some("consul reports no leader: the response may be old"));
    assert_eq!(
        note(&answer, NoteKind::StaleRead),
        Some("the server that responded last had contact with the leader 1.2s ago")
    );
}

#[tokio::test(start_paused = true)]
async fn a_streamed_answer_has_no_leader_information() {
    let (mut stream, _) = watching(pay(), |_, _| ok(&["X-Consul-Index: 7", NO_LEADER, STREAMING], "[]"));
    assert_eq!(note(&answer(&mut stream).await, NoteKind::NoLeader), None);
}

#[tokio::test(start_paused = true)]
async fn every_watch_of_a_target_starts_from_a_full_answer() {
    for _ in 0..2 {
        let (mut stream, _) = watching(pay(), |number, _| if number == 0 { there(7, &[A, B]) } else { Act::Hang });
        assert_eq!(addresses(&mut stream).await.len(), 2);
    }
}
