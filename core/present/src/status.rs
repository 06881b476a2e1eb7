use vocab::{ExecStatus, Interval, OcfExit, Role, Score, Timestamp};

/// Everything there is to say about a cluster at one time.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// What the launcher says of itself, where it was asked.
    pub launcher: Option<Launcher>,
    /// What the cluster stands on, `unknown` if nobody said.
    pub stack: String,
    /// The DC, if there is one.
    pub dc: Option<Dc>,
    /// When this picture was taken.
    pub updated: Timestamp,
    /// The node on which it was taken, if it has a name.
    pub local_node: Option<String>,
    /// The last change of the configuration.
    pub last_change: LastChange,
    /// How much is configured.
    pub counts: Counts,
    /// The most important options.
    pub options: OptionsSummary,
    /// Nodes, in the order in which they are shown.
    pub nodes: Vec<Node>,
    /// Resources, in the order of the configuration.
    pub resources: Vec<Resource>,
    /// Histories by node.
    pub histories: Vec<NodeHistory>,
    /// Failed operations.
    pub failures: Vec<Failure>,
    /// The history of fencing, newest first; `None` if it was not asked for or nobody answered.
    pub fencing: Option<Vec<FenceEvent>>,
    /// Whether the history of fencing was asked for in vain.
    pub fencing_unknown: bool,
    /// Tickets.
    pub tickets: Vec<Ticket>,
    /// Location constraints that forbid a node.
    pub bans: Vec<Ban>,
}

/// What the launcher says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    /// Its state, as on the wire: `running`, ...
    pub state: String,
    /// Since when.
    pub updated: Timestamp,
}

/// The designated controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dc {
    /// Its node's name.
    pub name: String,
    /// Its node's id.
    pub id: String,
    /// Its software's version.
    pub version: Option<String>,
    /// Whether its partition has quorum.
    pub with_quorum: bool,
    /// Whether nodes with different feature sets are online.
    pub mixed_version: bool,
}

/// Who changed the configuration last, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastChange {
    /// When, as recorded.
    pub written: Option<String>,
    /// Which user.
    pub user: Option<String>,
    /// With which program.
    pub client: Option<String>,
    /// On which node.
    pub origin: Option<String>,
}

/// How much is configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes.
    pub nodes: usize,
    /// Resource instances.
    pub resources: usize,
    /// Instances that are to be stopped.
    pub disabled: usize,
    /// Instances that nothing is done about after a failure.
    pub blocked: usize,
}

/// The options that a status shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionsSummary {
    /// Whether nodes are fenced.
    pub fencing_enabled: bool,
    /// Whether resources may run anywhere unless forbidden.
    pub symmetric: bool,
    /// What happens without quorum, as configured.
    pub no_quorum_policy: String,
    /// Whether all resources are left alone.
    pub maintenance: bool,
    /// Whether all resources are to be stopped.
    pub stop_all: bool,
    /// How long fencing may take, in milliseconds.
    pub fencing_timeout_ms: u64,
    /// Advantage of the more important partition, in milliseconds.
    pub priority_fencing_delay_ms: u64,
}

/// One node.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Id.
    pub id: String,
    /// What kind of node.
    pub kind: NodeKind,
    /// In the cluster and joined.
    pub online: bool,
    /// May not run resources.
    pub standby: bool,
    /// In standby because of a failure.
    pub standby_on_fail: bool,
    /// Its resources are left alone.
    pub maintenance: bool,
    /// Joining.
    pub pending: bool,
    /// Not known to be harmless.
    pub unclean: bool,
    /// How it feels.
    pub health: Health,
    /// What its software understands.
    pub feature_set: Option<String>,
    /// Leaving.
    pub shutdown: bool,
    /// Should be up.
    pub expected_up: bool,
    /// Is the DC.
    pub is_dc: bool,
    /// The resource that a guest node lives in.
    pub container: Option<String>,
    /// The node that this resource is on; empty if it is nowhere.
    pub host: Option<String>,
    /// Attributes, by name, those the cluster keeps for itself left out.
    pub attributes: Vec<NodeAttribute>,
    /// Resources on it.
    pub running: Vec<Primitive>,
}

