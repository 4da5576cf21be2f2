//! What sources return, one item after another, and how much of it is trusted.

use super::*;
use crate::model::endpoint::Endpoint;
use crate::model::registry::Registry;
use crate::model::resolution::{Absence, AbsenceCode, Answer, Hidden, RegistryMemory, ResolveCode};
use crate::model::target::Target;

struct Bench {
    discovery: Discovery,
    steps: Vec<Step>,
    now: Elapsed,
    /// The generation of the last query.
    generation: u32,
}

impl Bench {
    fn new(watching: bool) -> Self {
        Bench::of(Registry::named("consul"), watching)
    }

    fn remembering(memory: RegistryMemory) -> Self {
        Bench::of(Registry { memory, ..Registry::named("eureka") }, true)
    }

    fn of(registry: Registry, watching: bool) -> Self {
        let target = Target::Bare("pay".to_string());
        let source = SourceId { registry: Box::leak(Box::new(registry)), target };
        let mut discovery = Discovery::new([Arc::new(source)], watching, 7);
        let mut steps = Vec::new();
        discovery.start(Elapsed::ZERO, &mut steps);
        assert_eq!(steps, [Step::Query { source: 0, generation: 1 }]);
        steps.clear();
        Bench { discovery, steps, now: Elapsed::ZERO, generation: 1 }
    }

    fn response(&mut self, generation: u32, response: Result<Update, ResolveError>, last: bool) -> Vec<String> {
        self.discovery.response(self.now, 0, generation, Some(response), last, &mut self.steps);
        self.reports()
    }

    /// Advances the time to `now`.
    fn pass(&mut self) -> Vec<String> {
        self.discovery.time_passed(self.now, &mut self.steps);
        self.reports()
    }

    fn refresh(&mut self) -> Vec<String> {
        self.discovery.refresh(self.now, &mut self.steps);
        self.reports()
    }

    fn reports(&mut self) -> Vec<String> {
        let generation = &mut self.generation;
        self.steps
            .drain(..)
            .map(|step| match step {
                Step::Query { generation: queried, .. } => {
                    *generation = queried;
                    format!("query {queried}")
                }
                Step::Drop { .. } => "drop".to_string(),
                Step::Report(kind) => match *kind {
                    EventKind::Backend(report) => report.status.as_str().to_string(),
                    EventKind::Endpoints(change) => {
                        let notes: String =
                            change.notes.iter().map(|note| format!(" {}", note.kind.as_str())).collect();
                        format!("+{} -{} ={}{notes}", change.added.len(), change.removed.len(), change.total)
                    }
                    other => panic!("{other:?}"),
                },
            })
            .collect()
    }
}

fn list(addresses: &[&str]) -> Result<Update, ResolveError> {
    let endpoints = addresses.iter().map(|a| Endpoint::new(a.parse().unwrap())).collect();
    Ok(Update::Reset(Answer { endpoints, notes: Vec::new() }))
}

fn broken() -> Result<Update, ResolveError> {
    Err(ResolveError::ambient(ResolveCode::Unreachable, "connection refused"))
}

#[test]
fn why_the_last_entry_left_survives_the_question_that_confirms_it() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    let why = Note::new(NoteKind::Departed, "key \"pay/1\" was removed because its lease of 10 s expired");
    let emptied = Update::Reset(Answer { endpoints: Vec::new(), notes: vec![why.clone()] });
    assert_eq!(bench.response(1, Ok(emptied), false), ["query 2"]);
    bench.discovery.response(bench.now, 0, 2, Some(list(&[])), false, &mut bench.steps);
    let [Step::Report(kind)] = &bench.steps[..] else { panic!("{:?}", bench.steps) };
    let EventKind::Endpoints(change) = &**kind else { panic!("{kind:?}") };
    assert_eq!((change.removed.len(), &change.notes), (1, &vec![why]));
}

