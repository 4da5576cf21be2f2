//! A backend for tests/new-backend: services as lines of a text file, `pay 127.0.0.1:50051`, read once per query.

#![cfg(feature = "lines")]

mod registry;
mod settings;
mod target;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, future, stream};

pub use registry::REGISTRY;
pub use settings::LinesSettings;
pub use target::LinesTarget;

use super::settings::configure;
use super::{About, Backend, Context, Description, Resolution};
use crate::model::endpoint::Endpoint;
use crate::model::resolution::{Absence, AbsenceCode, Answer, ResolveCode, ResolveError, Update};
use crate::model::target::Target;
use crate::platform::file;

/// The `lines` backend.
pub struct Lines;

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`lines:///svc`",
    examples: target::EXAMPLES,
    bare_names: "when `LINES_FILE` is set",
    changes: "nothing: the file is read once",
    settings: settings::SETTINGS,
    configure: configure::<LinesSettings>,
    ..About::of(&REGISTRY)
};

impl Backend for Lines {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        let settings = context.settings.of::<LinesSettings>();
        let first = match target.of::<LinesTarget>() {
            Some(LinesTarget(service)) => read(&settings, service),
            None => Err(ResolveError::fatal(ResolveCode::BadTarget, format!("{target} is not a target of lines"))),
        };
        Box::pin(stream::once(future::ready(first)).chain(stream::pending()))
    }

    fn target_for(&self, service: &str, settings: &super::Settings) -> Option<Target> {
        settings.of::<LinesSettings>().file.value.as_ref().map(|_| LinesTarget(service.to_string()).into())
    }

    fn describe(&self, settings: &super::Settings) -> Description {
        let file = &settings.of::<LinesSettings>().file;
        let Some(path) = &file.value else {
            return Description { active: Err("LINES_FILE is not set".to_string()), settings: Vec::new() };
        };
        let row = ("file", path.clone(), file.origin.clone());
        Description { active: Ok("a file is named".to_string()), settings: vec![row] }
    }

    fn query_version(&self, _settings: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        future::ready(Ok("lines of a file".to_string())).boxed()
    }
}

fn read(settings: &LinesSettings, service: &str) -> Result<Update, ResolveError> {
    let path = settings.file.value.clone().unwrap_or_default();
    let text = file::read_text(path.as_ref(), file::LARGE).map_err(|error| {
        let text = format!("lines {path}: {}", file::why(&error));
        ResolveError::ambient(ResolveCode::Unreachable, text)
    })?;
    let of_service = text.lines().filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name == service);
    let endpoints: Vec<Endpoint> =
        of_service.filter_map(|(_, address)| address.trim().parse().ok()).map(Endpoint::new).collect();
    Ok(match endpoints.is_empty() {
        true => Update::NotFound(Absence::new(AbsenceCode::NoSuchService, format!("{path} has no line for {service}"))),
        false => Update::Reset(Answer { endpoints, notes: Vec::new() }),
    })
}
