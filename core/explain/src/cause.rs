use serde::Serialize;

/// Who holds a value: where in the document it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// What kind of element has it.
    pub owner: Owner,
    /// Id of the `nvpair`, or of the element itself if it is one of its attributes.
    pub id: String,
}

/// What kind of element has a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case")]
pub enum Owner {
    /// A resource of any kind, by id.
    Resource(String),
    /// The defaults of all resources.
    ResourceDefaults,
    /// The cluster's options.
    ClusterOptions,
    /// The permanent attributes of a node, by name.
    Node(String),
    /// The transient attributes of a node, by name: they are gone after a restart of the node.
    NodeUntilRestart(String),
}

/// A failed operation as the history has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The operation's name.
    pub operation: String,
    /// Milliseconds between its runs; 0 for once.
    pub interval_ms: u32,
    /// The agent's exit status, if the agent was run to its end.
    pub exit: Option<i32>,
    /// The executor's verdict as a number, if it can be read.
    pub status: Option<i32>,
    /// What the agent said.
    pub exit_reason: Option<String>,
    /// When the result was first seen, seconds since 1970.
    pub at: Option<i64>,
}

/// A name and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The value; none if it is not set.
    pub value: Option<String>,
}

/// A kind of capacity that a node has too little of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// Its name.
    pub name: String,
    /// How much the resource needs, with all that has to be with it.
    pub needed: i64,
    /// How much the node has left.
    pub free: i64,
}

/// Who made a location constraint that a tool made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Somebody moved the resource away from a node (`cli-ban-…`).
    Ban,
    /// Somebody moved the resource to a node (`cli-prefer-…`).
    Move,
    /// It is configured like any other.
    Configured,
}

/// What a resource that another follows, or comes after, is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Whereabouts {
    /// It will run on these nodes.
    Runs {
        /// Their names.
        nodes: Vec<String>,
    },
    /// It will not run; why, if that is another resource's fault or its own.
    Stopped {
        /// Why not, first causes only.
        causes: Vec<Cause>,
    },
}

/// Who is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The whole cluster.
    Cluster,
    /// One node.
    Node,
    /// One resource.
    Resource,
}

