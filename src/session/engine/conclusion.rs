//! The end of a session: its events are judged, and the verdicts are returned one by one.

use super::{Effect, Engine};
use crate::channel;
use crate::diagnosis;
use crate::diagnosis::{Conclusion, Ledger};
use crate::model::event::{Event, EventKind};
use crate::model::finding::Summary;
use crate::model::verdict::Verdict;

/// What is reported at the end.
pub(super) type Conclusions = Box<dyn Iterator<Item = EventKind> + Send>;

impl Engine {
    /// Judges and ends the session; [`Engine::next_conclusion`] returns the results. `timed_out`: why there is no
    /// verdict.
    pub(super) fn finish(&mut self, timed_out: Option<String>) {
        if self.finished {
            return;
        }
        self.ledger.now = self.now;
        self.models_conclude();
        self.report_pending();
        let Conclusion { endpoints, clients: _, findings, summary } =
            diagnosis::judge(&self.ledger, &self.config.criteria, self.config.depth());
        let summary = match timed_out {
            None => summary,
            Some(why) => Summary {
                verdict: Verdict::TimedOut,
                exit: Verdict::TimedOut.exit_code(),
                text: format!("{why}; state so far: {}", summary.text),
                counts: summary.counts,
            },
        };
        if let Some(channel) = self.channel.as_mut() {
            // The end of the session closes the channel, which is not reported.
            channel.handle(self.now, channel::Input::Close, &mut Vec::new());
        }
        let verdicts = endpoints.into_iter().map(EventKind::Verdict);
        let rest = findings.into_iter().map(EventKind::Finding).chain([EventKind::Summary(summary)]);
        self.conclusion = Some(Box::new(verdicts.chain(rest)));
        // The judged events are no longer needed, and may be large.
        self.ledger = Ledger::default();
        self.effects.push(Effect::End);
        self.finished = true;
    }

    /// After [`Effect::End`]: the verdicts, findings and at last the summary, one after the other. There may be
    /// 100,000 of them.
    pub fn next_conclusion(&mut self) -> Option<Event> {
        let kind = self.conclusion.as_mut()?.next()?;
        Some(self.event(kind))
    }
}
