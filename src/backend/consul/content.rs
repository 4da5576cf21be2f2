//! [`ListedContent`]: what a response lists, and whether that is complete.
//!
//! Consul filters its responses: without `service:read` or `node:read` they are 200 and shorter, with the header
//! `X-Consul-Results-Filtered-By-ACLs`, which anonymous clients do not get. And a response of the streaming backend
//! does not prove that the server has a leader.

use std::collections::BTreeMap;

use super::decode::Decoded;
use super::query::{Leader, Meta};
use crate::model::endpoint::{Endpoint, EndpointKey};
use crate::model::resolution::{Note, NoteKind, ResolveCode};

const NO_LEADER: &str = "consul reports no leader: the response may be old";

/// The content of a response, without what always changes (time taken, index, age, the outputs of checks).
pub(super) struct ListedContent {
    endpoints: Vec<Endpoint>,
    pub notes: Vec<Note>,
    /// With `near=` the order is part of the answer.
    ordered: bool,
}

impl ListedContent {
    pub(super) fn new(decoded: &Decoded, hidden: Option<String>, meta: &Meta, ordered: bool) -> Self {
        let mut notes = decoded.notes.clone();
        notes.extend(hidden.map(|text| Note::new(NoteKind::AclFiltered, text)));
        if meta.leader == Leader::Unknown {
            notes.push(Note::new(NoteKind::NoLeader, NO_LEADER));
        }
        ListedContent { endpoints: decoded.endpoints.clone(), notes, ordered }
    }

    /// Why the token may not see everything. Consul does not report to anonymous clients that it filtered a response.
    pub(super) fn hides(registered: usize, meta: &Meta, anonymous: bool, service: &str) -> Option<String> {
        if meta.filtered_by_acl {
            let visible = match registered {
                0 => String::new(),
                count => format!(" ({count} visible)"),
            };
            return Some(format!(
                "consul hid results from this token{visible}: it needs service:read on {service:?} and node:read on its nodes"
            ));
        }
        let may_be_hidden = registered == 0 && anonymous && meta.denies_by_default;
        may_be_hidden.then(|| {
            format!(
                "the request was anonymous and default_policy is deny: {service:?} may exist but be hidden; set \
                 CONSUL_HTTP_TOKEN with service:read and node:read"
            )
        })
    }

    /// Why what is missing from a response may still exist.
    pub(super) fn incomplete(hidden: Option<&str>, meta: &Meta) -> Option<(ResolveCode, String)> {
        match (hidden, meta.leader) {
            (Some(why), _) => Some((ResolveCode::Hidden, why.to_string())),
            (None, Leader::Unknown) => Some((ResolveCode::ServerError, NO_LEADER.to_string())),
            (None, Leader::Known | Leader::Unstated) => None,
        }
    }

    /// True when there may be more than the response lists.
    pub(super) fn is_partial(&self) -> bool {
        self.notes.iter().any(|note| matches!(note.kind, NoteKind::AclFiltered | NoteKind::NoLeader))
    }

    /// True when the response to a blocking query lacks endpoints and does not prove that they are gone: it is empty
    /// (hashicorp/consul#20790), it was filtered, the index it waited `behind` has not changed, or it does not state
    /// that the server has a leader.
    pub(super) fn is_doubtful(&self, now: &Decoded, meta: &Meta, behind: u64) -> bool {
        let moved = meta.index.is_some_and(|index| index > behind);
        let proved = moved && !meta.filtered_by_acl && meta.leader == Leader::Known && !now.endpoints.is_empty();
        !proved && self.lacks(now)
    }

    fn lacks(&self, now: &Decoded) -> bool {
        let listed = by_key(&now.endpoints);
        self.endpoints.iter().any(|endpoint| !listed.contains_key(&endpoint.key()))
    }
}

fn by_key(endpoints: &[Endpoint]) -> BTreeMap<EndpointKey, &Endpoint> {
    endpoints.iter().map(|endpoint| (endpoint.key(), endpoint)).collect()
}

impl PartialEq for ListedContent {
    fn eq(&self, other: &Self) -> bool {
        if self.notes != other.notes || self.endpoints.len() != other.endpoints.len() {
            return false;
        }
        if self.ordered {
            return self.endpoints.iter().zip(&other.endpoints).all(|(own, others)| own.is_equivalent(others));
        }
        let (own, others) = (by_key(&self.endpoints), by_key(&other.endpoints));
        own.len() == others.len()
            && own.iter().all(|(key, endpoint)| others.get(key).is_some_and(|other| endpoint.is_equivalent(other)))
    }
}
