use std::{collections::BTreeMap, rc::Rc};

use model::{AllowedNodes, NodeKey, NodeState, ResourceKey, ResourceState};

use super::{ActionKey, ColocationKey, KeyedActions, LocationKey, Op};

/// Names and amounts.
pub(crate) type Utilization = BTreeMap<String, i64>;

/// A node while the plan is made.
#[derive(Clone, Debug)]
pub(crate) struct NodeRow {
    /// How it is by now.
    pub(crate) state: NodeState,
    /// How many primitives have been put there.
    pub(crate) assigned: i32,
    /// Capacity that is left.
    pub(crate) capacity: Utilization,
}

/// A resource on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotifyEntry {
    /// The resource.
    pub(crate) resource: ResourceKey,
    /// The node.
    pub(crate) node: Option<NodeKey>,
}

/// What a clone tells its instances about one kind of change.
#[derive(Clone, Debug)]
pub(crate) struct NotifyData {
    /// The change.
    pub(crate) op: Op,
    /// Start of the notification before.
    pub(crate) pre: Option<ActionKey>,
    /// End of it.
    pub(crate) pre_done: Option<ActionKey>,
    /// Start of the notification after.
    pub(crate) post: Option<ActionKey>,
    /// End of it.
    pub(crate) post_done: Option<ActionKey>,
    /// Who is or does what.
    pub(crate) lists: BTreeMap<&'static str, Vec<NotifyEntry>>,
    /// The same as agents are told.
    pub(crate) keys: Vec<(&'static str, Rc<str>)>,
}

/// A resource while the plan is made.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct ResourceRow {
    /// How it is by now.
    pub(crate) state: ResourceState,
    /// Where it may run.
    pub(crate) allowed: AllowedNodes,
    /// Where it will run.
    pub(crate) assigned: Option<NodeKey>,
    /// Whether that is not decided yet.
    pub(crate) unassigned: bool,
    /// Whether it is being decided.
    pub(crate) assigning: bool,
    /// Whether its preferences are being combined.
    pub(crate) updating_nodes: bool,
    /// Whether it is being restarted.
    pub(crate) restarting: bool,
    /// Whether only what is where it should not be is stopped.
    pub(crate) stop_unexpected: bool,
    /// Whether its parameters are reloaded.
    pub(crate) reload: bool,
    /// How much an instance wants to be promoted.
    pub(crate) promotion_priority: i32,
    /// Whether promotion scores are in its table.
    pub(crate) promotion_scores_added: bool,
    /// Whether its instances are in the order of promotion.
    pub(crate) promotion_sorted: bool,
    /// Its actions, latest last.
    pub(crate) actions: Vec<ActionKey>,
    /// The same by key.
    pub(crate) keyed: KeyedActions,
    /// Colocations in which it follows.
    pub(crate) this_with: Vec<ColocationKey>,
    /// Colocations in which it is followed.
    pub(crate) with_this: Vec<ColocationKey>,
    /// Its locations, latest last.
    pub(crate) locations: Vec<LocationKey>,
    /// Positions of its ticket constraints in the model's list.
    pub(crate) tickets: Vec<usize>,
    /// Notifications of starts.
    pub(crate) start_notify: Option<NotifyData>,
    /// Notifications of stops.
    pub(crate) stop_notify: Option<NotifyData>,
    /// Notifications of promotions.
    pub(crate) promote_notify: Option<NotifyData>,
    /// Notifications of demotions.
    pub(crate) demote_notify: Option<NotifyData>,
    /// What it needs of a node's capacity.
    pub(crate) utilization: Utilization,
}
