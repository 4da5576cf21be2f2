//! `zookeeper://[server,…]/svc?prefix=…&layout=…` and `zk:`: ours; no client of gRPC has a form of its own.

use super::etcd::{List, members, split};
use super::percent::decode;
use super::piece::{Parsed, Piece, wrong};
use crate::model::target::{ZOOKEEPER_LAYOUTS, ZookeeperTarget};

const EXAMPLE: &str = "zookeeper:///pay";
const LIST: List = List { example: "zookeeper://10.0.0.1:2181,10.0.0.2:2181/pay", user: "ZOOKEEPER_AUTH" };

pub(super) fn zookeeper(rest: Piece<'_>) -> Parsed<ZookeeperTarget> {
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = split(before, "zookeeper", "ZooKeeper's servers", false)?;
    let mut target = ZookeeperTarget::default();
    if let Some(authority) = authority {
        target.servers = members(authority, &LIST)?;
    }
    if path.is_empty() {
        return wrong(path.at, "no service is named", EXAMPLE);
    }
    target.service = decode(path, false, EXAMPLE)?;
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, pair.from(pair.text.len())));
        let decoded = decode(value, true, EXAMPLE)?;
        let twice = || wrong(name.at, format!("{} is given twice", name.text), EXAMPLE);
        match name.text {
            "prefix" if target.prefix.is_some() => return twice(),
            "prefix" => target.prefix = Some(decoded),
            "layout" if target.layout.is_some() => return twice(),
            "layout" => match ZOOKEEPER_LAYOUTS.iter().find(|known| **known == decoded) {
                Some(known) => target.layout = Some(known),
                None => {
                    let problem = format!("{} is no layout (known: {})", value.quoted(), ZOOKEEPER_LAYOUTS.join(", "));
                    return wrong(value.at, problem, "zookeeper:///pay?layout=kratos");
                }
            },
            _ => {
                let problem = format!("{} is no parameter of zookeeper: (known: prefix, layout)", name.quoted());
                return wrong(name.at, problem, "zookeeper:///pay?prefix=/microservices");
            }
        }
    }
    Ok(target)
}
