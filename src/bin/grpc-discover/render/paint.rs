//! Colours.

use grpc_discover::model::finding::Severity;
use grpc_discover::model::verdict::{EndpointVerdict, Verdict};

/// Wraps texts in colour, or leaves them as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Paint {
    /// If false, text is unchanged.
    pub on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    /// Bold.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Less important.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// Good.
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Not good.
    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// Bad.
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// A text about a service, in the colour of its verdict.
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        match verdict {
            Verdict::Healthy | Verdict::Usable => self.wrap("1;32", text),
            Verdict::Degraded | Verdict::Unknown | Verdict::TimedOut => self.wrap("1;33", text),
            Verdict::Failed => self.wrap("1;31", text),
        }
    }

    /// A text about an endpoint, in the colour of its verdict.
    pub fn endpoint(self, verdict: EndpointVerdict, text: &str) -> String {
        match verdict {
            EndpointVerdict::Healthy | EndpointVerdict::Listed | EndpointVerdict::Passing => self.green(text),
            EndpointVerdict::ServingNotPassing | EndpointVerdict::Draining | EndpointVerdict::Drained => self.dim(text),
            EndpointVerdict::CheckWrong
            | EndpointVerdict::Warning
            | EndpointVerdict::Unregistered
            | EndpointVerdict::ServingLeaseExpired
            | EndpointVerdict::Unknown => self.yellow(text),
            EndpointVerdict::Unhealthy
            | EndpointVerdict::Critical
            | EndpointVerdict::UnhealthyUnnoticed
            | EndpointVerdict::Unreachable
            | EndpointVerdict::Stale
            | EndpointVerdict::Dead
            | EndpointVerdict::Down
            | EndpointVerdict::Leftover
            | EndpointVerdict::LeaseExpired
            | EndpointVerdict::WrongProtocol
            | EndpointVerdict::TlsFailed => self.red(text),
            _ => text.to_string(),
        }
    }

    /// A text about a finding, in the colour of its severity.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Info => self.dim(text),
            Severity::Warn => self.yellow(text),
            Severity::Critical => self.red(text),
        }
    }
}
