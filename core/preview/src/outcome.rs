//! What is left when everything is done that a plan, and the plans after it, do.

use std::collections::{BTreeMap, BTreeSet};

use model::{Model, NodeKey, ResourceKey, ScoreReason};
use serde::Serialize;
use simulate::Executed;
use transition::{ActionKind, Graph, walker::Status};
use vocab::Role;
use xml::Element;

use crate::{Situation, effect::Reason};

/// Transitions that are played before it is said that the cluster does not come to rest.
const MOST_TRANSITIONS: usize = 10;

/// A node and a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ActiveOn {
    /// The node.
    pub node: String,
    /// The role there: `Started`, `Unpromoted`, `Promoted`.
    pub role: String,
}

/// Why nothing may run on some nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ban {
    /// Why, in words, with the id of what it comes from.
    pub why: String,
    /// The nodes.
    pub nodes: Vec<String>,
}

/// Why a resource does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Stopped {
    /// Its target-role says so.
    Disabled,
    /// The cluster leaves it alone.
    Unmanaged,
    /// A failure blocks it.
    Blocked,
    /// There is no node for it.
    NoNode {
        /// What speaks against which nodes.
        bans: Vec<Ban>,
    },
    /// There is a node, but it cannot start there.
    CannotStart {
        /// The node.
        node: String,
        /// Why, if the scheduler says so.
        reason: Option<Reason>,
    },
    /// It is not configured any more.
    Removed,
}

/// Where a resource is in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceEnd {
    /// The resource; all instances of an anonymous clone together.
    pub resource: String,
    /// Where it is now.
    pub before: Vec<ActiveOn>,
    /// Where it is in the end.
    pub after: Vec<ActiveOn>,
    /// Why it runs nowhere, if it does.
    pub stopped: Option<Stopped>,
}

/// What is left in the end, if all goes well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// Whether the cluster comes to rest.
    pub settled: bool,
    /// How many transitions that takes.
    pub transitions: usize,
    /// What those after the first one do, in number of actions.
    pub later_actions: usize,
    /// Every primitive, in the order of the configuration, those that are gone last.
    pub resources: Vec<ResourceEnd>,
}

/// Plays the situation to its end, and compares it with how the cluster is now.
pub(crate) fn end(now: &Situation, situation: &Situation) -> End {
    let mut latest: Option<Situation> = None;
    let (mut transitions, mut later_actions) = (0, 0);
    let mut complete = true;
    // What was done already and is planned again leaves no trace that can be pretended, and is no reason to go on.
    let mut done: BTreeSet<(String, Option<String>)> = BTreeSet::new();
    let mut settled;
    loop {
        let current = latest.as_ref().unwrap_or(situation);
        let due = due(&current.plan.graph);
        settled = complete && due.iter().all(|action| done.contains(action));
        if transitions > 0 && !settled {
            later_actions += due.len();
        }
        if settled || !complete || transitions == MOST_TRANSITIONS {
            break;
        }
        done.extend(due);
        let time = current.model.now;
        let played =
            simulate::carry_out(&current.cib, &current.model, &current.plan, &[], time.moment);
        complete = played.status == Status::Complete;
        transitions += 1;
        let mut cib = played.cib;
        played.executed.iter().for_each(|executed| forget(&mut cib, executed));
        latest = Some(Situation::new(cib, time, current.model.sanitized, false));
    }
    let last = latest.as_ref().unwrap_or(situation);
    End { settled, transitions, later_actions, resources: resources(&now.model, last) }
}

/// What somebody would carry out, and where.
fn due(graph: &Graph) -> Vec<(String, Option<String>)> {
    graph
        .synapses
        .iter()
        .map(|synapse| &synapse.action)
        .filter(|action| action.kind != ActionKind::Pseudo)
        .map(|action| {
            let node = action.node.as_ref().map(|node| node.name.clone());
            (format!("{} {}", action.task, action.key), node)
        })
        .collect()
}

