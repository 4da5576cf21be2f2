//! What is reported beside the addresses: which servers were queried and what they answered, which name was answered,
//! the service config, and what the answer omits.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{Name, RData, Record};

use super::error::mnemonic;
use super::exchange::NoEdns;
use super::outcome::{Outcome, least};
use super::question::{QuestionResult, Reply, Truncation};
use super::servers::shown;
use super::service_config::{self, Readers};
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveError, Update};
use crate::text::{self, all_of, duration, shorten};

/// SRV targets named in a note.
const TARGETS: usize = 5;

/// Every server with a negative answer, until one answers with records.
#[derive(Default)]
pub(super) struct Absent {
    code: Option<AbsenceCode>,
    ttl: Option<Duration>,
    aliases: Vec<String>,
    missing: Vec<Missing>,
}

/// Questions that a server answered without a record.
struct Missing {
    /// `NXDOMAIN` or `no record`.
    word: &'static str,
    server: String,
    /// `A pay.example`.
    questions: Vec<String>,
}

impl Absent {
    pub(super) fn add(&mut self, reply: &Reply) {
        let (code, ttl) = match &reply.result {
            QuestionResult::Nothing { code, ttl } => (*code, *ttl),
            // An alias that leads to no record of the type.
            QuestionResult::Records { .. } | QuestionResult::Loop => (AbsenceCode::NoData, None),
        };
        // One name that exists is enough for "no data"; "no such name" needs every answer.
        self.code = match (self.code, code) {
            (None, first) => Some(first),
            (Some(AbsenceCode::NxDomain), AbsenceCode::NxDomain) => Some(AbsenceCode::NxDomain),
            _ => Some(AbsenceCode::NoData),
        };
        self.ttl = least(self.ttl, ttl);
        let word = match code {
            AbsenceCode::NxDomain => "NXDOMAIN",
            AbsenceCode::NoData | AbsenceCode::NoSuchService => "no record",
        };
        // The missing record is one of the alias's target, not of the queried name.
        let question = match (reply.final_name(), reply.question.split_once(' ')) {
            (Some(target), Some((kind, _))) => format!("{kind} {}", shown(target)),
            _ => reply.question.clone(),
        };
        if !matches!(reply.result, QuestionResult::Loop) {
            let server = reply.server.to_string();
            match self.missing.iter_mut().find(|missing| missing.word == word && missing.server == server) {
                Some(missing) if missing.questions.contains(&question) => {}
                Some(missing) => missing.questions.push(question),
                None => self.missing.push(Missing { word, server, questions: vec![question] }),
            }
        }
        if let (Some(from), Some(to)) = (reply.aliases.first(), reply.final_name()) {
            let sentence = match (&reply.result, code) {
                (QuestionResult::Loop, _) => {
                    let server = reply.server;
                    format!("{} is an alias loop ({}) from {server}", shown(from), chain(&reply.aliases))
                }
                (_, AbsenceCode::NxDomain) => {
                    format!("{} is an alias of {}, which does not exist", shown(from), via(&reply.aliases))
                }
                _ => format!("{} is an alias of {}, which has no address", shown(from), shown(to)),
            };
            if !self.aliases.contains(&sentence) {
                self.aliases.push(sentence);
            }
        }
    }

