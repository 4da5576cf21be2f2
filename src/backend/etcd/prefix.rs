//! Where a service is looked up in etcd.

use super::target::EtcdTarget;
use crate::backend::listing::{self, Prefix};

/// The prefixes of every layout that `target` allows; if the target has a prefix of its own, that prefix for each of
/// them.
pub(super) fn prefixes(target: &EtcdTarget) -> Vec<Prefix> {
    listing::prefixes(target.layout, |layout| match &target.prefix {
        Some(root) => vec![format!("{}/{}/", root.trim_end_matches('/'), target.service)],
        None => layout.prefixes(&target.service),
    })
}

/// The first key after all keys that start with `prefix`.
pub(super) fn end(prefix: &Prefix) -> Vec<u8> {
    let mut end = prefix.text.clone().into_bytes();
    // A prefix ends with a slash, which is not the highest byte.
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> EtcdTarget {
        text.parse::<crate::model::target::Target>().unwrap().of::<EtcdTarget>().unwrap().clone()
    }

    #[test]
    fn a_name_is_searched_where_every_layout_has_it_and_a_layout_narrows_that() {
        let texts = |text: &str| prefixes(&target(text)).into_iter().map(|prefix| prefix.text).collect::<Vec<_>>();
        let all = texts("etcd:///pay");
        for prefix in ["pay/", "/microservices/pay/", "kitex/registry-etcd/pay/", "/micro/registry/pay/"] {
            assert!(all.contains(&prefix.to_string()), "{prefix}: {all:?}");
        }
        assert_eq!(texts("etcd:///pay?layout=kratos"), ["/microservices/pay/"]);
        assert_eq!(texts("etcd:///pay?layout=kratos&prefix=/eu/"), ["/eu/pay/"]);
        assert_eq!(texts("etcd:///h?key=pay.rpc"), ["pay.rpc/"]);
        assert_eq!(end(&prefixes(&target("etcd:///pay"))[0]), b"pay0");
    }
}
