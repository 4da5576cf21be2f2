//! What is fuzzed of Kubernetes: lists of EndpointSlices and of pods.

use super::listing::SliceListing;
use super::pod::Pod;
use super::pods::{self, Pods};
use super::read::{self, Slice};
use super::target::ServicePort;

/// Merges the EndpointSlices of a response.
pub(crate) fn slices(bytes: &[u8]) {
    for wanted in [None, Some(ServicePort::Name("grpc".to_string())), Some(ServicePort::Number(50051))] {
        let Ok(list) = read::list::<Slice>(bytes.to_vec()) else { return };
        let listing = SliceListing::new(wanted, Some(50051), list.items);
        let _ = (listing.addresses(), listing.answer(None));
    }
}

/// Reads the pods of a response as Kratos' registry does.
pub(crate) fn pods(bytes: &[u8]) {
    let Ok(list) = read::list::<Pod>(bytes.to_vec()) else { return };
    let _ = pods::answer(&Pods::new(list.items));
}