#[test]
fn one_empty_answer_proves_nothing() {
    let mut bench = Bench::new(true);
    assert_eq!(bench.response(1, list(&["10.0.0.1:1"]), false), ["watching", "+1 -0 =1"]);
    assert_eq!(bench.response(1, list(&[]), false), ["query 2"], "queried again at once, nothing is removed");
    assert_eq!(bench.discovery.usable().len(), 1);
    assert_eq!(bench.response(2, list(&["10.0.0.1:1"]), false), ["+0 -0 =1 unconfirmed"]);
    assert_eq!(bench.response(2, list(&[]), false), [""; 0], "and the next one waits");
    bench.now = bench.discovery.deadline().unwrap();
    assert_eq!(bench.pass(), ["query 3"]);
    assert_eq!(bench.response(3, list(&[]), false), ["+0 -1 =0"], "twice empty is empty");
}

#[test]
fn a_name_that_does_not_exist_is_queried_twice() {
    let absent = || Ok(Update::NotFound(Absence::new(AbsenceCode::NxDomain, "no such name")));
    let mut bench = Bench::new(false);
    assert_eq!(bench.response(1, absent(), true), ["query 2"]);
    assert!(!bench.discovery.all_responded());
    assert_eq!(bench.response(2, absent(), true), ["+0 -0 =0 absent", "drop"]);
    assert!(bench.discovery.all_responded());
}

#[test]
fn a_broken_watch_keeps_the_list_and_is_queried_again_until_it_recovers() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    assert_eq!(bench.response(1, broken(), true), ["broken"]);
    assert_eq!(bench.discovery.usable().len(), 1, "not answering is not being empty");
    let mut longest = Duration::ZERO;
    for generation in 2..12 {
        let retry = bench.discovery.deadline().unwrap();
        longest = longest.max(retry.since(bench.now));
        bench.now = retry;
        bench.discovery.time_passed(bench.now, &mut bench.steps);
        assert_eq!(bench.reports(), [format!("query {generation}")]);
        assert_eq!(bench.response(generation, broken(), true), ["broken"]);
    }
    assert!(longest > Duration::from_secs(4) && longest <= Duration::from_secs(6), "{longest:?}");
    bench.now = bench.discovery.deadline().unwrap();
    bench.discovery.time_passed(bench.now, &mut bench.steps);
    bench.reports();
    assert_eq!(bench.response(12, list(&["10.0.0.1:1"]), false), ["recovered"], "same list: no change to report");
    assert_eq!(bench.response(12, list(&["10.0.0.2:1"]), false), ["+1 -1 =1"]);
}

/// Fails, is queried again, and responds with `response`.
fn gap(bench: &mut Bench, response: Result<Update, ResolveError>) -> Vec<String> {
    bench.response(bench.generation, broken(), true);
    bench.now = bench.discovery.deadline().unwrap();
    bench.pass();
    bench.response(bench.generation, response, false)
}

#[test]
fn a_registry_that_comes_back_empty_gets_time_until_instances_register_again() {
    let back = || {
        let mut bench = Bench::new(true);
        bench.response(1, list(&["10.0.0.1:1", "10.0.0.2:1"]), false);
        assert_eq!(gap(&mut bench, list(&[])), ["recovered", "+0 -0 =2 restarted"]);
        assert_eq!(bench.response(2, list(&[]), false), [""; 0], "not believed yet");
        assert_eq!(bench.response(2, list(&["10.0.0.2:1"]), false), [""; 0], "one is back; the other one is not gone");
        assert_eq!(bench.discovery.usable().len(), 2);
        bench
    };
    let mut registered = back();
    let all = list(&["10.0.0.1:1", "10.0.0.2:1"]);
    assert_eq!(registered.response(2, all, false), ["+0 -0 =2 returned"], "nothing was gone");
    assert_eq!(registered.discovery.deadline(), None);

    let mut empty = back();
    let until = empty.discovery.deadline().unwrap();
    assert!(until.since(empty.now) <= RegistryMemory::DURABLE.grace);
    empty.now = until;
    assert_eq!(empty.pass(), ["query 3"]);
    assert_eq!(empty.response(3, list(&["10.0.0.2:1"]), false), ["+0 -1 =1"]);
}

