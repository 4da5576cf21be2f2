//! What sources say, one word after the other, and what is believed of it.

use super::*;
use crate::model::endpoint::Endpoint;
use crate::model::resolution::{Absence, AbsenceCode, Answer, ResolveCode};

struct Bench {
    discovery: Discovery,
    steps: Vec<Step>,
    now: Elapsed,
}

impl Bench {
    fn new(watching: bool) -> Self {
        let mut discovery = Discovery::new([("consul", Arc::from("consul:///pay"))], watching, 7);
        let mut steps = Vec::new();
        discovery.start(Elapsed::ZERO, &mut steps);
        assert_eq!(steps, [Step::Ask { source: 0, generation: 1 }]);
        steps.clear();
        Bench { discovery, steps, now: Elapsed::ZERO }
    }

    fn word(&mut self, generation: u32, word: Result<Update, ResolveError>, last: bool) -> Vec<String> {
        self.discovery.word(self.now, 0, generation, Some(word), last, &mut self.steps);
        self.told()
    }

    fn told(&mut self) -> Vec<String> {
        self.steps
            .drain(..)
            .map(|step| match step {
                Step::Ask { generation, .. } => format!("ask {generation}"),
                Step::Drop { .. } => "drop".to_string(),
                Step::Tell(kind) => match *kind {
                    EventKind::Backend(report) => report.status.as_str().to_string(),
                    EventKind::Endpoints(change) => {
                        format!("+{} -{} ={}", change.added.len(), change.removed.len(), change.total)
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
    bench.word(1, list(&["10.0.0.1:1"]), false);
    let why = Note::new(NoteKind::Departed, "key \"pay/1\" left because its lease of 10 s ran out");
    let emptied = Update::Reset(Answer { endpoints: Vec::new(), notes: vec![why.clone()] });
    assert_eq!(bench.word(1, Ok(emptied), false), ["ask 2"]);
    bench.discovery.word(bench.now, 0, 2, Some(list(&[])), false, &mut bench.steps);
    let [Step::Tell(kind)] = &bench.steps[..] else { panic!("{:?}", bench.steps) };
    let EventKind::Endpoints(change) = &**kind else { panic!("{kind:?}") };
    assert_eq!((change.removed.len(), &change.notes), (1, &vec![why]));
}

#[test]
fn one_empty_answer_proves_nothing() {
    let mut bench = Bench::new(true);
    assert_eq!(bench.word(1, list(&["10.0.0.1:1"]), false), ["watching", "+1 -0 =1"]);
    assert_eq!(bench.word(1, list(&[]), false), ["ask 2"], "asked again at once, nothing is gone");
    assert_eq!(bench.discovery.usable().len(), 1);
    assert_eq!(bench.word(2, list(&["10.0.0.1:1"]), false), ["+0 -0 =1"], "the note that it was not confirmed");
    assert_eq!(bench.word(2, list(&[]), false), ["ask 3"]);
    assert_eq!(bench.word(3, list(&[]), false), ["+0 -1 =0"], "twice empty is empty");
}

#[test]
fn a_name_that_does_not_exist_is_asked_twice() {
    let absent = || Ok(Update::NotFound(Absence::new(AbsenceCode::NxDomain, "no such name")));
    let mut bench = Bench::new(false);
    assert_eq!(bench.word(1, absent(), true), ["ask 2"]);
    assert!(!bench.discovery.all_spoke());
    assert_eq!(bench.word(2, absent(), true), ["+0 -0 =0", "drop"]);
    assert!(bench.discovery.all_spoke());
}

#[test]
fn a_broken_watch_keeps_the_list_and_is_asked_again_until_it_recovers() {
    let mut bench = Bench::new(true);
    bench.word(1, list(&["10.0.0.1:1"]), false);
    assert_eq!(bench.word(1, broken(), true), ["broken"]);
    assert_eq!(bench.discovery.usable().len(), 1, "not answering is not being empty");
    let mut longest = Duration::ZERO;
    for generation in 2..12 {
        let retry = bench.discovery.deadline().unwrap();
        longest = longest.max(retry.since(bench.now));
        bench.now = retry;
        bench.discovery.time_passed(bench.now, &mut bench.steps);
        assert_eq!(bench.told(), [format!("ask {generation}")]);
        assert_eq!(bench.word(generation, broken(), true), ["broken"]);
    }
    assert!(longest > Duration::from_secs(4) && longest <= Duration::from_secs(6), "{longest:?}");
    bench.now = bench.discovery.deadline().unwrap();
    bench.discovery.time_passed(bench.now, &mut bench.steps);
    bench.told();
    assert_eq!(bench.word(12, list(&["10.0.0.1:1"]), false), ["recovered"], "same list: no change to tell");
    assert_eq!(bench.word(12, list(&["10.0.0.2:1"]), false), ["+1 -1 =1"]);
}

#[test]
fn a_registry_that_comes_back_empty_is_given_time_to_hear_from_everybody() {
    let back = || {
        let mut bench = Bench::new(true);
        bench.word(1, list(&["10.0.0.1:1"]), false);
        bench.word(1, broken(), true);
        bench.now = bench.discovery.deadline().unwrap();
        bench.discovery.time_passed(bench.now, &mut bench.steps);
        assert_eq!(bench.told(), ["ask 2"]);
        assert_eq!(bench.word(2, list(&[]), false), ["recovered", "ask 3"]);
        assert_eq!(bench.word(3, list(&[]), false), [""; 0], "not believed yet");
        assert_eq!(bench.discovery.usable().len(), 1);
        bench
    };
    let mut registered = back();
    assert_eq!(registered.word(3, list(&["10.0.0.1:1"]), false), ["+0 -0 =1"], "the note, and nothing was gone");
    assert_eq!(registered.discovery.deadline(), None);

    let mut empty = back();
    let until = empty.discovery.deadline().unwrap();
    assert_eq!(until.since(empty.now), GRACE);
    empty.now = until;
    empty.discovery.time_passed(empty.now, &mut empty.steps);
    assert_eq!(empty.told(), ["ask 4"]);
    assert_eq!(empty.word(4, list(&[]), false), ["+0 -1 =0"]);
}

#[test]
fn a_stream_that_ends_without_a_word_is_asked_again() {
    let mut bench = Bench::new(true);
    bench.word(1, list(&["10.0.0.1:1"]), false);
    bench.discovery.word(bench.now, 0, 1, None, true, &mut bench.steps);
    assert_eq!(bench.told(), ["broken"]);
    assert!(bench.discovery.deadline().is_some());
}

#[test]
fn a_watch_that_survives_its_error_recovers_without_being_asked() {
    let mut bench = Bench::new(true);
    bench.word(1, list(&["10.0.0.1:1"]), false);
    assert_eq!(bench.word(1, broken(), false), ["broken"]);
    assert_eq!(bench.discovery.deadline(), None);
    assert_eq!(bench.word(1, list(&["10.0.0.1:1"]), false), ["recovered"]);
}

#[test]
fn an_error_that_no_asking_can_mend_is_the_end() {
    let mut bench = Bench::new(true);
    let fatal = Err(ResolveError::fatal(ResolveCode::BadTarget, "no such thing"));
    assert_eq!(bench.word(1, fatal, true), ["drop", "ended"]);
    assert_eq!(bench.discovery.deadline(), None);
    assert!(bench.discovery.all_spoke());
}

#[test]
fn words_of_an_older_question_are_ignored() {
    let mut bench = Bench::new(true);
    bench.word(1, list(&["10.0.0.1:1"]), false);
    bench.word(1, list(&[]), false);
    assert!(bench.word(1, list(&["10.0.0.9:1"]), false).is_empty());
}