/// Takes out of the status what the controller would: histories that are deleted, failures that are forgotten.
fn forget(cib: &mut Element, executed: &Executed) {
    let (resource, node, task) = match executed {
        Executed::Resource { resource, task, node, .. } => (resource, node, task),
        Executed::Cluster { task, resource: Some(resource), node } => (resource, node, task),
        _ => return,
    };
    let states = cib.child_or_new("status").elements_mut();
    for state in states.filter(|state| state.attr("uname") == Some(node)) {
        match task.as_str() {
            "delete" | "lrm_delete" => prune(state, &|element| {
                element.name() == "lrm_resource" && element.id() == Some(resource)
            }),
            "clear_failcount" => prune(state, &|element| {
                let counts = |name: &str| {
                    ["fail-count-", "last-failure-"].iter().any(|prefix| {
                        name.strip_prefix(prefix)
                            .and_then(|rest| rest.strip_prefix(&**resource))
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
                    })
                };
                element.name() == "nvpair" && element.attr("name").is_some_and(counts)
            }),
            _ => {}
        }
    }
}

/// Takes elements out, wherever they are.
fn prune(element: &mut Element, goes: &dyn Fn(&Element) -> bool) {
    if !element.descendants().any(goes) {
        return;
    }
    element.nodes_mut().retain(|node| !node.as_element().is_some_and(goes));
    element.elements_mut().for_each(|child| prune(child, goes));
}

fn resources(before: &Model, last: &Situation) -> Vec<ResourceEnd> {
    let after = &last.model;
    let mut ends: Vec<ResourceEnd> = Vec::new();
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    let mut places = |model: &Model, is_after: bool| {
        for (key, resource) in model.resources.iter() {
            if !resource.is_primitive() || (resource.state.removed && is_after) {
                continue;
            }
            let name = resource.display_id().to_string();
            let position = *positions.entry(name.clone()).or_insert_with(|| {
                let (before, after) = (Vec::new(), Vec::new());
                ends.push(ResourceEnd { resource: name, before, after, stopped: None });
                ends.len() - 1
            });
            let end = &mut ends[position];
            let active = places_of(model, key);
            if is_after {
                end.after.extend(active);
                let why = stopped(last, key);
                end.stopped.get_or_insert(why);
            } else {
                end.before.extend(active);
            }
        }
    };
    places(after, true);
    places(before, false);
    for end in &mut ends {
        end.before.sort();
        end.after.sort();
        let why = end.stopped.take();
        // What is gone and did not run is of no interest, and is left out below.
        end.stopped = end.after.is_empty().then(|| why.unwrap_or(Stopped::Removed));
    }
    ends.retain(|end| end.stopped != Some(Stopped::Removed) || !end.before.is_empty());
    ends
}

fn places_of(model: &Model, key: ResourceKey) -> Vec<ActiveOn> {
    let resource = &model.resources[key];
    let promotable = model.resources[model.top_of(key, true)].promotable;
    let role = match resource.state.role {
        Role::Started | Role::Stopped if promotable => Role::Unpromoted,
        // What has failed may count as stopped, and is still there.
        Role::Stopped => Role::Started,
        role => role,
    };
    let active = resource.state.active_on.iter();
    active
        .map(|&node| ActiveOn {
            node: model.nodes[node].name.to_string(),
            role: role.as_str().to_owned(),
        })
        .collect()
}

/// Why the resource does not run, if it does not.
fn stopped(last: &Situation, key: ResourceKey) -> Stopped {
    let resource = &last.model.resources[key];
    let outcome = &last.plan.resources[key];
    if resource.meta("target-role").is_some_and(|role| role.parse() == Ok(Role::Stopped)) {
        return Stopped::Disabled;
    }
    if !outcome.state.managed {
        return Stopped::Unmanaged;
    }
    if outcome.state.blocked {
        return Stopped::Blocked;
    }
    let Some(node) = outcome.assigned else {
        return Stopped::NoNode { bans: bans(last, key) };
    };
    let start = last.plan.actions.iter().find(|action| {
        action.resource == Some(key) && action.task == "start" && action.node == Some(node)
    });
    Stopped::CannotStart {
        node: last.model.nodes[node].name.to_string(),
        reason: start.and_then(|start| start.reason.as_ref()).map(Reason::from),
    }
}

