use std::{collections::BTreeSet, time::Duration};

use client::{
    attributes::{Attributes, AttributesError},
    controller::{Controller, ControllerError},
};
use messages::{
    attributes::FailureFilter,
    crmd::{Body, Operation, ResourceReference, Subsystem},
};
use model::{Model, NodeKey, Resource, ResourceKey};
use vocab::{FEATURE_SET, Interval, NodeName, ToolExit};

use super::{Session, Stop};

/// How long to wait for the next answer of a controller.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a controller may take for one resource, as it is told, in milliseconds.
const OPERATION_TIMEOUT_MS: &str = "60000";

impl From<ControllerError> for Stop {
    fn from(error: ControllerError) -> Self {
        Self::new(ToolExit::Disconnect, format!("Error performing operation: {error}"))
    }
}

impl From<AttributesError> for Stop {
    fn from(error: AttributesError) -> Self {
        Self::new(ToolExit::Disconnect, format!("Error performing operation: {error}"))
    }
}

/// Makes the cluster forget failures (cleanup) or the whole history (refresh) of one resource or of all, on one node or on all.
pub(super) fn forget(session: &mut Session<'_>) -> Result<(), Stop> {
    let only_failures = session.options.command.cleanup;
    let only_node = session.node()?.map(str::to_owned);
    let mut work = Work::connect()?;
    match session.options.resource.clone() {
        Some(id) => one_resource(session, &mut work, &id, only_node.as_deref(), only_failures)?,
        None if only_failures => all_failures(session, &mut work, only_node.as_deref())?,
        None => reprobe(&mut work, only_node.as_deref())?,
    }
    work.wait(session)
}

/// Makes the cluster believe that a resource failed on a node.
pub(super) fn fail(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    let Some(node) = session.node()?.map(str::to_owned) else {
        return Err(Stop::new(ToolExit::Usage, "--fail needs a node: name it with -N"));
    };
    let model = &session.model;
    let key = primitives(model, &id, true)?;
    let [key] = key[..] else {
        return Err(Stop::new(
            ToolExit::Usage,
            format!("We can only process primitive resources, not {id}"),
        ));
    };
    let online = model.node_named(&node).is_some_and(|node| model.nodes[node].state.online);
    if !online {
        return Err(Stop::new(ToolExit::NoHost, format!("Node {node} is not online")));
    }
    let mut work = Work::connect()?;
    let operation = operation(&model.resources[key], &node, false);
    work.ask(Body::Fail(Box::new(operation)), &node)?;
    work.wait(session)
}

/// The connections that forgetting needs, and what was asked of the controllers so far.
struct Work {
    attributes: Attributes,
    controller: Controller,
    expected: usize,
}

impl Work {
    fn connect() -> Result<Self, Stop> {
        Ok(Self {
            attributes: Attributes::connect(super::TOOL.name)?,
            controller: Controller::connect(super::TOOL.name)?,
            expected: 0,
        })
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
        say(session, format!("Waiting for {count} {replies} from the controller"));
        while self.expected > 0 {
            if self.controller.next(ANSWER_TIMEOUT)?.is_none() {
                let seconds = ANSWER_TIMEOUT.as_secs();
                let text = format!("Aborting because no messages received in {seconds} seconds");
                return Err(Stop::new(ToolExit::Timeout, text));
            }
            // A controller says that it is done with a message of its own, whose reference is not that of the request, so
            // answers can only be counted.
            self.expected -= 1;
            let more = if self.expected == 0 { " (done)" } else { "" };
            say(session, format!("... got reply{more}"));
        }
        Ok(())
    }
}

fn say(session: &mut Session<'_>, text: String) {
    if !session.options.quiet {
        session.output.line(text);
    }
}

fn one_resource(
    session: &mut Session<'_>,
    work: &mut Work,
    id: &str,
    only_node: Option<&str>,
    only_failures: bool,
) -> Result<(), Stop> {
    let keys = primitives(&session.model, id, session.options.force)?;
    let mut lines = Vec::new();
    for key in keys {
        for node in places(&session.model, key, only_node, session.options.force) {
            let model = &session.model;
            let resource = &model.resources[key];
            let node_name = model.nodes[node].name.to_string();
            let filter = filter(session, Some(resource))?;
            work.attributes.clear_failure(filter, Some(model.nodes[node].name.clone()), false)?;
            if !only_failures || has_failed(session, resource, &node_name)? {
                delete_history(model, work, resource, node)?;
            }
            lines.push(format!("Cleaned up {} on {node_name}", resource.id));
        }
    }
    for line in lines {
        say(session, line);
    }
    Ok(())
}

