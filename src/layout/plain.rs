//! Hand-written entries: under `<service>/`, a value that is an address, or a URL with one.

use super::{Decoded, Entry, Layout, LayoutError, ValuePart, endpoint, kratos};
use crate::model::endpoint::{Address, LayoutRule};

/// See the [module](self).
pub(super) struct Plain;

impl Layout for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn prefixes(&self, service: &str) -> Vec<String> {
        vec![format!("{service}/")]
    }

    fn nodes(&self, service: &str) -> Vec<String> {
        vec![format!("/{service}")]
    }

    fn read(&self, entry: &Entry<'_>) -> Decoded {
        let Some(text) = entry.text() else { return Decoded::Foreign };
        match text.split_once("://") {
            Some((scheme @ ("grpc" | "grpcs"), rest)) => match kratos::authority(rest) {
                Ok(address) => {
                    Decoded::Endpoints(vec![endpoint(address, LayoutRule::new("plain", format!("value {scheme}")))])
                }
                Err(source) => {
                    let found = Some(ValuePart::Value(text.to_string()));
                    Decoded::Unusable(LayoutError::Place { layout: "plain", found, source })
                }
            },
            Some((scheme @ ("http" | "https" | "tcp"), _)) => {
                Decoded::Unusable(LayoutError::OtherScheme(scheme.to_string()))
            }
            Some(_) => Decoded::Foreign,
            None => match text.parse::<Address>() {
                Ok(address) => Decoded::Endpoints(vec![endpoint(address, LayoutRule::new("plain", "value"))]),
                Err(_) => Decoded::Foreign,
            },
        }
    }
}
