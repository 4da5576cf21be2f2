//! What is fuzzed of Kubernetes: lists of EndpointSlices and of pods.

use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde::Deserialize;

use super::listing::Listing;
use super::pod::Pod;
use super::pods;
use crate::model::target::ServicePort;

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

/// Joins the EndpointSlices of an answer.
pub(crate) fn slices(bytes: &[u8]) {
    let Ok(List { items }) = serde_json::from_slice::<List<EndpointSlice>>(bytes) else { return };
    for wanted in [None, Some(ServicePort::Name("grpc".to_string())), Some(ServicePort::Number(50051))] {
        let listing = Listing::new(wanted, Some(50051), items.clone());
        let _ = (listing.addresses(), listing.answer(None));
    }
}

/// Reads the pods of an answer as Kratos' registry does.
pub(crate) fn pods(bytes: &[u8]) {
    let Ok(List { items }) = serde_json::from_slice::<List<Pod>>(bytes) else { return };
    let named = items.into_iter().map(|pod| (pods::name_of(&pod), pod)).collect();
    let _ = pods::answer(&named);
}
