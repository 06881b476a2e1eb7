//! Options of the whole cluster, in the order in which they are shown.

use crate::{
    Daemon,
    setting::{Kind, Release, Setting, Word, setting, word},
};

const QUORUM_POLICIES: &[Word] = &[
    word("stop"),
    word("freeze"),
    word("ignore"),
    word("demote"),
    word("fence").since(Release(2, 1, 9)),
    word("suicide"),
];
const FENCING_ACTIONS: &[Word] = &[word("reboot"), word("off"), word("poweroff").removed()];
const REACTIONS: &[Word] = &[word("stop"), word("panic")];
const HEALTH_STRATEGIES: &[Word] = &[
    word("none"),
    word("migrate-on-red"),
    word("only-green"),
    word("progressive"),
    word("custom"),
];
const PLACEMENT_STRATEGIES: &[Word] =
    &[word("default"), word("utilization"), word("minimal"), word("balanced")];

/// What the controller reads.
const fn controller(name: &'static str, kind: Kind, short: &'static str) -> Setting {
    setting(name, kind, short).read_by(Daemon::Controller)
}

/// What the scheduler reads.
const fn scheduler(name: &'static str, kind: Kind, short: &'static str) -> Setting {
    setting(name, kind, short).read_by(Daemon::Scheduler)
}

/// What the manager of the CIB reads.
const fn cib_manager(name: &'static str, kind: Kind, short: &'static str) -> Setting {
    setting(name, kind, short).read_by(Daemon::CibManager)
}

