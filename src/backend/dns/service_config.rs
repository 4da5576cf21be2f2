//! The gRPC service config that a TXT record publishes (gRFC A2), checked by the same rules as in the clients that
//! read it. PURE.
//!
//! The rules are grpc-go's (`internal/resolver/dns`, `service_config.go`, `internal/serviceconfig/duration.go` of
//! 1.85), because it reads the record by default and fails every call when it does not parse. grpc-js reads it by
//! default too and is stricter about the list of choices. grpc-java reads it only with the system property
//! `io.grpc.internal.DnsNameResolverProvider.enable_service_config`; C-core and Python only when configured to.

use std::collections::HashSet;

use serde_json::{Map, Value};

mod duration;
mod error;

use duration::duration;
use error::ConfigError;

use crate::model::json::JsonError;

/// The prefix of the record's text.
pub(super) const PREFIX: &str = "grpc_config=";
/// grpc-go's balancers that are part of the library without a further import.
const POLICIES: [&str; 2] = ["pick_first", "round_robin"];
/// The names of the status codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The content of the TXT records of `_grpc_config.NAME`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Published {
    /// The text after the prefix, of every record that has it.
    pub(super) configs: Vec<String>,
    /// What is wrong with it, and which clients fail because of it.
    pub(super) problem: Option<Problem>,
}

/// Why a published config is not valid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    /// Where and what: `methodConfig[0].timeout: malformed duration …`.
    pub(super) error: ConfigError,
    /// Which clients fail.
    pub(super) readers: Readers,
}

/// The clients that fail because of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Every client that reads the record.
    All,
    /// grpc-go only.
    Go,
    /// grpc-js and grpc-java; grpc-go ignores it.
    NotGo,
}

/// Checks the records; the strings of each one are in order.
pub(super) fn check(records: &[Vec<Vec<u8>>]) -> Published {
    let text = |record: &Vec<Vec<u8>>| String::from_utf8_lossy(&record.concat()).into_owned();
    let texts: Vec<String> = records.iter().map(text).collect();
    let configs: Vec<String> = texts.iter().filter_map(|text| text.strip_prefix(PREFIX)).map(str::to_string).collect();
    let problem = match &configs[..] {
        [] => None,
        _ if texts.len() > 1 => Some(Problem { error: ConfigError::SeveralRecords(texts.len()), readers: Readers::Go }),
        [config, ..] => choices(config).err(),
    };
    Published { configs, problem }
}

type Checked<T> = Result<T, ConfigError>;

/// The list of choices (gRFC A2): the first one that matches the client counts.
fn choices(text: &str) -> Result<(), Problem> {
    let fails = |readers| move |error| Problem { error, readers };
    let value: Value =
        serde_json::from_str(text).map_err(|error| fails(Readers::All)(JsonError::from(error).into()))?;
    let Value::Array(list) = value else {
        return Err(fails(Readers::All)(ConfigError::NotChoices(kind(&value))));
    };
    let mut selected = Vec::new();
    let mut always = false;
    for (index, choice) in list.iter().enumerate() {
        let at = format!("choice {}", index + 1);
        let Some(choice) = object(choice, &at).map_err(fails(Readers::All))? else { continue };
        let selects = selects_go(choice, &at).map_err(fails(Readers::All))?;
        if let (Some(config), Some(matches)) = (field(choice, "serviceConfig"), selects)
            && !always
        {
            selected.push((at, config));
            always = matches;
        }
    }
    for (at, config) in &selected {
        service_config(config).map_err(|error| {
            fails(Readers::All)(ConfigError::Choice { choice: at.clone(), source: Box::new(error) })
        })?;
    }
    if !always {
        return Err(fails(Readers::Go)(ConfigError::NoMatch { some: !selected.is_empty() }));
    }
    strict_choices(&list).map_err(fails(Readers::NotGo))
}

/// Whether a choice selects grpc-go clients: `Some(true)` all of them, `Some(false)` some, `None` none.
fn selects_go(choice: &Map<String, Value>, at: &str) -> Checked<Option<bool>> {
    let languages = strings(choice, "clientLanguage", at)?;
    let hosts = strings(choice, "clientHostName", at)?;
    let percentage = match field(choice, "percentage") {
        None => 100,
        Some(value) => value.as_i64().ok_or_else(|| expected(format!("{at}.percentage"), "an integer", value))?,
    };
    if languages.is_some_and(|languages| !languages.contains(&"GO")) || percentage <= 0 || hosts == Some(Vec::new()) {
        return Ok(None);
    }
    Ok(Some(percentage >= 100 && hosts.is_none()))
}

