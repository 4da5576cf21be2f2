//! What `GET /apps/APP` answers, read into endpoints. Pure: the server's time is an argument.
//!
//! `leaseInfo.lastRenewalTimestamp` is not what it is called: until the first renewal it is the time of registration, and
//! from then on the time of the last renewal **plus** the lease (`Lease.renew` in eureka-core, the same in all versions; the
//! server that the tests run says so too).

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::backend::unusable::{Unusable, none_left};
use crate::layout::{join, kitex, kratos, spring};
use crate::model::endpoint::{Address, Check, CheckState, Endpoint, EndpointStatus, LayoutRule, Lease, Maintenance};
use crate::model::resolution::{Note, NoteKind};
use crate::text::{few, shell_word};

/// At most so many instances are named that could not be used or that are overdue.
const NAMED: usize = 20;
/// So many are shown in one sentence.
const SHOWN: usize = 3;
/// What to do about instances without an endpoint for gRPC.
const NO_GRPC: &str = "Have the instances register where gRPC listens: metadata gRPC_port (grpc-spring), or an enabled port from \
                       1 to 65535.";
/// What Eureka's clients ask for unless they are told otherwise (`lease-expiration-duration-in-seconds`).
const USUAL: Duration = Duration::from_secs(90);

/// Endpoints in the order of their ids (Eureka has none), and what is to be known about them. `None`: that is no answer of
/// Eureka's. `now` is the server's time in milliseconds.
pub(super) fn decode(body: &[u8], now: i64) -> Option<(Vec<Endpoint>, Vec<Note>)> {
    let document: Document<'_> = serde_json::from_slice(body).ok()?;
    let list = document.application.instance.get();
    // Some encoders write a single instance without its list.
    let instances: Vec<&RawValue> =
        if list.starts_with('[') { serde_json::from_str(list).ok()? } else { vec![document.application.instance] };
    let (mut endpoints, mut skipped, mut overdue) = (Vec::new(), Vec::new(), Vec::new());
    let registered = instances.len();
    for instance in instances {
        // One at a time: a tree takes many times the memory of its text.
        let Ok(Value::Object(instance)) = serde_json::from_str(instance.get()) else {
            skipped.push(Unusable::Garbled("an instance is not a JSON object".to_string()));
            continue;
        };
        let id = id(&instance);
        match endpoint(&instance) {
            Err(why) => skipped.push(why.of(&format!("instance {id:?}"))),
            Ok(mut endpoint) => {
                if let Some((granted, left)) = lease(&instance, now) {
                    let left_ms = u64::try_from(left).unwrap_or_default();
                    endpoint.ttl = Some(Duration::from_millis(left_ms));
                    endpoint.lease = Some(Lease::Held { id: id.clone(), granted: Some(granted), usual: Some(USUAL) });
                    if left < 0 {
                        overdue.push(format!("{id:?} ({} s ago)", left.unsigned_abs() / 1000));
                    }
                }
                endpoint.id = Some(id);
                endpoints.push(endpoint);
            }
        }
    }
    endpoints.sort_by(|a, b| a.id.cmp(&b.id));
    let notes = notes(registered, &endpoints, skipped, &overdue);
    Some((endpoints, notes))
}

/// As far as it is looked at before the instances are.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    application: Application<'a>,
}

#[derive(Deserialize)]
struct Application<'a> {
    #[serde(borrow)]
    instance: &'a RawValue,
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Old clients have no instance id: the host is it then, as for Eureka itself.
/// What Eureka's own rules are named by.
const OWN: &str = "eureka";

fn id(instance: &Map<String, Value>) -> String {
    text(instance, "instanceId").or_else(|| text(instance, "hostName")).unwrap_or_default().to_string()
}

