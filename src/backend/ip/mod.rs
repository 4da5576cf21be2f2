//! `ipv4:`, `ipv6:`, `unix:`, `unix-abstract:`, `passthrough:`: the target contains the endpoints.

mod target;

use futures_util::{FutureExt, StreamExt, future, stream};

use super::*;
use crate::model::endpoint::{Address, Endpoint};
use crate::model::resolution::Answer;
pub use target::IpTarget;
use target::NAME;

mod registry;

pub use registry::REGISTRY;

/// Literal addresses: one full answer at once, and then a watch without changes.
pub struct Ip;

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`ipv4:`, `ipv6:`, `unix:`, `unix-abstract:`, `passthrough:`",
    examples: target::EXAMPLES,
    changes: "nothing changes",
    ..About::of(&REGISTRY)
};

impl Backend for Ip {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, _context: &Context) -> Resolution {
        match target.of() {
            Some(IpTarget(addresses)) => {
                endless(Ok(Update::Reset(Answer { endpoints: listed(addresses), notes: vec![] })))
            }
            None => refused(NAME, target),
        }
    }

    fn target_for(&self, _service: &str, _settings: &Settings) -> Option<Target> {
        None
    }

    fn describe(&self, _settings: &Settings) -> Description {
        Description { active: Err("accepts only targets that are addresses".to_string()), settings: vec![] }
    }

    fn query_version(&self, _settings: &Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        future::ready(Ok("no registry to query: the target is the address".to_string())).boxed()
    }
}

/// The addresses in the order given, each one once.
fn listed(addresses: &[Address]) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::with_capacity(addresses.len());
    let mut seen = std::collections::HashSet::new();
    for address in addresses {
        if seen.insert(address) {
            endpoints.push(Endpoint::new(address.clone()));
        }
    }
    endpoints
}

/// `item`, followed by a watch without further updates: the answer cannot change, and the stream does not end.
pub(super) fn endless(item: Result<Update, ResolveError>) -> Resolution {
    Box::pin(stream::once(future::ready(item)).chain(stream::pending()))
}

/// The only item of a backend that got a target it does not support.
pub(super) fn refused(backend: &str, target: &Target) -> Resolution {
    let text = format!("{target} is not a target of the {backend} backend");
    Box::pin(stream::once(future::ready(Err(ResolveError::fatal(ResolveCode::BadTarget, text)))))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn addresses_are_answered_once_and_the_watch_never_ends() {
        let target: Target = "ipv4:10.0.0.1:1,10.0.0.2:2,10.0.0.1:1".parse().unwrap();
        let mut resolution = Ip.resolve(&target, &Context::default());
        let Some(Ok(Update::Reset(answer))) = resolution.next().await else { panic!("no response") };
        let listed: Vec<_> = answer.endpoints.iter().map(|e| e.address.to_string()).collect();
        assert_eq!(listed, ["10.0.0.1:1", "10.0.0.2:2"]);
        assert_eq!(resolution.next().now_or_never(), None, "still watching");
    }

    #[tokio::test]
    async fn another_backends_target_is_an_error_that_names_it() {
        let mut resolution = Ip.resolve(&Target::Bare("pay".into()), &Context::default());
        let Some(Err(ResolveError::Fatal(failure))) = resolution.next().await else { panic!("no error") };
        assert_eq!(failure.text, "pay is not a target of the ip backend");
        assert!(resolution.next().await.is_none());
    }
}
