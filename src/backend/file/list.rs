//! The content of an endpoint file: a JSON or YAML list of `"host:port"` strings and of objects with an `address`.
//!
//! The wrong file may have been named: a key, a token. So an error shows the position and the kind of value, and none
//! of the content.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
};

use super::problem::{ENTRIES, ENTRY, Format, ListError, Problem, STATUSES, problem};
use crate::model::endpoint::{Address, Endpoint, EndpointStatus, Instance};

/// The endpoints of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct List {
    /// The valid ones, in their order.
    pub endpoints: Vec<Endpoint>,
    /// What is wrong with the other entries.
    pub left_out: Vec<ListError>,
}

/// Limit for entries of the wrong kind, beyond which the whole file is an error: the file is read once more for each
/// of them.
const MOST: usize = 16;

/// Reads the list in `text`: JSON when `path` ends in `.json`, else YAML (nearly a superset of JSON). Returns an
/// error when the text is not a list, or none of its entries is valid.
pub(super) fn parse(path: &Path, text: &str) -> Result<List, ListError> {
    if text.trim().is_empty() {
        return Err(ListError::Empty);
    }
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let (entries, invalid) = entries(text, if is_json { Format::Json } else { Format::Yaml })?;
    let mut list = List::default();
    let mut seen = HashSet::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let Some(entry) = entry else {
            list.left_out.extend(invalid.get(&index).cloned());
            continue;
        };
        match entry.into_endpoint() {
            Ok(endpoint) if seen.insert(endpoint.key()) => list.endpoints.push(endpoint),
            Ok(endpoint) => {
                list.left_out.push(ListError::of_entry(index, Problem::ListedTwice(endpoint.address.clone())));
            }
            Err(problem) => list.left_out.push(ListError::of_entry(index, problem)),
        }
    }
    match list.left_out.as_slice() {
        [first, rest @ ..] if list.endpoints.is_empty() => Err(match rest.len() {
            0 => first.clone(),
            more => ListError::Several { first: Box::new(first.clone()), more },
        }),
        _ => Ok(list),
    }
}

/// What is wrong with entries, by their index.
type Problems = BTreeMap<usize, ListError>;

/// The entries, and the problems of those (`None`) that are of another kind. A parser cannot continue after a value
/// of the wrong kind, so the text is read again without it.
fn entries(text: &str, format: Format) -> Result<(Vec<Option<Entry>>, Problems), ListError> {
    let mut invalid = Problems::new();
    loop {
        let at = Cell::new(None);
        let error = match once(text, format, Entries { at: &at, invalid: &invalid }) {
            Ok(entries) => return Ok((entries, invalid)),
            Err(error) => error,
        };
        match at.get() {
            Some(entry) if invalid.len() < MOST && !invalid.contains_key(&entry) => _ = invalid.insert(entry, error),
            Some(entry) if !invalid.contains_key(&entry) => {
                return Err(ListError::TooMany { last: Box::new(error), most: MOST });
            }
            Some(_) | None => return Err(error),
        }
    }
}

fn once(text: &str, format: Format, list: Entries<'_>) -> Result<Vec<Option<Entry>>, ListError> {
    let entry = list.at;
    let invalid = |at, message: &str| ListError::Invalid { entry: entry.get(), at, problem: problem(message, format) };
    match format {
        Format::Json => {
            let mut json = serde_json::Deserializer::from_str(text);
            let entries = list.deserialize(&mut json).and_then(|entries| json.end().map(|()| entries));
            entries.map_err(|error| {
                let at = Some((error.line() as u64, error.column() as u64));
                invalid(at, &error.to_string())
            })
        }
        Format::Yaml => {
            serde_saphyr::with_deserializer_from_str(text, |yaml| list.deserialize(yaml)).map_err(|error| {
                let at = error.location().map(|place| (place.line(), place.column()));
                invalid(at, &error.without_snippet().to_string())
            })
        }
    }
}

/// Reads the entries.
struct Entries<'a> {
    /// The entry that is being read, for errors.
    at: &'a Cell<Option<usize>>,
    /// Those that are known to be of another kind, and are skipped.
    invalid: &'a Problems,
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
            let next = match self.invalid.contains_key(&entries.len()) {
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
    fn into_endpoint(self) -> Result<Endpoint, Problem> {
        let Entry(object) = self;
        let address = object.address.parse::<Address>().map_err(|error| Problem::Address { why: error.why })?;
        let status = match object.status.as_deref() {
            None => EndpointStatus::Unchecked,
            Some(word) => STATUSES.into_iter().find(|status| status.as_str() == word).ok_or(Problem::Status)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Result<Vec<Endpoint>, String> {
        whole(parse(Path::new("endpoints.yaml"), text))
    }

    fn json(text: &str) -> Result<Vec<Endpoint>, String> {
        whole(parse(Path::new("endpoints.json"), text))
    }

    /// The list, if no entry is left out.
    fn whole(list: Result<List, ListError>) -> Result<Vec<Endpoint>, String> {
        let List { endpoints, left_out } = list.map_err(|error| error.to_string())?;
        let left_out: Vec<String> = left_out.iter().map(ToString::to_string).collect();
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
        assert_eq!(from_yaml[1].metadata["version"], "1.10", "a version is not a number");
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
                // YAML with a duplicate key is not valid.
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
                    let left_out: Vec<String> = list.left_out.iter().map(ToString::to_string).collect();
                    assert!(left_out.iter().all(|why| why.starts_with("entry ") && !why.contains("s3cret")));
                    let debug = format!("{:?}", list.left_out);
                    assert!(!debug.contains("s3cret"), "{debug}");
                }
                let error = read(format!("[{bad}, {bad}]")).expect_err(bad).to_string();
                assert!(error.contains("and 1 more entry that is not valid"), "{name} {bad}: {error}");
            }
        }
        let many = format!("[{good}, {}]", vec!["7"; MOST].join(", "));
        assert_eq!(parse(Path::new("a.json"), &many).map(|list| list.left_out.len()), Ok(MOST));
        let error =
            parse(Path::new("a.json"), &many.replace(good, "\"10.0.0.1:80\", 7")).expect_err("too many").to_string();
        assert!(error.contains("more than 16 entries"), "{error}");
        let surrogate = parse(Path::new("a.json"), r#"["10.0.0.1:80", "\ud800:80"]"#);
        assert_eq!(surrogate.map(|list| (list.endpoints.len(), list.left_out.len())), Ok((1, 1)));
    }

    #[test]
    fn a_bad_entry_is_named_with_its_place_and_kind_and_nothing_of_its_content() {
        for (text, parts) in [
            ("", &["empty", "[]"][..]),
            ("- 10.0.0.1:80\n- s3cret\n", &["entry 1", "the address has no port"]),
            ("- 10.0.0.1:99999\n", &["entry 0", "has an invalid port: must be from 1 to 65535"]),
            ("- 10.0.0.1:80\n- 10.0.0.1:80\n", &["entry 1", "listed twice"]),
            ("- address: 10.0.0.1:80\n  status: s3cret\n", &["entry 0", "expected one of healthy, unchecked"]),
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
