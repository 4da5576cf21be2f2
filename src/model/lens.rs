//! What another framework's client would hold: [`LensReport`], and the words for how it hears of changes.

use std::sync::Arc;

use super::endpoint::Address;

/// Whether, and when, a client hears of the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hears {
    /// As it happens: a watch or a poll is at work. So is a client's that has no address and asks again and again.
    Changes,
    /// Only after a connection broke; the old addresses serve until then.
    AfterAFailure,
    /// By itself, within half a minute: it has lost a connection and waits until it may ask again.
    Soon,
    /// At its next call: it is IDLE, and asks anew then.
    NextCall,
    /// Never again: its watch is dead, or ends within seconds, and nothing will restart it.
    Never,
    /// Never again, and it has no list either: every call hangs until its deadline, or fails.
    NeverAndHangs,
}

impl Hears {
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

    /// What ends a difference to the registry, if one should come up.
    pub const fn recovers_by(self) -> &'static str {
        match self {
            Self::Changes => "the registry's next change",
            Self::AfterAFailure => "a failed connection",
            Self::Soon => "a new query, within 30 s",
            Self::NextCall => "its next call",
            Self::Never | Self::NeverAndHangs => "a restart",
        }
    }
}

/// What a lens shows: the addresses that such a client would hold now, against the registry's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LensReport {
    /// What `--as` selects it with: `kratos@2.7.2`.
    pub lens: Arc<str>,
    /// For people: `kratos 2.5.4 to 2.7.2`.
    pub label: Arc<str>,
    /// The addresses that its next call can be sent to, in its own order.
    pub holds: Vec<Address>,
    /// Listed as usable, and not held, beyond what the client leaves out by design.
    pub missing: Vec<Address>,
    /// Held, and not listed as usable.
    pub stale: Vec<Address>,
    /// Whether it hears of the next change.
    pub hears: Hears,
    /// Why it is so, in half a sentence: `its watch ends at the first idle period`.
    pub rule: &'static str,
    /// How a call that meets a dead address fails in such a client: the words its error begins with.
    pub fails_with: &'static str,
    /// What helps when it holds what it should not.
    pub remedy: &'static str,
}

impl LensReport {
    /// True when it holds what the registry lists, or will ask before it matters.
    pub fn agrees(&self) -> bool {
        self.stale.is_empty() && self.missing.is_empty() && self.hears != Hears::NeverAndHangs
    }

    /// True when it is wrong and will not mend by itself at once: worth a finding.
    pub fn is_wrong(&self) -> bool {
        !self.agrees() && self.hears != Hears::Soon
    }
}
