//! Makes the cluster forget failures or histories, and believe in failures that did not happen.

use std::{collections::BTreeSet, time::Duration};

use client::{attributes::Attributes, controller::Controller};
use messages::{
    attributes::FailureFilter,
    crmd::{Body, Operation, ResourceReference, Subsystem},
};
use model::{Model, NodeKey, NodeKind, Resource, ResourceKey, current_node, resource::base_name};
use vocab::{FEATURE_SET, Interval, NodeName, ToolExit};

use super::{
    command::Match,
    locate::leaves,
    session::{Session, Stop, find},
    why::Checks,
};

/// How long to wait for the next answer of a controller.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a controller may take for one resource, as it is told, in milliseconds.
const OPERATION_TIMEOUT_MS: &str = "60000";

/// Makes the cluster forget failures (with `only_failures`) or the whole history of one resource or of all, on one node or on
/// all.
pub(super) fn forget(session: &mut Session<'_>, only_failures: bool) -> Result<(), Stop> {
    let Some(mut work) = Work::connect()? else {
        dry_run(session);
        return Ok(());
    };
    match session.resource {
        Some(key) => one_resource(session, &mut work, key, only_failures)?,
        None if only_failures => all_failures(session, &mut work)?,
        None => reprobe(session, &mut work)?,
    }
    work.wait(session)
}

/// Makes the cluster believe that a resource failed on a node.
pub(super) fn fail(session: &mut Session<'_>) -> Result<(), Stop> {
    let (key, requested) = (session.key()?, session.requested()?);
    let node = session.node.ok_or_else(|| Stop::usage("Must supply a node name with -N/--node"))?;
    let name = session.model.nodes[node].name.to_string();
    let Some(mut work) = Work::connect()? else {
        session
            .output
            .remark(format!("Dry run: skipping fail of {requested} on {name} due to CIB_file"));
        return Ok(());
    };
    check_primitive(session, key, requested)?;
    if !session.model.nodes[node].state.online {
        session.output.remark(format!("Node {name} is not online"));
        return Err(Stop::failed(ToolExit::Disconnect));
    }
    let router = router(session, node)?;
    let operation = operation(&session.model.resources[key], &name, &router, false);
    work.ask(Body::Fail(Box::new(operation)), &router)?;
    work.wait(session)
}

/// The connections that forgetting needs, and what was asked of the controllers so far.
struct Work {
    attributes: Attributes,
    controller: Controller,
    expected: usize,
}

impl Work {
    /// Connects; not where the CIB is a file, for which there is no cluster.
    fn connect() -> Result<Option<Self>, Stop> {
        if std::env::var_os("CIB_file").is_some() {
            return Ok(None);
        }
        Ok(Some(Self {
            attributes: Attributes::connect(super::TOOL.name)?,
            controller: Controller::connect(super::TOOL.name)?,
            expected: 0,
        }))
    }

    fn ask(&mut self, body: Body, node: &str) -> Result<(), Stop> {
        let node = NodeName::from(node);
        self.controller.send(body, Subsystem::Controller, Some(&node))?;
        self.expected += 1;
        Ok(())
    }

    /// Waits until every controller has answered.
    fn wait(mut self, session: &mut Session<'_>) -> Result<(), Stop> {
        let count = self.expected;
        if count == 0 {
            return Ok(());
        }
        let replies = if count == 1 { "reply" } else { "replies" };
        session.say(format!("Waiting for {count} {replies} from the controller"));
        while self.expected > 0 {
            session.output.flush();
            if self.controller.next(ANSWER_TIMEOUT)?.is_none() {
                let seconds = ANSWER_TIMEOUT.as_secs();
                let text = format!("Aborting because no messages received in {seconds} seconds");
                return Err(Stop::new(ToolExit::Timeout, text));
            }
            // A controller says that it is done with a message of its own, whose reference is not that of the request, so
            // answers can only be counted.
            self.expected -= 1;
            let more = if self.expected == 0 { " (done)" } else { "" };
            session.say(format!("... got reply{more}"));
        }
        Ok(())
    }
}

/// Says what would be forgotten if there were a cluster.
fn dry_run(session: &mut Session<'_>) {
    let Some(key) = session.resource else {
        let place = session.node_name().unwrap_or_else(|| "all nodes".to_owned());
        session.say(format!("Dry run: skipping clean-up of {place} due to CIB_file"));
        return;
    };
    for leaf in parts(session, key) {
        for node in places(session, leaf) {
            let (id, name) = (&session.model.resources[leaf].id, &session.model.nodes[node].name);
            let line = format!("Dry run: skipping clean-up of {id} on {name} due to CIB_file");
            session.output.remark(line);
        }
    }
}

/// The primitives that the resource stands for: with `--force` only those in itself, else those of the whole it is part of.
fn parts(session: &Session<'_>, key: ResourceKey) -> Vec<ResourceKey> {
    let model = &session.model;
    let whole = if session.options.force { key } else { collective(model, key) };
    leaves(model, &[whole])
}

