//! Attributes of operations.

use crate::setting::{Kind, Release, Setting, Word, setting, word};

const ROLES: &[Word] = &[
    word("Started"),
    word("Stopped"),
    word("Unpromoted").since(Release(2, 1, 0)),
    word("Promoted").since(Release(2, 1, 0)),
    word("Slave").removed(),
    word("Master").removed(),
];
const RESPONSES: &[Word] = &[
    word("ignore"),
    word("block"),
    word("stop"),
    word("demote").since(Release(2, 0, 5)),
    word("restart"),
    word("fence"),
    word("standby"),
    word("restart-container"),
];

/// Attributes of operations.
pub const OPERATION: &[Setting] = &[
    setting("name", Kind::Text, "Which action of the agent it is"),
    setting("interval", Kind::Duration, "How long from the end of one run to the next; 0 for once").default("0"),
    setting("timeout", Kind::Timeout, "How long it may take before it counts as failed").default("20s"),
    setting("role", Kind::Choice(ROLES), "In which role of the resource it runs, for monitors"),
    setting("on-fail", Kind::Choice(RESPONSES), "What is done when it fails")
        .long(
            "ignore: nothing. block: nothing more, until somebody looks at it. stop: the resource is stopped and stays so. \
             demote: it is demoted, where it is promoted. restart: it is stopped and started, here or elsewhere. fence: \
             the node is fenced. standby: everything is moved off the node. restart-container: what it runs in is \
             restarted. Unless set, failed stops fence, or block where fencing is off, and others restart.",
        ),
    setting("enabled", Kind::Boolean, "Whether the definition counts").default("true"),
    setting("record-pending", Kind::Boolean, "Whether it is shown while it is under way").default("true").deprecated(),
    setting("start-delay", Kind::Duration, "How long after the start of the resource it first runs").default("0"),
    setting("interval-origin", Kind::Moment, "The time from which its intervals are counted"),
];
