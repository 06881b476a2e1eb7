//! What a plan means for resources and nodes, each in one typed sentence.

use std::{collections::BTreeMap, fmt::Debug};

use model::{Model, ResourceKey, resource::base_name};
use scheduler::{ActionReason, Schedule};
use serde::Serialize;
use simulate::{Change, Fate};
use transition::{Action, ActionKind};
use vocab::Role;

/// What is done to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeFate {
    /// It is fenced: switched off, or off and on.
    Fence,
    /// It gets its access to shared devices.
    Unfence,
    /// It is shut down as it wishes.
    Shutdown,
}

impl NodeFate {
    /// So many of it.
    pub fn count(self, count: usize) -> String {
        let nodes = if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") };
        match self {
            Self::Fence => format!("{nodes} fenced"),
            Self::Unfence => format!("{nodes} unfenced"),
            Self::Shutdown => format!("{nodes} shut down"),
        }
    }
}

/// What is done beside what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chore {
    /// Somebody looks whether the resource is active.
    Probe,
    /// A recurring operation begins on what runs already.
    Monitor,
    /// A recurring operation ends on what goes on running.
    Cancel,
    /// Failures are forgotten.
    ForgetFailures,
    /// The record of a resource goes.
    ForgetHistory,
}

/// The reason that the scheduler gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// In words.
    pub text: String,
    /// The resource that is the reason, if one is: `db`, or `db:1` for one instance.
    pub resource: Option<String>,
    /// What is done to that resource.
    pub task: Option<String>,
}

impl From<&ActionReason> for Reason {
    fn from(reason: &ActionReason) -> Self {
        let (resource, task) = match reason {
            ActionReason::Required { resource, task }
            | ActionReason::Unrunnable { resource, task }
            | ActionReason::Unmigratable { resource, task } => (resource.clone(), Some(task)),
            ActionReason::RequiredBy { resource, task } => (Some(resource.clone()), Some(task)),
            ActionReason::Colocation(resource) => (Some(resource.clone()), None),
            ActionReason::Fence(
                model::FenceReason::ThoughtActive(resource)
                | model::FenceReason::ActiveThere(resource)
                | model::FenceReason::FailedThere(resource),
            ) => (Some(resource.clone()), None),
            ActionReason::NodeAvailability
            | ActionReason::MultiplyActive
            | ActionReason::DefinitionChanged
            | ActionReason::NoQuorum
            | ActionReason::QuorumFreeze
            | ActionReason::Fence(_)
            | ActionReason::DeviceChanged(_) => (None, None),
        };
        Self { text: reason.to_string(), resource, task: task.cloned() }
    }
}

/// One thing that a plan does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Effect {
    /// To a resource that is or was to run.
    Resource {
        /// What.
        fate: Fate,
        /// The resource; instances have the name of what they are instances of unless they differ.
        resource: String,
        /// The node it is on.
        from: Option<String>,
        /// The node it will be on.
        to: Option<String>,
        /// The role it has: `Stopped`, `Started`, `Unpromoted`, `Promoted`.
        role: String,
        /// The role it will have.
        next_role: String,
        /// Whether it cannot be done.
        blocked: bool,
        /// Why, if the scheduler says so.
        reason: Option<Reason>,
    },
    /// To a node.
    Node {
        /// What.
        fate: NodeFate,
        /// The node.
        node: String,
        /// For fencing, how: `reboot`, `off`, `on`.
        how: Option<String>,
        /// Why, if the scheduler says so.
        reason: Option<Reason>,
    },
    /// To a resource without disturbing it.
    Chore {
        /// What.
        chore: Chore,
        /// The resource.
        resource: String,
        /// Where.
        nodes: Vec<String>,
        /// The operation, if it recurs.
        operation: Option<String>,
        /// How often it recurs, in milliseconds; 0 for once.
        interval_ms: u32,
    },
}

impl Effect {
    /// The same without the reasons, and for a chore without the nodes unless `nodes` says that they count: what is equal
    /// here is told as one.
    pub(crate) fn identity(&self, nodes: bool) -> String {
        let mut effect = self.clone();
        match &mut effect {
            Self::Resource { reason, .. } | Self::Node { reason, .. } => *reason = None,
            Self::Chore { nodes: list, .. } if !nodes => list.clear(),
            Self::Chore { .. } => {}
        }
        format!("{effect:?}")
    }

    /// The resource it is about.
    pub fn resource(&self) -> Option<&str> {
        match self {
            Self::Resource { resource, .. } | Self::Chore { resource, .. } => Some(resource),
            Self::Node { .. } => None,
        }
    }

    /// Whether something that runs, or a node, is disturbed by it.
    pub fn disturbs(&self) -> bool {
        match self {
            Self::Resource { fate, from, .. } => fate.disturbs() && from.is_some(),
            Self::Node { fate, .. } => *fate != NodeFate::Unfence,
            Self::Chore { .. } => false,
        }
    }
}

/// An effect and what it is about in the model it was planned from.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) effect: Effect,
    pub(crate) resource: Option<ResourceKey>,
}

