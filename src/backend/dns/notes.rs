//! What is said beside the addresses: who was asked and what came of it, the service config, and who said "nothing".

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{Name, RData, Record};

use super::answer::{Outcome, least};
use super::question::{Reply, Said};
use super::servers::shown;
use crate::model::resolution::{Absence, AbsenceCode, Answer, Note, NoteKind, ResolveError, Update};

/// Every server that said "nothing", until one says something.
#[derive(Default)]
pub(super) struct Absent {
    code: Option<AbsenceCode>,
    ttl: Option<Duration>,
    said: Vec<String>,
}

impl Absent {
    pub(super) fn add(&mut self, reply: &Reply) {
        let (code, ttl) = match &reply.said {
            Said::Nothing { code, ttl } => (*code, *ttl),
            // An alias that leads to no record of the type.
            Said::Records { .. } => (AbsenceCode::NoData, None),
        };
        // One name that exists is enough for "no data": the stronger word needs every answer.
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
        self.said.push(format!("{word} for {} from {}", reply.question, reply.server));
    }

    pub(super) fn outcome(self) -> Outcome {
        let text = format!("dns: {}", self.said.join(", "));
        let absence = Absence::new(self.code.unwrap_or(AbsenceCode::NoData), text);
        Outcome { update: Update::NotFound(absence), ttl: self.ttl }
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
    let count = answers.len() - aliases.len();
    let records = if count == 1 { "1 record".to_string() } else { format!("{count} records") };
    if aliases.is_empty() { records } else { format!("{records}, alias of {}", aliases.join(" -> ")) }
}

/// How a note begins that tells why the service config is not known.
const CONFIG_UNKNOWN: &str = "service config: ";

/// True when the service config could not be asked for: that is no change of it.
pub(super) fn config_is_unknown(answer: &Answer) -> bool {
    answer.notes.iter().any(|note| note.kind == NoteKind::Skipped && note.text.starts_with(CONFIG_UNKNOWN))
}

/// The notes of an answer in the making.
#[derive(Default)]
pub(super) struct Notes {
    asked: Vec<(SocketAddr, Vec<String>)>,
    others: Vec<Note>,
}

impl Notes {
    pub(super) fn asked<'a>(&mut self, replies: impl IntoIterator<Item = &'a Reply>) {
        for reply in replies {
            let what = match &reply.said {
                Said::Records { answers, .. } => describe(answers),
                Said::Nothing { code, .. } => code.as_str().to_string(),
            };
            let text = format!("{} ({what}, {:.1} ms)", reply.question, reply.took.as_secs_f64() * 1e3);
            match self.asked.iter_mut().find(|(server, _)| *server == reply.server) {
                Some((_, questions)) => questions.push(text),
                None => self.asked.push((reply.server, vec![text])),
            }
            for passed in &reply.passed_over {
                self.skipped(passed.clone());
            }
        }
    }

    /// Tells which of several full names answered: a search domain is easily forgotten.
    pub(super) fn completed(&mut self, name: &Name, candidates: &[Name]) {
        if candidates.len() < 2 {
            return;
        }
        let others: Vec<String> = candidates.iter().filter(|other| *other != name).map(shown).collect();
        let text = format!(
            "the full name that answered is {} (the search list also allows {})",
            shown(name),
            others.join(", ")
        );
        self.others.push(Note::new(NoteKind::Asked, text));
    }

    pub(super) fn skipped(&mut self, text: String) {
        self.others.push(Note::new(NoteKind::Skipped, text));
    }

    /// The gRPC service config (gRFC A2): the TXT record whose text begins with `grpc_config=`.
    pub(super) fn config(&mut self, config: Option<Result<Reply, ResolveError>>) {
        let reply = match config {
            None => return,
            Some(Err(error)) => return self.skipped(format!("{CONFIG_UNKNOWN}{error}")),
            Some(Ok(reply)) => reply,
        };
        self.asked([&reply]);
        let Said::Records { answers, .. } = reply.said else { return };
        for record in answers {
            let RData::TXT(txt) = record.data else { continue };
            let text: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
            if let Some(config) = String::from_utf8_lossy(&text).strip_prefix("grpc_config=") {
                self.others.push(Note::new(NoteKind::ServiceConfig, config));
            }
        }
    }

    pub(super) fn into_vec(self) -> Vec<Note> {
        let asked = self.asked.into_iter().map(|(server, questions)| {
            Note::new(NoteKind::Asked, format!("dns server {server}: {}", questions.join(", ")))
        });
        asked.chain(self.others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, candidates: &[&str]) -> Vec<String> {
        let full = |name: &&str| Name::from_ascii(name).unwrap();
        let mut notes = Notes::default();
        notes.completed(&full(&name), &candidates.iter().map(full).collect::<Vec<_>>());
        notes.into_vec().into_iter().map(|note| note.text).collect()
    }

    #[test]
    fn the_full_name_that_answered_is_told_where_there_were_several() {
        assert_eq!(
            said("pay.prod.svc.test.", &["pay.prod.svc.test.", "pay.svc.test.", "pay."]),
            ["the full name that answered is pay.prod.svc.test (the search list also allows pay.svc.test, pay)"]
        );
        assert!(said("pay.test.", &["pay.test."]).is_empty());
    }
}
