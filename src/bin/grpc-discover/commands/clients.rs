//! `client` and `who`: reads running clients or servers, and compares them with the registries.

use std::collections::BTreeMap;
use std::sync::Arc;

use grpc_discover::model::client::{ClientView, Unread};
use grpc_discover::session::clients::{ClientPlan, ClientSession, ClientSubject, Survey, service_of, survey};
use grpc_discover::session::{Goal, Plan};
use grpc_discover::transport::Options;

use super::sessions::{self, RunningSession, SessionHooks};
use super::{block_on, warn, with_environment};
use crate::cli::{self, Redacted};
use crate::exit::Failure;
use crate::render::SessionKind;
use crate::settings::{self, Environment, OutputSettings, SettingError, Task, Typed};
use crate::terminal::{self, Terminal};

/// `client WHERE…`.
pub fn client(typed: &cli::Client) -> Result<u8, Failure> {
    with_environment(&typed.output.display, |environment, warnings| {
        let output = settings::output(typed.output.output, &typed.output.display, environment)?;
        let terminal = Terminal::new(&output, environment.env);
        warn(&terminal, environment.config, warnings);
        let flags = SharedFlags {
            discovery: &typed.discovery,
            reaching: &typed.reaching,
            criteria: &typed.criteria,
            profile: typed.output.display.profile.as_deref(),
        };
        // Whatever is invalid is reported before anything is contacted.
        let named = match typed.of.as_slice() {
            [] => None,
            of => Some(flags.plan(of, environment)?),
        };
        let transport = flags.transport(environment)?;
        if typed.output.dry_run {
            terminal::print(&dry_run(&typed.places, named.as_ref()))?;
            return Ok(crate::exit::OK);
        }
        block_on(async {
            let survey = survey(&typed.places, transport.clone()).await;
            let groups = match named {
                Some(plan) => vec![of_service(plan, survey, &flags, &transport, environment)],
                None => by_target(survey, &flags, &transport, environment, &terminal)?,
            };
            run(groups, &output, &terminal).await
        })?
    })
}

/// `who TARGET…`.
pub fn who(typed: &cli::Who) -> Result<u8, Failure> {
    with_environment(&typed.output.display, |environment, warnings| {
        let output = settings::output(typed.output.output, &typed.output.display, environment)?;
        let terminal = Terminal::new(&output, environment.env);
        warn(&terminal, environment.config, warnings);
        let flags = SharedFlags {
            discovery: &typed.discovery,
            reaching: &typed.reaching,
            criteria: &typed.criteria,
            profile: typed.output.display.profile.as_deref(),
        };
        let plan = flags.plan(&typed.targets.targets, environment)?;
        if typed.output.dry_run {
            let mut text = super::dry_run::describe(std::slice::from_ref(&plan));
            text.insert_str(0, "read channelz of every listed endpoint\n");
            terminal::print(&text)?;
            return Ok(crate::exit::OK);
        }
        let transport = plan.transport.clone();
        let group = client_plan(Some(plan), None, ClientSubject::Servers, transport);
        block_on(run(vec![group], &output, &terminal))?
    })
}

/// The flags that both commands have.
struct SharedFlags<'a> {
    discovery: &'a cli::DiscoveryFlags,
    reaching: &'a cli::ReachingFlags,
    criteria: &'a cli::CriteriaFlags,
    profile: Option<&'a str>,
}

impl SharedFlags<'_> {
    /// The plan that watches the registries of `targets`, as one service.
    fn plan(&self, targets: &[Redacted], environment: &Environment) -> Result<Plan, SettingError> {
        let (channel, pace) = (cli::ChannelFlags::default(), cli::PaceFlags::default());
        let typed = Typed {
            targets,
            discovery: self.discovery,
            reaching: self.reaching,
            channel: &channel,
            pace: &pace,
            criteria: self.criteria,
            profile: self.profile,
            task: Task::Resolve { watch: true, run_for: None },
        };
        let mut plan = settings::one_plan(&typed, environment)?;
        if self.reaching.connect_timeout.is_none() {
            plan.transport.connect_timeout = Goal::Probe.connect_timeout();
        }
        Ok(plan)
    }

    /// How the processes themselves are reached.
    fn transport(&self, environment: &Environment) -> Result<Options, SettingError> {
        settings::transport(self.reaching, self.profile, environment)
    }
}

