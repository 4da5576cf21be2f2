//! What is fuzzed of Consul: the response of its health API.

use super::decode::decode;
use crate::model::json;
use crate::model::target::Target;

/// Decodes a response for several targets.
pub(crate) fn answer(bytes: &[u8]) {
    let body = json::mended(bytes.to_vec());
    for target in ["consul:///pay", "consul:///pay?tag=grpc&healthy=false"] {
        let target = target.parse::<Target>().ok();
        if let Some(target) = target.as_ref().and_then(Target::of) {
            let _ = decode(&body, target);
        }
    }
}
