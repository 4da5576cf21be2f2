//! `eureka://[[user:pw@]host[:8761][/path]/]APP/`, as grpc-client-cli has it.

use super::host::{host_port, join};
use super::percent::decode;
use super::piece::{Parsed, Piece, wrong};
use crate::model::secret::Secret;
use crate::model::target::EurekaTarget;

const EXAMPLE: &str = "eureka://10.0.0.1:8761/PAY";

pub(super) fn eureka(rest: Piece<'_>) -> Parsed<EurekaTarget> {
    if let Some(at) = rest.text.find('?') {
        return wrong(rest.at + at, "eureka: takes no parameters", EXAMPLE);
    }
    let whole = rest.strip("//").unwrap_or(rest);
    let whole = whole.until(whole.text.trim_end_matches('/').len());
    let mut target = EurekaTarget::default();
    // The last part is the application, whatever stands before it is the server.
    let (before, app) = match whole.rsplit_once('/') {
        Some((before, app)) => (Some(before), app),
        None => (None, whole),
    };
    if app.is_empty() {
        return wrong(app.at, "no application is named", EXAMPLE);
    }
    if app.text.contains(['@', ':']) {
        return wrong(app.at, "a server, and no application follows", EXAMPLE);
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
    target.server = Some(join(&host, port));
    if let Some(path) = path {
        let path = decode(path, false, EXAMPLE)?;
        let path = path.trim_matches('/');
        target.path = (!path.is_empty()).then(|| format!("/{path}"));
    }
    Ok(target)
}
