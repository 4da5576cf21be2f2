//! [`Elapsed`]: monotonic time since the session started. Pure modules use no other clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A moment, as the time since the session started (monotonic, never the wall clock).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Elapsed(Duration);

impl Elapsed {
    /// The start of the session.
    pub const ZERO: Elapsed = Elapsed(Duration::ZERO);

    /// The moment `since_start` after the start of the session.
    pub const fn new(since_start: Duration) -> Self {
        Elapsed(since_start)
    }

    /// The moment `millis` milliseconds after the start of the session.
    pub const fn from_millis(millis: u64) -> Self {
        Elapsed(Duration::from_millis(millis))
    }

    /// The moment `secs` seconds after the start of the session.
    pub const fn from_secs(secs: u64) -> Self {
        Elapsed(Duration::from_secs(secs))
    }

    /// Time since the session started.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// Whole milliseconds since the session started (`at_ms` of an event).
    pub const fn as_millis(self) -> u64 {
        self.0.as_millis() as u64
    }

    /// Time from `earlier` to `self`; zero when `earlier` is later.
    pub const fn since(self, earlier: Elapsed) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Elapsed {
    type Output = Elapsed;

    /// Saturates, so that "never" can be written as `now + Duration::MAX`.
    fn add(self, rhs: Duration) -> Elapsed {
        Elapsed(self.0.saturating_add(rhs))
    }
}

impl AddAssign<Duration> for Elapsed {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub for Elapsed {
    type Output = Duration;

    fn sub(self, rhs: Elapsed) -> Duration {
        self.since(rhs)
    }
}

impl fmt::Display for Elapsed {
    /// Seconds with milliseconds: `12.034s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0.as_secs(), self.0.subsec_millis())
    }
}