/// What kind of node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeKind {
    /// A full member.
    #[default]
    Member,
    /// Runs only the executor.
    Remote,
    /// A virtual machine or container that runs only the executor.
    Guest,
}

/// A node's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Well.
    #[default]
    Green,
    /// Not well.
    Yellow,
    /// Ill.
    Red,
}

/// One attribute of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAttribute {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
    /// What a ping resource would set if it reached everything.
    pub expected: Option<i64>,
}

/// One resource with what is inside it.
#[derive(Clone, Debug)]
pub enum Resource {
    /// One that an agent manages.
    Primitive(Box<Primitive>),
    /// Several, one after the other on one node.
    Group(Group),
    /// One or a group, several times.
    Clone(CloneSet),
    /// Containers.
    Bundle(Bundle),
}

/// A resource that an agent manages.
#[derive(Clone, Debug, Default)]
pub struct Primitive {
    /// Its id as people see it.
    pub id: String,
    /// Its id with the number of the instance, if it has one.
    pub instance: String,
    /// The id, as people see it, of what it is directly part of.
    pub parent: Option<String>,
    /// The id of the outermost resource that it is part of; its own if of none.
    pub top: String,
    /// Its agent, `ocf:heartbeat:IPaddr2`.
    pub agent: String,
    /// Its role.
    pub role: Role,
    /// What is being done to it, as in operation names.
    pub pending: Option<String>,
    /// The role it should have, as configured.
    pub target_role: Option<String>,
    /// Whether it is active on a node that is not known to be down.
    pub active: bool,
    /// In the history but not in the configuration.
    pub removed: bool,
    /// Made by the cluster, so that people need not see it.
    pub internal: bool,
    /// Left alone because of a failure.
    pub blocked: bool,
    /// Managed by the cluster.
    pub managed: bool,
    /// In maintenance, and so not managed.
    pub maintenance: bool,
    /// Failed.
    pub failed: bool,
    /// Failed, and that is to be ignored.
    pub failure_ignored: bool,
    /// Part of a promotable clone.
    pub promotable: bool,
    /// Where it is active.
    pub nodes: Vec<NodeRef>,
    /// Where something is being done to it while it is active nowhere.
    pub pending_node: Option<String>,
    /// The node it is kept for while that is away.
    pub locked_to: Option<String>,
    /// What a probe that failed returned.
    pub failed_probe: Option<OcfExit>,
    /// What the administrator wrote about it.
    pub description: Option<String>,
}

/// A node that something is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeRef {
    /// Name.
    pub name: String,
    /// Id.
    pub id: String,
    /// Online.
    pub online: bool,
    /// Not known to be harmless.
    pub unclean: bool,
}

/// Resources that are one after the other on one node.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its id, with the number of the instance if it is one of a clone.
    pub id: String,
    /// Its id as people see it.
    pub name: String,
    /// What the administrator wrote about it.
    pub description: Option<String>,
    /// Managed by the cluster.
    pub managed: bool,
    /// In maintenance, and so not managed.
    pub maintenance: bool,
    /// To be stopped.
    pub disabled: bool,
    /// Its members, in order.
    pub members: Vec<Primitive>,
}

/// A resource or a group that exists several times.
#[derive(Clone, Debug, Default)]
pub struct CloneSet {
    /// Its id.
    pub id: String,
    /// The id of what is cloned.
    pub template: String,
    /// What the administrator wrote about it.
    pub description: Option<String>,
    /// Whether instances can be promoted.
    pub promotable: bool,
    /// Whether instances differ.
    pub unique: bool,
    /// In the history but not in the configuration.
    pub removed: bool,
    /// Managed by the cluster.
    pub managed: bool,
    /// In maintenance, and so not managed.
    pub maintenance: bool,
    /// To be stopped.
    pub disabled: bool,
    /// Failed.
    pub failed: bool,
    /// Failed, and that is to be ignored.
    pub failure_ignored: bool,
    /// The role it should have, as configured.
    pub target_role: Option<String>,
    /// How many instances there may be.
    pub instances_max: usize,
    /// Its instances.
    pub instances: Vec<Resource>,
    /// Nodes that could run an instance and do not.
    pub stopped_on: Vec<StoppedOn>,
}

