//! Values of other services that Kratos' clients read beside those of their own service: their prefix has no trailing slash,
//! so `/microservices/pay` also matches `/microservices/payments/…`, and one value that is not JSON makes the whole
//! list fail.

use std::time::Duration;

use super::messages::{RangeRequest, RangeResponse};
use super::target::EtcdTarget;
use super::wire::EtcdConnection;
use crate::backend::listing::listed;
use crate::layout::kratos;
use crate::model::endpoint::Endpoint;
use crate::model::resolution::{Note, NoteKind};

/// Time limit for the query.
const LIMIT: Duration = Duration::from_secs(1);
/// At most this many values are read.
const VALUES: i64 = 1000;

/// A note on invalid values of other services, if Kratos registers the service that is looked up.
pub(super) async fn search(wire: &mut EtcdConnection, target: &EtcdTarget, endpoints: &[Endpoint]) -> Option<Note> {
    let is_kratos =
        |endpoint: &Endpoint| endpoint.layout.as_ref().is_some_and(|rule| rule.layout == Some(kratos::NAME));
    if !endpoints.iter().any(is_kratos) {
        return None;
    }
    let root = target.prefix.as_deref().unwrap_or("/microservices").trim_end_matches('/');
    let prefix = format!("{root}/{}", target.service);
    let mut range_end = prefix.clone().into_bytes();
    *range_end.last_mut()? += 1;
    let question = RangeRequest { key: prefix.clone().into_bytes(), range_end, limit: VALUES, ..Default::default() };
    let query = wire.caller().query::<_, RangeResponse>("/etcdserverpb.KV/Range", question, LIMIT);
    let answer = wire.drive(query).await.ok()?;
    note(&prefix, answer.kvs.into_iter().map(|pair| (String::from_utf8_lossy(&pair.key).into_owned(), pair.value)))
}

/// What the values under `prefix` contain. Pure.
fn note(prefix: &str, pairs: impl Iterator<Item = (String, Vec<u8>)>) -> Option<Note> {
    let own = format!("{prefix}/");
    let is_damaged = |(key, value): &(String, Vec<u8>)| {
        !key.starts_with(&own) && serde_json::from_slice::<serde::de::IgnoredAny>(value).is_err()
    };
    let damaged: Vec<String> = pairs.filter(is_damaged).map(|(key, _)| format!("{key:?}")).collect();
    (!damaged.is_empty()).then(|| {
        let text = format!(
            "clients of kratos read {prefix} without its trailing slash, and lose the whole list over values of other services that are not valid JSON: {}",
            listed(&damaged)
        );
        Note::new(NoteKind::LeftOut, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_damaged_values_of_other_services_are_named() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(key, value)| (key.to_string(), value.as_bytes().to_vec()));
            note("/microservices/pay", pairs.collect::<Vec<_>>().into_iter()).map(|note| note.text)
        };
        assert_eq!(of(&[("/microservices/pay/1", "{"), ("/microservices/payments/1", "{}")]), None);
        let text = of(&[("/microservices/pay/1", "{}"), ("/microservices/payments/1", "to be done")]).unwrap();
        assert!(text.ends_with("not valid JSON: \"/microservices/payments/1\""), "{text}");
    }
}