    /// What every server answered, in one line.
    pub(super) fn text(&self) -> String {
        let missing = self
            .missing
            .iter()
            .map(|missing| format!("{} for {} from {}", missing.word, all_of(&missing.questions), missing.server));
        self.aliases.iter().cloned().chain(missing).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn outcome(self) -> Outcome {
        let text = format!("dns: {}", self.text());
        let mut absence = Absence::new(self.code.unwrap_or(AbsenceCode::NoData), text);
        if !self.aliases.is_empty() {
            let remedy = "Correct or delete the alias (CNAME): its target has no address. A load balancer that was replaced has a new name.";
            absence.notes.push(Note::new(NoteKind::Remedy, remedy));
        }
        Outcome { update: Update::NotFound(absence), ttl: self.ttl }
    }
}

/// `a -> b -> c`.
fn chain(names: &[Name]) -> String {
    names.iter().map(shown).collect::<Vec<_>>().join(" -> ")
}

/// The last name of a chain, with the names between the first and the last one.
fn via(names: &[Name]) -> String {
    match names {
        [_, between @ .., last] if !between.is_empty() => {
            format!("{} (via {})", shown(last), between.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        [.., last] => shown(last),
        [] => String::new(),
    }
}

/// `2 records`; `1 record, alias of blue.test`.
fn describe(answers: &[Record]) -> String {
    let aliases: Vec<_> = answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::CNAME(to) => Some(shown(to)),
            _ => None,
        })
        .collect();
    let records = text::count(answers.len() - aliases.len(), "record");
    if aliases.is_empty() { records } else { format!("{records}, alias of {}", aliases.join(" -> ")) }
}

/// True when the query for the service config failed. The config is then unknown, and not reported as changed.
pub(super) fn config_is_unknown(answer: &Answer) -> bool {
    answer.notes.iter().any(|note| note.kind == NoteKind::ConfigUnknown)
}

/// The notes of an answer in the making.
#[derive(Default)]
pub(super) struct Notes {
    queried: Vec<(SocketAddr, Vec<String>)>,
    others: Vec<Note>,
}

impl Notes {
    /// What every reply includes: the server, its answer, and what was needed to get it.
    pub(super) fn queried<'a>(&mut self, replies: impl IntoIterator<Item = &'a Reply>) {
        for reply in replies {
            let what = match &reply.result {
                QuestionResult::Records { answers, .. } => describe(answers),
                QuestionResult::Nothing { code, .. } => code.as_str().to_string(),
                QuestionResult::Loop => "an alias loop".to_string(),
            };
            let text = format!("{} ({what}, {})", reply.question, duration(reply.took));
            match self.queried.iter_mut().find(|(server, _)| *server == reply.server) {
                Some((_, questions)) => questions.push(text),
                None => self.queried.push((reply.server, vec![text])),
            }
            for passed in &reply.skipped {
                self.skipped(passed.clone());
            }
            if let Some(how) = reply.without_edns {
                self.without_edns(reply.server, how);
            }
            if let Some(Truncation { udp, tcp }) = reply.cut {
                let text = format!(
                    "dns server {} cuts its answer to {} short: {udp} of {tcp} records over UDP, without the TC bit; all {tcp} over TCP",
                    reply.server, reply.question
                );
                self.others.push(Note::new(NoteKind::Cut, text));
            }
            if reply.incomplete {
                let text = format!(
                    "dns server {} cuts its answer to {} short over TCP as well (TC bit): the list is incomplete",
                    reply.server, reply.question
                );
                self.others.push(Note::new(NoteKind::Cut, text));
            }
        }
    }

    fn without_edns(&mut self, server: SocketAddr, how: NoEdns) {
        let text = match how {
            NoEdns::Code(code) => format!(
                "dns server {server} does not support EDNS: it answered {} to a query with EDNS; the query was repeated without EDNS",
                mnemonic(code)
            ),
            NoEdns::NoResponse => format!(
                "dns server {server} does not support EDNS: it did not respond to a query with EDNS, but answered the same query without EDNS"
            ),
        };
        self.once(NoteKind::NoEdns, text);
    }

    fn once(&mut self, kind: NoteKind, text: String) {
        if !self.others.iter().any(|note| note.kind == kind && note.text == text) {
            self.others.push(Note::new(kind, text));
        }
    }