/// Why a resource is not on a node, is stopped or is left alone. Each is a fact that the plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// The node is not in the cluster.
    NodeOffline,
    /// The node is in the ring, but its controller has not joined.
    NodePending,
    /// Nobody knows what the node does: it has to be fenced first.
    NodeUnclean,
    /// The node is leaving.
    NodeShutdown,
    /// The node may not run anything.
    NodeStandby {
        /// Where that is written, if it is.
        place: Option<Place>,
        /// The resource whose failure with `on-fail=standby` did it, if one did.
        resource: Option<String>,
        /// That failure.
        failure: Option<Failure>,
    },
    /// What runs on the node is left alone, and nothing is started there.
    NodeMaintenance {
        /// Where that is written, if it is.
        place: Option<Place>,
    },
    /// The node is inside a resource that will not run.
    GuestDown {
        /// That resource.
        launcher: String,
    },
    /// A location constraint.
    Location {
        /// Its id.
        constraint: String,
        /// Its rule's id, if it has one.
        rule: Option<String>,
        /// The node attributes that the rule looks at, as they are on the node.
        attributes: Vec<Pair>,
        /// By how much it changes the score; infinity is 1000000.
        score: i32,
        /// Who made it.
        origin: Origin,
    },
    /// In a cluster where resources run only where they are told to, nothing tells it to run there.
    NotOptedIn {
        /// Where `symmetric-cluster` is written.
        place: Option<Place>,
    },
    /// A colocation constraint.
    Colocation {
        /// Its id.
        constraint: String,
        /// By how much it changes the score.
        score: i32,
        /// The score of the constraint itself.
        strength: i32,
        /// The resource at the other side.
        with: String,
        /// What that is doing.
        whereabouts: Whereabouts,
        /// Whether the explained resource follows the other; if not, the other follows it.
        follows: bool,
    },
    /// Members of a group run where the one before them runs.
    GroupMember {
        /// The member before.
        with: String,
        /// What that is doing.
        whereabouts: Whereabouts,
        /// Whether the explained resource follows the other; if not, the other follows it.
        follows: bool,
    },
    /// No instance of the other resource will be on the same node.
    NoPartner {
        /// The constraint that pairs them.
        constraint: Option<String>,
        /// The other resource.
        with: String,
        /// What that is doing.
        whereabouts: Whereabouts,
    },
    /// It belongs to a container.
    WithContainer {
        /// The container.
        with: Option<String>,
        /// What that is doing.
        whereabouts: Option<Whereabouts>,
    },
    /// The node is inside a bundle and for what belongs there.
    InBundle,
    /// It failed there as often as is allowed.
    FailLimit {
        /// Whose failures count.
        resource: String,
        /// Failures; 1000000 stands for a fatal one.
        count: i32,
        /// The `migration-threshold`.
        threshold: i32,
        /// The last failure, if it is on record.
        failure: Option<Failure>,
        /// When the failures are forgotten, seconds since 1970; none without `failure-timeout`.
        ends: Option<i64>,
        /// The `failure-timeout` in milliseconds; 0 without one.
        failure_timeout_ms: u64,
        /// Where the threshold is written; none if it is the default.
        place: Option<Place>,
    },
    /// Stopping it failed there.
    StopFailed {
        /// Of what.
        resource: String,
        /// The failure.
        failure: Option<Failure>,
    },
    /// The agent said that it cannot run on this node.
    HardError {
        /// The failure.
        failure: Option<Failure>,
    },
    /// The agent said that it cannot run anywhere.
    FatalError {
        /// The node on which it was tried.
        node: Option<String>,
        /// The failure.
        failure: Option<Failure>,
    },
    /// A probe found that it cannot run there.
    ProbeFailed {
        /// The failure.
        failure: Option<Failure>,
    },
    /// An operation with `on-fail=migrate` failed there.
    MovedOnFailure {
        /// The failure.
        failure: Option<Failure>,
    },
    /// An operation with `on-fail=stop` failed.
    StoppedOnFailure {
        /// The node on which it failed.
        node: Option<String>,
        /// The failure.
        failure: Option<Failure>,
    },
    /// Nobody may touch it after a failure (`on-fail=block`, or a stop that failed and no fencing).
    Blocked {
        /// The node on which it failed.
        node: Option<String>,
        /// The failure.
        failure: Option<Failure>,
    },
    /// It failed, and nothing is done about that.
    Failed {
        /// The node on which it failed.
        node: String,
        /// The failure.
        failure: Failure,
    },
    /// It runs on more nodes than it should.
    MultiplyActive {
        /// The nodes.
        nodes: Vec<String>,
        /// The `multiple-active` policy.
        policy: String,
    },
    /// The health of the node.
    Health {
        /// The `node-health-strategy`.
        strategy: String,
        /// The health attributes of the node.
        attributes: Vec<Pair>,
        /// By how much it changes the score.
        score: i32,
    },
    /// A ticket is missing.
    Ticket {
        /// The ticket's name.
        ticket: String,
        /// The constraints that need it.
        constraints: Vec<String>,
        /// Whether it is granted but in standby.
        standby: bool,
    },
    /// It waits for a node that was shut down.
    ShutdownLock {
        /// The node.
        node: String,
        /// Since when, seconds since 1970.
        since: i64,
        /// Until when, seconds since 1970; none without `shutdown-lock-limit`.
        ends: Option<i64>,
    },
    /// Other nodes are named as the only ones where it is looked for (`resource-discovery=exclusive`).
    ExclusiveDiscovery {
        /// The constraints that name them.
        constraints: Vec<String>,
    },
    /// Its role is set.
    TargetRole {
        /// The role.
        role: String,
        /// Where that is written.
        place: Option<Place>,
    },
    /// Nothing may run (`stop-all-resources`).
    StopAll {
        /// Where that is written.
        place: Option<Place>,
    },
    /// All instances run elsewhere.
    InstanceLimit {
        /// The clone.
        clone: String,
        /// How many there may be.
        limit: i32,
        /// Where the limit is written; none if it is the default.
        place: Option<Place>,
    },
    /// The node has all the instances it may have.
    NodeLimit {
        /// The clone or bundle.
        clone: String,
        /// How many there may be on a node.
        limit: i32,
    },
    /// There is not enough capacity.
    Utilization {
        /// What there is too little of.
        shortages: Vec<Shortage>,
    },
    /// There is no quorum.
    NoQuorum {
        /// The `no-quorum-policy`.
        policy: String,
        /// Where that is written; none if it is the default.
        place: Option<Place>,
    },
    /// It cannot run on remote nodes.
    NoRemoteNodes,
    /// What it is part of may not be there.
    Collective {
        /// What it is part of.
        resource: String,
    },
    /// It is not configured any more.
    Removed,
    /// Fencing is required and there is no device: the cluster starts and stops nothing.
    NoFenceDevice {
        /// Where `stonith-enabled` is written; none if it is the default.
        place: Option<Place>,
    },
    /// The cluster may not change it.
    Unmanaged {
        /// Who is left alone.
        scope: Scope,
        /// Whether by maintenance, not by `is-managed=false`.
        maintenance: bool,
        /// The node, if it is a node's maintenance.
        node: Option<String>,
        /// Where that is written.
        place: Option<Place>,
    },
    /// It waits until a node is fenced.
    WaitsForFencing {
        /// The node.
        node: String,
        /// Whether the cluster can do that.
        possible: bool,
    },
    /// It starts after a resource that will not run.
    After {
        /// The ordering constraint's id; none for members of one group.
        constraint: Option<String>,
        /// What comes first.
        first: String,
        /// What that must do: `start`, `promote`, ...
        task: String,
        /// What it is doing instead.
        whereabouts: Whereabouts,
    },
    /// It has to be stopped on another node first, and cannot be.
    StopFirst {
        /// The node.
        node: String,
        /// Why it cannot be stopped there.
        causes: Vec<Self>,
    },
    /// Nobody can tell whether it runs on these nodes already.
    ProbeFirst {
        /// The nodes.
        nodes: Vec<String>,
    },
    /// An action that has to come first cannot be carried out.
    Waits {
        /// Of what; none if it belongs to no resource.
        resource: Option<String>,
        /// The action.
        task: String,
    },
    /// The node may be chosen, and another is better.
    LowerScore {
        /// The score there.
        score: i32,
        /// The node that is better.
        chosen: String,
        /// The score of that one.
        chosen_score: i32,
        /// How the choice was made if both scores are the same.
        tie: Option<Tie>,
    },
    /// It would be better there if it did not want to stay where it is.
    Stickiness {
        /// The score there.
        score: i32,
        /// The score of the node it stays on.
        chosen_score: i32,
        /// The part of that which is `resource-stickiness`.
        stickiness: i32,
        /// Where the stickiness is written.
        place: Option<Place>,
    },
    /// Another instance is promoted.
    PromotedElsewhere {
        /// How many may be promoted.
        limit: i32,
        /// This instance's promotion score.
        score: i32,
        /// The promoted instances.
        promoted: Vec<PromotedThere>,
    },
    /// It may not be promoted: its promotion score is below zero or not set.
    NoPromotionScore {
        /// The score.
        score: i32,
    },
    /// Causes that hold on one node, in a list of causes that is not about one.
    OnNode {
        /// The node.
        node: String,
        /// What holds there.
        causes: Vec<Self>,
    },
    /// Preferences that have other reasons.
    Score {
        /// By how much the score changes.
        score: i32,
        /// What changes it.
        part: Part,
    },
}

/// A preference that forbids nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Every resource may run there.
    Base,
    /// It is there and should stay.
    Stickiness,
    /// It is there and is left alone.
    Unmanaged,
    /// It may be promoted there.
    Promotion,
    /// What the plan does not say. It should never be seen.
    Unknown,
}

/// An instance that is promoted, and how much it wants to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PromotedThere {
    /// The node.
    pub node: String,
    /// Its promotion score.
    pub score: i32,
}

/// How a choice between equal scores is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tie {
    /// It is there already.
    AlreadyThere,
    /// By load and then by name.
    LoadThenName,
}
