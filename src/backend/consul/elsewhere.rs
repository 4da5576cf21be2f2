//! Where a service that was not found may be instead: under a similar name, or in another datacenter. Bounded: a few
//! more requests within a second; what they cannot determine is left out.

use std::collections::BTreeMap;
use std::time::Duration;

use rustify_derive::Endpoint;
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::query::{Client, HealthService};
use super::target::ConsulTarget;
use crate::model::resolution::{Note, NoteKind, ResolveError};
use crate::text;

/// Time limit for the search.
const LIMIT: Duration = Duration::from_secs(1);
/// At most this many datacenters are queried.
const DATACENTERS: usize = 8;

/// `GET /v1/catalog/services`: every name, with its tags.
#[derive(Debug, Endpoint)]
#[endpoint(path = "catalog/services", response = "BTreeMap<String, Vec<String>>")]
struct CatalogServices {
    #[endpoint(query)]
    dc: Option<String>,
    #[endpoint(query)]
    ns: Option<String>,
    #[endpoint(query)]
    partition: Option<String>,
}

/// `GET /v1/catalog/datacenters`: their names, the nearest first.
#[derive(Debug, Endpoint)]
#[endpoint(path = "catalog/datacenters", response = "Vec<String>")]
struct CatalogDatacenters {}

/// The name of every service in the catalog of `there`.
pub(super) async fn names(client: &Client, there: &ConsulTarget, limit: Duration) -> Result<Vec<String>, ResolveError> {
    let (dc, ns, partition) = (there.dc.clone(), there.namespace.clone(), there.partition.clone());
    let reply = client.query(CatalogServices { dc, ns, partition }, None, limit).await?;
    Ok(reply.value.into_keys().collect())
}

/// Notes on where the service of `question`, which lists no endpoint, may be instead, and what to do.
pub(super) async fn search(client: &Client, target: &ConsulTarget, question: &HealthService) -> Vec<Note> {
    let mut notes = Vec::new();
    // Notes that were found before the timeout are kept.
    let _ = timeout(LIMIT, collect(client, target, question, &mut notes)).await;
    if !notes.iter().any(|note| note.kind == NoteKind::Remedy) {
        let service = &target.service;
        let text = format!(
            "`consul catalog services` lists the registered names; if {service:?} is correct, its instances have not registered (or were deregistered after being critical)."
        );
        notes.push(Note::new(NoteKind::Remedy, text));
    }
    notes
}

async fn collect(client: &Client, target: &ConsulTarget, question: &HealthService, notes: &mut Vec<Note>) {
    let found = |notes: &mut Vec<Note>, text: String, other: ConsulTarget| {
        notes.push(Note::new(NoteKind::Elsewhere, text));
        if !notes.iter().any(|note| note.kind == NoteKind::Remedy) {
            let text = format!("Query it there: `grpc-discover resolve '{}'`.", other);
            notes.push(Note::new(NoteKind::Remedy, text));
        }
    };
    let (dc, ns, partition) = (question.dc.clone(), question.ns.clone(), question.partition.clone());
    if let Ok(names) = client.query(CatalogServices { dc, ns, partition }, None, LIMIT).await {
        let near = text::near(&target.service, names.value.keys().map(String::as_str));
        if let Some(first) = near.first() {
            let named: Vec<String> = near.iter().map(|name| format!("{name:?}")).collect();
            let text = format!("consul has no service {:?}; similar names: {}", target.service, named.join(", "));
            found(notes, text, ConsulTarget { service: first.to_string(), token: None, user: None, ..target.clone() });
        }
    }
    let Ok(datacenters) = client.query(CatalogDatacenters {}, None, LIMIT).await else { return };
    if datacenters.value.len() < 2 {
        return;
    }
    let others = datacenters.value.into_iter().filter(|dc| Some(dc) != target.dc.as_ref());
    for dc in others.take(DATACENTERS) {
        let there = HealthService { dc: Some(dc.clone()), near: None, ..question.clone() };
        if let Ok(reply) = client.query(there, None, LIMIT).await {
            let entries: Vec<Box<RawValue>> = reply.value;
            if !entries.is_empty() {
                let text = format!("instances of it in datacenter {dc:?}: {}", entries.len());
                found(notes, text, ConsulTarget { dc: Some(dc), token: None, user: None, ..target.clone() });
            }
        }
    }
}
