use serde::Serialize;

use crate::{Cause, Remedy};

/// Why a resource is as it is: the short answer, then everything behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The resource.
    pub resource: String,
    /// What kind of resource it is.
    pub kind: Kind,
    /// Where it is active now.
    pub now: Vec<Activity>,
    /// What the plan makes of it.
    pub verdict: Verdict,
    /// Why, where that does not depend on a node.
    pub causes: Vec<Cause>,
    /// Each node, by name: why it is there or not.
    pub nodes: Vec<NodeAnswer>,
    /// Members, instances or parts, if it has any.
    pub parts: Vec<Self>,
    /// What would change the answer, each tried by planning again.
    pub remedies: Vec<Remedy>,
    /// The only node that was asked about, if one was.
    pub only_node: Option<String>,
    /// The time of the plan, seconds since 1970.
    pub at: i64,
}

/// What kind of resource something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One agent.
    Primitive,
    /// Members in a row.
    Group,
    /// Instances of the same.
    Clone,
    /// Containers with a resource inside.
    Bundle,
}

/// Something active on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// The node.
    pub node: String,
    /// The role there.
    pub role: String,
}

/// What a plan makes of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It runs, and stays as it is.
    Stays {
        /// Where.
        node: String,
        /// The role it has.
        role: String,
    },
    /// It will be started, moved, restarted, promoted or demoted.
    Changes {
        /// Where it will be.
        node: String,
        /// The role it will have.
        role: String,
        /// How.
        how: How,
    },
    /// It has a node, and cannot be started there yet.
    Waits {
        /// The node.
        node: String,
    },
    /// It does not run, or will not.
    Stopped {
        /// Where it runs until it is stopped.
        until_stopped: Vec<String>,
    },
    /// The cluster leaves it as it is.
    LeftAlone {
        /// Where it runs; empty if it is stopped.
        nodes: Vec<String>,
    },
    /// It is made of others.
    Parts {
        /// Those of them that will run.
        running: usize,
        /// How many there are or may be.
        of: usize,
        /// Where they will run.
        nodes: Vec<String>,
        /// Where they will be promoted.
        promoted: Vec<String>,
    },
}

/// How a resource comes to where it will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum How {
    /// It is started.
    Start,
    /// It leaves another node first.
    Move {
        /// Which.
        from: String,
    },
    /// It is stopped and started on its node.
    Restart,
    /// It stays and gets another role.
    Role {
        /// The role it has until then.
        from: String,
    },
}

/// Why a resource is on one node, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeAnswer {
    /// The node.
    pub node: String,
    /// Whether the plan puts it there.
    pub chosen: bool,
    /// The score; none if the node was never considered.
    pub score: Option<i32>,
    /// The score as the scheduler lists it; that there is not enough capacity is found out after that.
    pub decided: Option<i32>,
    /// Why it is not there.
    pub causes: Vec<Cause>,
    /// What the score is made of, in the order in which it was applied.
    pub table: Vec<Contribution>,
    /// Whether the table adds up to the scheduler's score.
    pub adds_up: bool,
}

/// One step of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contribution {
    /// By how much it changes the score; 1000000 is infinity.
    pub score: i32,
    /// The score after it.
    pub after: i32,
    /// What it is.
    pub because: Cause,
}