/// Everything that a plan does, nodes first, chores last and each on one node.
pub(crate) fn effects(model: &Model, plan: &Schedule) -> Vec<Found> {
    let mut found = nodes(model, plan);
    for change in simulate::changes(model, plan) {
        let Change::Resource(change) = change else { continue };
        let fate = change.fate;
        let key = model.resource_named(&change.resource);
        let name = key
            .map_or(change.resource.clone(), |key| model.resources[key].display_id().to_string());
        let role = |role: Role| role.as_str().to_owned();
        let next_role = if fate == Fate::Stop { Role::Stopped } else { change.next_role };
        let effect = Effect::Resource {
            fate,
            resource: name,
            from: change.origin,
            to: change.destination,
            role: role(change.role),
            next_role: role(next_role),
            blocked: change.blocked,
            reason: change.reason.as_ref().map(Reason::from),
        };
        found.push(Found { effect, resource: key });
    }
    found.extend(chores(model, plan));
    found
}

/// What is done to nodes, whether or not there is a reason to tell.
fn nodes(model: &Model, plan: &Schedule) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for action in plan.actions.iter().rev() {
        let Some(node) = action.node.filter(|_| action.resource.is_none() && !action.optional)
        else {
            continue;
        };
        let on = action.fencing.as_deref() == Some("on");
        let fate = match action.task.as_str() {
            "stonith" if on => NodeFate::Unfence,
            "stonith" => NodeFate::Fence,
            "do_shutdown" => NodeFate::Shutdown,
            _ => continue,
        };
        let effect = Effect::Node {
            fate,
            node: model.nodes[node].name.to_string(),
            how: action.fencing.clone(),
            reason: action.reason.as_ref().map(Reason::from),
        };
        let identity = effect.identity(true);
        if found.iter().all(|other| other.effect.identity(true) != identity) {
            found.push(Found { effect, resource: None });
        }
    }
    found
}

/// What else is done, as far as it does not belong to something greater on the same node.
fn chores(model: &Model, plan: &Schedule) -> Vec<Found> {
    let of = |action: &Action| -> Option<(String, String)> {
        let primitive = action.primitive.as_ref()?;
        Some((primitive.id.clone(), action.node.as_ref()?.name.clone()))
    };
    let mut steps: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for synapse in &plan.graph.synapses {
        if let Some(at) = of(&synapse.action) {
            steps.entry(at).or_default().push(&synapse.action.task);
        }
    }
    let mut found = Vec::new();
    for synapse in &plan.graph.synapses {
        let action = &synapse.action;
        let Some(at) = of(action).filter(|_| action.kind != ActionKind::Pseudo) else { continue };
        let with = |tasks: &[&str]| steps[&at].iter().any(|task| tasks.contains(task));
        let interval_ms = action.meta("interval").and_then(|text| text.parse().ok()).unwrap_or(0);
        let chore = match action.task.as_str() {
            "monitor" if interval_ms == 0 => Chore::Probe,
            "monitor" if !with(&["start", "promote", "demote", "migrate_from"]) => Chore::Monitor,
            "cancel" if !with(&["stop", "demote", "promote", "migrate_to"]) => Chore::Cancel,
            "clear_failcount" => Chore::ForgetFailures,
            "lrm_delete" | "delete" if !with(&["stop"]) => Chore::ForgetHistory,
            _ => continue,
        };
        let (id, node) = at;
        let key = model.resource_named(&id);
        let shown = key.map_or(id.clone(), |key| model.resources[key].display_id().to_string());
        let recurs = matches!(chore, Chore::Monitor | Chore::Cancel);
        let operation = recurs.then(|| action.meta("operation").unwrap_or("monitor").to_owned());
        let interval_ms = if recurs { interval_ms } else { 0 };
        let effect =
            Effect::Chore { chore, resource: shown, nodes: vec![node], operation, interval_ms };
        found.push(Found { effect, resource: key });
    }
    found
}

/// Puts chores that are the same on several nodes together.
pub(crate) fn gather<C: Debug>(effects: Vec<(Effect, C)>) -> Vec<(Effect, C)> {
    let mut gathered: Vec<(Effect, C)> = Vec::new();
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    for (effect, cause) in effects {
        let Effect::Chore { nodes, .. } = &effect else {
            gathered.push((effect, cause));
            continue;
        };
        let identity = format!("{} {cause:?}", effect.identity(false));
        let known = positions.get(&identity).and_then(|&position| gathered.get_mut(position));
        match known {
            Some((Effect::Chore { nodes: all, .. }, _)) => {
                all.extend(nodes.iter().cloned());
                all.sort_by(|a, b| model::node::compare_names(a, b));
            }
            Some(_) | None => {
                positions.insert(identity, gathered.len());
                gathered.push((effect, cause));
            }
        }
    }
    gathered
}

/// The resource's id in the configuration, for a name that may be an instance's.
pub(crate) fn configured(model: &Model, name: &str) -> String {
    let key = model.resource_named(name);
    key.map_or_else(|| base_name(name).to_owned(), |key| model.resources[key].config_id.to_string())
}
