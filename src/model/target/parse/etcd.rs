//! `etcd:///svc` of etcd's own naming (clientv3/naming/resolver), go-zero's `etcd:///h1:2379,h2:2379?key=K`,
//! `etcd://h1:2379/K` and `discov://h1,h2/K` (zrpc/resolver/internal), and ours:
//! `etcd://[member,…]/svc?prefix=…&layout=…`.

use super::host::{host_port, join};
use super::percent::decode;
use super::piece::{Parsed, Piece, wrong};
use crate::model::target::{ETCD_LAYOUTS, EtcdTarget};
use crate::model::text::shorten;

const EXAMPLE: &str = "etcd:///pay";
const MEMBERS: &str = "etcd://10.0.0.1:2379,10.0.0.2:2379/pay";
const KEY: &str = "etcd:///10.0.0.1:2379,10.0.0.2:2379?key=pay.rpc";
/// The layout of targets that only go-zero writes.
const GO_ZERO: &str = "go-zero";

pub(super) fn etcd(rest: Piece<'_>) -> Parsed<EtcdTarget> {
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let parameters = parameters(query)?;
    let (authority, path) = split(before, "etcd", "etcd's members", parameters.key.is_some())?;
    let mut target = EtcdTarget { prefix: parameters.prefix, layout: parameters.layout, ..EtcdTarget::default() };
    if let Some(authority) = authority {
        target.members = members(authority, &LIST)?;
    }
    match parameters.key {
        // Go 1.26 takes no commas in an authority: go-zero moved its members into the path.
        Some(key) => {
            if !path.is_empty() {
                target.members.extend(members(path, &LIST)?);
            }
            if target.layout.is_some_and(|layout| layout != GO_ZERO) {
                return wrong(rest.at, "key= is go-zero's, and layout= names another one", KEY);
            }
            target.layout = Some(GO_ZERO);
            target.service = key;
        }
        None => target.service = service(path)?,
    }
    Ok(target)
}

/// `discov://h1,h2/K`, go-zero's.
pub(super) fn discov(rest: Piece<'_>) -> Parsed<EtcdTarget> {
    const DISCOV: &str = "discov://10.0.0.1:2379,10.0.0.2:2379/pay.rpc";
    if let Some(at) = rest.text.find('?') {
        return wrong(rest.at + at, "discov: takes no parameters", DISCOV);
    }
    let (authority, path) = split(rest, "discov", "etcd's members", false)?;
    let mut target = EtcdTarget { layout: Some(GO_ZERO), ..EtcdTarget::default() };
    if let Some(authority) = authority {
        target.members = members(authority, &LIST)?;
    }
    target.service = service(path)?;
    Ok(target)
}

/// Members and path; slashes around the path are none of its own.
pub(super) fn split<'a>(
    before: Piece<'a>,
    scheme: &str,
    whose: &str,
    has_key: bool,
) -> Parsed<(Option<Piece<'a>>, Piece<'a>)> {
    let (authority, path) = match before.strip("//") {
        None => (None, before),
        Some(after) => match after.split_once('/') {
            Some((authority, path)) => (Some(authority).filter(|authority| !authority.is_empty()), path),
            None if has_key => (Some(after), after.from(after.text.len())),
            None => {
                let name = after.text.rsplit('@').next().filter(|n| !n.is_empty() && !n.contains([':', ',']));
                return wrong(
                    after.at,
                    format!("between {scheme}:// and the next slash stand {whose}, and no service follows"),
                    format!("{scheme}:///{}", shorten(name.unwrap_or("pay"), 60)),
                );
            }
        },
    };
    let path = path.until(path.text.trim_end_matches('/').len());
    Ok((authority, path.from(path.text.len() - path.text.trim_start_matches('/').len())))
}

/// How a list of servers is spoken of.
pub(super) struct List {
    /// What would be right.
    pub example: &'static str,
    /// Where user and password belong.
    pub user: &'static str,
}

const LIST: List = List { example: MEMBERS, user: "ETCDCTL_USER" };

/// `host:port,host`, as it was typed.
pub(super) fn members(list: Piece<'_>, spoken: &List) -> Parsed<Vec<String>> {
    if list.text.contains('@') {
        let problem = format!("user and password do not belong into a target: set {}", spoken.user);
        return wrong(list.at, problem, spoken.example);
    }
    let each = list.split(',').map(|member| {
        if member.is_empty() {
            return wrong(member.at, "an empty element in the list of members", spoken.example);
        }
        host_port(member, spoken.example).map(|(host, port)| join(&host, port))
    });
    each.collect()
}

fn service(path: Piece<'_>) -> Parsed<String> {
    if path.is_empty() {
        return wrong(path.at, "no service is named", EXAMPLE);
    }
    if let Some(comma) = path.text.find(',') {
        return wrong(path.at + comma, "a list where a service is named: go-zero's list of members needs a key", KEY);
    }
    decode(path, false, EXAMPLE)
}

/// What stands behind the question mark.
#[derive(Default)]
struct Parameters {
    key: Option<String>,
    prefix: Option<String>,
    layout: Option<&'static str>,
}

fn parameters(query: Option<Piece<'_>>) -> Parsed<Parameters> {
    let mut found = Parameters::default();
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, pair.from(pair.text.len())));
        let decoded = decode(value, true, EXAMPLE)?;
        let twice = || wrong(name.at, format!("{} is given twice", name.text), EXAMPLE);
        match name.text {
            "key" if found.key.is_some() => return twice(),
            "key" if decoded.is_empty() => return wrong(value.at, "no key is given", KEY),
            "key" => found.key = Some(decoded),
            "prefix" if found.prefix.is_some() => return twice(),
            "prefix" => found.prefix = Some(decoded),
            "layout" if found.layout.is_some() => return twice(),
            "layout" => match ETCD_LAYOUTS.iter().find(|known| **known == decoded) {
                Some(known) => found.layout = Some(known),
                None => {
                    let problem = format!("{} is no layout (known: {})", value.quoted(), ETCD_LAYOUTS.join(", "));
                    return wrong(value.at, problem, "etcd:///pay?layout=kratos");
                }
            },
            _ => {
                let problem = format!("{} is no parameter of etcd: (known: prefix, layout, key)", name.quoted());
                return wrong(name.at, problem, "etcd:///pay?prefix=/microservices");
            }
        }
    }
    Ok(found)
}
