//! What another framework's client would hold: [`LensReport`], and when it notices the next change.

use std::sync::Arc;

use super::endpoint::Address;

/// Whether, and when, a client notices the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticesChanges {
    /// At once: a watch or a poll is active, or the client has no address and queries again and again.
    Changes,
    /// Only after a connection broke; it uses the old addresses until then.
    AfterAFailure,
    /// By itself, within half a minute: it has lost a connection and waits until it may query again.
    Soon,
    /// At its next call: it is IDLE, and queries again then.
    NextCall,
    /// Never: its watch is dead, or stops within seconds, and nothing restarts it.
    Never,
    /// Never, and it has no list either: every call hangs until its deadline, or fails.
    NeverAndHangs,
}

impl NoticesChanges {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::AfterAFailure => "after_a_failure",
            Self::Soon => "soon",
            Self::NextCall => "next_call",
            Self::Never => "never",
            Self::NeverAndHangs => "never_and_hangs",
        }
    }

    /// What ends a difference from the registry, should one arise.
    pub const fn recovers_after(self) -> &'static str {
        match self {
            Self::Changes => "the registry's next change",
            Self::AfterAFailure => "a failed connection",
            Self::Soon => "a new query, within 30 s",
            Self::NextCall => "its next call",
            Self::Never | Self::NeverAndHangs => "a restart",
        }
    }
}

/// The result of a lens: the addresses that such a client would hold now, compared with those of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LensReport {
    /// The name that selects it in `--as`: `kratos@2.7.2`.
    pub lens: Arc<str>,
    /// The name for people: `kratos 2.5.4 to 2.7.2`.
    pub label: Arc<str>,
    /// The addresses that its next call can be sent to, in the order of the client.
    pub holds: Vec<Address>,
    /// Listed as usable and not held, beyond what the client leaves out by design.
    pub missing: Vec<Address>,
    /// Held, and not listed as usable.
    pub stale: Vec<Address>,
    /// Whether, and when, it notices the next change.
    pub notices: NoticesChanges,
    /// The reason, in half a sentence: `its poller ends with the first idle period`.
    pub rule: &'static str,
    /// How a call to a dead address fails in such a client: the start of its error message.
    pub fails_with: &'static str,
    /// What helps when it holds the wrong addresses.
    pub remedy: &'static str,
}

impl LensReport {
    /// True when it holds what the registry lists, or will query again before the difference matters.
    pub fn agrees(&self) -> bool {
        self.stale.is_empty() && self.missing.is_empty() && self.notices != NoticesChanges::NeverAndHangs
    }

    /// True when it holds the wrong addresses and does not recover at once: it deserves a finding.
    pub fn is_wrong(&self) -> bool {
        !self.agrees() && self.notices != NoticesChanges::Soon
    }
}
