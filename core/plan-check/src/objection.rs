use std::fmt;

/// What a plan has to respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Actions have numbers of their own, wait only for what is there, and not for each other in a circle.
    WellFormed,
    /// What must run once never runs twice, not even for a moment, unless the other place was fenced.
    OneActive,
    /// No more instances are promoted than allowed, at any moment.
    Promoted,
    /// No more instances run than allowed, in all and on one node.
    Instances,
    /// Nothing is started where it may not run.
    Places,
    /// Without quorum nothing is started, as the policy says.
    Quorum,
    /// Nodes are fenced for a reason.
    Fencing,
    /// What the cluster may not touch is left alone.
    LeftAlone,
    /// What is disabled is not started or promoted.
    Disabled,
    /// Orders are kept.
    Sequence,
    /// What belongs together runs together, and what must be apart is apart.
    Together,
    /// Nodes have the capacity for what is started on them.
    Capacity,
}

/// Something wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The rule that is broken.
    pub rule: Rule,
    /// What breaks it: names and ids of this model.
    pub what: String,
}

impl Objection {
    pub(crate) fn new(rule: Rule, what: impl Into<String>) -> Self {
        Self { rule, what: what.into() }
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}