#[test]
fn a_registry_without_a_disk_is_given_its_own_time_even_when_some_are_back_at_once() {
    let mut bench = Bench::remembering(RegistryMemory { grace: Duration::from_secs(75), is_volatile: true });
    bench.response(1, list(&["10.0.0.1:1", "10.0.0.2:1"]), false);
    assert_eq!(gap(&mut bench, list(&["10.0.0.1:1", "10.0.0.3:1"])), ["recovered", "+1 -0 =3 restarted"]);
    let until = bench.discovery.deadline().unwrap();
    assert_eq!(until.since(bench.now), Duration::from_secs(75));
    bench.now += Duration::from_secs(30);
    assert_eq!(gap(&mut bench, list(&["10.0.0.1:1"])), ["recovered"], "a second gap changes nothing");
    assert_eq!(bench.discovery.deadline(), Some(until));
}

#[test]
fn a_registry_with_a_disk_is_believed_after_a_gap_unless_it_is_empty() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1", "10.0.0.2:1"]), false);
    assert_eq!(gap(&mut bench, list(&["10.0.0.1:1"])), ["recovered", "+0 -1 =1"]);
}

#[test]
fn an_empty_answer_that_was_not_confirmed_makes_the_next_one_wait() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    let mut queries = Vec::new();
    while bench.now < Elapsed::from_secs(200) {
        bench.response(bench.generation, list(&[]), false);
        if let Some(due) = bench.discovery.deadline() {
            bench.now = due;
            bench.pass();
        }
        queries.push(bench.now.since_start().as_secs());
        bench.response(bench.generation, list(&["10.0.0.1:1"]), false);
        assert_eq!(bench.discovery.usable().len(), 1);
    }
    assert_eq!(queries, [0, 4, 12, 28, 60, 120, 180, 240]);
}

#[test]
fn an_empty_answer_is_confirmed_at_once_again_when_the_contradictions_are_long_past() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    assert_eq!(bench.response(1, list(&[]), false), ["query 2"]);
    assert_eq!(bench.response(2, list(&["10.0.0.1:1"]), false), ["+0 -0 =1 unconfirmed"]);
    assert_eq!(bench.response(2, list(&[]), false), [""; 0]);
    assert_eq!(
        bench.response(2, list(&["10.0.0.1:1"]), false),
        ["+0 -0 =1 unconfirmed"],
        "its watch goes on meanwhile"
    );
    bench.now = Elapsed::from_secs(300);
    assert_eq!(bench.response(2, list(&[]), false), ["query 3"]);
    assert_eq!(bench.response(3, list(&[]), false), ["+0 -1 =0"]);
}

fn partly(addresses: &[&str]) -> Result<Update, ResolveError> {
    let endpoints = addresses.iter().map(|a| Endpoint::new(a.parse().unwrap())).collect();
    let why = ResolveFailure::new(ResolveCode::Hidden, "results are hidden");
    let answer = Answer { endpoints, notes: Vec::new() };
    Ok(Update::Partial(Partial { answer, hidden: Hidden::Everything, why }))
}

#[test]
fn what_is_hidden_is_never_gone_and_is_queried_again_until_it_is_visible() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1", "10.0.0.2:1"]), false);
    assert_eq!(bench.response(1, partly(&["10.0.0.2:1", "10.0.0.3:1"]), false), ["+1 -0 =3", "broken"]);
    for generation in 2..20 {
        let due = bench.discovery.deadline().unwrap();
        assert!(due.since(bench.now) < Duration::from_secs(4), "a change after the return is seen within 5 s");
        bench.now = due;
        assert_eq!(bench.pass(), [format!("query {generation}")]);
        assert_eq!(bench.response(generation, partly(&[]), true), ["broken"]);
    }
    assert_eq!(bench.discovery.usable().len(), 3);
    bench.now = bench.discovery.deadline().unwrap();
    bench.pass();
    assert_eq!(bench.response(20, list(&["10.0.0.1:1", "10.0.0.3:1"]), false), ["recovered", "+0 -1 =2"]);
}

