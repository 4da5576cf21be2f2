//! Decodes the response to `GET /apps/APP` into endpoints. Pure: the server's time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::instance::{endpoint, id, lease};
use crate::backend::unusable::{Unusable, none_left};
use crate::layout::spring;
use crate::model::endpoint::{Endpoint, EndpointStatus, Lease};
use crate::model::resolution::{Note, NoteKind};
use crate::text::few;

/// At most this many unusable or overdue instances are named.
const NAMED: usize = 20;
/// At most this many are shown in one sentence.
const SHOWN: usize = 3;
/// What to do about instances without an endpoint for gRPC.
const NO_GRPC: &str = "Have the instances register their gRPC port: metadata gRPC_port (grpc-spring), or an enabled port from 1 to 65535.";
/// The default lease of Eureka's clients (`lease-expiration-duration-in-seconds`).
const USUAL: Duration = Duration::from_secs(90);

/// Endpoints in the order of their ids (Eureka has no order), with notes. `now` is the server's time in milliseconds.
/// Returns an error when the response is not Eureka's.
pub(super) fn decode(body: &[u8], now: i64) -> Result<(Vec<Endpoint>, Vec<Note>), serde_json::Error> {
    let document: Document<'_> = serde_json::from_slice(body)?;
    let list = document.application.instance.get();
    // Some encoders write a single instance without a list.
    let instances: Vec<&RawValue> =
        if list.starts_with('[') { serde_json::from_str(list)? } else { vec![document.application.instance] };
    let (mut endpoints, mut skipped, mut overdue) = (Vec::new(), Vec::new(), Vec::new());
    let registered = instances.len();
    for instance in instances {
        // One at a time: a tree takes many times the memory of its text.
        let Ok(Value::Object(instance)) = serde_json::from_str(instance.get()) else {
            skipped.push(Unusable::Garbled("an instance is not a JSON object".to_string()));
            continue;
        };
        let id = id(&instance);
        match endpoint(&instance) {
            Err(error) => skipped.push(error.of(&id)),
            Ok(mut endpoint) => {
                if let Some((granted, left)) = lease(&instance, now) {
                    let left_ms = u64::try_from(left).unwrap_or_default();
                    endpoint.ttl = Some(Duration::from_millis(left_ms));
                    endpoint.lease = Some(Lease::Held { id: id.clone(), granted: Some(granted), usual: Some(USUAL) });
                    if left < 0 {
                        overdue.push(format!("{id:?} ({} s ago)", left.unsigned_abs() / 1000));
                    }
                }
                endpoint.id = Some(id);
                endpoints.push(endpoint);
            }
        }
    }
    endpoints.sort_by(|a, b| a.id.cmp(&b.id));
    let notes = notes(registered, &endpoints, skipped, &overdue);
    Ok((endpoints, notes))
}

/// The part that is read before the instances.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    application: Application<'a>,
}

#[derive(Deserialize)]
struct Application<'a> {
    #[serde(borrow)]
    instance: &'a RawValue,
}

fn notes(registered: usize, endpoints: &[Endpoint], skipped: Vec<Unusable>, overdue: &[String]) -> Vec<Note> {
    let up = endpoints.iter().filter(|endpoint| endpoint.status == EndpointStatus::Healthy).count();
    let grpc = if skipped.is_empty() { String::new() } else { format!(" -> {} with a grpc endpoint", endpoints.len()) };
    let mut notes = vec![Note::new(NoteKind::Funnel, format!("{registered} registered{grpc} -> {up} UP"))];
    let mut rules: BTreeMap<String, usize> = BTreeMap::new();
    for rule in endpoints.iter().filter_map(|endpoint| endpoint.layout.as_ref()) {
        *rules.entry(rule.to_string()).or_default() += 1;
    }
    if !rules.is_empty() {
        let rules: Vec<String> = rules.into_iter().map(|(rule, count)| format!("{rule} ({count})")).collect();
        notes.push(Note::new(NoteKind::Matched, rules.join("; ")));
    }
    let garbled = skipped.iter().filter(|why| why.is_garbled()).count();
    let is_any_usable = endpoints.iter().any(|endpoint| endpoint.status.is_usable());
    // The first reason of the kind that applies.
    let why = skipped.iter().find(|why| why.is_garbled() == (garbled > 0)).map(|why| why.text().to_string());
    if let Some(why) = why.filter(|_| endpoints.is_empty() || (garbled > 0 && !is_any_usable)) {
        notes.push(none_left(registered, garbled, "instances", &why));
        notes.push(Note::new(NoteKind::Remedy, NO_GRPC));
    }
    let skipped: Vec<String> = skipped.into_iter().map(Unusable::into_text).collect();
    if !skipped.is_empty() {
        let shown = few(&skipped, "; ", SHOWN);
        let text = format!("{} of {registered} instances cannot be used: {shown}", skipped.len());
        notes.push(Note::new(NoteKind::LeftOut, text));
    }
    let unnamed = skipped.len().saturating_sub(NAMED);
    notes.extend(skipped.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
    if unnamed > 0 {
        notes.push(Note::new(NoteKind::Skipped, format!("{unnamed} more instances that cannot be used")));
    }
    notes.extend(spring::doubts(endpoints));
    if !overdue.is_empty() {
        let named = few(overdue, ", ", NAMED);
        let text = format!(
            "the lease of {} of {registered} instances has expired, and eureka still lists them: {named}",
            overdue.len()
        );
        notes.push(Note::new(NoteKind::Permanent, text));
    }
    notes
}

#[cfg(test)]
mod tests;
