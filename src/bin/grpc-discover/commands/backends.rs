//! `backends`: which backends are active, their settings and where each comes from, and whether they respond.

use std::time::Duration;

use futures_util::future::join_all;
use grpc_discover::backend::{BACKENDS, Description, Origin, Settings};
use grpc_discover::model::resolution::ResolveError;
use grpc_discover::text::{duration, escape};
use serde::Serialize;

use super::{block_on, warn, with_environment};
use crate::cli::{Backends, PlainFormat};
use crate::exit::{self, Failure};
use crate::render::{Paint, columns, write_pretty};
use crate::settings;
use crate::terminal::{self, Terminal};

/// Time limit for a backend to respond, whatever its own limit is.
const LIMIT: Duration = Duration::from_secs(10);

/// Why a backend does not respond.
#[derive(Debug, thiserror::Error)]
enum PingError {
    /// It is unreachable, or it refuses the request.
    #[error(transparent)]
    Refused(ResolveError),
    /// No response.
    #[error("{backend}: no response within {}", duration(LIMIT))]
    TimedOut { backend: &'static str },
}

/// One backend, as printed.
#[derive(Debug, Serialize)]
struct BackendRow {
    backend: &'static str,
    active: bool,
    why: String,
    /// Absent if the backend was not queried, because it is not used for bare names.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "said")]
    response: Option<String>,
    settings: Vec<SettingRow>,
}

/// One setting in effect.
#[derive(Debug, Serialize)]
struct SettingRow {
    name: &'static str,
    value: String,
    from: String,
}

/// Exits with 0 if every active backend responds, and with 3 otherwise: a service cannot be judged by a backend that
/// does not respond.
pub fn run(typed: &Backends) -> Result<u8, Failure> {
    with_environment(&typed.display, |environment, warnings| {
        let output = settings::output(None, &typed.display, environment)?;
        let terminal = Terminal::new(&output, environment.env);
        warn(&terminal, environment.config, warnings);
        let (settings, only) = settings::backends(&typed.discovery, typed.display.profile.as_deref(), environment)?;
        let shown = block_on(query(&settings, &only, &terminal))?;
        let mut out = Vec::new();
        match typed.output.unwrap_or_default() {
            PlainFormat::Json => write_pretty(&shown, &mut out)?,
            PlainFormat::Table => {
                let paint = Paint { on: terminal.color };
                out.extend(table(&shown, paint).into_bytes());
                let rest = match output.verbose {
                    true => details(&shown, paint),
                    false => "\n-v: the settings in force, and where each comes from\n".to_string(),
                };
                out.extend(rest.into_bytes());
            }
        }
        match terminal::print(&String::from_utf8_lossy(&out)) {
            // A reader that closed its end changes no exit code.
            Ok(()) | Err(Failure::ClosedPipe) => {}
            Err(failure) => return Err(failure),
        }
        Ok(if shown.iter().any(|backend| backend.answers == Some(false)) { exit::UNKNOWN } else { exit::OK })
    })
}

async fn query(settings: &Settings, only: &[String], terminal: &Terminal) -> Vec<BackendRow> {
    let backends = BACKENDS.iter().filter(|backend| only.is_empty() || only.iter().any(|name| name == backend.name()));
    join_all(backends.map(async |backend| {
        let mut description = backend.describe(settings);
        let speculative = backend.is_speculative(settings);
        // A backend that is neither named nor active is not queried: the only result would be that it is unavailable.
        let wanted = description.active.is_ok() || speculative || !only.is_empty();
        let program = backend.runs(settings).filter(|_| wanted);
        if let Some(program) = &program {
            let text = format!("{}: running the {program}", backend.name());
            terminal.note(&escape(&text));
            description.settings.push(("runs", program.clone(), Origin::Default));
        }
        let answer = match wanted {
            false => None,
            true => Some(match tokio::time::timeout(LIMIT, backend.ping(settings)).await {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(error)) => Err(PingError::Refused(error)),
                Err(_) => Err(PingError::TimedOut { backend: backend.name() }),
            }),
        };
        // No setting names it, so that it is unavailable is not a failure.
        let answer = match answer {
            Some(Ok(text)) if speculative => {
                description.active = Ok(format!("found at its default address: {text}"));
                Some(Ok(text))
            }
            Some(Err(_)) if speculative && only.is_empty() => None,
            other => other,
        };
        shown(backend.name(), description, answer)
    }))
    .await
}

fn shown(name: &'static str, description: Description, answer: Option<Result<String, PingError>>) -> BackendRow {
    let (active, why) = match description.active {
        Ok(why) => (true, why),
        Err(why) => (false, why),
    };
    let settings = description.settings.into_iter();
    BackendRow {
        backend: name,
        active,
        why,
        answers: answer.as_ref().map(Result::is_ok),
        response: answer.map(|answer| answer.unwrap_or_else(|error| error.to_string())),
        settings: settings.map(|(name, value, origin)| SettingRow { name, value, from: from(&origin) }).collect(),
    }
}

fn from(origin: &Origin) -> String {
    match origin {
        Origin::Flag(flag) => (*flag).to_string(),
        Origin::Env(variable) => format!("${variable}"),
        Origin::Config(path) => path.clone(),
        Origin::System(place) => place.clone(),
        Origin::Default => "default".to_string(),
    }
}

/// One row for each backend.
fn table(shown: &[BackendRow], paint: Paint) -> String {
    let rows = shown.iter().map(|backend| {
        let used = if backend.active { "for bare names" } else { "only when named" };
        let state = match (backend.answers, &backend.response) {
            (Some(true), Some(response)) => format!("{}  {}", paint.green("responds"), escape(response)),
            (Some(false), Some(response)) => format!("{}  {}", paint.red("no response"), escape(response)),
            _ => escape(&backend.why).into_owned(),
        };
        vec![backend.backend.to_string(), used.to_string(), state]
    });
    let mut text = columns(&["BACKEND", "USED", "STATE"], rows.collect()).join("\n");
    text.push('\n');
    text
}

/// The settings of each backend, and where each comes from.
fn details(shown: &[BackendRow], paint: Paint) -> String {
    let mut text = String::new();
    for backend in shown {
        let active = if backend.active { "used for bare names" } else { "used only when named" };
        text.push_str(&format!("\n{}  {active}: {}\n", paint.bold(backend.backend), escape(&backend.why)));
        let rows = backend.settings.iter().map(|setting| {
            vec![setting.name.to_string(), escape(&setting.value).into_owned(), escape(&setting.from).into_owned()]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        if !rows.is_empty() {
            for line in columns(&["SETTING", "VALUE", "FROM"], rows) {
                text.push_str(&format!("  {line}\n"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_where_they_come_from_and_foreign_text_is_escaped() {
        let description = Description {
            active: Ok("CONSUL_HTTP_ADDR is set".into()),
            settings: vec![
                ("agent", "10.0.0.1:8500".into(), Origin::Env("CONSUL_HTTP_ADDR".into())),
                ("token", "***".into(), Origin::Flag("--token-file")),
            ],
        };
        let shown = shown("consul", description, Some(Err(PingError::TimedOut { backend: "consul \u{1b}[2J" })));
        let text = details(std::slice::from_ref(&shown), Paint::default());
        assert!(text.contains("10.0.0.1:8500  $CONSUL_HTTP_ADDR"), "{text}");
        let text = table(&[shown], Paint::default());
        assert!(text.contains("no response  consul \\u{1b}[2J"), "{text}");
    }
}