/// The group, clone or bundled resource that a resource is part of.
pub(super) fn collective(model: &Model, key: ResourceKey) -> ResourceKey {
    model.top_of(key, true)
}

fn one_resource(
    session: &mut Session<'_>,
    work: &mut Work,
    key: ResourceKey,
    only_failures: bool,
) -> Result<(), Stop> {
    for leaf in parts(session, key) {
        for node in places(session, leaf) {
            if forget_on(session, work, leaf, node, only_failures).is_err() {
                // Why has been said.
                return Ok(());
            }
        }
    }
    if !session.options.quiet {
        let whole = if session.options.force { key } else { collective(&session.model, key) };
        Checks::of(session, whole, session.node).tell(session);
    }
    Ok(())
}

fn forget_on(
    session: &mut Session<'_>,
    work: &mut Work,
    key: ResourceKey,
    node: NodeKey,
    only_failures: bool,
) -> Result<(), Stop> {
    let model = &session.model;
    let (id, name) = (model.resources[key].id.to_string(), model.nodes[node].name.clone());
    if !model.nodes[node].state.probes_allowed {
        session.output.remark(format!(
            "Unable to clean up {id} because resource discovery disabled on {name}"
        ));
        return Err(Stop::failed(ToolExit::UnimplementedFeature));
    }
    let filter = filter(session, Some(&session.model.resources[key]), only_failures)?;
    let is_remote = session.model.nodes[node].kind == NodeKind::Remote;
    if let Err(error) = work.attributes.clear_failure(filter, Some(name.clone()), is_remote) {
        session.output.remark(format!("Unable to clean up {id} failures on {name}: {error}"));
        return Err(error.into());
    }
    let histories =
        if only_failures { failed(session, Some(key), node)? } else { BTreeSet::from([key]) };
    for history in histories {
        if let Err(stop) = delete_history(session, work, history, node) {
            session.output.remark(format!(
                "Cleaned {id} failures on {name}, but unable to clean history: {}",
                stop.exit()
            ));
            return Err(stop);
        }
    }
    session.say(format!("Cleaned up {id} on {name}"));
    Ok(())
}

fn all_failures(session: &mut Session<'_>, work: &mut Work) -> Result<(), Stop> {
    let filter = filter(session, None, true)?;
    let only_node = session.node;
    let is_remote =
        only_node.is_some_and(|node| session.model.nodes[node].kind == NodeKind::Remote);
    let name = session.node_name();
    let place = name.clone().unwrap_or_else(|| "all nodes".to_owned());
    if let Err(error) = work.attributes.clear_failure(filter, name.map(NodeName::from), is_remote) {
        session.output.remark(format!("Unable to clean up all failures on {place}: {error}"));
        return Err(error.into());
    }
    let nodes = only_node.map_or_else(|| session.model.node_order.clone(), |node| vec![node]);
    for node in nodes {
        for key in failed(session, None, node)? {
            delete_history(session, work, key, node)?;
        }
    }
    session.say(format!("Cleaned up all resources on {place}"));
    Ok(())
}

/// Has a node, or every node, find out anew what runs there.
fn reprobe(session: &mut Session<'_>, work: &mut Work) -> Result<(), Stop> {
    let node = session.node_name().map(NodeName::from);
    let is_remote =
        session.node.is_some_and(|key| session.model.nodes[key].kind == NodeKind::Remote);
    let router = match session.node {
        Some(key) => Some(NodeName::from(router(session, key)?)),
        None => None,
    };
    work.attributes.clear_failure(FailureFilter::default(), node.clone(), is_remote)?;
    let operation = Operation {
        router: router.clone().filter(|router| Some(router) != node.as_ref()),
        node,
        transition_key: Some(tool_key()),
        ..Operation::default()
    };
    let body = Body::Reprobe(Box::new(operation));
    work.controller.send(body, Subsystem::Controller, router.as_ref())?;
    work.expected += 1;
    Ok(())
}

/// What has failed on a node: operations of a resource or of all, or one operation only if that was asked for.
fn failed(
    session: &Session<'_>,
    resource: Option<ResourceKey>,
    node: NodeKey,
) -> Result<BTreeSet<ResourceKey>, Stop> {
    let model = &session.model;
    let wanted = interval(session)?;
    let mut found = BTreeSet::new();
    for failure in &model.failed {
        if !failure.node.eq_ignore_ascii_case(model.nodes[node].name.as_str()) {
            continue;
        }
        if let Some(resource) = resource
            && find(model, &failure.resource, Match::AnonymousBase) != Some(resource)
        {
            continue;
        }
        let is_operation = session.options.operation.as_ref().is_none_or(|task| {
            task.eq_ignore_ascii_case(failure.entry.task()) && failure.entry.interval == wanted
        });
        if is_operation {
            found.extend(find(model, &failure.resource, Match::Exact));
        }
    }
    Ok(found)
}