#[test]
fn what_is_missing_where_nothing_is_hidden_is_gone() {
    let keyed = |ids: &[&str]| -> Vec<Endpoint> {
        let endpoint = |id: &&str| {
            let mut endpoint = Endpoint::new("10.0.0.1:1".parse().unwrap());
            endpoint.id = Some(id.to_string());
            endpoint
        };
        ids.iter().map(endpoint).collect()
    };
    let part = |ids: &[&str], hidden: &[&str]| {
        let answer = Answer { endpoints: keyed(ids), notes: Vec::new() };
        let why = ResolveFailure::new(ResolveCode::Hidden, "hidden");
        let hidden = Hidden::Keys(hidden.iter().map(ToString::to_string).collect());
        Ok(Update::Partial(Partial { answer, hidden, why }))
    };
    let mut bench = Bench::new(true);
    let everything = ["pay/1", "pay/2", "kratos/pay/1", "pay/3#1", "pay/3#2"];
    assert_eq!(bench.response(1, part(&everything, &["other/"]), false), ["watching", "+5 -0 =5"]);
    assert_eq!(bench.response(1, part(&everything[1..], &["other/"]), false), ["+0 -1 =4"], "pay/1 was deleted");
    let visible = ["pay/2"];
    assert_eq!(
        bench.response(1, part(&visible, &["other/", "pay/3"]), false),
        ["+0 -1 =3", "broken"],
        "kratos/ is not hidden"
    );
    assert_eq!(bench.discovery.addresses().len(), 1);
}

#[test]
fn a_partial_list_that_hides_nothing_known_is_a_list() {
    let mut bench = Bench::new(true);
    assert_eq!(bench.response(1, partly(&["10.0.0.1:1"]), false), ["watching", "+1 -0 =1"]);
    assert_eq!(bench.response(1, partly(&["10.0.0.1:1", "10.0.0.2:1"]), false), ["+1 -0 =2"]);
    assert_eq!(bench.response(1, list(&["10.0.0.2:1"]), false), ["+0 -1 =1"], "all of it is visible now");
}

#[test]
fn nothing_visible_is_no_list() {
    let mut bench = Bench::new(true);
    assert_eq!(bench.response(1, partly(&[]), true), ["broken"]);
    assert!(!bench.discovery.any_response());
    let mut once = Bench::new(false);
    assert_eq!(once.response(1, partly(&["10.0.0.1:1"]), true), ["+1 -0 =1", "drop"]);
    let mut once = Bench::new(false);
    assert_eq!(once.response(1, partly(&[]), true), ["drop", "ended"]);
    assert!(once.discovery.all_responded());
}

#[test]
fn rights_that_come_back_with_an_empty_list_are_queried_twice() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    let denied = Err(ResolveError::ambient(ResolveCode::Denied, "403"));
    assert_eq!(bench.response(1, denied, true), ["broken"]);
    bench.now = bench.discovery.deadline().unwrap();
    bench.pass();
    assert_eq!(bench.response(2, list(&[]), false), ["query 3"], "no restart: it was reached all the time");
    assert_eq!(bench.response(3, list(&[]), false), ["recovered", "+0 -1 =0"]);
}

#[test]
fn a_stream_that_ends_without_a_message_is_queried_again() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    bench.discovery.response(bench.now, 0, 1, None, true, &mut bench.steps);
    assert_eq!(bench.reports(), ["broken"]);
    assert!(bench.discovery.deadline().is_some());
}

#[test]
fn a_watch_that_survives_its_error_recovers_without_a_query() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    assert_eq!(bench.response(1, broken(), false), ["broken"]);
    assert_eq!(bench.discovery.deadline(), None);
    assert_eq!(bench.response(1, list(&["10.0.0.1:1"]), false), ["recovered"]);
}