fn endpoint(instance: &Map<String, Value>) -> Result<Endpoint, Unusable> {
    let members = instance.get("metadata").and_then(Value::as_object).into_iter().flatten();
    let said = members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())));
    let metadata: std::collections::BTreeMap<String, String> = said.filter(|(name, _)| name != "@class").collect();
    let mut endpoint = match metadata.get("meta").and_then(|meta| kitexs(instance, meta)) {
        Some(kitexs) => kitexs.map_err(Unusable::Garbled)?,
        None => {
            let place = place(instance, &metadata)?;
            let mut endpoint = Endpoint::new(place.address);
            endpoint.layout = Some(place.rule);
            if place.also.is_some() {
                endpoint.particulars_mut().also = place.also;
            }
            endpoint
        }
    };
    let word = text(instance, "status").unwrap_or("UNKNOWN");
    endpoint.status = match word {
        "UP" => EndpointStatus::Healthy,
        "DOWN" => EndpointStatus::Critical,
        "OUT_OF_SERVICE" => EndpointStatus::Draining,
        _ => EndpointStatus::Warning,
    };
    let overridden = text(instance, "overriddenStatus").or_else(|| text(instance, "overriddenstatus"));
    let overridden = overridden.filter(|status| *status != "UNKNOWN").map(|status| format!("overridden: {status}"));
    let output = overridden.unwrap_or_default();
    if endpoint.status == EndpointStatus::Draining {
        endpoint.particulars_mut().maintenance = Some(maintenance(instance, &output));
    }
    let state = match endpoint.status {
        EndpointStatus::Healthy => CheckState::Passing,
        EndpointStatus::Critical => CheckState::Critical,
        EndpointStatus::Draining | EndpointStatus::Warning | EndpointStatus::Unchecked => CheckState::Warning,
    };
    endpoint.checks = vec![Check { name: "status".to_string(), state, status: word.to_string(), output }];
    endpoint.zone = metadata.get("zone").cloned();
    endpoint.node_address = text(instance, "ipAddr").and_then(|ip| ip.parse().ok());
    endpoint.metadata.extend(metadata);
    Ok(endpoint)
}

/// Somebody set OUT_OF_SERVICE: an operator over the REST API (an override), or the instance itself.
fn maintenance(instance: &Map<String, Value>, overridden: &str) -> Maintenance {
    let (app, id) = (text(instance, "app").unwrap_or_default(), id(instance));
    if overridden.is_empty() {
        let end = format!("the instance {id:?} itself has to set its status UP again");
        return Maintenance { reason: "the instance reports OUT_OF_SERVICE itself".to_string(), end };
    }
    let path = shell_word(&format!("EUREKA/apps/{app}/{id}/status?value=UP"));
    let end = format!("`curl -X DELETE {path}` removes the override (EUREKA is the server's URL)");
    Maintenance { reason: "its status is overridden with OUT_OF_SERVICE".to_string(), end }
}

fn number(port: &Value) -> Option<i64> {
    port.get("$").and_then(|port| port.as_i64().or_else(|| port.as_str()?.parse().ok()))
}

fn kitexs(instance: &Map<String, Value>, meta: &str) -> Option<Result<Endpoint, String>> {
    kitex::in_eureka(meta, text(instance, "ipAddr"), instance.get("port").and_then(number))
}

/// Where an instance listens for gRPC.
struct Place {
    address: Address,
    rule: LayoutRule,
    /// The instance's other address, when the first one is a host name.
    also: Option<Address>,
}

