//! What an endpoint file says: a JSON or YAML list of `"host:port"` strings and of objects with an `address`.
//!
//! The wrong file may have been named: a key, a token. So an error shows where it is and what kind of value
//! stands there, and nothing of the content.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
};

use super::problem::{self, ENTRIES, ENTRY};
use crate::model::endpoint::{Address, Endpoint, EndpointStatus, Instance};
use crate::text::plural;

/// The endpoints of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct List {
    /// Those that are understood, in their order.
    pub endpoints: Vec<Endpoint>,
    /// The other entries: which, and what is wrong.
    pub left_out: Vec<String>,
}

/// More entries of the wrong kind are an error of the whole file: it is read once more for each.
const MOST: usize = 16;

/// Reads the list in `text`: JSON when `path` ends in `.json`, YAML (which JSON nearly is) otherwise. The error names
/// the entry (counted from 0) or the line: that is not a list, or none of its entries is understood.
pub(super) fn parse(path: &Path, text: &str) -> Result<List, String> {
    if text.trim().is_empty() {
        return Err("the file is empty; write [] to list nobody".to_string());
    }
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let (entries, wrong) = entries(text, is_json)?;
    let mut list = List::default();
    let mut seen = HashSet::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let Some(entry) = entry else {
            list.left_out.extend(wrong.get(&index).cloned());
            continue;
        };
        match entry.into_endpoint() {
            Ok(endpoint) if seen.insert(endpoint.key()) => list.endpoints.push(endpoint),
            Ok(endpoint) => list.left_out.push(format!(
                "entry {index}: {} is listed twice (give both an \"id\" if that is meant)",
                endpoint.address
            )),
            Err(problem) => list.left_out.push(format!("entry {index}: {problem}")),
        }
    }
    match list.left_out.as_slice() {
        [first, rest @ ..] if list.endpoints.is_empty() => Err(match rest.len() {
            0 => first.clone(),
            more => {
                format!("{first}; and {more} more {} not understood", plural(more, "entry that is", "entries that are"))
            }
        }),
        _ => Ok(list),
    }
}

/// What is wrong with entries, by their index.
type Problems = BTreeMap<usize, String>;

/// The entries, and what is wrong with those (`None`) that are of another kind. A parser cannot go on after a value of the wrong
/// kind, so the text is read again without it.
fn entries(text: &str, is_json: bool) -> Result<(Vec<Option<Entry>>, Problems), String> {
    let mut wrong = Problems::new();
    loop {
        let at = Cell::new(None);
        let problem = match once(text, is_json, Entries { at: &at, wrong: &wrong }) {
            Ok(entries) => return Ok((entries, wrong)),
            Err(problem) => problem,
        };
        match at.get() {
            Some(entry) if wrong.len() < MOST && !wrong.contains_key(&entry) => _ = wrong.insert(entry, problem),
            Some(entry) if !wrong.contains_key(&entry) => {
                return Err(format!("{problem}; more than {MOST} entries are not understood"));
            }
            Some(_) | None => return Err(problem),
        }
    }
}

fn once(text: &str, is_json: bool, list: Entries<'_>) -> Result<Vec<Option<Entry>>, String> {
    let at = list.at;
    if is_json {
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
    }
}

/// Reads the entries.
struct Entries<'a> {
    /// The entry that is being read, for an error.
    at: &'a Cell<Option<usize>>,
    /// Those that are known to be of another kind, and are passed over.
    wrong: &'a Problems,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = Vec<Option<Entry>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Vec<Option<Entry>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ENTRIES)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        loop {
            self.at.set(Some(entries.len()));
            let next = match self.wrong.contains_key(&entries.len()) {
                true => list.next_element::<IgnoredAny>()?.map(|_| None),
                false => list.next_element()?.map(Some),
            };
            match next {
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
        whole(parse(Path::new("endpoints.yaml"), text))
    }

    fn json(text: &str) -> Result<Vec<Endpoint>, String> {
        whole(parse(Path::new("endpoints.json"), text))
    }

    /// The list, if nothing of it is left out.
    fn whole(list: Result<List, String>) -> Result<Vec<Endpoint>, String> {
        let List { endpoints, left_out } = list?;
        if left_out.is_empty() { Ok(endpoints) } else { Err(left_out.join("; ")) }
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
    fn a_bad_entry_spoils_no_other_and_bad_ones_alone_are_an_error() {
        let good = r#""10.0.0.1:80""#;
        for bad in [
            r#""10.0.0.2:0""#,
            r#""10.0.0.2:65536""#,
            r#""10.0.0.2:abc""#,
            r#""10.0.0.2""#,
            r#""""#,
            "7",
            "null",
            "[[[]]]",
            "{}",
            r#"{"address": null}"#,
            r#"{"address": 5}"#,
            r#"{"address": "10.0.0.2:80", "weight": "s3cret"}"#,
            r#"{"address": "10.0.0.2:80", "weight": -1}"#,
            r#"{"address": "10.0.0.2:80", "s3cret": 1}"#,
            r#"{"address": "10.0.0.2:80", "address": "10.0.0.3:80"}"#,
            r#"{"address": "10.0.0.2:80", "metadata": {"a": ["s3cret"]}}"#,
        ] {
            for name in ["endpoints.json", "endpoints.yaml"] {
                // YAML with a key twice is no YAML.
                if name == "endpoints.yaml" && bad.matches("address").count() == 2 {
                    continue;
                }
                let read = |text: String| parse(Path::new(name), &text);
                for text in [format!("[{bad}, {good}]"), format!("[{good}, {bad}]"), format!("[{bad}, {good}, {bad}]")]
                {
                    let list = read(text.clone()).unwrap_or_else(|error| panic!("{name} {text}: {error}"));
                    let is_good = |endpoint: &Endpoint| endpoint.address.to_string() == "10.0.0.1:80";
                    assert!(list.endpoints.iter().all(is_good) && list.endpoints.len() == 1, "{name} {text}");
                    assert_eq!(list.left_out.len(), text.matches(bad).count(), "{name} {text}");
                    assert!(list.left_out.iter().all(|why| why.starts_with("entry ") && !why.contains("s3cret")));
                }
                let error = read(format!("[{bad}, {bad}]")).expect_err(bad);
                assert!(error.contains("and 1 more entry that is not understood"), "{name} {bad}: {error}");
            }
        }
        let many = format!("[{good}, {}]", vec!["7"; MOST].join(", "));
        assert_eq!(parse(Path::new("a.json"), &many).map(|list| list.left_out.len()), Ok(MOST));
        let error = parse(Path::new("a.json"), &many.replace(good, "\"10.0.0.1:80\", 7")).expect_err("too many");
        assert!(error.contains("more than 16 entries"), "{error}");
        let surrogate = parse(Path::new("a.json"), r#"["10.0.0.1:80", "\ud800:80"]"#);
        assert_eq!(surrogate.map(|list| (list.endpoints.len(), list.left_out.len())), Ok((1, 1)));
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
