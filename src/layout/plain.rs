//! What people write by hand: under `<service>/`, a value that is an address, or a URL with one.

use super::{Entry, Layout, Reading, endpoint, kratos};
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

    fn read(&self, entry: &Entry<'_>) -> Reading {
        let Some(text) = entry.text() else { return Reading::Foreign };
        match text.split_once("://") {
            Some((scheme @ ("grpc" | "grpcs"), rest)) => match kratos::authority(rest) {
                Ok(address) => {
                    Reading::Endpoints(vec![endpoint(address, LayoutRule::new("plain", format!("value {scheme}")))])
                }
                Err(why) => Reading::Unusable(format!("plain: its value is {text:?}: {why}")),
            },
            Some((scheme @ ("http" | "https" | "tcp"), _)) => {
                Reading::Unusable(format!("plain: it was registered for {scheme} only, not for grpc"))
            }
            Some(_) => Reading::Foreign,
            None => match text.parse::<Address>() {
                Ok(address) => Reading::Endpoints(vec![endpoint(address, LayoutRule::new("plain", "value"))]),
                Err(_) => Reading::Foreign,
            },
        }
    }
}
