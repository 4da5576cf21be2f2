//! What an endpoint file says: a JSON or YAML list of `"host:port"` strings and of objects with an `address`.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use crate::model::endpoint::{Address, Endpoint, EndpointStatus};
use crate::model::text::shorten;

/// Reads the list in `text`: JSON when `path` ends in `.json`, YAML (which JSON nearly is) otherwise. The error names
/// the entry (counted from 0) and the value; the whole list is refused, for a person wrote it.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Endpoint>, String> {
    if text.trim().is_empty() {
        return Err("the file is empty; write [] to list nobody".to_string());
    }
    let Entries(entries) = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        serde_saphyr::from_str(text).map_err(|error| one_line(&error.without_snippet().to_string()))
    }?;
    let mut seen = HashSet::new();
    entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            let endpoint = entry.into_endpoint().map_err(|problem| format!("entry {index}: {problem}"))?;
            if seen.insert(endpoint.key()) {
                Ok(endpoint)
            } else {
                Err(format!(
                    "entry {index}: {} is listed twice (give both an \"id\" if that is meant)",
                    endpoint.address
                ))
            }
        })
        .collect()
}

fn one_line(text: &str) -> String {
    shorten(text.lines().next().unwrap_or_default(), 300).into_owned()
}

struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of \"host:port\" strings or of objects with an \"address\"")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                loop {
                    match list.next_element() {
                        Ok(Some(entry)) => entries.push(entry),
                        Ok(None) => return Ok(Entries(entries)),
                        Err(error) => return Err(A::Error::custom(format!("entry {}: {error}", entries.len()))),
                    }
                }
            }
        }
        deserializer.deserialize_any(List)
    }
}

/// One entry as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    address: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    weight: Option<u32>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    id: Option<String>,
}

struct Entry(Object);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"host:port\" or an object with an \"address\"")
            }

            fn visit_str<E: serde::de::Error>(self, address: &str) -> Result<Entry, E> {
                Ok(Entry(Object {
                    address: address.to_string(),
                    status: None,
                    weight: None,
                    zone: None,
                    metadata: BTreeMap::new(),
                    tags: Vec::new(),
                    id: None,
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                Object::deserialize(MapAccessDeserializer::new(map)).map(Entry)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Entry {
    fn into_endpoint(self) -> Result<Endpoint, String> {
        let Entry(object) = self;
        let address =
            object.address.parse::<Address>().map_err(|error| format!("address {error}; write \"10.0.0.7:50051\""))?;
        let status = match object.status.as_deref() {
            None => EndpointStatus::Unchecked,
            Some(word) => STATUSES.into_iter().find(|status| status.as_str() == word).ok_or_else(|| {
                let known: Vec<_> = STATUSES.iter().map(|status| status.as_str()).collect();
                format!("status {word:?} is none of {}", known.join(", "))
            })?,
        };
        Ok(Endpoint {
            id: object.id,
            status,
            weight: object.weight,
            zone: object.zone,
            tags: object.tags,
            metadata: object.metadata,
            ..Endpoint::new(address)
        })
    }
}

const STATUSES: [EndpointStatus; 5] = [
    EndpointStatus::Healthy,
    EndpointStatus::Unchecked,
    EndpointStatus::Warning,
    EndpointStatus::Critical,
    EndpointStatus::Draining,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Result<Vec<Endpoint>, String> {
        parse(Path::new("endpoints.yaml"), text)
    }

    fn json(text: &str) -> Result<Vec<Endpoint>, String> {
        parse(Path::new("endpoints.json"), text)
    }

    #[test]
    fn strings_and_objects_mean_the_same_in_json_and_yaml() {
        let from_yaml = yaml(
            "- 10.0.0.7:50051\n- address: \"[::1]:1\"\n  status: critical\n  weight: 3\n  zone: eu-1\n  id: a\n  tags: [blue]\n  metadata:\n    version: 1.10\n    canary: true\n",
        )
        .unwrap();
        let from_json = json(
            r#"["10.0.0.7:50051", {"address": "[::1]:1", "status": "critical", "weight": 3, "zone": "eu-1", "id": "a",
                "tags": ["blue"], "metadata": {"version": "1.10", "canary": "true"}}]"#,
        )
        .unwrap();
        assert_eq!(from_yaml, from_json);
        assert_eq!(from_yaml[1].metadata["version"], "1.10", "a version is no number");
        assert_eq!(from_yaml[1].status, EndpointStatus::Critical);
        assert_eq!(yaml("[]").unwrap(), []);
        assert_eq!(yaml(r#"["pay:80", {"address": "unix:/run/pay.sock"}]"#).unwrap().len(), 2);
    }

    #[test]
    fn a_bad_entry_is_named_with_its_place_and_value() {
        for (text, parts) in [
            ("", &["empty", "[]"][..]),
            ("- 10.0.0.1:80\n- pay\n", &["entry 1", "\"pay\" has no port"]),
            ("- 10.0.0.1:99999\n", &["entry 0", "10.0.0.1:99999"]),
            ("- 10.0.0.1:80\n- 10.0.0.1:80\n", &["entry 1", "listed twice"]),
            ("- address: 10.0.0.1:80\n  status: fine\n", &["entry 0", "\"fine\" is none of healthy, unchecked"]),
            ("- address: 10.0.0.1:80\n  colour: red\n", &["entry 0", "colour"]),
            ("- status: healthy\n", &["entry 0", "address"]),
            ("- 7\n", &["entry 0", "7"]),
            ("address: 10.0.0.1:80\n", &["list"]),
            ("- [\n", &[""]),
            ("- 10.0.0.1:80\n- {address: 10.0.0.2:80, weight: -1}\n", &["entry 1"]),
        ] {
            let error = yaml(text).expect_err(text);
            for part in parts {
                assert!(error.contains(part), "{text:?}: {error}");
            }
            assert!(!error.contains('\n'), "{error}");
        }
        let error = json(r#"["10.0.0.1:80", {"address": 5}]"#).unwrap_err();
        assert!(error.contains("entry 1") && error.contains("line 1"), "{error}");
    }
}