fn delete_history(
    session: &mut Session<'_>,
    work: &mut Work,
    key: ResourceKey,
    node: NodeKey,
) -> Result<(), Stop> {
    let id = session.model.resources[key].id.to_string();
    check_primitive(session, key, &id)?;
    let name = session.model.nodes[node].name.to_string();
    let only_cib = !session.model.nodes[node].state.online;
    let router = if only_cib { name.clone() } else { router(session, node)? };
    let operation = Box::new(operation(&session.model.resources[key], &name, &router, only_cib));
    work.ask(Body::DeleteHistory { operation, transition_key: None }, &router)
}

fn check_primitive(session: &mut Session<'_>, key: ResourceKey, id: &str) -> Result<(), Stop> {
    if session.model.resources[key].is_primitive() {
        return Ok(());
    }
    session.output.remark(format!("We can only process primitive resources, not {id}"));
    Err(Stop::failed(ToolExit::Software))
}

/// The node whose controller is to be asked: that which holds the connection to a remote node.
fn router(session: &mut Session<'_>, node: NodeKey) -> Result<String, Stop> {
    let model = &session.model;
    let Some(connection) = model.nodes[node].connection else {
        return Ok(model.nodes[node].name.to_string());
    };
    let resource = &model.resources[connection];
    let is_clean = |node: NodeKey| {
        let state = &model.nodes[node].state;
        state.online && !state.unclean
    };
    match current_node(&resource.state, resource.needs_fencing, is_clean) {
        Some(host) => Ok(model.nodes[host].name.to_string()),
        None => {
            let name = &model.nodes[node].name;
            let text = format!("No cluster connection to Pacemaker Remote node {name} detected");
            session.output.remark(text);
            Err(Stop::failed(ToolExit::Disconnect))
        }
    }
}

fn operation(resource: &Resource, node: &str, router: &str, only_cib: bool) -> Operation {
    let known_as = resource.state.history_id.clone();
    let agent = resource.agent.as_ref();
    Operation {
        node: Some(NodeName::from(node)),
        router: (router != node).then(|| NodeName::from(router)),
        transition_key: Some(tool_key()),
        only_cib,
        resource: Some(ResourceReference {
            long_id: known_as.is_some().then(|| resource.id.to_string()),
            id: known_as.unwrap_or_else(|| resource.id.clone()),
            class: agent.map(|agent| agent.class.clone()),
            provider: agent.and_then(|agent| agent.provider.clone()),
            agent: agent.map(|agent| agent.agent.clone()),
        }),
        attributes: [
            ("crm_feature_set".to_owned(), FEATURE_SET.to_string()),
            ("CRM_meta_timeout".to_owned(), OPERATION_TIMEOUT_MS.to_owned()),
        ]
        .into(),
        ..Operation::default()
    }
}

/// Controllers want a transition key in every request; this one belongs to no transition.
fn tool_key() -> String {
    format!("0:{}:0:xxxxxxxx-xrsc-opxx-xcrm-resourcexxxx", std::process::id())
}

/// Which failures are meant: of a resource, and if only failures are to be forgotten of an operation.
fn filter(
    session: &Session<'_>,
    resource: Option<&Resource>,
    only_failures: bool,
) -> Result<FailureFilter, Stop> {
    let name = resource.map(|resource| {
        let known_as = resource.state.history_id.as_ref().unwrap_or(&resource.id).as_str();
        if resource.unique { known_as } else { base_name(known_as) }.to_owned()
    });
    let interval = interval(session)?;
    let task = session.options.operation.clone().filter(|_| only_failures);
    Ok(FailureFilter { resource: name, operation: task.map(|task| (task, interval)) })
}

fn interval(session: &Session<'_>) -> Result<Interval, Stop> {
    let text = session.options.interval.as_deref().unwrap_or("0");
    Interval::parse(text).map_err(|error| Stop::usage(error.to_string()))
}

/// The nodes that are meant: the one that was named, else the online ones where the resource is known, or where it might be
/// if it is known nowhere.
fn places(session: &Session<'_>, key: ResourceKey) -> Vec<NodeKey> {
    let model = &session.model;
    if let Some(node) = session.node {
        return vec![node];
    }
    let resource = &model.resources[key];
    let known = resource.state.known_on.clone();
    let candidates: Vec<NodeKey> = if !known.is_empty() {
        known
    } else if session.options.force {
        model.node_order.clone()
    } else {
        let everywhere = !resource.state.exclusive_probes;
        let allowed = resource.allowed.iter();
        let fits = allowed.filter(|(_, allowed)| everywhere || allowed.score.value() >= 0);
        fits.map(|(node, _)| node).collect()
    };
    candidates.into_iter().filter(|&node| model.nodes[node].state.online).collect()
}
