//! What an endpoint file says: a JSON or YAML list of `"host:port"` strings and of objects with an `address`.
//!
//! Whoever named the file may have named the wrong one: a key, a token. So an error shows where it is and what kind of value
//! stands there, and nothing of the content.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use super::problem;
use crate::model::endpoint::{Address, Endpoint, EndpointStatus, Instance};

/// Reads the list in `text`: JSON when `path` ends in `.json`, YAML (which JSON nearly is) otherwise. The error names
/// the entry (counted from 0) or the line; the whole list is refused, for a person wrote it.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Endpoint>, String> {
    if text.trim().is_empty() {
        return Err("the file is empty; write [] to list nobody".to_string());
    }
    let at = Cell::new(None);
    let list = Entries { at: &at };
    let entries = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        let mut json = serde_json::Deserializer::from_str(text);
        let entries = list.deserialize(&mut json).and_then(|entries| json.end().map(|()| entries));
        entries.map_err(|error| {
            let line = Some((error.line() as u64, error.column() as u64));
            problem::described(at.get(), line, &error.to_string(), "JSON")
        })
    } else {
        serde_saphyr::with_deserializer_from_str(text, |yaml| list.deserialize(yaml)).map_err(|error| {
            let line = error.location().map(|place| (place.line(), place.column()));
            problem::described(at.get(), line, &error.without_snippet().to_string(), "YAML")
        })
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

/// What a file holds.
pub(super) const ENTRIES: &str = "a list of \"host:port\" strings or of objects with an \"address\"";

/// What an entry is.
pub(super) const ENTRY: &str = "\"host:port\" or an object with an \"address\"";

/// Reads the entries.
struct Entries<'a> {
    /// The entry that is being read, for an error.
    at: &'a Cell<Option<usize>>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = Vec<Entry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Vec<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ENTRIES)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        loop {
            self.at.set(Some(entries.len()));
            match list.next_element()? {
                Some(entry) => entries.push(entry),
                None => break,
            }
        }
        self.at.set(None);
        Ok(entries)
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
                f.write_str(ENTRY)
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
        let address = object.address.parse::<Address>();
        let address = address.map_err(|error| format!("its address {}; write \"10.0.0.7:50051\"", error.why))?;
        let status = match object.status.as_deref() {
            None => EndpointStatus::Unchecked,
            Some(word) => STATUSES.into_iter().find(|status| status.as_str() == word).ok_or_else(|| {
                let known: Vec<_> = STATUSES.iter().map(|status| status.as_str()).collect();
                format!("its status is none of {}", known.join(", "))
            })?,
        };
        Ok(Endpoint::from(Instance {
            id: object.id,
            status,
            weight: object.weight,
            zone: object.zone,
            tags: object.tags,
            metadata: object.metadata,
            ..Instance::new(address)
        }))
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
    fn a_bad_entry_is_named_with_its_place_and_kind_and_nothing_of_its_content() {
        for (text, parts) in [
            ("", &["empty", "[]"][..]),
            ("- 10.0.0.1:80\n- s3cret\n", &["entry 1", "its address has no port"]),
            ("- 10.0.0.1:99999\n", &["entry 0", "not a number from 1 to 65535"]),
            ("- 10.0.0.1:80\n- 10.0.0.1:80\n", &["entry 1", "listed twice"]),
            ("- address: 10.0.0.1:80\n  status: s3cret\n", &["entry 0", "none of healthy, unchecked"]),
            ("- address: 10.0.0.1:80\n  s3cret: red\n", &["line 2", "entry 0", "unknown field", "address, status"]),
            ("- status: healthy\n", &["entry 0", "address is missing"]),
            ("- address: 10.0.0.1:80\n  weight: s3cret\n", &["line 2", "entry 0"]),
            ("- 7\n", &["entry 0", "expected \"host:port\"", "integer"]),
            ("address: s3cret\n", &["expected a list"]),
            ("s3cret\n", &["expected a list", "string"]),
            ("-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n", &["string"]),
            ("a: b: s3cret: *s3cret\n", &[]),
            ("- *s3cret\n", &["entry 0"]),
            ("- !s3cret a\n", &["entry 0"]),
            ("- [\n", &[]),
            ("- 10.0.0.1:80\n- {address: 10.0.0.2:80, weight: -1}\n", &["entry 1", "line 2"]),
        ] {
            let error = yaml(text).expect_err(text);
            for part in parts {
                assert!(error.contains(part), "{text:?}: {error}");
            }
            assert!(!error.contains('\n') && !error.contains("s3cret"), "{error}");
        }
        for (text, parts) in [
            (r#"["10.0.0.1:80", {"address": 5}]"#, &["entry 1", "line 1", "expected a string, got integer"][..]),
            (r#""s3cret, expected s3cret""#, &["expected a list", "got string"]),
            (r#"[{"s3cret": 1}]"#, &["entry 0", "unknown field"]),
            ("s3cret", &["line 1", "not valid JSON"]),
            (r#"["10.0.0.1:80" "s3cret"]"#, &["line 1", "not valid JSON"]),
            (
                r#"[{"address": "10.0.0.1:80", "metadata": {"a": ["s3cret"]}}]"#,
                &["entry 0", "expected a string, got sequence"],
            ),
        ] {
            let error = json(text).expect_err(text);
            for part in parts {
                assert!(error.contains(part), "{text:?}: {error}");
            }
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