/// The first of: the URL that Kratos puts into the metadata; a gRPC port in the metadata; the enabled port. The host is what
/// clients dial: `hostName`; where that is no host name (it carries a port), `ipAddr`.
fn place(
    instance: &Map<String, Value>,
    metadata: &std::collections::BTreeMap<String, String>,
) -> Result<Place, Unusable> {
    let garbled = Unusable::Garbled;
    if let Some(url) = metadata.get("Endpoints").or_else(|| metadata.get("endpoints"))
        && let Some((scheme, rest)) = url.split_once("://")
    {
        return match scheme {
            "grpc" | "grpcs" => kratos::authority(rest)
                .map(|address| Place {
                    address,
                    rule: LayoutRule::new(kratos::NAME, format!("metadata Endpoints {scheme}")),
                    also: None,
                })
                .map_err(|why| garbled(format!("its metadata Endpoints is {url:?}: {why}"))),
            other => Err(Unusable::NotGrpc(kratos::only(&[other]))),
        };
    }
    let (name, ip) = (text(instance, "hostName"), text(instance, "ipAddr"));
    let usable = name.filter(|name| join(name, 1).is_ok());
    let host = usable.or(ip).or(name).ok_or_else(|| garbled("it has no host".to_string()))?;
    let which = match (usable, name) {
        (Some(_), _) => "hostName".to_string(),
        (None, Some(name)) if ip.is_some() => format!("ipAddr (hostName {name:?} is no host name)"),
        _ => "ipAddr".to_string(),
    };
    let placed = |port: i64, rule: LayoutRule| {
        let address = join(host, port).map_err(garbled)?;
        let is_name = matches!(address, Address::Name { .. });
        let also = ip.filter(|ip| is_name && *ip != host).and_then(|ip| join(ip, port).ok());
        Ok(Place { address, rule, also })
    };
    if let Some(found) = spring::grpc_port(|key| metadata.get(key), OWN) {
        let (port, rule) = found.map_err(garbled)?;
        return placed(port, rule);
    }
    for name in ["port", "securePort"] {
        let Some(port) = instance.get(name) else { continue };
        let is_enabled = port.get("@enabled").is_some_and(|enabled| enabled == "true" || enabled == true);
        if !is_enabled {
            continue;
        }
        let Some(number) = number(port) else {
            let text = format!("its {name} is {}, which is no port", port.get("$").unwrap_or(&Value::Null));
            return Err(garbled(text));
        };
        // Spring says where its management pages are: that is HTTP.
        let is_web = metadata.get("management.port").is_some_and(|port| *port == number.to_string());
        let rule = match is_web {
            true => spring::web_servers(&format!("{which} and {name}")),
            false => LayoutRule::new(OWN, format!("{which} and {name}")),
        };
        return placed(number, rule);
    }
    let text = "neither its port nor its securePort is enabled, and no metadata gRPC_port says where gRPC listens";
    Err(Unusable::NotGrpc(text.to_string()))
}

/// What the lease was granted, and how many milliseconds are left of it at `now`; negative when it is over.
fn lease(instance: &Map<String, Value>, now: i64) -> Option<(Duration, i64)> {
    let info = instance.get("leaseInfo").and_then(Value::as_object)?;
    let number = |name: &str| info.get(name).and_then(Value::as_i64);
    let seconds = number("durationInSecs").filter(|seconds| *seconds > 0)?;
    let (registered, renewed) = (number("registrationTimestamp")?, number("lastRenewalTimestamp")?);
    let granted = seconds.checked_mul(1000)?;
    let end = if renewed <= registered { registered.checked_add(granted)? } else { renewed };
    Some((Duration::from_secs(u64::try_from(seconds).ok()?), end.checked_sub(now)?))
}

