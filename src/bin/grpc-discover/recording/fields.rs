//! The fields of a JSON object, by name and type.

use std::time::{Duration, SystemTime};

use grpc_discover::model::endpoint::Address;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The field of client models and running clients that the format names so: whether a client notices changes.
pub const HEARS: &str = stringify!(hears);

/// A field is missing or has another type.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum FieldError {
    /// The value is not an object.
    #[error("expected an object")]
    NotAnObject,
    /// A field.
    #[error("{name:?}: expected {expected}")]
    Field {
        /// Its name.
        name: String,
        /// What it must be.
        expected: &'static str,
    },
}

/// An object.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`.
    pub fn of(value: &'a Value) -> Result<Fields<'a>, FieldError> {
        value.as_object().map(|map| Fields { map }).ok_or(FieldError::NotAnObject)
    }

    /// The error that `name` is not `expected`.
    pub fn invalid(&self, name: &str, expected: &'static str) -> FieldError {
        FieldError::Field { name: name.to_string(), expected }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn required<T>(&self, name: &str, expected: &'static str, value: Option<T>) -> Result<T, FieldError> {
        value.ok_or_else(|| self.invalid(name, expected))
    }

    fn optional<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        self.get(name).map(|value| self.required(name, expected, read(value))).transpose()
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<&'a str, FieldError> {
        self.required(name, "a text", self.get(name).and_then(Value::as_str))
    }

    /// A text that may be missing.
    pub fn maybe_text(&self, name: &str) -> Result<Option<&'a str>, FieldError> {
        self.optional(name, "a text", Value::as_str)
    }

    /// Texts; none when they are missing.
    pub fn texts(&self, name: &str) -> Result<Vec<&'a str>, FieldError> {
        let read = |value: &'a Value| value.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
        Ok(self.optional(name, "a list of texts", read)?.unwrap_or_default())
    }

    /// A word of a list.
    pub fn word<T: Copy>(&self, name: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> Result<T, FieldError> {
        let text = self.text(name)?;
        let found = all.iter().copied().find(|word| as_str(*word) == text);
        self.required(name, "a word that this version has", found)
    }

    /// An address.
    pub fn address(&self, name: &str) -> Result<Address, FieldError> {
        self.required(name, "an address", self.text(name)?.parse().ok())
    }

    /// Addresses.
    pub fn addresses(&self, name: &str) -> Result<Vec<Address>, FieldError> {
        let addresses = self.texts(name)?.into_iter().map(|text| text.parse().ok()).collect::<Option<Vec<_>>>();
        self.required(name, "a list of addresses", addresses)
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Result<u64, FieldError> {
        self.required(name, "a number", self.get(name).and_then(Value::as_u64))
    }

    /// A whole number of this type that may be missing.
    pub fn maybe_number<T: TryFrom<u64>>(&self, name: &str) -> Result<Option<T>, FieldError> {
        self.optional(name, "a number", |value| T::try_from(value.as_u64()?).ok())
    }

    /// A count.
    pub fn count(&self, name: &str) -> Result<usize, FieldError> {
        self.required(name, "a number", self.maybe_number(name)?)
    }

    /// Numbers.
    pub fn numbers(&self, name: &str) -> Result<Vec<u64>, FieldError> {
        let read = |value: &'a Value| value.as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<_>>>();
        Ok(self.optional(name, "a list of numbers", read)?.unwrap_or_default())
    }

    /// True or false.
    pub fn is(&self, name: &str) -> Result<bool, FieldError> {
        self.required(name, "true or false", self.get(name).and_then(Value::as_bool))
    }

    /// Milliseconds.
    pub fn millis(&self, name: &str) -> Result<Duration, FieldError> {
        self.required(name, "milliseconds", self.maybe_millis(name)?)
    }

    /// Milliseconds that may be missing. Microseconds are the smallest part.
    pub fn maybe_millis(&self, name: &str) -> Result<Option<Duration>, FieldError> {
        let read = |value: &Value| {
            if let Some(whole) = value.as_u64() {
                return Some(Duration::from_millis(whole));
            }
            let seconds = value.as_f64().filter(|millis| *millis >= 0.0)? / 1e3;
            let exact = Duration::try_from_secs_f64(seconds).ok()?;
            let micros = exact.as_nanos().saturating_add(500) / 1_000;
            u64::try_from(micros).ok().map(Duration::from_micros)
        };
        self.optional(name, "milliseconds", read)
    }

    /// A time.
    pub fn time(&self, name: &str) -> Result<SystemTime, FieldError> {
        Ok(SystemTime::from(self.moment(name)?))
    }

    /// A time as seconds since 1970.
    pub fn seconds(&self, name: &str) -> Result<i64, FieldError> {
        Ok(self.moment(name)?.unix_timestamp())
    }

    fn moment(&self, name: &str) -> Result<OffsetDateTime, FieldError> {
        self.required(name, "a time (RFC 3339)", OffsetDateTime::parse(self.text(name)?, &Rfc3339).ok())
    }

    /// An object.
    pub fn object(&self, name: &str) -> Result<Fields<'a>, FieldError> {
        self.required(name, "an object", self.maybe_object(name)?)
    }

    /// An object that may be missing.
    pub fn maybe_object(&self, name: &str) -> Result<Option<Fields<'a>>, FieldError> {
        self.optional(name, "an object", |value| Fields::of(value).ok())
    }

    /// Objects; none when they are missing.
    pub fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>, FieldError> {
        let read = |value: &'a Value| value.as_array()?.iter().map(|item| Fields::of(item).ok()).collect();
        Ok(self.optional(name, "a list of objects", read)?.unwrap_or_default())
    }

    /// The texts of an object, by name; none when it is missing.
    pub fn pairs(&self, name: &str) -> Result<Vec<(&'a str, &'a str)>, FieldError> {
        let read = |value: &'a Value| {
            value.as_object()?.iter().map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
        };
        Ok(self.optional(name, "an object of texts", read)?.unwrap_or_default())
    }
}
