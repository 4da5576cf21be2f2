//! The wall clock in front of a line: local time, or UTC.

use std::time::SystemTime;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A time zone in which times are printed.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// UTC, or the time zone of this machine.
    pub fn new(utc: bool) -> Clock {
        Clock { zone: if utc { TimeZone::UTC } else { TimeZone::system() } }
    }

    /// `18:14:02`.
    pub fn seconds(&self, time: SystemTime) -> String {
        self.format(time, "%H:%M:%S")
    }

    /// `18:14:02.101`.
    pub fn millis(&self, time: SystemTime) -> String {
        self.format(time, "%H:%M:%S%.3f")
    }

    /// `2026-11-18`.
    pub fn day(&self, time: SystemTime) -> String {
        self.format(time, "%Y-%m-%d")
    }

    /// `UTC`.
    pub fn zone(&self, time: SystemTime) -> String {
        self.format(time, "%Z")
    }

    fn format(&self, time: SystemTime, format: &str) -> String {
        match Timestamp::try_from(time) {
            Ok(time) => Zoned::new(time, self.zone.clone()).strftime(format).to_string(),
            // A time outside of the years -9999 to 9999.
            Err(_) => "-".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_printed_in_its_zone() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_042);
        let clock = Clock::new(true);
        assert_eq!(clock.seconds(time), "22:13:20");
        assert_eq!(clock.millis(time), "22:13:20.042");
        assert_eq!((clock.day(time), clock.zone(time)), ("2023-11-14".to_string(), "UTC".to_string()));
    }
}