/// A node where no instance of a clone is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedOn {
    /// Its name.
    pub node: String,
    /// What a probe that failed there returned.
    pub failed_probe: Option<OcfExit>,
}

/// Containers with a resource inside.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// Its id.
    pub id: String,
    /// `docker` or `podman`.
    pub technology: String,
    /// The image.
    pub image: String,
    /// What the administrator wrote about it.
    pub description: Option<String>,
    /// Whether replicas differ.
    pub unique: bool,
    /// Managed by the cluster.
    pub managed: bool,
    /// In maintenance, and so not managed.
    pub maintenance: bool,
    /// Failed.
    pub failed: bool,
    /// Its replicas.
    pub replicas: Vec<Replica>,
}

/// One container of a bundle.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    /// Its number.
    pub number: usize,
    /// Its address.
    pub address: Option<String>,
    /// The address as a resource.
    pub ip: Option<Primitive>,
    /// What runs inside.
    pub child: Option<Primitive>,
    /// The container.
    pub container: Primitive,
    /// The connection to the executor inside.
    pub remote: Option<Primitive>,
}

/// What was done on one node.
#[derive(Clone, Debug, Default)]
pub struct NodeHistory {
    /// The node's name.
    pub node: String,
    /// The node's id.
    pub node_id: String,
    /// The node that a guest node is on; empty if it is nowhere.
    pub host: Option<String>,
    /// By resource.
    pub resources: Vec<ResourceHistory>,
}

/// What was done to one resource on one node.
#[derive(Clone, Debug, Default)]
pub struct ResourceHistory {
    /// The resource's id as recorded.
    pub resource: String,
    /// Its id as people see it.
    pub name: String,
    /// The name of the group that it is a member of, if that is no instance of a clone.
    pub group: Option<String>,
    /// The id of the outermost resource that it is part of.
    pub top: String,
    /// Unknown to the model.
    pub removed: bool,
    /// How many failures it may have on a node.
    pub migration_threshold: Score,
    /// How many it had.
    pub fail_count: Score,
    /// When the last one was.
    pub last_failure: Option<Timestamp>,
    /// Operations, oldest first.
    pub operations: Vec<HistoryEntry>,
}

/// One operation in a history.
#[derive(Clone, Debug)]
pub struct HistoryEntry {
    /// Number of the call.
    pub call: String,
    /// Name; `probe` for a monitor that ran once.
    pub task: String,
    /// How often it recurs.
    pub interval: Interval,
    /// What the agent returned.
    pub exit: i32,
    /// When the result was first seen.
    pub last_change: Option<Timestamp>,
    /// How long it took, in milliseconds, as recorded.
    pub exec_ms: Option<String>,
    /// How long it waited, in milliseconds, as recorded.
    pub queue_ms: Option<String>,
}

/// A failed operation.
#[derive(Clone, Debug)]
pub struct Failure {
    /// `RESOURCE_TASK_INTERVAL`.
    pub key: String,
    /// The resource.
    pub resource: String,
    /// The task.
    pub task: String,
    /// How often it recurs.
    pub interval: Interval,
    /// On which node.
    pub node: String,
    /// What the agent returned.
    pub exit: i32,
    /// How the execution went.
    pub status: ExecStatus,
    /// Number of the call.
    pub call: Option<String>,
    /// What the agent said about it.
    pub reason: Option<String>,
    /// When.
    pub last_change: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub exec_ms: Option<u64>,
    /// How long it waited, in milliseconds.
    pub queue_ms: Option<u64>,
}