fn all_failures(
    session: &mut Session<'_>,
    work: &mut Work,
    only_node: Option<&str>,
) -> Result<(), Stop> {
    let filter = filter(session, None)?;
    work.attributes.clear_failure(filter, only_node.map(NodeName::from), false)?;
    let model = &session.model;
    let mut failed: BTreeSet<(&str, &str)> = BTreeSet::new();
    for failure in &model.failed {
        if only_node.is_none_or(|only| only.eq_ignore_ascii_case(&failure.node)) {
            failed.insert((&failure.resource, &failure.node));
        }
    }
    for (resource, node) in failed {
        let resource = model.resource_named(resource).map(|key| &model.resources[key]);
        if let (Some(resource), Some(node)) = (resource, model.node_named(node)) {
            delete_history(model, work, resource, node)?;
        }
    }
    say(session, format!("Cleaned up all resources on {}", only_node.unwrap_or("all nodes")));
    Ok(())
}

/// Has a node, or every node, find out anew what runs there.
fn reprobe(work: &mut Work, only_node: Option<&str>) -> Result<(), Stop> {
    let operation = Operation {
        node: only_node.map(NodeName::from),
        transition_key: Some(tool_key()),
        ..Operation::default()
    };
    let node = only_node.map(NodeName::from);
    let body = Body::Reprobe(Box::new(operation));
    work.controller.send(body, Subsystem::Controller, node.as_ref())?;
    Ok(())
}

fn delete_history(
    model: &Model,
    work: &mut Work,
    resource: &Resource,
    node: NodeKey,
) -> Result<(), Stop> {
    let name = model.nodes[node].name.as_str();
    let only_cib = !model.nodes[node].state.online;
    let operation = Box::new(operation(resource, name, only_cib));
    work.ask(Body::DeleteHistory { operation, transition_key: None }, name)
}

fn operation(resource: &Resource, node: &str, only_cib: bool) -> Operation {
    let known_as = resource.state.history_id.clone();
    let agent = resource.agent.as_ref();
    Operation {
        node: Some(NodeName::from(node)),
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

/// Which failures are meant: of a resource, of an operation.
fn filter(session: &Session<'_>, resource: Option<&Resource>) -> Result<FailureFilter, Stop> {
    let name = resource.map(|resource| {
        let known_as = resource.state.history_id.as_ref().unwrap_or(&resource.id).as_str();
        if resource.unique { known_as } else { model::resource::base_name(known_as) }.to_owned()
    });
    let interval = interval(session)?;
    let operation = session.options.operation.clone().map(|task| (task, interval));
    Ok(FailureFilter { resource: name, operation })
}

fn interval(session: &Session<'_>) -> Result<Interval, Stop> {
    let text = session.options.interval.as_deref().unwrap_or("0");
    Interval::parse(text).map_err(|error| Stop::new(ToolExit::Usage, error.to_string()))
}

fn has_failed(session: &Session<'_>, resource: &Resource, node: &str) -> Result<bool, Stop> {
    let wanted = interval(session)?;
    let known_as = resource.state.history_id.as_ref().unwrap_or(&resource.id);
    Ok(session.model.failed.iter().any(|failure| {
        let is_resource =
            failure.resource == known_as.as_str() || failure.resource == resource.id.as_str();
        let is_operation =
            session.options.operation.as_ref().is_none_or(|task| {
                task == failure.entry.task() && failure.entry.interval == wanted
            });
        is_resource && is_operation && failure.node == node
    }))
}

/// The primitives that the id stands for: with `alone` only the resource itself, else the whole that it is part of.
fn primitives(model: &Model, id: &str, alone: bool) -> Result<Vec<ResourceKey>, Stop> {
    let key = model.resource_named(id).ok_or_else(|| Stop::not_found("Resource", id))?;
    let mut pending = vec![if alone { key } else { model.top_of(key, false) }];
    let mut found = Vec::new();
    while let Some(key) = pending.pop() {
        let resource = &model.resources[key];
        if resource.is_primitive() {
            found.push(key);
        }
        pending.extend(resource.state.children.iter().rev());
    }
    Ok(found)
}

/// The online nodes where the resource is known, or where it might be if it is known nowhere.
fn places(model: &Model, key: ResourceKey, only_node: Option<&str>, force: bool) -> Vec<NodeKey> {
    let resource = &model.resources[key];
    if let Some(name) = only_node {
        return model.node_named(name).into_iter().collect();
    }
    let known = resource.state.known_on.clone();
    let candidates: Vec<NodeKey> = if !known.is_empty() {
        known
    } else if force {
        model.node_order.clone()
    } else {
        resource.allowed.iter().map(|(node, _)| node).collect()
    };
    candidates.into_iter().filter(|&node| model.nodes[node].state.online).collect()
}