/// The additional checks of grpc-js and grpc-java.
fn strict_choices(list: &[Value]) -> Checked<()> {
    const KNOWN: [&str; 4] = ["clientLanguage", "percentage", "clientHostname", "serviceConfig"];
    for (index, choice) in list.iter().enumerate() {
        let at = format!("choice {}", index + 1);
        let Value::Object(choice) = choice else {
            return Err(ConfigError::Expected { at, what: "an object", got: None });
        };
        if let Some(unknown) = choice.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(ConfigError::UnknownField { at, field: unknown.clone() });
        }
        if !choice.contains_key("serviceConfig") {
            return Err(ConfigError::NoConfig(at));
        }
        let percentage = choice.get("percentage").and_then(Value::as_f64);
        if let Some(value) = percentage.filter(|percentage| !(0.0..=100.0).contains(percentage)) {
            return Err(ConfigError::Percentage { at, value });
        }
    }
    Ok(())
}

fn service_config(config: &Value) -> Checked<()> {
    let Some(config) = object(config, "serviceConfig")? else {
        return Err(of_kind("serviceConfig", "an object", config));
    };
    // An unknown name means pick_first.
    string(config, "loadBalancingPolicy", "")?;
    if let Some(health) = field(config, "healthCheckConfig")
        && let Some(health) = object(health, "healthCheckConfig")?
    {
        string(health, "serviceName", "healthCheckConfig.")?;
    }
    let throttling = match field(config, "retryThrottling") {
        Some(value) => object(value, "retryThrottling")?,
        None => None,
    };
    let limits = match throttling {
        Some(limits) => {
            Some((number(limits, "maxTokens", "retryThrottling.")?, number(limits, "tokenRatio", "retryThrottling.")?))
        }
        None => None,
    };
    let methods = match field(config, "methodConfig") {
        Some(value) => Some(list(value, "methodConfig")?),
        None => None,
    };
    let mut names = HashSet::new();
    for (index, method) in methods.into_iter().flatten().enumerate() {
        let at = format!("methodConfig[{index}]");
        if let Some(method) = object(method, &at)? {
            method_config(method, &at, &mut names)?;
        }
    }
    if let Some(value) = field(config, "loadBalancingConfig") {
        load_balancing(value)?;
    }
    // grpc-go checks the limits only beside a methodConfig.
    if let (Some((tokens, ratio)), Some(_)) = (limits, methods) {
        if !(tokens > 0.0 && tokens <= 1000.0) {
            return Err(ConfigError::MaxTokens(tokens));
        }
        if ratio <= 0.0 {
            return Err(ConfigError::TokenRatio(ratio));
        }
    }
    Ok(())
}

fn load_balancing(value: &Value) -> Checked<()> {
    const AT: &str = "loadBalancingConfig";
    let policies = list(value, AT)?;
    let mut unknown = Vec::new();
    for (index, policy) in policies.iter().enumerate() {
        let entry = object(policy, &format!("{AT}[{index}]"))?;
        let Some((name, config)) = entry.filter(|entry| entry.len() == 1).and_then(|entry| entry.iter().next()) else {
            return Err(expected(format!("{AT}[{index}]"), "an object with exactly one policy", policy));
        };
        if !POLICIES.contains(&name.as_str()) {
            unknown.push(name.clone());
            continue;
        }
        // round_robin has no settings, and grpc-go does not read its value.
        let at = format!("{AT}[{index}].{name}");
        if name == "pick_first"
            && let Some(config) = object(config, &at)?
            && let Some(shuffle) = field(config, "shuffleAddressList")
            && !shuffle.is_boolean()
        {
            return Err(expected(format!("{at}.shuffleAddressList"), "true or false", shuffle));
        }
        return Ok(());
    }
    Err(ConfigError::NoPolicy { at: AT, unknown })
}

fn method_config(method: &Map<String, Value>, at: &str, names: &mut HashSet<(String, String)>) -> Checked<()> {
    if let Some(wait) = field(method, "waitForReady").filter(|wait| !wait.is_boolean()) {
        return Err(expected(format!("{at}.waitForReady"), "true or false", wait));
    }
    if let Some(timeout) = field(method, "timeout") {
        duration(timeout).map_err(|source| ConfigError::Duration { at: format!("{at}.timeout"), source })?;
    }
    for size in ["maxRequestMessageBytes", "maxResponseMessageBytes"] {
        if let Some(value) = field(method, size).filter(|value| !value.is_i64()) {
            return Err(expected(format!("{at}.{size}"), "an integer", value));
        }
    }
    let retry = match field(method, "retryPolicy") {
        Some(value) => retry_policy(value, &format!("{at}.retryPolicy"))?,
        None => Ok(()),
    };
    // Without names a methodConfig applies to no method, and its retryPolicy is not checked.
    let Some(listed) = field(method, "name") else { return Ok(()) };
    retry?;
    for (index, name) in list(listed, &format!("{at}.name"))?.iter().enumerate() {
        let at = format!("{at}.name[{index}]");
        let empty = Map::new();
        let name = object(name, &at)?.unwrap_or(&empty);
        let part =
            |key| string(name, key, &format!("{at}.")).map(|part| part.and_then(Value::as_str).unwrap_or_default());
        let (service, method) = (part("service")?, part("method")?);
        if service.is_empty() && !method.is_empty() {
            return Err(ConfigError::NoService { at, method: method.to_string() });
        }
        if !names.insert((service.to_string(), method.to_string())) {
            return Err(ConfigError::Duplicate { at, service: service.to_string(), method: method.to_string() });
        }
    }
    Ok(())
}

