//! Systems that do not report the facts: macOS has neither the age of the last acknowledgement nor the number of
//! unacknowledged segments; on Windows an administrator must enable the interface for both.

use super::TcpFacts;

/// Nothing: the last bytes are sent in a packet of their own.
pub fn send_with_fin<S>(_: &S) {}

/// Always `None`.
pub fn facts<S>(_: &S) -> Option<TcpFacts> {
    None
}
