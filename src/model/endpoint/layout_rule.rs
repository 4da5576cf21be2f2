//! [`LayoutRule`]: how an address was found.

use std::borrow::Cow;
use std::fmt;

/// The rule that found an address in what a registry stores. `Display` prints `kratos: endpoint grpc`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayoutRule {
    /// The layout that was recognised, or the registry's own; `None` where there is only one way to read it (DNS).
    pub layout: Option<&'static str>,
    /// The part of the entry that contained the address.
    pub rule: Cow<'static, str>,
    /// The port is the one that a framework uses for its web server: gRPC is served there only if the web server
    /// serves it.
    pub is_web_port: bool,
}

impl LayoutRule {
    /// `rule` of `layout`.
    pub fn new(layout: &'static str, rule: impl Into<Cow<'static, str>>) -> Self {
        LayoutRule { layout: Some(layout), rule: rule.into(), is_web_port: false }
    }

    /// A rule without a layout.
    pub fn plain(rule: impl Into<Cow<'static, str>>) -> Self {
        LayoutRule { layout: None, rule: rule.into(), is_web_port: false }
    }
}

impl fmt::Display for LayoutRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layout) = self.layout {
            write!(f, "{layout}: ")?;
        }
        f.write_str(&self.rule)
    }
}
