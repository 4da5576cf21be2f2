//! [`EurekaTarget`]: `eureka://[[user:pw@]host[:8761][/path]/]APP/`, in the form of grpc-client-cli.

use std::fmt;

use percent_encoding::utf8_percent_encode;

use crate::backend::target::host::host_port;
use crate::backend::target::percent::decode;
use crate::backend::target::uri::{COMPONENT, PATH, fmt_user, server_text};
use crate::backend::target::{Example, Parsed, Piece, Scheme, invalid};
use crate::model::host_port::joined;
use crate::model::secret::Secret;
use crate::model::target::{BackendTarget, Target, plain_authority};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "eureka";

/// The scheme.
pub(super) const SCHEMES: &[Scheme] = &[Scheme::new("eureka", |rest| eureka(rest).map(Target::from))];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] = &[Example {
    target: "eureka:///PAY",
    meaning: "Eureka, at EUREKA_CLIENT_SERVICEURL_DEFAULTZONE; eureka://10.0.0.1:8761/PAY at this server",
}];

/// The query of a `eureka:` target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EurekaTarget {
    /// The server, `host` or `host:port`; the environment's when absent.
    pub server: Option<String>,
    /// The path before `/apps` on that server, with a leading slash; `/eureka` when absent.
    pub path: Option<String>,
    /// User and password for HTTP basic authentication.
    pub user: Option<(String, Secret)>,
    /// The application's name. Eureka compares it case-insensitively.
    pub app: String,
}

impl BackendTarget for EurekaTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        "eureka"
    }

    fn names_an_address(&self) -> bool {
        self.server.is_some()
    }

    fn authority(&self) -> Option<String> {
        plain_authority(&self.app)
    }
}

impl fmt::Display for EurekaTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("eureka://")?;
        fmt_user(f, self.user.as_ref())?;
        f.write_str(&server_text(self.server.as_deref()))?;
        if let Some(path) = &self.path {
            write!(f, "{}", utf8_percent_encode(path, PATH))?;
        }
        write!(f, "/{}", utf8_percent_encode(&self.app, COMPONENT))
    }
}

const EXAMPLE: &str = "eureka://10.0.0.1:8761/PAY";

fn eureka(rest: Piece<'_>) -> Parsed<EurekaTarget> {
    if let Some(at) = rest.text.find('?') {
        return invalid(rest.at + at, "eureka: takes no parameters", EXAMPLE);
    }
    let whole = rest.strip("//").unwrap_or(rest);
    let whole = whole.until(whole.text.trim_end_matches('/').len());
    let mut target = EurekaTarget::default();
    // The last part is the application; everything before it is the server.
    let (before, app) = match whole.rsplit_once('/') {
        Some((before, app)) => (Some(before), app),
        None => (None, whole),
    };
    if app.is_empty() {
        return invalid(app.at, "missing application name", EXAMPLE);
    }
    if app.text.contains(['@', ':']) {
        return invalid(app.at, "missing application name after the server", EXAMPLE);
    }
    target.app = decode(app, false, EXAMPLE)?;
    let Some(before) = before.filter(|before| !before.is_empty()) else { return Ok(target) };
    let (authority, path) = match before.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (before, None),
    };
    let server = match authority.rsplit_once('@') {
        None => authority,
        Some((user, server)) => {
            let (name, password) = user.split_once(':').unwrap_or((user, user.from(user.text.len())));
            target.user = Some((decode(name, false, EXAMPLE)?, Secret::new(decode(password, false, EXAMPLE)?)));
            server
        }
    };
    let (host, port) = host_port(server, EXAMPLE)?;
    target.server = Some(joined(&host, port));
    if let Some(path) = path {
        let path = decode(path, false, EXAMPLE)?;
        let path = path.trim_matches('/');
        target.path = (!path.is_empty()).then(|| format!("/{path}"));
    }
    Ok(target)
}

#[cfg(test)]
mod tests;
