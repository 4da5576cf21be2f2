//! Reads lists and watches one object at a time, so that an unreadable object does not affect the others. Pure.

use std::borrow::Cow;
use std::fmt;

use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};
use kube::core::{NamespaceResourceScope, ObjectMeta, Resource, Status};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::json;
use crate::text::shorten;

/// At most this much of a parser's message is shown.
const SHOWN: usize = 160;
/// The possible address types of a slice.
const ADDRESS_TYPES: [&str; 3] = ["IPv4", "IPv6", "FQDN"];

/// An object, or what is known of an unreadable one.
pub(super) type Read<K> = Result<K, Garbled>;

/// An object that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Garbled {
    /// Its name; `None` when that cannot be read either.
    pub name: Option<String>,
    /// Its resource version.
    pub version: Option<String>,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name:?}: {}", self.why),
            None => write!(f, "without a name: {}", self.why),
        }
    }
}

/// A list.
pub(super) struct List<K> {
    /// The version after which changes follow.
    pub version: String,
    pub items: Vec<Read<K>>,
}

/// An event of a watch.
pub(super) enum Event<K> {
    /// It was added or changed.
    Put(Read<K>),
    /// It was removed.
    Gone(Read<K>),
    /// Everything up to this version was reported.
    Bookmark(Option<String>),
    /// The server cannot continue.
    Refused(Box<Status>),
}

#[derive(Deserialize)]
struct RawList<'a> {
    #[serde(default)]
    metadata: RawMeta,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct RawMeta {
    resource_version: Option<String>,
}

#[derive(Deserialize)]
struct RawEvent<'a> {
    r#type: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Reads the body of a list.
pub(super) fn list<K: DeserializeOwned>(body: Vec<u8>) -> Result<List<K>, serde_json::Error> {
    let body = json::mended(body);
    let list: RawList<'_> = serde_json::from_slice(&body)?;
    let items = list.items.unwrap_or_default().into_iter().map(object).collect();
    Ok(List { version: list.metadata.resource_version.unwrap_or_default(), items })
}

/// Reads one line of a watch.
pub(super) fn event<K: DeserializeOwned>(line: Vec<u8>) -> Result<Event<K>, serde_json::Error> {
    let line = json::mended(line);
    let event: RawEvent<'_> = serde_json::from_slice(&line)?;
    match event.r#type.as_str() {
        "ADDED" | "MODIFIED" => Ok(Event::Put(object(event.object))),
        "DELETED" => Ok(Event::Gone(object(event.object))),
        "BOOKMARK" => Ok(Event::Bookmark(text(&tree(event.object), "resourceVersion"))),
        "ERROR" => json::read(event.object.get()).map(|status| Event::Refused(Box::new(status))),
        other => Err(serde::de::Error::custom(format!("unknown event {:?}", shorten(other, SHOWN)))),
    }
}

fn object<K: DeserializeOwned>(raw: &RawValue) -> Read<K> {
    json::read(raw.get()).map_err(|error| {
        let tree = tree(raw);
        Garbled { name: text(&tree, "name"), version: text(&tree, "resourceVersion"), why: why(&error) }
    })
}

fn tree(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// A text of the metadata.
fn text(object: &Value, key: &str) -> Option<String> {
    object["metadata"][key].as_str().filter(|text| !text.is_empty()).map(str::to_string)
}

/// The reason; the position within the object is left out, because the object is not shown.
fn why(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    shorten(message, SHOWN).to_string()
}

/// An EndpointSlice whose endpoints were read one at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Slice {
    /// With the endpoints that can be read.
    pub whole: EndpointSlice,
    /// What is wrong with the others.
    pub unread: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSlice {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    address_type: Option<String>,
    #[serde(default)]
    ports: Option<Vec<EndpointPort>>,
    #[serde(default)]
    endpoints: Option<Vec<Box<RawValue>>>,
}

impl<'de> Deserialize<'de> for Slice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawSlice::deserialize(deserializer)?;
        let invalid = |why: String| Err(serde::de::Error::custom(why));
        if raw.metadata.name.as_deref().unwrap_or_default().is_empty() {
            return invalid("metadata.name is missing".to_string());
        }
        let address_type = raw.address_type.unwrap_or_default();
        if !ADDRESS_TYPES.contains(&address_type.as_str()) {
            let known = ADDRESS_TYPES.join(", ");
            return invalid(format!(
                "unknown addressType {:?}; expected one of {known}",
                shorten(&address_type, SHOWN)
            ));
        }
        let (mut endpoints, mut unread) = (Vec::new(), Vec::new());
        for (index, listed) in raw.endpoints.unwrap_or_default().iter().enumerate() {
            match json::read::<Endpoint>(listed.get()) {
                Ok(endpoint) => endpoints.push(endpoint),
                Err(error) => unread.push(format!("endpoint {index}: {}", why(&error))),
            }
        }
        let whole = EndpointSlice { address_type, endpoints, metadata: raw.metadata, ports: raw.ports };
        Ok(Slice { whole, unread })
    }
}

impl Resource for Slice {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind(whole: &()) -> Cow<'_, str> {
        EndpointSlice::kind(whole)
    }

    fn group(whole: &()) -> Cow<'_, str> {
        EndpointSlice::group(whole)
    }

    fn version(whole: &()) -> Cow<'_, str> {
        EndpointSlice::version(whole)
    }

    fn plural(whole: &()) -> Cow<'_, str> {
        EndpointSlice::plural(whole)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.whole.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.whole.metadata
    }
}

#[cfg(test)]
mod tests;
