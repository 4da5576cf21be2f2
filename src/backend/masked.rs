//! Removes the session's secrets from what a backend returns: a registry may repeat in any text what was sent to it.

use super::Resolution;
use crate::model::endpoint::{Endpoint, Instance};
use crate::model::resolution::{Hidden, Note, Partial, ResolveError, ResolveFailure, Update};
use crate::model::secret::Secrets;

use futures_util::StreamExt as _;

/// `resolution` without `secrets`. A secret that is added later is masked from then on.
pub(super) fn resolution(resolution: Resolution, secrets: Secrets) -> Resolution {
    Box::pin(resolution.map(move |item| match item {
        Ok(update) => Ok(masked(update, &secrets)),
        Err(error) => Err(self::error(error, &secrets)),
    }))
}

/// `error` without `secrets`.
pub(super) fn error(mut error: ResolveError, secrets: &Secrets) -> ResolveError {
    mask_failure(error.failure_mut(), secrets);
    error
}

fn mask_failure(failure: &mut ResolveFailure, secrets: &Secrets) {
    secrets.mask_in(&mut failure.text);
    // The texts of the cause come from libraries and cannot be masked.
    failure.drop_cause_if(|text| secrets.mask(text) != text);
}

fn masked(mut update: Update, secrets: &Secrets) -> Update {
    if secrets.is_empty() {
        return update;
    }
    match &mut update {
        Update::Reset(answer) => {
            answer.endpoints.iter_mut().for_each(|endpoint| mask_endpoint(endpoint, secrets));
            mask_notes(&mut answer.notes, secrets);
        }
        Update::Add(endpoints) => endpoints.iter_mut().for_each(|endpoint| mask_endpoint(endpoint, secrets)),
        Update::NotFound(absence) => {
            secrets.mask_in(&mut absence.text);
            mask_notes(&mut absence.notes, secrets);
        }
        Update::Partial(Partial { answer, hidden, why }) => {
            answer.endpoints.iter_mut().for_each(|endpoint| mask_endpoint(endpoint, secrets));
            mask_notes(&mut answer.notes, secrets);
            mask_failure(why, secrets);
            if let Hidden::Keys(keys) = hidden {
                keys.iter_mut().for_each(|key| secrets.mask_in(key));
            }
        }
        Update::Remove(keys) => {
            for key in keys {
                if let Some(mut id) = key.id().map(str::to_string) {
                    secrets.mask_in(&mut id);
                    *key = key.with_id(id);
                }
            }
        }
    }
    update
}

fn mask_notes(notes: &mut [Note], secrets: &Secrets) {
    notes.iter_mut().for_each(|note| secrets.mask_in(&mut note.text));
}

/// Masks every text of `endpoint` except its address, which is dialed. An endpoint without a secret stays shared with
/// its other owners.
fn mask_endpoint(endpoint: &mut Endpoint, secrets: &Secrets) {
    let mut masked = Instance::clone(endpoint);
    let instance = &mut masked;
    let texts = [&mut instance.id, &mut instance.zone, &mut instance.node].into_iter().flatten();
    let checks = instance.checks.iter_mut().flat_map(|check| [&mut check.name, &mut check.status, &mut check.output]);
    let particulars = instance.particulars.iter_mut();
    let reasons = particulars.flat_map(|known| {
        let maintenance = known.maintenance.iter_mut();
        let slices = known.slices.iter_mut().map(|slice| &mut slice.name);
        maintenance.flat_map(|maintenance| [&mut maintenance.reason, &mut maintenance.end]).chain(slices)
    });
    let all = texts.chain(checks).chain(&mut instance.tags).chain(instance.metadata.values_mut()).chain(reasons);
    all.for_each(|text| secrets.mask_in(text));
    if masked != **endpoint {
        *endpoint = masked.into();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::model::endpoint::{Check, CheckState};
    use crate::model::resolution::{Absence, AbsenceCode, Answer, NoteKind, ResolveCode};

    #[tokio::test]
    async fn no_text_that_a_registry_sends_back_holds_a_secret() {
        const TOKEN: &str = "hunter2-of-ann";
        let secrets = Secrets::default();
        secrets.learn(TOKEN);
        let echo = || format!("you sent {TOKEN}");
        let mut endpoint = Endpoint::new("10.0.0.1:80".parse().unwrap());
        (endpoint.id, endpoint.zone, endpoint.node) = (Some(echo()), Some(echo()), Some(echo()));
        endpoint.tags.push(echo());
        endpoint.metadata.insert("echo".to_string(), echo());
        endpoint.checks.push(Check { name: echo(), state: CheckState::Critical, status: echo(), output: echo() });
        let notes = vec![Note::new(NoteKind::Queried, echo())];
        let key = endpoint.key();
        let absence = Absence { notes: notes.clone(), ..Absence::new(AbsenceCode::NoSuchService, echo()) };
        let items = vec![
            Ok(Update::Add(vec![endpoint.clone()])),
            Ok(Update::Reset(Answer { endpoints: vec![endpoint], notes })),
            Ok(Update::Remove(vec![key])),
            Ok(Update::NotFound(absence)),
            Err(ResolveError::ambient(ResolveCode::Denied, echo())),
            Err(ResolveError::fatal(ResolveCode::BadTarget, echo())),
            Err(ResolveError::ambient(ResolveCode::Denied, echo()).caused_by(std::io::Error::other(echo()))),
        ];
        let masked: Vec<_> = resolution(Box::pin(stream::iter(items)), secrets).collect().await;
        for item in masked {
            let shown = format!("{item:?}");
            assert!(shown.contains("you sent ***") && !shown.contains(TOKEN), "{shown}");
        }
    }
}