    /// Which of several full names was answered, and which of them are aliases: a search domain is easily overlooked.
    pub(super) fn named<'a>(&mut self, name: &Name, candidates: &[Name], replies: impl IntoIterator<Item = &'a Reply>) {
        if candidates.len() > 1 {
            let others: Vec<String> = candidates.iter().filter(|other| *other != name).map(shown).collect();
            let text = format!("resolved as {} (other names from the search list: {})", shown(name), others.join(", "));
            self.once(NoteKind::AnsweredName, text);
        }
        for reply in replies {
            if let (Some(from), QuestionResult::Records { .. }) = (reply.aliases.first(), &reply.result) {
                self.once(NoteKind::AnsweredName, format!("{} is an alias of {}", shown(from), via(&reply.aliases)));
            }
        }
    }

    /// The targets of SRV records and their ports.
    pub(super) fn targets(&mut self, question: &str, targets: &[String]) {
        let shown = text::few(targets, ", ", TARGETS);
        self.once(NoteKind::AnsweredName, format!("{question} lists {shown}"));
    }

    pub(super) fn skipped(&mut self, text: String) {
        self.others.push(Note::new(NoteKind::Skipped, text));
    }

    /// No port was given.
    pub(super) fn default_port(&mut self, note: Option<Note>) {
        self.others.extend(note);
    }

    /// One of A and AAAA was answered and the other was not.
    pub(super) fn half_answered(&mut self, text: String) {
        self.others.push(Note::new(NoteKind::HalfAnswered, text));
    }

    /// A record that no client can use.
    pub(super) fn unusable(&mut self, text: String) {
        self.once(NoteKind::Unusable, text);
    }

    /// The name as given has addresses other than those that the search list found.
    pub(super) fn shadowed(&mut self, text: String) {
        self.others.push(Note::new(NoteKind::Shadowed, text));
    }

    /// There are records, and none of them is usable.
    pub(super) fn nothing_left(&mut self, text: String) {
        self.others.push(Note::new(NoteKind::Absent, text));
    }

    /// The gRPC service config (gRFC A2): the TXT record whose text starts with `grpc_config=`.
    pub(super) fn config(&mut self, config: Option<Result<Reply, ResolveError>>) {
        let reply = match config {
            None => return,
            Some(Err(error)) => {
                let note = Note::new(NoteKind::ConfigUnknown, format!("service config: {error}"));
                return self.others.push(note);
            }
            Some(Ok(reply)) => reply,
        };
        self.queried([&reply]);
        let QuestionResult::Records { answers, .. } = reply.result else { return };
        let texts: Vec<Vec<Vec<u8>>> = answers
            .into_iter()
            .filter_map(|record| match record.data {
                RData::TXT(txt) => Some(txt.txt_data.iter().map(|part| part.to_vec()).collect()),
                _ => None,
            })
            .collect();
        let published = service_config::check(&texts);
        for config in published.configs {
            self.others.push(Note::new(NoteKind::ServiceConfig, config));
        }
        if let Some(problem) = published.problem {
            let who = match problem.readers {
                Readers::All => {
                    "grpc-go and grpc-js clients would fail every call; grpc-java too, where it reads the record"
                }
                Readers::Go => "these grpc-go clients would fail every call",
                Readers::NotGo => {
                    "grpc-js clients would fail every call; grpc-java too, where it reads the record; grpc-go accepts it"
                }
            };
            let text = format!(
                "the gRPC service config in {} is invalid: {}; {who}",
                reply.question,
                shorten(&problem.error.to_string(), 300)
            );
            self.others.push(Note::new(NoteKind::InvalidServiceConfig, text));
        }
    }

    pub(super) fn into_vec(self) -> Vec<Note> {
        let queried = self.queried.into_iter().map(|(server, questions)| {
            Note::new(NoteKind::Queried, format!("dns server {server}: {}", questions.join(", ")))
        });
        queried.chain(self.others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(name: &str, candidates: &[&str]) -> Vec<String> {
        let full = |name: &&str| Name::from_ascii(name).unwrap();
        let mut notes = Notes::default();
        notes.named(&full(&name), &candidates.iter().map(full).collect::<Vec<_>>(), []);
        notes.into_vec().into_iter().map(|note| note.text).collect()
    }

    #[test]
    fn the_full_name_that_answered_is_reported_where_there_were_several() {
        assert_eq!(
            result("pay.prod.svc.test.", &["pay.prod.svc.test.", "pay.svc.test.", "pay."]),
            ["resolved as pay.prod.svc.test (other names from the search list: pay.svc.test, pay)"]
        );
        assert!(result("pay.test.", &["pay.test."]).is_empty());
    }
}