/// What speaks against each node.
fn bans(last: &Situation, key: ResourceKey) -> Vec<Ban> {
    let Situation { model, plan, .. } = last;
    let mut line = vec![key];
    while let Some(parent) = line.last().and_then(|last| model.resources[*last].parent) {
        line.push(parent);
    }
    let mut bans: Vec<Ban> = Vec::new();
    let mut add = |why: String, node: NodeKey| {
        let node = model.nodes[node].name.to_string();
        match bans.iter_mut().find(|ban| ban.why == why) {
            Some(ban) if ban.nodes.contains(&node) => {}
            Some(ban) => ban.nodes.push(node),
            None => bans.push(Ban { why, nodes: vec![node] }),
        }
    };
    for &node in &model.node_order {
        if let Some(why) = unusable(model, node) {
            add(why.to_owned(), node);
        }
    }
    for change in &plan.score_changes {
        let is_ban = change.score.is_minus_infinite() && line.contains(&change.resource);
        // A node that cannot be used anyway needs no other reason.
        if is_ban && unusable(model, change.node).is_none() {
            add(words(model, &change.reason), change.node);
        }
    }
    bans
}

fn unusable(model: &Model, node: NodeKey) -> Option<&'static str> {
    let state = &model.nodes[node].state;
    if !state.online {
        Some("offline")
    } else if state.unclean {
        Some("unclean")
    } else if state.standby || state.standby_by_failure {
        Some("in standby")
    } else if state.maintenance {
        Some("in maintenance")
    } else if state.shutdown {
        Some("shutting down")
    } else if state.pending {
        Some("not joined yet")
    } else {
        None
    }
}

fn words(model: &Model, reason: &ScoreReason) -> String {
    let id = |key: &ResourceKey| model.resources[*key].display_id().to_string();
    match reason {
        ScoreReason::Location(constraint) => format!("location {constraint}"),
        ScoreReason::Colocation { id: constraint, with, .. } if constraint.starts_with('#') => {
            format!("has to be with {}", id(with))
        }
        ScoreReason::Colocation { id: constraint, with, .. } => {
            format!("colocation {constraint} with {}", id(with))
        }
        ScoreReason::Ticket(ticket) => format!("ticket {ticket}"),
        ScoreReason::Collective(whole) => format!("{} may not be there", id(whole)),
        ScoreReason::Health => "node health".to_owned(),
        ScoreReason::FailLimit => "failed there too often".to_owned(),
        ScoreReason::StopFailed => "could not be stopped there".to_owned(),
        ScoreReason::HardError | ScoreReason::MaskedProbe => "cannot run there".to_owned(),
        ScoreReason::FatalError => "cannot run anywhere".to_owned(),
        ScoreReason::StopOnFailure => "stays stopped after its failure".to_owned(),
        ScoreReason::MultipleActive => "was active more than once".to_owned(),
        ScoreReason::ShutdownLock => "locked to a node that was shut down".to_owned(),
        ScoreReason::ExclusiveDiscovery => "only other nodes are asked for it".to_owned(),
        ScoreReason::TargetRole => "should be stopped".to_owned(),
        ScoreReason::InstanceLimit => "has all its instances".to_owned(),
        ScoreReason::NodeLimit => "the node has as many instances as it may".to_owned(),
        ScoreReason::Utilization(_) => "not enough capacity".to_owned(),
        ScoreReason::NoRemoteNodes => "cannot run on remote nodes".to_owned(),
        ScoreReason::InBundle => "inside a bundle".to_owned(),
        ScoreReason::WithContainer => "has to be where its container is".to_owned(),
        // None of the others forbids a node.
        _ => "forbidden".to_owned(),
    }
}