/// The clients of the service that `--of` names.
fn of_service(
    plan: Plan,
    survey: Survey,
    flags: &SharedFlags<'_>,
    transport: &Options,
    environment: &Environment,
) -> ClientPlan {
    let name = |text: &str| service_name(text).to_string();
    let wanted: Vec<String> = plan.sources.iter().map(|source| name(&source.target.to_string())).collect();
    let (own, others): (Vec<ClientView>, Vec<ClientView>) =
        survey.views.into_iter().partition(|view| wanted.contains(&name(&view.target)));
    // Where no channel has the name of the service, every one of them may be for it.
    let (views, others) = if own.is_empty() { (others, Vec::new()) } else { (own, others) };
    let mut targets: Vec<String> = others.iter().filter_map(|view| service_of(&view.target)).collect();
    targets.sort_unstable();
    targets.dedup();
    let others = targets.into_iter().filter_map(|target| flags.plan(&[Redacted(target)], environment).ok()).collect();
    let subject = ClientSubject::Clients { views, unread: survey.unread };
    ClientPlan { others, ..client_plan(Some(plan), None, subject, transport.clone()) }
}

/// `pay` in `consul:///pay?tag=x`, `discovery:///pay` and `dns:///pay:50051`.
fn service_name(target: &str) -> &str {
    let path = target.split(['?', '#']).next().unwrap_or(target);
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    match last.split(':').collect::<Vec<_>>().as_slice() {
        [.., name, port] if port.parse::<u16>().is_ok() => name,
        [.., name] => name,
        [] => last,
    }
}

/// One session for each target of the clients.
fn by_target(
    survey: Survey,
    flags: &SharedFlags<'_>,
    transport: &Options,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Vec<ClientPlan>, SettingError> {
    let Survey { views, mut unread } = survey;
    let mut services: BTreeMap<String, Vec<ClientView>> = BTreeMap::new();
    let mut without: Vec<ClientView> = Vec::new();
    for view in views {
        match service_of(&view.target) {
            Some(service) => services.entry(service).or_default().push(view),
            None => without.push(view),
        }
    }
    let mut plans: Vec<ClientPlan> = Vec::new();
    for (service, views) in services {
        match flags.plan(&[Redacted(service)], environment) {
            Ok(plan) => {
                let subject = ClientSubject::Clients { views, unread: std::mem::take(&mut unread) };
                plans.push(client_plan(Some(plan), None, subject, transport.clone()));
            }
            Err(_) => without.extend(views),
        }
    }
    let all: Vec<Plan> = plans.iter().filter_map(|plan| plan.registries.clone()).collect();
    for plan in &mut plans {
        plan.others = all.iter().filter(|other| other.label != plan.label).cloned().collect();
    }
    for view in &without {
        let target = grpc_discover::text::escape(&view.target).into_owned();
        terminal.note(&format!(
            "{}: target {target:?} names no registry that is known here; compare it with --of TARGET",
            view.id
        ));
    }
    if plans.is_empty() {
        unread.extend(without.into_iter().map(not_comparable));
        let subject = ClientSubject::Clients { views: Vec::new(), unread };
        plans.push(client_plan(None, Some("client"), subject, transport.clone()));
    }
    Ok(plans)
}

fn not_comparable(view: ClientView) -> Unread {
    Unread {
        process: view.id.process,
        witness: view.witness,
        why: format!("its target {:?} names no registry that is known here", view.target),
        remedy: Some("Name the service with --of TARGET.".to_string()),
        is_partial: false,
    }
}

fn client_plan(
    registries: Option<Plan>,
    label: Option<&str>,
    subject: ClientSubject,
    transport: Options,
) -> ClientPlan {
    let own = registries.as_ref().map(|plan| plan.label.clone());
    ClientPlan {
        label: own.or_else(|| label.map(Arc::from)).unwrap_or_else(|| Arc::from("")),
        criteria: registries.as_ref().map(|plan| plan.criteria.clone()).unwrap_or_default(),
        max_time: registries.as_ref().and_then(|plan| plan.limits.max_time),
        registries,
        others: Vec::new(),
        subject,
        transport,
    }
}

fn dry_run(places: &[String], named: Option<&Plan>) -> String {
    let mut text: String =
        places.iter().map(|place| format!("read the clients of {}\n", grpc_discover::text::escape(place))).collect();
    match named {
        Some(plan) => text.push_str(&super::dry_run::describe(std::slice::from_ref(plan))),
        None => text.push_str("query the registries that the targets of the clients name\nnothing was contacted\n"),
    }
    text
}

async fn run(plans: Vec<ClientPlan>, output: &OutputSettings, terminal: &Terminal) -> Result<u8, Failure> {
    let goals = vec![Goal::Resolve { watch: false }; plans.len()];
    let sessions = move || plans.into_iter().map(|plan| RunningSession::Clients(ClientSession::start(plan))).collect();
    sessions::run_all(sessions, &goals, output, terminal, SessionKind::Answer, SessionHooks::default()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_recognized_in_every_notation() {
        for text in [
            "pay",
            "discovery:///pay",
            "consul:///pay?tag=x",
            "consul://127.0.0.1:8500/pay",
            "dns:///pay:50051",
            "dns:pay:50051",
            "etcd:///pay/",
        ] {
            assert_eq!(service_name(text), "pay", "{text}");
        }
    }
}