/// The outer result is about types, which are always checked; the inner one about limits.
fn retry_policy(value: &Value, at: &str) -> Checked<Checked<()>> {
    let Some(policy) = object(value, at)? else { return Ok(Ok(())) };
    let attempts = match field(policy, "maxAttempts") {
        None => 0,
        Some(value) => value.as_i64().ok_or_else(|| expected(format!("{at}.maxAttempts"), "an integer", value))?,
    };
    let backoff = |key: &str| match field(policy, key) {
        None => Ok(0),
        Some(value) => duration(value).map_err(|source| ConfigError::Duration { at: format!("{at}.{key}"), source }),
    };
    let (initial, most) = (backoff("initialBackoff")?, backoff("maxBackoff")?);
    let multiplier = number(policy, "backoffMultiplier", &format!("{at}."))?;
    let codes = match field(policy, "retryableStatusCodes") {
        None => &[],
        Some(value) => list(value, &format!("{at}.retryableStatusCodes"))?,
    };
    for code in codes {
        let known = match code {
            Value::String(name) => CODES.contains(&name.as_str()),
            Value::Null => true,
            other => other.as_u64().is_some_and(|number| number < CODES.len() as u64),
        };
        if !known {
            let at = format!("{at}.retryableStatusCodes");
            return Err(ConfigError::StatusCode { at, code: shown(code) });
        }
    }
    let too_small = |key: &str, than| Err(ConfigError::TooSmall { at: format!("{at}.{key}"), than });
    Ok(match () {
        () if attempts <= 1 => too_small("maxAttempts", 1),
        () if initial <= 0 => too_small("initialBackoff", 0),
        () if most <= 0 => too_small("maxBackoff", 0),
        () if multiplier <= 0.0 => too_small("backoffMultiplier", 0),
        () if codes.is_empty() => Err(ConfigError::None(format!("{at}.retryableStatusCodes"))),
        () => Ok(()),
    })
}

/// The value of a field. As in Go, names are compared case-insensitively, and null is not a value.
fn field<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let exact = map.get(name);
    exact
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

/// `None` for null, which Go takes for an empty object.
fn object<'a>(value: &'a Value, at: &str) -> Checked<Option<&'a Map<String, Value>>> {
    match value {
        Value::Object(map) => Ok(Some(map)),
        Value::Null => Ok(None),
        other => Err(of_kind(at, "an object", other)),
    }
}

fn list<'a>(value: &'a Value, at: &str) -> Checked<&'a [Value]> {
    match value {
        Value::Array(list) => Ok(list),
        Value::Null => Ok(&[]),
        other => Err(of_kind(at, "a list", other)),
    }
}

fn string<'a>(map: &'a Map<String, Value>, name: &str, at: &str) -> Checked<Option<&'a Value>> {
    match field(map, name) {
        Some(value) if !value.is_string() => Err(expected(format!("{at}{name}"), "a string", value)),
        value => Ok(value),
    }
}

fn number(map: &Map<String, Value>, name: &str, at: &str) -> Checked<f64> {
    match field(map, name) {
        None => Ok(0.0),
        Some(value) => value.as_f64().ok_or_else(|| expected(format!("{at}{name}"), "a number", value)),
    }
}

fn strings<'a>(map: &'a Map<String, Value>, name: &str, at: &str) -> Checked<Option<Vec<&'a str>>> {
    let Some(value) = field(map, name) else { return Ok(None) };
    let items = list(value, &format!("{at}.{name}"))?
        .iter()
        .map(|item| item.as_str().ok_or_else(|| expected(format!("{at}.{name}"), "a list of strings", item)));
    items.collect::<Checked<_>>().map(Some)
}

/// An error: `what` is expected at `at`, and `value` is there.
fn expected(at: String, what: &'static str, value: &Value) -> ConfigError {
    ConfigError::Expected { at, what, got: Some(shown(value)) }
}

/// The same, showing only the kind of the value.
fn of_kind(at: &str, what: &'static str, value: &Value) -> ConfigError {
    ConfigError::Expected { at: at.to_string(), what, got: Some(kind(value).to_string()) }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The value, short enough for a sentence.
fn shown(value: &Value) -> String {
    crate::text::shorten(&value.to_string(), 60).into_owned()
}

#[cfg(test)]
mod tests;
