use std::{fmt, time::Duration};

use vocab::{Score, Timestamp};

use crate::Attributes;

/// The number of an action within one graph; grows in the order in which the scheduler thought of the actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u32);

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is to be done, and in which order, to bring the cluster to the state that was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Number of the transition.
    pub id: i32,
    /// Extra time that the result of an action on another node may need on its way back.
    pub cluster_delay: Setting,
    /// How long fencing a node may take.
    pub fencing_timeout: Setting,
    /// Added to the fail count when a stop fails.
    pub failed_stop_offset: Score,
    /// Added to the fail count when a start fails.
    pub failed_start_offset: Score,
    /// How many actions may be under way at once in the whole cluster; 0 leaves it to the controller.
    pub batch_limit: i32,
    /// How many migrations may be under way at once on one node.
    pub migration_limit: Option<i32>,
    /// When the plan has to be made again at the latest.
    pub recheck_by: Option<Timestamp>,
    /// The actions, each with what it waits for.
    pub synapses: Vec<Synapse>,
}

/// A duration as somebody configured it: the graph carries the words, the walker needs the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As configured.
    pub text: String,
    /// What it means.
    pub duration: Duration,
}

impl Setting {
    /// Reads a configured duration.
    pub fn parse(text: &str) -> Result<Self, vocab::IntervalError> {
        Ok(Self { text: text.to_owned(), duration: vocab::parse_duration(text)? })
    }
}

impl From<Duration> for Setting {
    fn from(duration: Duration) -> Self {
        let text = if duration.subsec_nanos() == 0 {
            format!("{}s", duration.as_secs())
        } else {
            format!("{}ms", duration.as_millis())
        };
        Self { text, duration }
    }
}

impl Default for Graph {
    /// A graph without actions and with the cluster's default settings.
    fn default() -> Self {
        Self {
            id: 1,
            cluster_delay: Duration::from_secs(60).into(),
            fencing_timeout: Duration::from_secs(60).into(),
            failed_stop_offset: Score::INFINITY,
            failed_start_offset: Score::INFINITY,
            batch_limit: 0,
            migration_limit: None,
            recheck_by: None,
            synapses: Vec::new(),
        }
    }
}

impl Graph {
    /// The action with that number; the graph is searched from its start.
    pub fn action(&self, id: ActionId) -> Option<&Action> {
        self.synapses.iter().map(|synapse| &synapse.action).find(|action| action.id == id)
    }
}

/// One action and the actions that must be confirmed before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synapse {
    /// Position in the graph, from 0.
    pub id: u32,
    /// An abort of lower priority lets this action finish.
    pub priority: i32,
    /// What is to be done.
    pub action: Action,
    /// What it waits for, in ascending order.
    pub inputs: Vec<ActionId>,
}

/// Who carries an action out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionKind {
    /// A node's executor (`rsc_op`).
    Resource,
    /// Nobody: a point in the order that other actions refer to (`pseudo_event`).
    Pseudo,
    /// The controller itself: fencing, shutdown, clearing of failures (`crm_event`).
    Cluster,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Number within the graph.
    pub id: ActionId,
    /// Who carries it out.
    pub kind: ActionKind,
    /// The name of what is done: `start`, `stonith`, `running`, ...
    pub task: String,
    /// `RESOURCE_TASK_MILLISECONDS`, as history and executor know it.
    pub key: String,
    /// The scheduler's own key where it differs: the instance number of an anonymous clone is in it.
    pub internal_key: Option<String>,
    /// Where it is done.
    pub node: Option<ActionNode>,
    /// `cib` if the action changes nothing but the CIB.
    pub mode: Option<String>,
    /// The resource stays locked to its node from this time, and its history must keep the lock.
    pub shutdown_lock: Option<Timestamp>,
    /// What it is done to.
    pub primitive: Option<Primitive>,
    /// Parameters of the resource and `CRM_meta_*` properties of the action.
    pub attributes: Attributes,
    /// Ids of nodes that go down by this action, so that their loss is expected.
    pub downed: Vec<String>,
    /// Remote nodes whose maintenance state has to be noted in the CIB.
    pub maintenance: Vec<NodeMaintenance>,
}

impl Action {
    /// An action without node, resource and attributes.
    pub fn new(id: ActionId, kind: ActionKind, task: &str, key: &str) -> Self {
        Self {
            id,
            kind,
            task: task.to_owned(),
            key: key.to_owned(),
            internal_key: None,
            node: None,
            mode: None,
            shutdown_lock: None,
            primitive: None,
            attributes: Attributes::new(),
            downed: Vec::new(),
            maintenance: Vec::new(),
        }
    }

    /// The meta-attribute `CRM_meta_NAME`.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known.strip_prefix("CRM_meta_") == Some(name))
            .map(|(_, value)| value)
    }
}

/// Where an action is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionNode {
    /// Name of the node.
    pub name: String,
    /// Id of the node: a number for a cluster node, the name for a remote node.
    pub id: String,
    /// The cluster node that holds the connection, if this is a remote node.
    pub router: Option<String>,
}

/// The resource that an action is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primitive {
    /// The name its history is kept under.
    pub id: String,
    /// The name that nodes may know it under from an earlier configuration.
    pub long_id: Option<String>,
    /// `ocf`, `systemd`, ...
    pub class: String,
    /// Who provides the agent, for `ocf`.
    pub provider: Option<String>,
    /// Name of the agent.
    pub agent: String,
}

/// What the CIB shall say about a remote node's maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeMaintenance {
    /// Id of the node.
    pub id: String,
    /// Whether it is in maintenance.
    pub in_maintenance: bool,
}
