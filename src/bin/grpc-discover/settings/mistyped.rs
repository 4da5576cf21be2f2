//! Typed targets that parse, and yet were meant differently: a port alone, a port apart from its host, a file.

use std::path::Path;

use grpc_discover::model::target::Target;
use grpc_discover::text::shorten;

use super::Environment;
use super::error::MistypedTarget;
use crate::cli::Redacted;

/// Rejects `targets` that were most likely meant differently. A name of a service of the configuration file is valid.
pub fn refuse(targets: &[Redacted], environment: &Environment) -> Result<(), MistypedTarget> {
    let is_bare =
        |text: &str| matches!(text.parse(), Ok(Target::Bare(_))) && !environment.config.services.contains_key(text);
    for (at, Redacted(text)) in targets.iter().enumerate().filter(|(_, target)| is_bare(&target.0)) {
        if text.parse::<u16>().is_ok_and(|port| port > 0) {
            let before = at.checked_sub(1).and_then(|before| targets.get(before)).map(|Redacted(host)| host);
            return Err(match before.map(|host| (host, format!("{host}:{text}"))) {
                Some((host, mended)) if !host.contains(':') && mended.parse::<Target>().is_ok() => {
                    MistypedTarget::PortApart { host: shorten(host, 60).into_owned(), port: text.clone(), mended }
                }
                Some(_) | None => MistypedTarget::PortAlone { port: text.clone() },
            });
        }
        let is_list = [".json", ".yaml", ".yml"].iter().any(|end| text.ends_with(end));
        if is_list && (environment.read)(Path::new(text)).is_ok() {
            return Err(MistypedTarget::File { name: text.clone() });
        }
    }
    Ok(())
}