#[test]
fn an_error_that_no_query_can_resolve_is_final() {
    let mut bench = Bench::new(true);
    let fatal = Err(ResolveError::fatal(ResolveCode::BadTarget, "no such thing"));
    assert_eq!(bench.response(1, fatal, true), ["drop", "ended"]);
    assert_eq!(bench.discovery.deadline(), None);
    assert!(bench.discovery.all_responded());
}

#[test]
fn responses_to_an_older_query_are_ignored() {
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    bench.response(1, list(&[]), false);
    assert!(bench.response(1, list(&["10.0.0.9:1"]), false).is_empty());
}

#[test]
fn an_answer_of_which_nothing_can_be_read_empties_no_list() {
    let unreadable = || {
        let notes = vec![Note::new(NoteKind::Unreadable, "none of 2 entries can be read: it is not an object")];
        Ok(Update::Reset(Answer { endpoints: Vec::new(), notes }))
    };
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    assert_eq!(bench.response(1, unreadable(), false), ["broken"]);
    assert_eq!(bench.discovery.addresses().len(), 1);
    let mut first = Bench::new(true);
    first.response(1, unreadable(), false);
    assert!(first.discovery.addresses().is_empty());
}

#[test]
fn an_entry_that_cannot_be_read_any_more_is_reported_although_the_list_stays() {
    let with = |why: &str| {
        let Ok(Update::Reset(mut answer)) = list(&["10.0.0.1:1"]) else { panic!("a list") };
        answer.notes = vec![Note::new(NoteKind::LeftOut, why)];
        Ok(Update::Reset(answer))
    };
    let mut bench = Bench::new(true);
    bench.response(1, list(&["10.0.0.1:1"]), false);
    assert_eq!(bench.response(1, with("1 of 2 EndpointSlices cannot be read"), false), ["+0 -0 =1 left_out"]);
    assert!(bench.response(1, with("1 of 2 EndpointSlices cannot be read"), false).is_empty(), "reported once");
    assert_eq!(bench.response(1, list(&["10.0.0.1:1"]), false), ["+0 -0 =1"]);
}

#[test]
fn a_refresh_queries_a_broken_source_before_its_backoff_but_not_more_often_than_every_half_second() {
    let mut bench = Bench::new(true);
    let mut queries = 0;
    let mut refused_at = 0.0;
    for step in 0..200_u32 {
        bench.now = Elapsed::new(Duration::from_millis(50) * step);
        if step == 0 || bench.refresh().iter().any(|step| step.starts_with("query")) {
            let (now, generation) = (bench.now.since_start().as_secs_f64(), bench.generation);
            assert!(queries == 0 || now - refused_at >= 0.4, "{now} follows {refused_at}");
            bench.response(generation, Err(ResolveError::ambient(ResolveCode::Unreachable, "refused")), true);
            (queries, refused_at) = (queries + 1, now);
        }
    }
    assert!((15..=25).contains(&queries), "{queries} queries in 10 s; the backoff alone makes 5");
}

#[test]
fn a_refresh_respects_a_registry_that_limits_or_refuses_queries() {
    for code in [ResolveCode::Limited, ResolveCode::Denied] {
        let mut bench = Bench::new(true);
        bench.response(1, Err(ResolveError::ambient(code, "no").retry_after(Some(Duration::from_secs(20)))), true);
        bench.now = Elapsed::new(Duration::from_secs(19));
        assert_eq!(bench.refresh(), Vec::<String>::new(), "{code:?}");
        bench.now = Elapsed::new(Duration::from_secs(21));
        assert_eq!(bench.refresh(), ["query 2"], "{code:?}");
    }
}

#[test]
fn a_refresh_leaves_a_source_alone_that_is_watched() {
    let mut bench = Bench::new(true);
    bench.response(1, Ok(Update::Reset(Answer::default())), false);
    let before = bench.generation;
    bench.response(before, Ok(Update::Reset(Answer::default())), false);
    assert_eq!(bench.refresh(), Vec::<String>::new());
}
