//! What a request of ours looks like on the wire: its headers in the order of gRPC's own clients, and their size.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE, USER_AGENT};
use http::request::Parts;

use crate::model::rpc::RequestHeaders;

/// What a header costs beside its bytes (RFC 9113, 6.5.2).
const COST: usize = 32;

/// The header block of a request, in the order in which grpc-go and gRPC C-core send it, every name of theirs once: a
/// second `te` is an error to Go's net/http, and so to every server built on it.
pub(super) fn ordered(mut of_call: HeaderMap, metadata: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(of_call.len() + metadata.len() + 2);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Some(agent) = metadata.get(USER_AGENT) {
        headers.insert(USER_AGENT, agent.clone());
    }
    headers.insert(TE, HeaderValue::from_static("trailers"));
    for own in [CONTENT_TYPE, USER_AGENT, TE] {
        of_call.remove(own);
    }
    headers.extend(of_call);
    for (name, value) in metadata.iter().filter(|(name, _)| **name != USER_AGENT) {
        headers.append(name.clone(), value.clone());
    }
    headers
}

/// The size of a request's headers, and without those of `metadata` (but for `user-agent`, which every request has).
pub(super) fn size(head: &Parts, metadata: &HeaderMap) -> RequestHeaders {
    let of = |name: usize, value: usize| name + value + COST;
    let scheme = head.uri.scheme_str().map_or(0, str::len);
    let path = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let authority = head.uri.authority().map_or(0, |authority| authority.as_str().len());
    let pseudo = of(":method".len(), head.method.as_str().len())
        + of(":scheme".len(), scheme)
        + of(":path".len(), path)
        + of(":authority".len(), authority);
    let list =
        |headers: &HeaderMap| headers.iter().map(|(name, value)| of(name.as_str().len(), value.len())).sum::<usize>();
    let size = pseudo + list(&head.headers);
    let agent = metadata.get(USER_AGENT).map_or(0, |agent| of(USER_AGENT.as_str().len(), agent.len()));
    RequestHeaders { size, bare: size + agent - list(metadata), limit: None }
}

#[cfg(test)]
mod tests {
    use super::super::grpc::metadata;
    use super::*;
    use crate::model::secret::Secret;

    #[test]
    fn te_and_content_type_are_named_once_in_the_order_of_grpcs_clients() {
        let mut of_call = HeaderMap::new();
        of_call.append(TE, HeaderValue::from_static("trailers"));
        of_call.append("grpc-timeout", HeaderValue::from_static("5S"));
        of_call.append(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        let metadata =
            metadata(&[("x-a".to_string(), Secret::new("1")), ("x-a".to_string(), Secret::new("2"))]).unwrap();
        let headers = ordered(of_call, &metadata);
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-type", "user-agent", "te", "grpc-timeout", "x-a", "x-a"]);
        assert_eq!(headers[TE], "trailers");
    }

    #[test]
    fn headers_are_counted_as_settings_count_them() {
        let metadata = metadata(&[("x-token".to_string(), Secret::new("1".repeat(100)))]).unwrap();
        let mut request = http::Request::post("http://10.0.0.1:80/a/b").body(()).unwrap();
        *request.headers_mut() = ordered(HeaderMap::new(), &metadata);
        let agent = metadata[USER_AGENT].len();
        let (head, ()) = request.into_parts();
        let sizes = size(&head, &metadata);
        // :method POST, :scheme http, :path /a/b, :authority 10.0.0.1:80, content-type, user-agent, te.
        let bare = 11 + 11 + 9 + 21 + 28 + (10 + agent) + 10 + 7 * COST;
        assert_eq!(sizes, RequestHeaders { size: bare + 7 + 100 + COST, bare, limit: None });
    }
}