/// Options of the whole cluster.
pub const CLUSTER: &[Setting] = &[
    controller("dc-version", Kind::Version, "Which version the DC runs")
        .generated()
        .long("Names the version and the build of the controller that leads the cluster, for whoever looks into a problem."),
    controller("cluster-infrastructure", Kind::Text, "What carries messages between the nodes")
        .generated()
        .long("Says which ring the cluster is built on; read by people and tools only."),
    controller("cluster-name", Kind::Text, "What the cluster is called")
        .long("A name for people to tell clusters apart. Rules see it as #cluster-name, and agents and tools may use it."),
    controller("dc-deadtime", Kind::Duration, "How long a starting node waits to hear from a DC")
        .default("20s")
        .long("When it is over, the node calls an election. Slow networks and switches that take their time want more."),
    controller("cluster-recheck-interval", Kind::Duration, "How often the cluster is looked at without cause")
        .default("15min")
        .long(
            "A change makes a new plan at once, and most rules and expiring failures announce when they next matter. \
             What remains, such as rules with date specifications, is looked at when nothing has happened for this \
             long. 0 means never; a number without a unit is in seconds.",
        ),
    controller("election-timeout", Kind::Duration, "How long an election may go undecided before it counts as failed; the default should do")
        .default("2min")
        .advanced(),
    controller("shutdown-escalation", Kind::Duration, "How long an orderly shutdown may take before the node leaves regardless; the default should do")
        .default("20min")
        .advanced(),
    controller("join-integration-timeout", Kind::Duration, "How long nodes may take to answer an offer to join; the default should do")
        .oldest("crmd-integration-timeout")
        .default("3min")
        .advanced(),
    controller("join-finalization-timeout", Kind::Duration, "How long nodes may take to confirm that they have joined; the default should do")
        .oldest("crmd-finalization-timeout")
        .default("30min")
        .advanced(),
    controller("transition-delay", Kind::Duration, "How long to gather events before a new plan is made, which makes every recovery slower")
        .oldest("crmd-transition-delay")
        .default("0s")
        .advanced()
        .long("Helps where several events belong together and arrive one after the other, such as connectivity scores of several nodes."),
    scheduler("no-quorum-policy", Kind::Choice(QUORUM_POLICIES), "What a partition without quorum does with its resources")
        .default("stop"),
    scheduler("shutdown-lock", Kind::Boolean, "Whether resources wait for a node that was shut down in good order")
        .default("false")
        .since(2, 0, 4)
        .long(
            "If true, what ran on a node when it was shut down in good order runs nowhere else until the node is back \
             and has started it, or until shutdown-lock-limit is over. Fence devices, connections to remote nodes, \
             instances of clones and bundles, and promoted roles do not wait.",
        ),
    scheduler("shutdown-lock-limit", Kind::Duration, "How long resources wait for a node that was shut down")
        .default("0")
        .since(2, 0, 4)
        .long("Counts from the beginning of the shutdown, and only where shutdown-lock is true. 0 means that they wait for ever."),
    cib_manager("enable-acl", Kind::Boolean, "Whether access control lists decide who sees and changes what in the CIB")
        .default("false"),
    scheduler("symmetric-cluster", Kind::Boolean, "Whether a resource may run on every node that no constraint rules out")
        .default("true"),
    scheduler("maintenance-mode", Kind::Boolean, "Whether the cluster keeps its hands off all resources")
        .default("false"),
    scheduler("start-failure-is-fatal", Kind::Boolean, "Whether one failed start rules out the node for that resource")
        .default("true")
        .long("If false, failed starts are counted like other failures, and migration-threshold says how many are too many."),
    scheduler("enable-startup-probes", Kind::Boolean, "Whether it is found out what is active on a node when it joins")
        .default("true")
        .deprecated(),
    scheduler("fence-remote-without-quorum", Kind::Boolean, "Whether a partition without quorum may fence remote nodes")
        .default("false")
        .since(3, 0, 1)
        .advanced()
        .long(
            "Without quorum, remote nodes in the same partition are left alone as long as they may come back by \
             themselves. If true, they are fenced like others.",
        ),
    scheduler("fencing-enabled", Kind::Boolean, "Whether nodes that are lost or broken are fenced")
        .older("stonith-enabled")
        .default("true")
        .advanced()
        .long(
            "If false, a node that does not answer is taken for dead, and its resources are started elsewhere while \
             they may still run there. Data that both write can be destroyed.",
        ),
    scheduler("fencing-action", Kind::Choice(FENCING_ACTIONS), "What fencing does to a node unless the node says otherwise")
        .older("stonith-action")
        .default("reboot"),
    controller("fencing-reaction", Kind::Choice(REACTIONS), "What a node does that hears of its own fencing")
        .older("fence-reaction")
        .default("stop")
        .since(2, 0, 3)
        .long(
            "A fenced node hears of it if a device did not do what it reported, or cut off storage only. With stop it \
             leaves the cluster at once and stays away; with panic it reboots at once, or stops where it cannot.",
        ),
    scheduler("fencing-timeout", Kind::Duration, "How long fencing may take where the device has no time of its own")
        .older("stonith-timeout")
        .default("60s"),
    scheduler("have-watchdog", Kind::Boolean, "Whether nodes have a watchdog that would reset them")
        .default("false")
        .generated()
        .long(
            "The cluster sets this where it finds SBD at work; other values are overwritten. If it is true and \
             fencing-watchdog-timeout is set, lost nodes count as fenced by their own watchdog, without a device.",
        ),
    controller("fencing-watchdog-timeout", Kind::Timeout, "How long until a lost node counts as reset by its own watchdog")
        .older("stonith-watchdog-timeout")
        .default("0")
        .long(
            "Above zero, a lost node that runs SBD without disks is taken for safely down after this time; a device of \
             the agent fence_watchdog can limit that to some nodes. At zero nothing is assumed. Below zero, twice the \
             SBD_WATCHDOG_TIMEOUT of the node that decides is used, which then has to be the same everywhere. The time \
             must be longer than that of the watchdog on each node, or nodes are taken for dead that are not; a node \
             on which it is shorter does not start. Has no effect yet.",
        ),
    controller("fencing-max-attempts", Kind::PositiveScore, "How often in a row fencing of a node may fail before the cluster pauses")
        .older("stonith-max-attempts")
        .default("10")
        .since(1, 1, 17),
    scheduler("concurrent-fencing", Kind::Boolean, "Whether several nodes may be fenced at the same time")
        .default("true")
        .since(1, 1, 15)
        .deprecated(),
    scheduler("startup-fencing", Kind::Boolean, "Whether nodes are fenced that have not been seen since the cluster started")
        .default("true")
        .advanced()
        .long("If false, a node that cannot be reached at start counts as off. If it is not, both sides may run the same resources and destroy data."),
    scheduler("priority-fencing-delay", Kind::Duration, "How long fencing of the side with the more important resources is held back")
        .oldest("priority-stonith-delay")
        .default("0")
        .since(2, 0, 4)
        .long(
            "When the cluster falls apart without a majority, for one in halves, the nodes whose resources have the \
             highest priority in sum are fenced this much later, so that they are likelier to win. A promoted instance counts \
             one more than its priority, unless that is 0. Delays of devices (pcmk_delay_base, pcmk_delay_max) come on \
             top; this one should be at least twice as long as they can be. 0 means no delay.",
        ),
    scheduler("node-pending-timeout", Kind::Duration, "How long a node may be in the ring without its controller joining")
        .oldest("crmd-node-pending-timeout")
        .default("0")
        .since(2, 1, 7)
        .long("A node that takes longer is fenced, so that the others can go on, after 2h for instance. 0 means that it is waited for."),
    scheduler("cluster-delay", Kind::Duration, "How much longer than its timeout an action on another node may take to be reported")
        .default("60s")
        .long("The DC takes an action for failed when nothing is heard of it for its own timeout and this time. Busy nodes and slow networks want more."),
    controller("load-threshold", Kind::Percentage, "How busy nodes may be before the cluster does less at once")
        .default("80%")
        .long("The nearer the use of the processors comes to it, the fewer actions are begun at the same time. Other values than 80% have no effect yet."),
    controller("node-action-limit", Kind::Integer, "How many actions a node carries out at once; 0 for twice its processors")
        .default("0"),
    scheduler("batch-limit", Kind::Integer, "How many actions the whole cluster carries out at once")
        .default("0")
        .long("0 leaves it to the cluster, which does less while a node is busy. What is best depends on nodes and network."),
    scheduler("migration-limit", Kind::Integer, "How many live migrations a node takes part in at once; -1 for any number")
        .default("-1"),
    cib_manager("cluster-ipc-limit", Kind::Count, "Has no effect: queues to slow clients have a size of their own")
        .since(1, 1, 17)
        .deprecated(),
    scheduler("stop-all-resources", Kind::Boolean, "Whether everything is to be stopped")
        .default("false"),
    scheduler("stop-removed-resources", Kind::Boolean, "Whether resources are stopped that are configured no more")
        .older("stop-orphan-resources")
        .default("true")
        .deprecated(),
    scheduler("cancel-removed-actions", Kind::Boolean, "Whether recurring operations are ended that are configured no more")
        .older("stop-orphan-actions")
        .default("true")
        .deprecated(),
    scheduler("remove-after-stop", Kind::Boolean, "Whether nodes forget a resource once it has stopped there")
        .default("false")
        .removed(),
    scheduler("pe-error-series-max", Kind::Integer, "How many inputs of plans with errors are kept on disk")
        .default("-1")
        .long("-1 keeps all of them, 0 none."),
    scheduler("pe-warn-series-max", Kind::Integer, "How many inputs of plans with warnings are kept on disk")
        .default("5000")
        .long("-1 keeps all of them, 0 none."),
    scheduler("pe-input-series-max", Kind::Integer, "How many inputs of other plans are kept on disk")
        .default("4000")
        .long("-1 keeps all of them, 0 none."),
    scheduler("node-health-strategy", Kind::Choice(HEALTH_STRATEGIES), "What the health of nodes means for resources")
        .default("none")
        .long("Something outside the cluster has to set node attributes whose names begin with #health, to red, yellow, green or a score."),
    scheduler("node-health-base", Kind::Score, "The health that every node starts from")
        .default("0")
        .since(1, 1, 16)
        .long("Counts with node-health-strategy set to progressive."),
    scheduler("node-health-green", Kind::Score, "What a health attribute counts that is green")
        .default("0")
        .long("Counts with node-health-strategy set to custom or progressive."),
    scheduler("node-health-yellow", Kind::Score, "What a health attribute counts that is yellow")
        .default("0")
        .long("Counts with node-health-strategy set to custom or progressive."),
    scheduler("node-health-red", Kind::Score, "What a health attribute counts that is red")
        .default("-INFINITY")
        .long("Counts with node-health-strategy set to custom or progressive."),
    scheduler("placement-strategy", Kind::Choice(PLACEMENT_STRATEGIES), "Whether and how free capacity counts in the choice of a node")
        .default("default"),
];
