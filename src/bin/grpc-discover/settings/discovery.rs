//! Who is asked, and how: the settings of every backend, and what flags add to the questions.

use std::time::Duration;

#[cfg(feature = "kubernetes")]
use grpc_discover::backend::Sourced;
use grpc_discover::backend::{self, dns};
use grpc_discover::session::Source;

use super::{Layers, World, Wrong, text};
use crate::cli::{Asking, values};

/// The settings of every backend. The registries' own environments come after flags, `GRPC_DISCOVER_*` and the file.
#[cfg_attr(
    not(any(feature = "consul", feature = "etcd", feature = "eureka", feature = "kubernetes", feature = "zookeeper")),
    expect(unused_variables, reason = "only these registries have an environment of their own")
)]
pub fn settings(typed: &Asking, layers: &Layers, world: &World) -> Result<backend::Settings, Wrong> {
    let port = layers.one("--port", typed.port, values::port)?;
    let resolve_timeout = layers.positive("--resolve-timeout", typed.resolve_timeout)?;
    Ok(backend::Settings {
        secrets: Default::default(),
        dns: dns::Settings {
            server: layers.one("--dns-server", typed.dns_server, values::dns_server)?,
            interval: layers.positive("--dns-interval", typed.dns_interval)?,
            family: family(typed, layers)?,
        },
        #[cfg(feature = "consul")]
        consul: super::consul::settings(typed, layers, world)?,
        #[cfg(feature = "etcd")]
        etcd: backend::etcd::Settings::from_env(world.env).map_err(|error| Wrong(error.to_string()))?,
        #[cfg(feature = "eureka")]
        eureka: backend::eureka::Settings::from_env(world.env).map_err(|error| Wrong(error.to_string()))?,
        #[cfg(feature = "kubernetes")]
        kubernetes: kubernetes(typed, layers, world)?,
        #[cfg(feature = "zookeeper")]
        zookeeper: backend::zookeeper::Settings::from_env(world.env).map_err(|error| Wrong(error.to_string()))?,
        port: port.map(|port| port.value),
        resolve_timeout: resolve_timeout.unwrap_or(Duration::ZERO),
    })
}

/// kubectl's own environment, and the context and namespace that were typed.
#[cfg(feature = "kubernetes")]
fn kubernetes(typed: &Asking, layers: &Layers, world: &World) -> Result<backend::kubernetes::Settings, Wrong> {
    let one = |flag, typed: &Option<String>| {
        let said = layers.one(flag, typed.clone(), text)?;
        Ok(said.map(|said| Sourced::new(Some(said.value), said.origin)).unwrap_or_default())
    };
    Ok(backend::kubernetes::Settings {
        context: one("--context", &typed.context)?,
        namespace: one("--namespace", &typed.namespace)?,
        ..backend::kubernetes::Settings::from_env(world.env)
    })
}

/// `-4` and `-6` are one question: the first layer that says either decides.
fn family(typed: &Asking, layers: &Layers) -> Result<dns::Family, Wrong> {
    let choose = |v4, v6| match (v4, v6) {
        (true, false) => dns::Family::V4,
        (false, true) => dns::Family::V6,
        (false, false) | (true, true) => dns::Family::Both,
    };
    if typed.ipv4 || typed.ipv6 {
        return Ok(choose(typed.ipv4, typed.ipv6));
    }
    for said in layers.group(&["--ipv4", "--ipv6"]) {
        let mut wanted = [false; 2];
        for (i, place, value) in &said {
            wanted[*i] = values::boolean(&value.0).map_err(|why| Wrong(format!("{place}: {:?} is {why}", value.0)))?;
        }
        if !said.is_empty() {
            return Ok(choose(wanted[0], wanted[1]));
        }
    }
    Ok(dns::Family::Both)
}

/// `--dc` and `--tag` narrow every question to Consul.
pub fn narrow(sources: &mut [Source], typed: &Asking, layers: &Layers) -> Result<(), Wrong> {
    let dc = layers.one("--dc", typed.dc.clone(), text)?.map(|dc| dc.value);
    let tags = layers.many("--tag", &typed.tag, text)?;
    let asks_consul = narrow_consul(sources, dc.as_deref(), &tags);
    #[cfg(feature = "kubernetes")]
    let asks_kubernetes =
        sources.iter().any(|source| source.target.of::<backend::kubernetes::KubernetesTarget>().is_some());
    #[cfg(not(feature = "kubernetes"))]
    let asks_kubernetes = false;
    if !asks_kubernetes && (typed.context.is_some() || typed.namespace.is_some()) {
        return Err(Wrong::new(
            "--context and --namespace are for Kubernetes, and none of the targets asks Kubernetes",
        ));
    }
    if !asks_consul && (typed.dc.is_some() || !typed.tag.is_empty() || typed.token_file.is_some()) {
        return Err(Wrong::new("--dc, --tag and --token-file are for Consul, and none of the targets asks Consul"));
    }
    Ok(())
}

/// Adds what flags say to every target of Consul; whether there is one.
#[cfg(feature = "consul")]
fn narrow_consul(sources: &mut [Source], dc: Option<&str>, tags: &[String]) -> bool {
    let mut asks_consul = false;
    for source in sources {
        let Some(target) = source.target.of::<backend::consul::ConsulTarget>() else { continue };
        asks_consul = true;
        let mut target = target.clone();
        target.dc = target.dc.or_else(|| dc.map(str::to_string));
        let new: Vec<String> = tags.iter().filter(|tag| !target.tags.contains(tag)).cloned().collect();
        target.tags.extend(new);
        source.target = target.into();
    }
    asks_consul
}

#[cfg(not(feature = "consul"))]
fn narrow_consul(_: &mut [Source], _: Option<&str>, _: &[String]) -> bool {
    false
}
