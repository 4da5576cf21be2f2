//! What a full response must prove before endpoints are reported as removed.
//!
//! * One empty response proves nothing: the registry is queried again. If it was not confirmed, the confirmation of the
//!   next empty response is delayed, so that a registry that contradicts itself is not flooded.
//! * A registry that responds again after a gap may have lost its memory: what is missing is kept for the time that
//!   instances need to register again (each backend states its own), then one more response decides.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::endpoint::EndpointKey;
use crate::model::resolution::EndpointSet;
use crate::model::resolution::{Note, NoteKind, RegistryMemory, Update};
use crate::model::time::Elapsed;
use crate::text::exact_duration;

/// Delay of the query that is to confirm an empty response after one that was not confirmed; doubles up to
/// [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(4);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A contradiction that is older than this no longer counts.
const EXPIRED: Duration = Duration::from_secs(120);

/// What is not trusted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The last response lacked endpoints: the next one decides, and was requested already.
    NextDecides,
    /// An empty response, after others that were not confirmed: queried again at this moment.
    Contradicted(Elapsed),
    /// The registry responded again and lacks endpoints: they are kept until this moment, then one more response
    /// decides.
    Restarted(Elapsed),
    /// That moment has passed: the next response decides.
    GraceElapsed,
}

/// What happens to a response.
#[derive(Debug, PartialEq, Eq)]
pub enum Belief {
    /// It is accepted completely.
    Believed,
    /// It is accepted, except for what it lacks.
    Merged,
    /// It is ignored, and the registry is queried again at once.
    QueriedAgain,
    /// It is ignored; the next step depends on the [`Doubt`].
    LeftOut,
}

/// The state of a source before the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Its query or watch was answered all the time, or it was refused for lack of permission.
    Reached,
    /// It could not be reached.
    Gap,
}

/// The doubts about one source.
#[derive(Debug, Clone)]
pub struct Doubts {
    memory: RegistryMemory,
    doubt: Option<Doubt>,
    /// Empty responses that were not confirmed, and when the last of them was.
    contradictions: u32,
    contradicted: Elapsed,
}

impl Doubts {
    /// Without doubts.
    pub fn new(memory: RegistryMemory) -> Self {
        Doubts { memory, doubt: None, contradictions: 0, contradicted: Elapsed::ZERO }
    }

    /// True when the list is not certain.
    pub fn is_open(&self) -> bool {
        self.doubt.is_some()
    }

    /// When the next query is due.
    pub fn deadline(&self) -> Option<Elapsed> {
        match self.doubt {
            Some(Doubt::Contradicted(until) | Doubt::Restarted(until)) => Some(until),
            Some(Doubt::NextDecides | Doubt::GraceElapsed) | None => None,
        }
    }

    /// The query of [`Doubts::deadline`] is sent: its response decides.
    pub fn decide_next(&mut self) {
        self.doubt = match self.doubt {
            Some(Doubt::Restarted(_) | Doubt::GraceElapsed) => Some(Doubt::GraceElapsed),
            Some(Doubt::Contradicted(_) | Doubt::NextDecides) | None => Some(Doubt::NextDecides),
        };
    }

    /// The source failed; returns the moment before which it is not queried again. The doubt after a restart remains:
    /// a registry that responded again may fail again.
    pub fn failed(&mut self) -> Option<Elapsed> {
        match self.doubt {
            Some(Doubt::Restarted(_) | Doubt::GraceElapsed) => None,
            Some(Doubt::Contradicted(until)) => {
                self.doubt = Some(Doubt::NextDecides);
                Some(until)
            }
            Some(Doubt::NextDecides) | None => {
                self.doubt = None;
                None
            }
        }
    }

    /// Judges `update` against the list `known`; `has_responded` when there ever was a list. Also returns the notes to add.
    pub fn judge(
        &mut self,
        now: Elapsed,
        update: &Update,
        known: &EndpointSet,
        has_responded: bool,
        before: Before,
    ) -> (Belief, Option<Note>) {
        let Some(list) = full_list(update) else { return (Belief::Believed, None) };
        let missing = known.missing(&list);
        let lost = missing > 0 && (list.is_empty() || self.memory.is_volatile);
        match self.doubt {
            Some(Doubt::Restarted(until)) if until > now && missing > 0 => return (Belief::Merged, None),
            Some(Doubt::Contradicted(until)) if until > now && list.is_empty() => return (Belief::LeftOut, None),
            None if before == Before::Gap && has_responded && lost => {
                self.doubt = Some(Doubt::Restarted(now + self.memory.grace));
                return (Belief::Merged, Some(self.came_back(missing, known.len())));
            }
            None if list.is_empty() && (missing > 0 || !has_responded) => return (self.doubts_empty(now), None),
            Some(_) | None => {}
        }
        let note = match self.doubt.take() {
            Some(Doubt::Restarted(_) | Doubt::GraceElapsed) => (missing == 0 && !known.is_empty()).then(complete_again),
            Some(Doubt::Contradicted(_) | Doubt::NextDecides) if !list.is_empty() && has_responded => {
                Some(self.contradicts_itself(now))
            }
            Some(Doubt::Contradicted(_) | Doubt::NextDecides) | None => None,
        };
        (Belief::Believed, note)
    }

    fn contradicts_itself(&mut self, now: Elapsed) -> Note {
        self.contradictions = self.contradictions.saturating_add(1);
        self.contradicted = now;
        let times = match self.contradictions {
            1 => String::new(),
            count => format!(" ({count} times so far)"),
        };
        Note::new(NoteKind::Unconfirmed, format!("an empty response was not confirmed by a second query{times}"))
    }

    fn doubts_empty(&mut self, now: Elapsed) -> Belief {
        if now.since(self.contradicted) >= EXPIRED {
            self.contradictions = 0;
        }
        match self.contradictions {
            0 => {
                self.doubt = Some(Doubt::NextDecides);
                Belief::QueriedAgain
            }
            count => {
                let wait = FIRST_WAIT.saturating_mul(1 << (count - 1).min(8)).min(LONGEST_WAIT);
                self.doubt = Some(Doubt::Contradicted(now + wait));
                Belief::LeftOut
            }
        }
    }

    fn came_back(&self, missing: usize, known: usize) -> Note {
        let text = format!(
            "recovered after a gap without {missing} of the {known} endpoints that it listed before, as after a restart without its data: they are kept until they register again, for at most {}",
            exact_duration(self.memory.grace)
        );
        Note::new(NoteKind::Restarted, text)
    }
}

fn complete_again() -> Note {
    Note::new(NoteKind::Returned, "every endpoint that was missing after the gap is listed again")
}

/// Everything that a full response lists.
fn full_list(update: &Update) -> Option<BTreeSet<EndpointKey>> {
    match update {
        Update::Reset(answer) => Some(answer.endpoints.iter().map(|endpoint| endpoint.key()).collect()),
        Update::NotFound(_) => Some(BTreeSet::new()),
        Update::Add(_) | Update::Remove(_) | Update::Partial(..) => None,
    }
}
