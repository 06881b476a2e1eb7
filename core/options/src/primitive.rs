//! Meta-attributes of primitive resources.

use crate::setting::{Kind, Release, Setting, Word, setting, word};

const TARGET_ROLES: &[Word] = &[
    word("Stopped"),
    word("Started"),
    word("Unpromoted").since(Release(2, 1, 0)),
    word("Promoted").since(Release(2, 1, 0)),
    word("Slave").removed(),
    word("Master").removed(),
];
const REQUIREMENTS: &[Word] =
    &[word("nothing"), word("quorum"), word("fencing"), word("unfencing")];
const RECOVERIES: &[Word] = &[
    word("block"),
    word("stop_only"),
    word("stop_start"),
    word("stop_unexpected").since(Release(2, 1, 3)),
];

/// Meta-attributes of primitive resources.
pub const PRIMITIVE: &[Setting] = &[
    setting("priority", Kind::Score, "Which resources come first where not all can run")
        .default("0")
        .long("Where there is not room for all, those with a lower priority are stopped for those with a higher one."),
    setting("critical", Kind::Boolean, "Whether failures of this resource may move those it is placed with")
        .default("true")
        .since(2, 1, 0)
        .long("What colocations of this resource take for their influence if they do not say it, those inside a group included."),
    setting("target-role", Kind::Choice(TARGET_ROLES), "What the cluster tries to bring the resource to")
        .default("Started")
        .long(
            "Stopped: it does not run. Started: it runs, and is promoted where that applies. Unpromoted: it runs, and \
             is never promoted. Promoted: like Started.",
        ),
    setting("is-managed", Kind::Boolean, "Whether the cluster may start, stop, promote and demote the resource")
        .default("true")
        .long(
            "If false, it is left as it is on every node; recurring operations go on. Maintenance of the cluster, the \
             node or the resource goes beyond a true value.",
        ),
    setting("maintenance", Kind::Boolean, "Whether the cluster keeps its hands off the resource")
        .default("false")
        .long(
            "If true, it is neither started nor stopped, promoted or demoted, and its recurring monitors rest, except \
             those for the role Stopped. A false value does not end the maintenance of a node or the cluster.",
        ),
    setting("resource-stickiness", Kind::Score, "How much a running resource prefers to stay where it is")
        .long("Added to the score of the node where it runs. Unless set it is 1 for instances of clones, else 0."),
    setting("requires", Kind::Choice(REQUIREMENTS), "What must be true of the cluster before the resource may start")
        .long(
            "nothing: it may always start. quorum: this partition has quorum. fencing: it has quorum, and all nodes \
             that are lost or broken have been fenced. unfencing: also, the node where it starts has been unfenced. \
             Unless set it is quorum for fence devices; for others unfencing if a device of the cluster unfences, \
             else fencing if fencing-enabled is true, else quorum.",
        ),
    setting("migration-threshold", Kind::Score, "How many failures on a node rule it out for the resource")
        .default("INFINITY")
        .long(
            "0 turns this off, while INFINITY is a number that can be reached, by a failed start for one. It counts \
             failures of operations whose on-fail is restart, and failed starts only where start-failure-is-fatal is \
             false.",
        ),
    setting("failure-timeout", Kind::Duration, "How long a failure counts")
        .default("0")
        .long("When it is over, the failure is forgotten, and the resource may come back to the node. 0 means that failures count for ever."),
    setting("multiple-active", Kind::Choice(RECOVERIES), "What is done about a resource that runs on more nodes than it should")
        .default("stop_start")
        .long(
            "block: it is left alone until somebody looks at it. stop_only: it is stopped everywhere and stays so. \
             stop_start: it is stopped everywhere and started on one node. stop_unexpected: it is stopped except \
             where it belongs, for resources that bear a second copy and whose monitor notices what that did; what \
             is ordered after them is restarted all the same.",
        ),
    setting("allow-migrate", Kind::Boolean, "Whether the resource moves by live migration if it can")
        .long("Unless set, true for connections to remote nodes (ocf:pacemaker:remote), and false for everything else."),
    setting("allow-unhealthy-nodes", Kind::Boolean, "Whether the resource may run on nodes whose health would rule them out")
        .default("false")
        .since(2, 1, 3),
    setting("container-attribute-target", Kind::Text, "Whose node attributes count for what runs in a container")
        .since(1, 1, 18)
        .long(
            "With host, those of the machine that the container runs on; with any other value those of the node inside. \
             Set on a bundle, it holds for the primitive in it.",
        ),
    setting("remote-node", Kind::Text, "The name of the guest node that this resource is")
        .long(
            "Makes a node of the resource, a virtual machine as a rule, in which pacemaker-remoted has to be set up to \
             start. The name must not be that of another node, nor the id of a resource.",
        ),
    setting("remote-addr", Kind::Text, "Where the guest node is reached")
        .long("A name or address at which its pacemaker-remoted listens; unless set, the value of remote-node."),
    setting("remote-port", Kind::Port, "The port at which the guest node is reached")
        .default("3121")
        .long("The pacemaker-remoted of the guest has to listen there."),
    setting("remote-connect-timeout", Kind::Timeout, "How long connecting to the guest node may take").default("60s"),
    setting("remote-allow-migrate", Kind::Boolean, "What allow-migrate is for the connection to the guest node").default("true"),
];