fn notes(registered: usize, endpoints: &[Endpoint], skipped: Vec<Unusable>, overdue: &[String]) -> Vec<Note> {
    let up = endpoints.iter().filter(|endpoint| endpoint.status == EndpointStatus::Healthy).count();
    let grpc = if skipped.is_empty() { String::new() } else { format!(" -> {} with a grpc endpoint", endpoints.len()) };
    let mut notes = vec![Note::new(NoteKind::Funnel, format!("{registered} registered{grpc} -> {up} UP"))];
    let mut rules: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for rule in endpoints.iter().filter_map(|endpoint| endpoint.layout.as_ref()) {
        *rules.entry(rule.to_string()).or_default() += 1;
    }
    if !rules.is_empty() {
        let rules: Vec<String> = rules.into_iter().map(|(rule, count)| format!("{rule} ({count})")).collect();
        notes.push(Note::new(NoteKind::Matched, rules.join("; ")));
    }
    let garbled = skipped.iter().filter(|why| why.is_garbled()).count();
    let is_any_usable = endpoints.iter().any(|endpoint| endpoint.status.is_usable());
    // The first reason that counts.
    let why = skipped.iter().find(|why| why.is_garbled() == (garbled > 0)).map(|why| why.text().to_string());
    if let Some(why) = why.filter(|_| endpoints.is_empty() || (garbled > 0 && !is_any_usable)) {
        notes.push(none_left(registered, garbled, "instances", &why));
        notes.push(Note::new(NoteKind::Remedy, NO_GRPC));
    }
    let skipped: Vec<String> = skipped.into_iter().map(Unusable::into_text).collect();
    if !skipped.is_empty() {
        let shown = few(&skipped, "; ", SHOWN);
        let text = format!("{} of {registered} instances cannot be used: {shown}", skipped.len());
        notes.push(Note::new(NoteKind::LeftOut, text));
    }
    let unnamed = skipped.len().saturating_sub(NAMED);
    notes.extend(skipped.into_iter().take(NAMED).map(|why| Note::new(NoteKind::Skipped, why)));
    if unnamed > 0 {
        notes.push(Note::new(NoteKind::Skipped, format!("{unnamed} more instances that cannot be used")));
    }
    notes.extend(spring::doubts(endpoints));
    if !overdue.is_empty() {
        let named = few(overdue, ", ", NAMED);
        let text = format!(
            "the lease of {} of {registered} instances ran out, and eureka lists them all the same: {named}",
            overdue.len()
        );
        notes.push(Note::new(NoteKind::Permanent, text));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instance as Spring's server tells it.
    fn instance(id: &str, more: &str) -> String {
        format!(
            r#"{{"instanceId":"{id}","hostName":"10.0.0.1","app":"PAY","ipAddr":"10.0.0.1","status":"UP","overriddenStatus":"UNKNOWN",
            "port":{{"$":8080,"@enabled":"true"}},"securePort":{{"$":443,"@enabled":"false"}},"countryId":1,
            "leaseInfo":{{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":1000,"lastRenewalTimestamp":1000}}{more}}}"#
        )
    }

    fn read(instances: &[String], now: i64) -> (Vec<Endpoint>, Vec<Note>) {
        let body = format!(r#"{{"application":{{"name":"PAY","instance":[{}]}}}}"#, instances.join(","));
        decode(body.as_bytes(), now).unwrap()
    }

    #[test]
    fn the_grpc_port_comes_from_the_metadata_else_from_the_enabled_port() {
        for (metadata, place, rule) in [
            (r#"{"gRPC_port":"9000","zone":"eu"}"#, "10.0.0.1:9000", "grpc-spring: metadata gRPC_port"),
            (r#"{"gRPC.port":"9001"}"#, "10.0.0.1:9001", "grpc-spring: metadata gRPC.port"),
            (r#"{"grpc.port":"9002"}"#, "10.0.0.1:9002", "eureka: metadata grpc.port"),
            (r#"{"Endpoints":"grpc://10.0.0.2:9003"}"#, "10.0.0.2:9003", "kratos: metadata Endpoints grpc"),
            ("{}", "10.0.0.1:8080", "eureka: hostName and port"),
            (r#"{"management.port":"9090"}"#, "10.0.0.1:8080", "eureka: hostName and port"),
            (
                r#"{"management.port":"8080"}"#,
                "10.0.0.1:8080",
                "spring: hostName and port, no gRPC_port in its metadata",
            ),
            (r#"{"meta":"{\"Weight\":20,\"Tags\":{\"idc\":\"eu\"}}"}"#, "10.0.0.1:8080", "kitex: ipAddr and port"),
            (r#"{"meta":"of somebody else"}"#, "10.0.0.1:8080", "eureka: hostName and port"),
        ] {
            let (endpoints, _) = read(&[instance("1", &format!(r#","metadata":{metadata}"#))], 0);
            assert_eq!(endpoints[0].address.to_string(), place);
            assert_eq!(endpoints[0].layout.as_ref().map(ToString::to_string).as_deref(), Some(rule));
        }
        let http = instance("1", r#","metadata":{"Endpoints":"http://10.0.0.2:8000"}"#);
        let (none, notes) = read(&[http], 0);
        assert!(none.is_empty());
        assert!(notes.iter().any(|note| note.text.contains("kratos registered it for http only")), "{notes:?}");
    }

    #[test]
    fn a_host_name_keeps_the_ip_address_beside_it_and_one_that_is_none_gives_way_to_it() {
        let of = |host: &str| {
            read(&[instance("1", "").replace(r#""hostName":"10.0.0.1""#, &format!("\"hostName\":{host:?}"))], 0)
        };
        let (endpoints, _) = of("pay-v0nwf");
        assert_eq!(endpoints[0].address.to_string(), "pay-v0nwf:8080");
        assert_eq!(endpoints[0].also().map(ToString::to_string).as_deref(), Some("10.0.0.1:8080"));
        for host in ["pay:8080", "10.0.0.9:80", "pay service"] {
            let (endpoints, _) = of(host);
            assert_eq!(
                (endpoints[0].address.to_string().as_str(), endpoints[0].also()),
                ("10.0.0.1:8080", None),
                "{host}"
            );
            let rule = format!("eureka: ipAddr (hostName {host:?} is no host name) and port");
            assert_eq!(endpoints[0].layout.as_ref().map(ToString::to_string).as_deref(), Some(rule.as_str()));
        }
        assert_eq!(of("10.0.0.7").0[0].also(), None, "an address needs no other");
    }

    #[test]
    fn ports_that_are_none_are_named_and_one_of_several_spoils_no_other() {
        for (port, words) in
            [("0", "port 0 is none"), ("65536", "port 65536 is none"), ("\"abc\"", "its port is \"abc\"")]
        {
            let bad = instance("bad", "").replace(r#""$":8080"#, &format!("\"$\":{port}"));
            let (endpoints, notes) = read(&[bad.clone(), instance("good", "")], 0);
            assert_eq!(endpoints.len(), 1, "{port}");
            let left_out = notes.iter().find(|note| note.kind == NoteKind::LeftOut).unwrap();
            assert!(left_out.text.starts_with("1 of 2 instances cannot be used: instance \"bad\""), "{left_out:?}");
            assert!(left_out.text.contains(words), "{left_out:?}");
        }
    }

    #[test]
    fn instances_that_are_not_understood_are_named_and_alone_they_are_no_empty_list() {
        let bad = instance("bad", "");
        let table = [
            ("5".to_string(), "an instance is not a JSON object"),
            ("null".to_string(), "an instance is not a JSON object"),
            ("[[[[]]]]".to_string(), "an instance is not a JSON object"),
            (bad.replace(r#""$":8080"#, r#""$":0"#), "port 0 is none"),
            (bad.replace(r#""$":8080"#, r#""$":65536"#), "port 65536 is none"),
            (bad.replace(r#""$":8080"#, r#""$":"abc""#), "its port is \"abc\""),
            (bad.replace(r#""$":8080"#, r#""$":null"#), "its port is null"),
            (bad.replace(r#""hostName":"10.0.0.1","#, "").replace(r#""ipAddr":"10.0.0.1","#, ""), "it has no host"),
        ];
        let of = |notes: &[Note], kind| notes.iter().find(|note| note.kind == kind).map(|note| note.text.clone());
        for (bad, words) in table {
            let (endpoints, notes) = read(&[bad.clone(), instance("good", "")], 0);
            assert_eq!(endpoints.len(), 1, "{bad}");
            assert!(of(&notes, NoteKind::LeftOut).is_some_and(|text| text.contains(words)), "{bad}: {notes:?}");
            assert_eq!(of(&notes, NoteKind::Unreadable), None, "{bad}");
            let (none, notes) = read(std::slice::from_ref(&bad), 0);
            assert!(none.is_empty(), "{bad}");
            assert!(of(&notes, NoteKind::Unreadable).is_some_and(|text| text.contains(words)), "{bad}: {notes:?}");
            let down = instance("down", "").replace(r#""UP""#, r#""DOWN""#);
            let (_, notes) = read(&[bad.clone(), down.clone()], 0);
            let text = of(&notes, NoteKind::Unreadable).unwrap_or_else(|| panic!("{bad}: {notes:?}"));
            assert!(text.starts_with("1 of 2 instances cannot be read, and no other can be used"), "{text}");
            // That it is down, the registry says with authority.
            assert_eq!(of(&read(&[down], 0).1, NoteKind::Unreadable), None);
        }
        // A key twice, a lone surrogate, a byte that is not UTF-8: as Go reads them.
        let twice = instance("i", "").replace(r#""app":"PAY""#, r#""app":"\ud800","app":"PAY#""#);
        let body = format!(r#"{{"application":{{"instance":[{twice}]}}}}"#).replace('#', "\u{1}");
        let body = body.bytes().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
        assert_eq!(decode(&crate::model::json::mended(body), 0).map(|(endpoints, _)| endpoints.len()), Some(1));
    }

    #[test]
    fn what_an_operator_took_out_of_service_names_the_call_that_ends_it() {
        let out =
            instance("i", "").replace("\"UP\"", "\"OUT_OF_SERVICE\"").replace("\"UNKNOWN\"", "\"OUT_OF_SERVICE\"");
        let (endpoints, _) = read(&[out], 0);
        let maintenance = endpoints[0].maintenance().unwrap();
        assert!(maintenance.end.contains("curl -X DELETE 'EUREKA/apps/PAY/i/status?value=UP'"), "{maintenance:?}");
    }

    #[test]
    fn what_kitex_writes_is_read_as_its_own_reader_does() {
        // A host name that is none, and a port that is not enabled.
        let written = instance("1", r#","metadata":{"meta":"{\"Weight\":20,\"Tags\":{\"idc\":\"eu\"}}"}"#)
            .replace(r#""hostName":"10.0.0.1""#, r#""hostName":"pay:10.0.0.1:8080""#)
            .replace("\"true\"", "\"false\"");
        let (endpoints, _) = read(std::slice::from_ref(&written), 0);
        assert_eq!(endpoints[0].address.to_string(), "10.0.0.1:8080");
        assert_eq!((endpoints[0].weight, endpoints[0].metadata["idc"].as_str()), (Some(20), "eu"));
        let (none, notes) = read(&[written.replace("8080,", "0,")], 0);
        assert_eq!(none, []);
        assert!(notes.iter().any(|note| note.text.contains("kitex: port 0 is none")), "{notes:?}");
    }

    #[test]
    fn what_is_left_of_a_lease_is_reckoned_as_the_server_writes_it() {
        let left = |renewed: i64, now: i64| {
            let text = instance("1", "")
                .replace(r#""lastRenewalTimestamp":1000"#, &format!(r#""lastRenewalTimestamp":{renewed}"#));
            read(&[text], now).0[0].ttl.unwrap().as_secs()
        };
        assert_eq!(left(1000, 1000), 90, "registered now");
        assert_eq!(left(1000, 31_000), 60, "never renewed");
        assert_eq!(left(121_000, 31_000), 90, "renewed now, with the lease added");
        assert_eq!(left(121_000, 500_000), 0);
        let (_, notes) = read(&[instance("b", ""), instance("a", "")], 191_000);
        let overdue = notes.iter().find(|note| note.kind == NoteKind::Permanent).unwrap();
        let text = "the lease of 2 of 2 instances ran out, and eureka lists them all the same: \"b\" (100 s ago), \"a\" (100 s ago)";
        assert_eq!(overdue.text, text);
    }

    #[test]
    fn a_status_is_told_in_eurekas_word_and_ours() {
        for (word, status) in [
            ("UP", EndpointStatus::Healthy),
            ("DOWN", EndpointStatus::Critical),
            ("OUT_OF_SERVICE", EndpointStatus::Draining),
            ("STARTING", EndpointStatus::Warning),
        ] {
            let (endpoints, _) = read(&[instance("1", "").replace("\"UP\"", &format!("{word:?}"))], 0);
            assert_eq!((endpoints[0].status, endpoints[0].checks[0].status.as_str()), (status, word));
        }
        assert_eq!(decode(b"{}", 0), None);
        assert_eq!(decode(b"<html>", 0), None);
        let one = format!(r#"{{"application":{{"instance":{}}}}}"#, instance("1", ""));
        assert_eq!(decode(one.as_bytes(), 0).unwrap().0.len(), 1);
    }
}
