//! Other frameworks' clients beside the channel. They receive what the registries report and which calls are made.
//! They are reported when what they would hold changes, or at the end.

use super::Engine;
use super::config::EngineConfig;
use crate::lens::{self, LensKind, Lenses, Past, ResolverSource, Setting, Watched};
use crate::model::endpoint::Address;
use crate::model::event::EventKind;
use crate::model::lens::LensReport;
use crate::model::time::Elapsed;
use crate::session::discovery::ClientReading;
use crate::session::plan::{self, Goal};

/// The clients of a session.
#[derive(Debug)]
pub(super) struct Models {
    followers: [Followers; 2],
    /// True when they are reported whenever they change: in `watch`.
    as_it_happens: bool,
    /// True when they are reported even if they agree with the registry.
    chosen: bool,
    /// The registries reported something since the last read.
    pub(super) unread: bool,
    /// Something happened since the last comparison.
    moved: bool,
    reported: Vec<LensReport>,
}

/// The clients that follow DNS, or those that follow the other registries.
#[derive(Debug)]
struct Followers {
    dns: bool,
    lenses: Lenses,
    read: ClientReading,
}

impl Models {
    pub(super) fn new(config: &EngineConfig) -> Models {
        // A client that has run for a while was idle before; one that is started with a watch was not.
        let (past, as_it_happens) = match config.goal {
            Goal::Watch { .. } => (Past::New, true),
            Goal::ProbeIdle(_) | Goal::Probe | Goal::Resolve { .. } => (Past::BeenIdle, false),
        };
        let setting = Setting { idle_timeout: config.channel.idle_timeout, ..Setting::default() };
        let chosen = matches!(config.lenses, plan::Lenses::Chosen(_));
        let followers = [true, false].map(|dns| {
            // Unless they are named, clients of a registry that has no part in the session are left out.
            let concerned =
                |kind: &LensKind| config.sources.iter().any(|source| kind.follows.may_follow(source.registry));
            let theirs = |kind: &&&'static LensKind| {
                matches!(kind.follows, ResolverSource::Dns) == dns && (chosen || concerned(kind))
            };
            let kinds: Vec<&LensKind> = config.lenses.kinds().iter().filter(theirs).copied().collect();
            Followers { dns, lenses: Lenses::new(&kinds, setting, past), read: ClientReading::Nothing }
        });
        Models { followers, as_it_happens, chosen, unread: false, moved: false, reported: Vec::new() }
    }

    pub(super) fn deadline(&self) -> Option<Elapsed> {
        self.followers.iter().filter_map(|followers| followers.lenses.deadline()).min()
    }
}

impl Followers {
    /// Processes what the registries report, unless it is unchanged. A watched client connects when the watch does,
    /// which counts as a call, as in our channel.
    fn read(&mut self, now: Elapsed, reading: ClientReading, is_watched: bool) {
        if reading == self.read {
            return;
        }
        let news = match &reading {
            ClientReading::Nothing => lens::Input::TimePassed,
            ClientReading::Lists(list) => lens::Input::Lists(list.clone()),
            ClientReading::NoResponse => lens::Input::Unreachable,
            ClientReading::Refuses => lens::Input::Refuses,
        };
        self.lenses.handle(now, &news);
        if is_watched && self.read == ClientReading::Nothing {
            self.lenses.handle(now, &lens::Input::CallStarted);
            self.lenses.handle(now, &lens::Input::CallFinished);
        }
        self.read = reading;
    }
}

impl Engine {
    /// Passes an input to every client.
    pub(super) fn models_see(&mut self, input: &lens::Input) {
        self.models.moved = true;
        for followers in &mut self.models.followers {
            followers.lenses.handle(self.now, input);
        }
    }

    /// Passes to every client what the registries report now, when it changed.
    pub(super) fn models_read(&mut self) {
        // The idle cycle starts when every source has responded: an incomplete list would look like a change later.
        if self.models.unread && (self.models.as_it_happens || self.discovery.all_responded()) {
            self.models.unread = false;
            self.models.moved = true;
            let is_watched = self.models.as_it_happens;
            for followers in self.models.followers.iter_mut().filter(|followers| !followers.lenses.watched().is_empty())
            {
                followers.read(self.now, self.discovery.read_by_clients(followers.dns), is_watched);
            }
        }
        if self.models.as_it_happens && std::mem::take(&mut self.models.moved) {
            self.report_models();
        }
    }

    /// The final report on every client.
    pub(super) fn models_conclude(&mut self) {
        let called = !self.ledger.calls.is_empty();
        if called || self.models.as_it_happens {
            self.report_models();
        }
    }

    fn report_models(&mut self) {
        // Mostly there are none, and the list of usable endpoints would cost time after every lost connection.
        if self.models.followers.iter().all(|followers| followers.lenses.watched().is_empty()) {
            return;
        }
        let usable = self.discovery.usable();
        let watched = self.models.followers.iter().flat_map(|followers| followers.lenses.watched());
        let news: Vec<LensReport> = watched
            .map(|watched| report(watched, &usable))
            .filter(|report| match self.models.reported.iter().find(|reported| reported.lens == report.lens) {
                Some(reported) => reported != report,
                None => self.models.chosen || report.is_wrong(),
            })
            .collect();
        for report in news {
            self.models.reported.retain(|reported| reported.lens != report.lens);
            self.models.reported.push(report.clone());
            self.report(EventKind::Lens(report));
        }
    }
}

/// What a client holds, compared with the addresses that the registries list as usable.
fn report(watched: &Watched, usable: &[Address]) -> LensReport {
    let Watched { kind, view, .. } = watched;
    let difference = view.against(usable);
    LensReport {
        lens: kind.as_name().into(),
        label: kind.label().into(),
        holds: view.holds.clone(),
        missing: difference.missing,
        stale: difference.stale,
        notices: view.notices,
        rule: kind.rule,
        fails_with: kind.fails_with,
        remedy: kind.remedy,
    }
}
