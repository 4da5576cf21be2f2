//! go-zero (`core/discov/publisher.go`): under `<Key>/`, a key that is the lease's number in decimal (or a configured
//! one), and a plain `ip:port` as value.

use std::time::Duration;

use super::{Decoded, Entry, Layout, endpoint};
use crate::model::endpoint::{Address, LayoutRule};

/// See the [module](self).
pub(super) struct GoZero;

impl Layout for GoZero {
    fn name(&self) -> &'static str {
        "go-zero"
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("{service}/")]
    }

    /// `core/discov/internal.TimeToLive`.
    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }

    /// Its subscriber uses every value as an address.
    fn on_garbage(&self) -> Option<&'static str> {
        Some("dial such a value unchanged")
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let is_number = !entry.rest.is_empty() && entry.rest.bytes().all(|byte| byte.is_ascii_digit());
        let address = entry.text().filter(|_| is_number).and_then(|text| text.parse::<Address>().ok());
        match address {
            None => Decoded::Foreign,
            Some(address) => Decoded::Endpoints(vec![endpoint(address, LayoutRule::new("go-zero", "value"))]),
        }
    }
}