/// How a fencing operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FenceState {
    /// Under way.
    Pending,
    /// Failed.
    Failed,
    /// Done.
    Done,
}

/// One fencing operation.
#[derive(Clone, Debug)]
pub struct FenceEvent {
    /// `reboot`, `off` or `on`.
    pub action: String,
    /// Whom.
    pub target: String,
    /// Which node did it.
    pub delegate: Option<String>,
    /// Which program asked.
    pub client: String,
    /// On which node.
    pub origin: String,
    /// How it stands.
    pub state: FenceState,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// Nanoseconds beyond that second.
    pub completed_nanos: u32,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A ticket.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Its id.
    pub id: String,
    /// Whether this cluster has it.
    pub granted: bool,
    /// Whether it is in standby.
    pub standby: bool,
    /// When it was last granted.
    pub last_granted: Option<Timestamp>,
    /// What else is recorded of it, by name.
    pub state: Vec<(String, String)>,
}

/// A location constraint that forbids a node.
#[derive(Clone, Debug)]
pub struct Ban {
    /// Its id.
    pub id: String,
    /// The resource.
    pub resource: String,
    /// The outermost resource that it is part of.
    pub top: String,
    /// The node.
    pub node: String,
    /// The node's id.
    pub node_id: String,
    /// How strongly.
    pub score: Score,
    /// Whether only the promoted role is forbidden.
    pub promoted_only: bool,
}

impl Primitive {
    /// The role as shown: an instance of a promotable clone that is started is unpromoted.
    pub fn shown_role(&self) -> Role {
        if self.role == Role::Started && self.promotable { Role::Unpromoted } else { self.role }
    }

    /// What is being done to it, in words, if it changes the role.
    pub fn pending_state(&self) -> Option<&'static str> {
        match self.pending.as_deref()? {
            "start" => Some("Starting"),
            "stop" => Some("Stopping"),
            "migrate_to" | "migrate_from" => Some("Migrating"),
            "promote" => Some("Promoting"),
            "demote" => Some("Demoting"),
            _ => None,
        }
    }

    /// What is being done to it, in words, if it does not change the role.
    pub fn pending_task(&self) -> Option<&'static str> {
        (self.pending.as_deref() == Some("monitor")).then_some("Monitoring")
    }

    /// Its state in one word.
    pub fn shown_state(&self, with_pending: bool) -> &'static str {
        self.pending_state().filter(|_| with_pending).unwrap_or_else(|| self.shown_role().as_str())
    }
}

impl Replica {
    /// What it consists of, in the order in which it is shown.
    pub fn parts(&self) -> Vec<&Primitive> {
        let (ip, child) = (self.ip.as_ref(), self.child.as_ref());
        [ip, child, Some(&self.container), self.remote.as_ref()].into_iter().flatten().collect()
    }
}

impl Resource {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Primitive(primitive) => &primitive.id,
            Self::Group(group) => &group.id,
            Self::Clone(clone) => &clone.id,
            Self::Bundle(bundle) => &bundle.id,
        }
    }

    /// All primitives in it.
    pub fn primitives(&self) -> Vec<&Primitive> {
        match self {
            Self::Primitive(primitive) => vec![primitive],
            Self::Group(group) => group.members.iter().collect(),
            Self::Clone(clone) => clone.instances.iter().flat_map(Self::primitives).collect(),
            Self::Bundle(bundle) => bundle.replicas.iter().flat_map(Replica::parts).collect(),
        }
    }

    /// Whether all that is in it is active.
    pub fn is_active(&self) -> bool {
        self.primitives().iter().all(|primitive| primitive.active)
    }

    /// Whether something in it is active.
    pub fn is_partially_active(&self) -> bool {
        self.primitives().iter().any(|primitive| primitive.active)
    }

    /// Whether it is in the history but not in the configuration.
    pub fn is_removed(&self) -> bool {
        match self {
            Self::Primitive(primitive) => primitive.removed,
            Self::Clone(clone) => clone.removed,
            Self::Group(_) | Self::Bundle(_) => false,
        }
    }
}
