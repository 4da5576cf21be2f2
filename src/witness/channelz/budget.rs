//! Limits on what one process may make us read. A peer can return endless pages, long names and cycles; a reading ends
//! all the same, with what was read so far.

use std::time::Duration;

use tokio::time::Instant;

use crate::platform::clock;
use crate::text::duration;

/// Everything together: one process is read within this time.
const TIME: Duration = Duration::from_millis(1_600);
/// Bytes of all responses together.
const BYTES: usize = 24 << 20;
/// Pages of one list.
const PAGES: usize = 200;
/// Channels, subchannels, sockets and servers together.
const OBJECTS: usize = 20_000;

/// The largest response, and how many calls are in flight: with both, a hostile peer can make us hold 16 MiB.
pub(super) const LONGEST: usize = 1 << 20;
pub(super) const CHUNK: usize = 8;

/// What is left of the limits.
#[derive(Debug)]
pub(super) struct Budget {
    until: Instant,
    bytes: usize,
    pages: usize,
    objects: usize,
    /// Why the reading ended early: the first limit that was reached.
    pub cut: Option<String>,
}

impl Budget {
    pub fn new() -> Budget {
        Budget { until: clock::after(TIME), bytes: BYTES, pages: PAGES, objects: OBJECTS, cut: None }
    }

    /// The end of the reading.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// True while nothing was cut.
    pub fn is_open(&mut self) -> bool {
        if self.cut.is_none() && Instant::now() >= self.until {
            self.cut_short(format!("not all of it was read within {}", duration(TIME)));
        }
        self.cut.is_none()
    }

    /// A response with this many bytes was read.
    pub fn read(&mut self, bytes: usize) {
        match self.bytes.checked_sub(bytes) {
            Some(left) => self.bytes = left,
            None => self.cut_short(format!("its responses have more than {} MiB", BYTES >> 20)),
        }
    }

    /// A page was read.
    pub fn page(&mut self) {
        match self.pages.checked_sub(1) {
            Some(left) => self.pages = left,
            None => self.cut_short(format!("a list has more than {PAGES} pages")),
        }
    }

    /// A new list starts.
    pub fn list(&mut self) {
        self.pages = PAGES;
    }

    /// This many objects are to be read; how many of them may be.
    pub fn objects(&mut self, wanted: usize) -> usize {
        let allowed = wanted.min(self.objects);
        self.objects -= allowed;
        if allowed < wanted {
            self.cut_short(format!("it has more than {OBJECTS} channels, subchannels and sockets"));
        }
        allowed
    }

    /// Ends the reading, because of `why`, unless it has ended already.
    pub fn cut_short(&mut self, why: String) {
        self.cut.get_or_insert(why);
    }
}
